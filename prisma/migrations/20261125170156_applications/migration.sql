-- CreateTable
CREATE TABLE "application_policy" (
    "program_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "body" JSONB NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "application_policy_pkey" PRIMARY KEY ("program_id","version")
);

-- CreateTable
CREATE TABLE "application" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "policy_version" INTEGER NOT NULL,
    "answers" JSONB NOT NULL,
    "risk" JSONB NOT NULL,
    "applied_at" TIMESTAMPTZ(3) NOT NULL,
    "outcome" TEXT,
    "decided_by" TEXT,
    "reason" TEXT,
    "decided_at" TIMESTAMPTZ(3),
    "reapply_from" TIMESTAMPTZ(3),

    CONSTRAINT "application_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agreement_acceptance" (
    "distributor_id" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,

    CONSTRAINT "agreement_acceptance_pkey" PRIMARY KEY ("distributor_id","version")
);

-- CreateIndex
CREATE INDEX "application_distributor_id_id_idx" ON "application"("distributor_id", "id");

ALTER TABLE application_policy
  ADD CONSTRAINT application_policy_program_fkey FOREIGN KEY (program_id) REFERENCES program (id);
ALTER TABLE application
  ADD CONSTRAINT application_program_fkey FOREIGN KEY (program_id) REFERENCES program (id),
  ADD CONSTRAINT application_distributor_fkey FOREIGN KEY (distributor_id) REFERENCES distributor (id),
  ADD CONSTRAINT application_decided CHECK (
    (outcome IS NULL) = (decided_at IS NULL) AND (outcome IS NULL) = (decided_by IS NULL)
    AND (outcome IS NULL OR outcome IN ('approve', 'reject')));
ALTER TABLE agreement_acceptance
  ADD CONSTRAINT agreement_acceptance_distributor_fkey FOREIGN KEY (distributor_id) REFERENCES distributor (id);

-- Of one person one application is open.
CREATE UNIQUE INDEX application_open ON application (distributor_id) WHERE outcome IS NULL;
-- Who was known before: by phone within the store (the other indexes are there already).
CREATE INDEX distributor_store_phone ON distributor (store_id, phone_index);
CREATE INDEX payout_account_index ON payout_account (account_index);

DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['application_policy', 'agreement_acceptance'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_append_only', name);
  END LOOP;
END $$;
CREATE TRIGGER application_no_delete BEFORE DELETE ON application
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER application_fixed BEFORE UPDATE ON application FOR EACH ROW EXECUTE FUNCTION
  keep_columns('program_id', 'distributor_id', 'policy_version', 'answers', 'risk', 'applied_at');
