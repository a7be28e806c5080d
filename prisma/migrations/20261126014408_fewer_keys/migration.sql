-- A settlement of a million lines spent a third of its time on keys that were checked row by row and
-- on indexes that said the same twice. docs/adr/0042 has the figures.

-- ---------------------------------------------------------------------------------------------
-- Lines and their statement: checked once per statement of SQL instead of once per line
-- ---------------------------------------------------------------------------------------------
-- It says more than the foreign key did: the statement is also of the same distributor.
CREATE FUNCTION earning_statements_exist() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM (
      SELECT DISTINCT statement_id, distributor_id FROM changed WHERE statement_id IS NOT NULL
    ) line
    WHERE NOT EXISTS (SELECT 1 FROM statement s
      WHERE s.id = line.statement_id AND s.distributor_id = line.distributor_id);
  IF FOUND THEN
    RAISE EXCEPTION 'an earning names a statement that is not there, or is of somebody else'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'earning_has_statement';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER earning_statements_exist AFTER UPDATE ON earning
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION earning_statements_exist();

-- New lines are in no statement but for the parts of a withdrawal, so orders do not pay for the check.
CREATE FUNCTION earning_statement_exists() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM statement WHERE id = NEW.statement_id AND distributor_id = NEW.distributor_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'earning % names a statement that is not there, or is of somebody else', NEW.id
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'earning_has_statement';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER earning_statement_exists AFTER INSERT ON earning
  FOR EACH ROW WHEN (NEW.statement_id IS NOT NULL) EXECUTE FUNCTION earning_statement_exists();

-- Rows of statement are never deleted; with this what names one stays right for good.
CREATE TRIGGER statement_whose BEFORE UPDATE ON statement FOR EACH ROW
  WHEN ((NEW.id, NEW.settlement_id, NEW.program_id, NEW.distributor_id, NEW.payer_id)
    IS DISTINCT FROM (OLD.id, OLD.settlement_id, OLD.program_id, OLD.distributor_id, OLD.payer_id))
  EXECUTE FUNCTION refuse_change();

ALTER TABLE earning DROP CONSTRAINT earning_statement_id_fkey;

-- ---------------------------------------------------------------------------------------------
-- Keys that others imply
-- ---------------------------------------------------------------------------------------------
--   statement.program_id, payer_id   the settlement names the program, the program its payer
--   payout.program_id, settlement_id, distributor_id   the statement names all three
--   withholding.payer_id             the statement names it
ALTER TABLE statement
  DROP CONSTRAINT statement_program_id_fkey,
  DROP CONSTRAINT statement_payer_id_fkey;
ALTER TABLE payout
  DROP CONSTRAINT payout_program_id_fkey,
  DROP CONSTRAINT payout_settlement_id_fkey,
  DROP CONSTRAINT payout_distributor_id_fkey;
ALTER TABLE withholding DROP CONSTRAINT withholding_payer_id_fkey;

-- ---------------------------------------------------------------------------------------------
-- Indexes
-- ---------------------------------------------------------------------------------------------
-- One index finds the lines of a commission and keeps its first one single.
DROP INDEX earning_commission_id_idx;
DROP INDEX earning_first;
CREATE UNIQUE INDEX earning_of_commission
  ON earning (commission_id, (CASE kind WHEN 'commission' THEN '' ELSE id END));

-- Lines in no statement are found by `earning_unsettled`; here they would only cost orders time.
DROP INDEX earning_statement_id_idx;
CREATE INDEX earning_of_statement ON earning (statement_id) WHERE statement_id IS NOT NULL;
