-- Each account and each transaction of new entries is looked up once, not once for each entry: the same
-- refusals, for half the pages read (docs/adr/0042).
CREATE OR REPLACE FUNCTION ledger_entries_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  unbalanced BIGINT;
  transactions BIGINT[];
  accounts BIGINT[];
  programs TEXT[];
  there BIGINT;
BEGIN
  SELECT transaction_id INTO unbalanced FROM new_entries
    GROUP BY transaction_id HAVING sum(amount) <> 0 OR count(*) < 2 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'ledger transaction % does not balance', unbalanced
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_sum_to_zero';
  END IF;

  SELECT array_agg(DISTINCT transaction_id), array_agg(DISTINCT account_id)
    INTO transactions, accounts FROM new_entries;
  -- In id order, so that two transactions never wait for each other in a circle.
  SELECT count(*), array_agg(DISTINCT program_id) INTO there, programs FROM (
    SELECT program_id FROM ledger_account WHERE id = ANY (accounts) ORDER BY id FOR NO KEY UPDATE) locked;
  IF there < cardinality(accounts) OR cardinality(transactions) > (
    SELECT count(*) FROM ledger_transaction WHERE id = ANY (transactions)) THEN
    RAISE EXCEPTION 'an entry names a transaction or an account that is not there'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_entry_has_both';
  END IF;
  -- Mostly all is of one program; only else each entry is looked at.
  IF cardinality(programs) > 1 OR EXISTS (
    SELECT FROM ledger_transaction WHERE id = ANY (transactions) AND program_id <> programs[1]) THEN
    PERFORM 1 FROM new_entries e
      WHERE (SELECT program_id FROM ledger_transaction WHERE id = e.transaction_id)
        <> (SELECT program_id FROM ledger_account WHERE id = e.account_id);
    IF FOUND THEN
      RAISE EXCEPTION 'an entry joins a transaction and an account of two programs'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_one_program';
    END IF;
  END IF;

  UPDATE ledger_account a SET balance = a.balance + s.amount
    FROM (SELECT account_id, sum(amount)::BIGINT AS amount FROM new_entries GROUP BY account_id) s
    WHERE a.id = s.account_id AND s.amount <> 0;
  RETURN NULL;
END $$;
