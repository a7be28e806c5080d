-- A trigger before an update makes PostgreSQL lock each row first, with a record of its own in the log,
-- whether the trigger has anything to say or not. The same guards after the update refuse the same
-- (docs/adr/0042).
DROP TRIGGER earning_fixed ON earning;
CREATE TRIGGER earning_fixed
  AFTER UPDATE OF program_id, distributor_id, kind, commission_id, refund_id, payout_id, amount
  ON earning FOR EACH ROW EXECUTE FUNCTION earning_guard();
DROP TRIGGER earning_settled_once ON earning;
CREATE TRIGGER earning_settled_once AFTER UPDATE OF statement_id ON earning FOR EACH ROW
  WHEN (OLD.statement_id IS NOT NULL AND NEW.statement_id <> OLD.statement_id)
  EXECUTE FUNCTION earning_guard();
DROP TRIGGER earning_released_once ON earning;
CREATE TRIGGER earning_released_once AFTER UPDATE OF available_at ON earning FOR EACH ROW
  WHEN (OLD.available_at IS NOT NULL AND NEW.available_at IS DISTINCT FROM OLD.available_at)
  EXECUTE FUNCTION earning_guard();

DROP TRIGGER ledger_account_guard ON ledger_account;
CREATE TRIGGER ledger_account_guard AFTER UPDATE ON ledger_account FOR EACH ROW WHEN (
    (NEW.balance <> OLD.balance AND pg_trigger_depth() < 1)
    OR (NEW.id, NEW.program_id, NEW.code, NEW.role, NEW.distributor_id)
      IS DISTINCT FROM (OLD.id, OLD.program_id, OLD.code, OLD.role, OLD.distributor_id))
  EXECUTE FUNCTION ledger_account_guard();

DROP TRIGGER statement_whose ON statement;
CREATE TRIGGER statement_whose AFTER UPDATE ON statement FOR EACH ROW
  WHEN ((NEW.id, NEW.settlement_id, NEW.program_id, NEW.distributor_id, NEW.payer_id)
    IS DISTINCT FROM (OLD.id, OLD.settlement_id, OLD.program_id, OLD.distributor_id, OLD.payer_id))
  EXECUTE FUNCTION refuse_change();

-- Accounts are found by their names, which name the distributor.
DROP INDEX ledger_account_distributor_id_idx;
