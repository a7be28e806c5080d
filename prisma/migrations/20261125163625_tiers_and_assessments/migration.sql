-- CreateTable
CREATE TABLE "tier_notice" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "from_tier" TEXT NOT NULL,
    "to_tier" TEXT NOT NULL,
    "plan_id" TEXT NOT NULL,
    "conditions" JSONB NOT NULL,
    "given_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "status" TEXT NOT NULL,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "tier_notice_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "course_pass" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "course_code" TEXT NOT NULL,
    "passed_at" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "course_pass_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "distributor_token" (
    "id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "distributor_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "assessment_scheme" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "calendar" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "assessment_scheme_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "assessment_period" (
    "scheme_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "people" INTEGER NOT NULL,
    "closed_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "assessment_period_pkey" PRIMARY KEY ("scheme_id","period")
);

-- CreateTable
CREATE TABLE "assessment" (
    "id" TEXT NOT NULL,
    "scheme_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "tier" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "kpis" JSONB NOT NULL,
    "score_bps" INTEGER NOT NULL,
    "outcome" TEXT NOT NULL,
    "reward_amount" BIGINT NOT NULL,
    "mentor_id" TEXT,
    "object_by" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3) NOT NULL,
    "correction" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "assessment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "assessment_task" (
    "assessment_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),
    "done_by" TEXT,

    CONSTRAINT "assessment_task_pkey" PRIMARY KEY ("assessment_id","position")
);

-- CreateTable
CREATE TABLE "assessment_objection" (
    "id" TEXT NOT NULL,
    "assessment_id" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "claims" JSONB NOT NULL,
    "review_id" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "assessment_objection_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "tier_notice_distributor_id_id_idx" ON "tier_notice"("distributor_id", "id");

-- CreateIndex
CREATE INDEX "course_pass_program_id_passed_at_idx" ON "course_pass"("program_id", "passed_at");

-- CreateIndex
CREATE UNIQUE INDEX "course_pass_distributor_id_course_code_key" ON "course_pass"("distributor_id", "course_code");

-- CreateIndex
CREATE UNIQUE INDEX "distributor_token_token_hash_key" ON "distributor_token"("token_hash");

-- CreateIndex
CREATE INDEX "distributor_token_distributor_id_id_idx" ON "distributor_token"("distributor_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "assessment_scheme_program_id_external_id_key" ON "assessment_scheme"("program_id", "external_id");

-- CreateIndex
CREATE INDEX "assessment_distributor_id_id_idx" ON "assessment"("distributor_id", "id");

-- CreateIndex
CREATE INDEX "assessment_program_id_id_idx" ON "assessment"("program_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "assessment_scheme_id_period_distributor_id_key" ON "assessment"("scheme_id", "period", "distributor_id");

-- CreateIndex
CREATE UNIQUE INDEX "assessment_objection_assessment_id_key" ON "assessment_objection"("assessment_id");

-- ---------------------------------------------------------------------------------------------
-- Whose they are
-- ---------------------------------------------------------------------------------------------
DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['tier_notice', 'course_pass', 'distributor_token', 'assessment']
  LOOP
    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (distributor_id) REFERENCES distributor (id)',
                   name, name || '_distributor_fkey');
  END LOOP;
  FOREACH name IN ARRAY ARRAY['tier_notice', 'course_pass', 'assessment_scheme', 'assessment']
  LOOP
    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (program_id) REFERENCES program (id)',
                   name, name || '_program_fkey');
  END LOOP;
END $$;
ALTER TABLE tier_notice ADD CONSTRAINT tier_notice_plan_fkey FOREIGN KEY (plan_id) REFERENCES plan (id);
ALTER TABLE assessment_scheme
  ADD CONSTRAINT assessment_scheme_store_fkey FOREIGN KEY (store_id) REFERENCES store (id);
ALTER TABLE assessment_period
  ADD CONSTRAINT assessment_period_scheme_fkey FOREIGN KEY (scheme_id) REFERENCES assessment_scheme (id);
ALTER TABLE assessment
  ADD CONSTRAINT assessment_scheme_fkey FOREIGN KEY (scheme_id) REFERENCES assessment_scheme (id),
  ADD CONSTRAINT assessment_mentor_fkey FOREIGN KEY (mentor_id) REFERENCES distributor (id);
ALTER TABLE assessment_task
  ADD CONSTRAINT assessment_task_assessment_fkey FOREIGN KEY (assessment_id) REFERENCES assessment (id);
ALTER TABLE assessment_objection
  ADD CONSTRAINT assessment_objection_assessment_fkey FOREIGN KEY (assessment_id) REFERENCES assessment (id),
  ADD CONSTRAINT assessment_objection_review_fkey FOREIGN KEY (review_id) REFERENCES review_task (id);

-- ---------------------------------------------------------------------------------------------
-- Closed sets, at most one, and what never changes
-- ---------------------------------------------------------------------------------------------
ALTER TABLE tier_notice
  ADD CONSTRAINT tier_notice_status CHECK (status IN ('open', 'withdrawn', 'demoted', 'superseded')),
  ADD CONSTRAINT tier_notice_span CHECK (ends_at >= given_at),
  ADD CONSTRAINT tier_notice_closed CHECK ((status = 'open') = (closed_at IS NULL));
CREATE UNIQUE INDEX tier_notice_one_open ON tier_notice (distributor_id) WHERE status = 'open';
CREATE INDEX tier_notice_open ON tier_notice (program_id) WHERE status = 'open';

ALTER TABLE assessment_scheme
  ADD CONSTRAINT assessment_scheme_calendar CHECK (calendar IN ('monthly', 'quarterly'));
ALTER TABLE assessment
  ADD CONSTRAINT assessment_status CHECK (status IN ('final', 'objected', 'confirmed', 'corrected')),
  ADD CONSTRAINT assessment_outcome CHECK (outcome IN ('reward', 'nothing', 'help', 'warning')),
  ADD CONSTRAINT assessment_reward CHECK ((outcome = 'reward') = (reward_amount > 0) AND reward_amount >= 0),
  ADD CONSTRAINT assessment_corrected CHECK ((status = 'corrected') = (correction IS NOT NULL)),
  ADD CONSTRAINT assessment_score CHECK (score_bps BETWEEN 0 AND 10000);

CREATE TRIGGER tier_notice_fixed BEFORE UPDATE ON tier_notice FOR EACH ROW
  EXECUTE FUNCTION keep_columns('distributor_id', 'from_tier', 'to_tier', 'plan_id', 'conditions', 'given_at',
                                'ends_at');
CREATE TRIGGER distributor_token_fixed BEFORE UPDATE ON distributor_token FOR EACH ROW
  EXECUTE FUNCTION keep_columns('distributor_id', 'token_hash', 'expires_at', 'created_by');
CREATE TRIGGER assessment_scheme_fixed BEFORE UPDATE ON assessment_scheme FOR EACH ROW
  EXECUTE FUNCTION keep_columns('program_id', 'external_id', 'calendar', 'body', 'starts_at', 'actor');
-- The result is a snapshot: an objection is answered beside it, never over it.
CREATE TRIGGER assessment_fixed BEFORE UPDATE ON assessment FOR EACH ROW
  EXECUTE FUNCTION keep_columns('scheme_id', 'distributor_id', 'period', 'tier', 'kpis', 'score_bps', 'outcome',
                                'reward_amount', 'mentor_id', 'object_by', 'closed_at');
CREATE TRIGGER assessment_task_fixed BEFORE UPDATE ON assessment_task FOR EACH ROW
  EXECUTE FUNCTION keep_columns('text', 'due_at');

DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['course_pass', 'assessment_period', 'assessment_objection']
  LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_append_only', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   name || '_no_truncate', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['tier_notice', 'assessment_scheme', 'assessment', 'assessment_task']
  LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_no_delete', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   name || '_no_truncate', name);
  END LOOP;
END $$;

-- A result earns once, and what an objection adds once.
ALTER TABLE commission ADD CONSTRAINT commission_of_assessment CHECK (
  kind <> 'assessment' OR (bonus_id IS NULL AND facts ->> 'assessmentId' IS NOT NULL
    AND bonus_key IN ('result', 'correction')));
CREATE UNIQUE INDEX commission_one_assessment ON commission ((facts ->> 'assessmentId'), bonus_key)
  WHERE kind = 'assessment';
-- One tier sweep waits for a program at a time.
CREATE UNIQUE INDEX due_moment_one_tier_sweep ON due_moment (subject_id)
  WHERE name = 'tier.sweep' AND status = 'waiting';
