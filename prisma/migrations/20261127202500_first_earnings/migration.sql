-- A commission names its first earning, so that earnings are found without an index on their commissions:
-- each sale, each release and each settlement writes one entry less for each of them (docs/adr/0042).
ALTER TABLE commission ADD COLUMN first_earning_id TEXT;
UPDATE commission c SET first_earning_id = e.id
FROM earning e WHERE e.commission_id = c.id AND e.kind = 'commission';
ALTER TABLE commission ALTER COLUMN first_earning_id SET NOT NULL;

CREATE TRIGGER commission_first_earning AFTER UPDATE OF first_earning_id ON commission FOR EACH ROW
  WHEN (NEW.first_earning_id IS DISTINCT FROM OLD.first_earning_id) EXECUTE FUNCTION refuse_change();

-- The few others of a commission: what refunds, reversals and withdrawals made of it.
DROP INDEX earning_of_commission;
CREATE INDEX earning_further ON earning (commission_id) WHERE kind <> 'commission';

-- The first earning of a commission is the one that it names, and no other one is.
CREATE OR REPLACE FUNCTION earnings_belong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM made
    WHERE (made.commission_id IS NOT NULL
        AND (SELECT distributor_id FROM commission
            WHERE id = made.commission_id AND program_id = made.program_id
              AND (first_earning_id = made.id) = (made.kind = 'commission'))
          IS DISTINCT FROM made.distributor_id)
      OR (made.refund_id IS NOT NULL
        AND (SELECT true FROM refund WHERE id = made.refund_id) IS NOT TRUE)
      OR (made.payout_id IS NOT NULL
        AND (SELECT distributor_id FROM payout WHERE id = made.payout_id)
          IS DISTINCT FROM made.distributor_id)
      OR (made.correction_id IS NOT NULL
        AND (SELECT distributor_id FROM correction WHERE id = made.correction_id)
          IS DISTINCT FROM made.distributor_id)
      OR (made.reversal_id IS NOT NULL
        AND (SELECT distributor_id FROM reversal WHERE id = made.reversal_id)
          IS DISTINCT FROM made.distributor_id);
  IF FOUND THEN
    RAISE EXCEPTION 'an earning names what is not there, is of another distributor, or is not the first of its commission'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'earning_belongs';
  END IF;
  RETURN NULL;
END $$;
