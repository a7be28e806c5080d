-- AlterTable
ALTER TABLE "earning" ADD COLUMN     "reversal_id" TEXT;

-- CreateTable
CREATE TABLE "reversal" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "case_id" TEXT NOT NULL,
    "review_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "commissions" INTEGER NOT NULL,
    "amount" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "restored_at" TIMESTAMPTZ(3),
    "restored_by" TEXT,
    "restore_reason" TEXT,
    "restored_amount" BIGINT,

    CONSTRAINT "reversal_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reversed_commission" (
    "reversal_id" TEXT NOT NULL,
    "commission_id" TEXT NOT NULL,
    "taken_amount" BIGINT NOT NULL,
    "amount" BIGINT NOT NULL,
    "restored_amount" BIGINT,

    CONSTRAINT "reversed_commission_pkey" PRIMARY KEY ("reversal_id","commission_id")
);

-- CreateTable
CREATE TABLE "material" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "url" TEXT,
    "text" TEXT,
    "skus" TEXT[],
    "product_ids" TEXT[],
    "categories" TEXT[],
    "tiers" TEXT[],
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3),
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "withdrawn_at" TIMESTAMPTZ(3),

    CONSTRAINT "material_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "reversal_distributor_id_id_idx" ON "reversal"("distributor_id", "id");

-- CreateIndex
CREATE INDEX "reversal_case_id_idx" ON "reversal"("case_id");

-- CreateIndex
CREATE INDEX "reversed_commission_commission_id_idx" ON "reversed_commission"("commission_id");

-- CreateIndex
CREATE INDEX "material_program_id_id_idx" ON "material"("program_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "material_store_id_external_id_key" ON "material"("store_id", "external_id");

-- AddForeignKey
ALTER TABLE "earning" ADD CONSTRAINT "earning_reversal_id_fkey" FOREIGN KEY ("reversal_id") REFERENCES "reversal"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "reversal" ADD CONSTRAINT "reversal_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "reversal" ADD CONSTRAINT "reversal_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "life_case"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "reversed_commission" ADD CONSTRAINT "reversed_commission_reversal_id_fkey" FOREIGN KEY ("reversal_id") REFERENCES "reversal"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "reversed_commission" ADD CONSTRAINT "reversed_commission_commission_id_fkey" FOREIGN KEY ("commission_id") REFERENCES "commission"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "material" ADD CONSTRAINT "material_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;


ALTER TABLE reversal
  ADD CONSTRAINT reversal_amounts CHECK (commissions > 0 AND amount > 0),
  ADD CONSTRAINT reversal_restored CHECK (
    (restored_at IS NULL) = (restored_by IS NULL) AND (restored_at IS NULL) = (restored_amount IS NULL)
    AND restored_amount >= 0);
ALTER TABLE reversed_commission
  ADD CONSTRAINT reversed_commission_amounts CHECK (
    taken_amount > 0 AND amount >= 0 AND restored_amount >= 0);
-- A commission is reversed once, until it is restored.
CREATE UNIQUE INDEX reversed_commission_open ON reversed_commission (commission_id)
  WHERE restored_amount IS NULL;
-- What a reversal moved, and which commissions the nightly verification has to look at again.
CREATE INDEX earning_reversed ON earning (reversal_id, id) WHERE reversal_id IS NOT NULL;

CREATE TRIGGER reversal_fixed BEFORE UPDATE ON reversal FOR EACH ROW
  EXECUTE FUNCTION keep_columns('program_id', 'distributor_id', 'case_id', 'review_id', 'reason',
                                'actor', 'at', 'commissions', 'amount', 'created_at');
CREATE TRIGGER reversed_commission_fixed BEFORE UPDATE ON reversed_commission FOR EACH ROW
  EXECUTE FUNCTION keep_columns('reversal_id', 'commission_id', 'taken_amount');

-- A reversal ends once, as a whole; what came back then is fixed too.
CREATE FUNCTION reversal_ended_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a reversal that was restored does not change'
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_restored_once';
END $$;
CREATE TRIGGER reversal_restored_once BEFORE UPDATE ON reversal FOR EACH ROW
  WHEN (OLD.restored_at IS NOT NULL) EXECUTE FUNCTION reversal_ended_guard();
CREATE TRIGGER reversed_commission_restored_once BEFORE UPDATE ON reversed_commission FOR EACH ROW
  WHEN (OLD.restored_amount IS NOT NULL) EXECUTE FUNCTION reversal_ended_guard();

DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['reversal', 'reversed_commission'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_no_delete', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   name || '_no_truncate', name);
  END LOOP;
END $$;

ALTER TABLE material
  ADD CONSTRAINT material_kind CHECK (kind IN ('image', 'text', 'link')),
  ADD CONSTRAINT material_content CHECK (
    CASE kind WHEN 'text' THEN text IS NOT NULL AND url IS NULL ELSE url IS NOT NULL END),
  ADD CONSTRAINT material_window CHECK (ends_at IS NULL OR ends_at > starts_at);
-- The list that a distributor asks for.
CREATE INDEX material_shown ON material (program_id, id) WHERE withdrawn_at IS NULL;
