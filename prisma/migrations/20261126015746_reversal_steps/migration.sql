-- CreateTable
CREATE TABLE "reversal_task" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "case_id" TEXT NOT NULL,
    "direction" TEXT NOT NULL,
    "review_id" TEXT,
    "reason" TEXT,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "order_ids" TEXT[],
    "is_whole" BOOLEAN NOT NULL,
    "commissions" INTEGER NOT NULL,
    "amount" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "reversal_task_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "reversal_task_case_id_id_idx" ON "reversal_task"("case_id", "id");

-- AddForeignKey
ALTER TABLE "reversal_task" ADD CONSTRAINT "reversal_task_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "reversal_task" ADD CONSTRAINT "reversal_task_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "life_case"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE reversal_task
  ADD CONSTRAINT reversal_task_direction CHECK (direction IN ('take', 'give_back')),
  ADD CONSTRAINT reversal_task_review CHECK ((direction = 'take') = (review_id IS NOT NULL)),
  ADD CONSTRAINT reversal_task_orders CHECK (NOT is_whole OR order_ids = '{}'),
  ADD CONSTRAINT reversal_task_sums CHECK (commissions >= 0 AND amount >= 0);
-- Whose commissions are being taken: settlements and withdrawals leave them out.
CREATE INDEX reversal_task_open ON reversal_task (distributor_id, direction)
  WHERE finished_at IS NULL;
CREATE TRIGGER reversal_task_fixed BEFORE UPDATE ON reversal_task FOR EACH ROW
  EXECUTE FUNCTION keep_columns('program_id', 'distributor_id', 'case_id', 'direction', 'review_id',
                                'reason', 'actor', 'at', 'order_ids', 'is_whole', 'created_at');
CREATE TRIGGER reversal_task_no_delete BEFORE DELETE ON reversal_task FOR EACH ROW
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reversal_task_no_truncate BEFORE TRUNCATE ON reversal_task FOR EACH STATEMENT
  EXECUTE FUNCTION refuse_change();
