-- AlterTable
ALTER TABLE "earning" ADD COLUMN     "correction_id" TEXT;

-- AlterTable
ALTER TABLE "settlement" ADD COLUMN     "distributor_id" TEXT,
ADD COLUMN     "kind" TEXT NOT NULL DEFAULT 'cycle',
ADD COLUMN     "outliers" JSONB;

-- AlterTable
ALTER TABLE "settlement_skip" ADD COLUMN     "actor" TEXT,
ADD COLUMN     "note" TEXT;

-- CreateTable
CREATE TABLE "settlement_hold" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "statement_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "lifted_at" TIMESTAMPTZ(3),
    "lifted_by" TEXT,
    "lift_reason" TEXT,

    CONSTRAINT "settlement_hold_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "correction" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "settlement_id" TEXT NOT NULL,
    "statement_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "correction_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "settlement_hold_program_id_id_idx" ON "settlement_hold"("program_id", "id");

-- CreateIndex
CREATE INDEX "correction_settlement_id_id_idx" ON "correction"("settlement_id", "id");

-- AddForeignKey
ALTER TABLE "earning" ADD CONSTRAINT "earning_correction_id_fkey" FOREIGN KEY ("correction_id") REFERENCES "correction"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "settlement" ADD CONSTRAINT "settlement_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "settlement_hold" ADD CONSTRAINT "settlement_hold_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "settlement_hold" ADD CONSTRAINT "settlement_hold_statement_id_fkey" FOREIGN KEY ("statement_id") REFERENCES "statement"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "correction" ADD CONSTRAINT "correction_settlement_id_fkey" FOREIGN KEY ("settlement_id") REFERENCES "settlement"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "correction" ADD CONSTRAINT "correction_statement_id_fkey" FOREIGN KEY ("statement_id") REFERENCES "statement"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "correction" ADD CONSTRAINT "correction_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- ---------------------------------------------------------------------------------------------
-- What Prisma does not know of
-- ---------------------------------------------------------------------------------------------
ALTER TABLE settlement
  ADD CONSTRAINT settlement_kind CHECK (
    (kind = 'cycle' AND distributor_id IS NULL) OR (kind = 'withdrawal' AND distributor_id IS NOT NULL));

-- Cycles of a program follow one another; withdrawals run beside them and beside each other, because
-- each takes its lines under the lock of its person's balance.
DROP INDEX settlement_one_open;
CREATE UNIQUE INDEX settlement_one_open ON settlement (program_id)
  WHERE kind = 'cycle' AND status IN ('locking', 'computing', 'review');
-- The calendar opens each period once, whoever looks at it.
CREATE UNIQUE INDEX settlement_calendar_once ON settlement (program_id, cutoff_at)
  WHERE requested_by = 'system:calendar';
-- What somebody has withdrawn today.
CREATE INDEX settlement_withdrawals ON settlement (distributor_id, id) WHERE kind = 'withdrawal';

CREATE UNIQUE INDEX settlement_hold_one ON settlement_hold (distributor_id) WHERE lifted_at IS NULL;
ALTER TABLE settlement_hold ADD CONSTRAINT settlement_hold_lifted CHECK (
  (lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL));

ALTER TABLE correction
  ADD CONSTRAINT correction_amount CHECK (amount <> 0),
  ADD CONSTRAINT correction_status CHECK (
    status IN ('proposed', 'booked', 'rejected') AND (status = 'proposed') = (decided_at IS NULL));
-- A correction is booked once.
CREATE UNIQUE INDEX earning_correction ON earning (correction_id) WHERE correction_id IS NOT NULL;

DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['settlement_hold', 'correction'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_no_delete', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   name || '_no_truncate', name);
  END LOOP;
END $$;
CREATE TRIGGER settlement_hold_fixed BEFORE UPDATE ON settlement_hold FOR EACH ROW
  EXECUTE FUNCTION keep_columns('program_id', 'distributor_id', 'statement_id', 'reason', 'actor', 'created_at');
CREATE TRIGGER correction_fixed BEFORE UPDATE ON correction FOR EACH ROW
  EXECUTE FUNCTION keep_columns('program_id', 'settlement_id', 'statement_id', 'distributor_id', 'amount',
                                'reason', 'requested_by', 'created_at');
CREATE TRIGGER settlement_kind_fixed BEFORE UPDATE OF kind, distributor_id, cutoff_at, period ON settlement
  FOR EACH ROW EXECUTE FUNCTION keep_columns('kind', 'distributor_id', 'cutoff_at', 'period');
