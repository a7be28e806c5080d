-- ---------------------------------------------------------------------------------------------
-- Foreign keys that others imply
-- ---------------------------------------------------------------------------------------------
-- Each key is a look-up and a row lock for every row written. These say nothing that others do not:
-- rows are never deleted, ids never change, and what is written together is written by one function.
--   commission.program_id, order_id   the order line names the order, the order its program; a bonus
--                                     has its distributor, its plan and its rows in bonus_order
--   earning.program_id, distributor_id  the commission (or payout) names both
--   event.store_id, program_id        the subject has both; an event is a message, not a fact
--   orders.store_id                   the program names the store
--   ledger_transaction.program_id     its entries name accounts, and accounts have a program: the
--                                     trigger below compares them
ALTER TABLE commission
  DROP CONSTRAINT commission_program_id_fkey,
  DROP CONSTRAINT commission_order_id_fkey;
ALTER TABLE earning
  DROP CONSTRAINT earning_program_id_fkey,
  DROP CONSTRAINT earning_distributor_id_fkey;
ALTER TABLE event
  DROP CONSTRAINT event_store_id_fkey,
  DROP CONSTRAINT event_program_id_fkey;
ALTER TABLE orders DROP CONSTRAINT orders_store_id_fkey;
ALTER TABLE ledger_transaction DROP CONSTRAINT ledger_transaction_program_id_fkey;

-- ---------------------------------------------------------------------------------------------
-- Entries: one look at transactions and accounts instead of three
-- ---------------------------------------------------------------------------------------------
-- The trigger reads both tables anyway, so it also says when one of them is not there.
ALTER TABLE ledger_entry
  DROP CONSTRAINT ledger_entry_transaction_fkey,
  DROP CONSTRAINT ledger_entry_account_fkey;

CREATE OR REPLACE FUNCTION ledger_entries_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  unbalanced BIGINT;
  found_entries BIGINT;
  strangers BIGINT;
BEGIN
  SELECT transaction_id INTO unbalanced FROM new_entries
    GROUP BY transaction_id HAVING sum(amount) <> 0 OR count(*) < 2 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'ledger transaction % does not balance', unbalanced
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_sum_to_zero';
  END IF;

  -- In id order, so that two transactions never wait for each other in a circle.
  PERFORM 1 FROM ledger_account WHERE id IN (SELECT account_id FROM new_entries)
    ORDER BY id FOR NO KEY UPDATE;
  SELECT count(*), count(*) FILTER (WHERE a.program_id <> t.program_id)
    INTO found_entries, strangers
    FROM new_entries e
    JOIN ledger_transaction t ON t.id = e.transaction_id
    JOIN ledger_account a ON a.id = e.account_id;
  IF found_entries <> (SELECT count(*) FROM new_entries) THEN
    RAISE EXCEPTION 'an entry names a transaction or an account that is not there'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_entry_has_both';
  END IF;
  IF strangers > 0 THEN
    RAISE EXCEPTION 'an entry joins a transaction and an account of two programs'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_one_program';
  END IF;

  UPDATE ledger_account a SET balance = a.balance + s.amount
    FROM (SELECT account_id, sum(amount)::BIGINT AS amount FROM new_entries GROUP BY account_id) s
    WHERE a.id = s.account_id AND s.amount <> 0;
  RETURN NULL;
END $$;

-- Who stood under a sponsor at some moment: team bonuses and team sums.
CREATE INDEX distributor_standing_sponsor ON distributor_standing (sponsor_id)
  WHERE sponsor_id IS NOT NULL;
