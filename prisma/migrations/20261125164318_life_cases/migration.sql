-- AlterTable
ALTER TABLE "program" ADD COLUMN     "cooling_off_days" INTEGER NOT NULL DEFAULT 7,
ADD COLUMN     "customer_policy" TEXT NOT NULL DEFAULT 'release',
ADD COLUMN     "downline_policy" TEXT NOT NULL DEFAULT 'nearestActiveUpline',
ADD COLUMN     "return_after_days" INTEGER NOT NULL DEFAULT 180;

-- CreateTable
CREATE TABLE "life_case" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "opened_by" TEXT NOT NULL,
    "ends_at" TIMESTAMPTZ(3),
    "outcome" TEXT,
    "closed_at" TIMESTAMPTZ(3),
    "reason_code" TEXT,
    "reason" TEXT,
    "review_id" TEXT,
    "against_id" TEXT,
    "terms" JSONB NOT NULL,

    CONSTRAINT "life_case_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "life_change" (
    "id" BIGSERIAL NOT NULL,
    "case_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "to_id" TEXT,
    "written_id" TEXT,
    "ends_at" TIMESTAMPTZ(3),
    "restored_at" TIMESTAMPTZ(3),

    CONSTRAINT "life_change_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "distributor_presence" (
    "distributor_id" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "distributor_presence_pkey" PRIMARY KEY ("distributor_id")
);

-- CreateIndex
CREATE INDEX "life_case_distributor_id_id_idx" ON "life_case"("distributor_id", "id");

-- CreateIndex
CREATE INDEX "life_case_against_id_idx" ON "life_case"("against_id");

-- CreateIndex
CREATE UNIQUE INDEX "life_change_case_id_kind_subject_id_key" ON "life_change"("case_id", "kind", "subject_id");

-- AddForeignKey
ALTER TABLE "life_case" ADD CONSTRAINT "life_case_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "life_case" ADD CONSTRAINT "life_case_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "life_case" ADD CONSTRAINT "life_case_against_id_fkey" FOREIGN KEY ("against_id") REFERENCES "life_case"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "life_change" ADD CONSTRAINT "life_change_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "life_case"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "distributor_presence" ADD CONSTRAINT "distributor_presence_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE program
  ADD CONSTRAINT program_leaving CHECK (
    cooling_off_days >= 0 AND return_after_days >= 0
    AND downline_policy IN ('nearestActiveUpline', 'none')
    AND customer_policy IN ('release', 'nearestActiveUpline'));

ALTER TABLE life_case
  ADD CONSTRAINT life_case_kind CHECK (kind IN ('eviction', 'suspension', 'appeal', 'departure')),
  ADD CONSTRAINT life_case_closed CHECK ((outcome IS NULL) = (closed_at IS NULL)),
  ADD CONSTRAINT life_case_appeal CHECK ((kind = 'appeal') = (against_id IS NOT NULL));
ALTER TABLE life_change
  ADD CONSTRAINT life_change_kind CHECK (kind IN ('downline', 'customer'));

-- Of each kind one case is open, and an eviction or suspension is appealed against once.
CREATE UNIQUE INDEX life_case_one_open ON life_case (distributor_id, kind) WHERE outcome IS NULL;
CREATE UNIQUE INDEX life_case_one_appeal ON life_case (against_id) WHERE kind = 'appeal';

-- What is in dispute is kept: cases gain an end, changes gain the moment of their return.
CREATE TRIGGER life_case_fixed BEFORE UPDATE ON life_case FOR EACH ROW
  EXECUTE FUNCTION keep_columns('distributor_id', 'kind', 'opened_at', 'opened_by', 'reason_code',
                                'against_id', 'terms');
CREATE TRIGGER life_change_fixed BEFORE UPDATE ON life_change FOR EACH ROW
  EXECUTE FUNCTION keep_columns('case_id', 'kind', 'subject_id', 'to_id', 'written_id', 'ends_at');
CREATE TRIGGER life_case_no_delete BEFORE DELETE ON life_case FOR EACH ROW
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER life_change_no_delete BEFORE DELETE ON life_change FOR EACH ROW
  EXECUTE FUNCTION refuse_change();

-- A workflow looks for its next moment, a row closes its own.
CREATE INDEX due_moment_of_workflow ON due_moment (workflow_id, due_at, id) WHERE status = 'waiting';
CREATE INDEX due_moment_of_subject ON due_moment (subject_id) WHERE status = 'waiting';
-- Every order looks here whether its seller is on the way out: few are.
CREATE INDEX distributor_on_the_way_out ON distributor (id)
  WHERE status IN ('warned', 'eviction_proposed', 'appeal_window', 'appealed');
-- The daily sweep.
CREATE INDEX distributor_active ON distributor (program_id, id) WHERE status = 'active';
