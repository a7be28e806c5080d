-- What a settlement spent its time on besides its lines; docs/adr/0042 has the figures.

-- ---------------------------------------------------------------------------------------------
-- Entries: their transactions and accounts are looked up one by one
-- ---------------------------------------------------------------------------------------------
-- As a join this look was planned for tables of the size that statistics remember: for 4,000 entries
-- it read every transaction and every account there is. Written like this it can only use the keys.
CREATE OR REPLACE FUNCTION ledger_entries_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  unbalanced BIGINT;
  lost BIGINT;
  strangers BIGINT;
BEGIN
  SELECT transaction_id INTO unbalanced FROM new_entries
    GROUP BY transaction_id HAVING sum(amount) <> 0 OR count(*) < 2 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'ledger transaction % does not balance', unbalanced
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_sum_to_zero';
  END IF;

  -- In id order, so that two transactions never wait for each other in a circle.
  PERFORM 1 FROM ledger_account
    WHERE id = ANY (ARRAY(SELECT DISTINCT account_id FROM new_entries))
    ORDER BY id FOR NO KEY UPDATE;
  SELECT count(*) FILTER (WHERE transaction_program IS NULL OR account_program IS NULL),
      count(*) FILTER (WHERE transaction_program <> account_program)
    INTO lost, strangers
    FROM (SELECT
        (SELECT program_id FROM ledger_transaction WHERE id = e.transaction_id) AS transaction_program,
        (SELECT program_id FROM ledger_account WHERE id = e.account_id) AS account_program
      FROM new_entries e) entry;
  IF lost > 0 THEN
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

-- Balances move often and are in no index: with room on its page a row moves without its indexes.
ALTER TABLE ledger_account SET (fillfactor = 70);

-- ---------------------------------------------------------------------------------------------
-- Keys that are checked once per statement of SQL
-- ---------------------------------------------------------------------------------------------
-- An account that is opened and moved in one transaction had both its keys checked twice, and each
-- check locks the same row of its program. The trigger says more: the owner is of that program.
CREATE FUNCTION ledger_accounts_belong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM opened WHERE balance <> 0;
  IF FOUND THEN
    RAISE EXCEPTION 'a new account starts at 0'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_balance_is_entries';
  END IF;
  PERFORM 1 FROM opened
    WHERE CASE WHEN distributor_id IS NULL
      THEN NOT EXISTS (SELECT FROM program WHERE id = opened.program_id)
      ELSE (SELECT program_id FROM distributor WHERE id = opened.distributor_id)
        IS DISTINCT FROM opened.program_id END;
  IF FOUND THEN
    RAISE EXCEPTION 'an account names a program that is not there, or a distributor of another one'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_account_belongs';
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER ledger_account_opened ON ledger_account;
CREATE TRIGGER ledger_accounts_belong AFTER INSERT ON ledger_account
  REFERENCING NEW TABLE AS opened
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_accounts_belong();

CREATE FUNCTION statements_belong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM (SELECT DISTINCT settlement_id, program_id FROM made) s
    WHERE (SELECT program_id FROM settlement WHERE id = s.settlement_id) IS DISTINCT FROM s.program_id
    UNION ALL
    SELECT 1 FROM made
    WHERE (SELECT program_id FROM distributor WHERE id = made.distributor_id)
      IS DISTINCT FROM made.program_id;
  IF FOUND THEN
    RAISE EXCEPTION 'a statement names a settlement or a distributor that is not there, or of another program'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'statement_belongs';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER statements_belong AFTER INSERT ON statement
  REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION statements_belong();

-- What is named stays right for good: none of these rows is deleted or becomes another one.
DROP TRIGGER ledger_account_guard ON ledger_account;
CREATE OR REPLACE FUNCTION ledger_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.balance <> OLD.balance AND pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'the balance of account % moves by entries only', OLD.code
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_balance_is_entries';
  END IF;
  IF (NEW.id, NEW.program_id, NEW.code, NEW.role, NEW.distributor_id)
     IS DISTINCT FROM (OLD.id, OLD.program_id, OLD.code, OLD.role, OLD.distributor_id) THEN
    RAISE EXCEPTION 'account % cannot become another one', OLD.code
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_is_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_account_guard BEFORE UPDATE ON ledger_account FOR EACH ROW WHEN (
    (NEW.balance <> OLD.balance AND pg_trigger_depth() < 1)
    OR (NEW.id, NEW.program_id, NEW.code, NEW.role, NEW.distributor_id)
      IS DISTINCT FROM (OLD.id, OLD.program_id, OLD.code, OLD.role, OLD.distributor_id))
  EXECUTE FUNCTION ledger_account_guard();

CREATE TRIGGER distributor_no_delete BEFORE DELETE ON distributor
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER distributor_whose BEFORE UPDATE OF id, program_id ON distributor FOR EACH ROW
  WHEN ((NEW.id, NEW.program_id) IS DISTINCT FROM (OLD.id, OLD.program_id))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER settlement_whose BEFORE UPDATE OF id, program_id ON settlement FOR EACH ROW
  WHEN ((NEW.id, NEW.program_id) IS DISTINCT FROM (OLD.id, OLD.program_id))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER program_no_delete BEFORE DELETE ON program
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE ledger_account
  DROP CONSTRAINT ledger_account_program_id_fkey,
  DROP CONSTRAINT ledger_account_distributor_id_fkey;
ALTER TABLE statement
  DROP CONSTRAINT statement_settlement_id_fkey,
  DROP CONSTRAINT statement_distributor_id_fkey;
-- The program of the settlement names the store.
ALTER TABLE taxpayer DROP CONSTRAINT taxpayer_store_fkey;

-- ---------------------------------------------------------------------------------------------
-- Lines: what an update does not name needs no look
-- ---------------------------------------------------------------------------------------------
DROP TRIGGER earning_guard ON earning;
CREATE TRIGGER earning_fixed
  BEFORE UPDATE OF program_id, distributor_id, kind, commission_id, refund_id, payout_id, amount
  ON earning FOR EACH ROW EXECUTE FUNCTION earning_guard();
CREATE TRIGGER earning_settled_once BEFORE UPDATE OF statement_id ON earning FOR EACH ROW
  WHEN (OLD.statement_id IS NOT NULL AND NEW.statement_id <> OLD.statement_id)
  EXECUTE FUNCTION earning_guard();
CREATE TRIGGER earning_released_once BEFORE UPDATE OF available_at ON earning FOR EACH ROW
  WHEN (OLD.available_at IS NOT NULL AND NEW.available_at IS DISTINCT FROM OLD.available_at)
  EXECUTE FUNCTION earning_guard();
