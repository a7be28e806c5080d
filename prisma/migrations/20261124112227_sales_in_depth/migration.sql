-- AlterTable
ALTER TABLE "program" ADD COLUMN     "click_window_days" INTEGER NOT NULL DEFAULT 30,
ADD COLUMN     "landing_url" TEXT,
ADD COLUMN     "link_hosts" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "transfer_objection_days" INTEGER NOT NULL DEFAULT 7;

-- AlterTable
ALTER TABLE "due_moment" ADD COLUMN     "input" JSONB,
ADD COLUMN     "workflow_type" TEXT,
ALTER COLUMN "workflow_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "order_line" ADD COLUMN     "in_scope" BOOLEAN NOT NULL DEFAULT true;

-- AlterTable
ALTER TABLE "commission" ADD COLUMN     "bonus_id" TEXT,
ADD COLUMN     "bonus_key" TEXT,
ADD COLUMN     "facts" JSONB,
ADD COLUMN     "period" TEXT,
ADD COLUMN     "plan_id" TEXT,
ALTER COLUMN "order_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "earning" ALTER COLUMN "release_at" DROP NOT NULL;

-- AlterTable
ALTER TABLE "refund" ADD COLUMN     "sequence" BIGSERIAL NOT NULL;

-- CreateTable
CREATE TABLE "plan_waiver" (
    "id" TEXT NOT NULL,
    "plan_id" TEXT NOT NULL,
    "rule" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "admin_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "plan_waiver_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "region_agent" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "bps" INTEGER NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "valid_to" TIMESTAMPTZ(3),
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "region_agent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "campaign" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "match" JSONB NOT NULL,
    "effect" JSONB NOT NULL,
    "levels" INTEGER[],
    "budget_amount" BIGINT,
    "used_amount" BIGINT NOT NULL DEFAULT 0,
    "stacks" BOOLEAN NOT NULL,
    "status" TEXT NOT NULL,
    "low_at" TIMESTAMPTZ(3),
    "stopped_at" TIMESTAMPTZ(3),
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "campaign_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "campaign_use" (
    "id" BIGSERIAL NOT NULL,
    "campaign_id" TEXT NOT NULL,
    "order_line_id" TEXT NOT NULL,
    "level" INTEGER NOT NULL,
    "refund_id" TEXT,
    "amount" BIGINT NOT NULL,

    CONSTRAINT "campaign_use_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "link" (
    "code" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "channel" TEXT,
    "target_url" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "link_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "click" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "link_code" TEXT NOT NULL,
    "channel" TEXT,
    "clicked_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "click_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "binding_transfer" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "customer_external_id" TEXT NOT NULL,
    "from_distributor_id" TEXT,
    "to_distributor_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "effective_at" TIMESTAMPTZ(3) NOT NULL,
    "requested_by" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),
    "binding_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "binding_transfer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "binding_transfer_objection" (
    "id" TEXT NOT NULL,
    "transfer_id" TEXT NOT NULL,
    "side" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "binding_transfer_objection_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "after_sale" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "order_id" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),
    "line_external_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "after_sale_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bonus_period" (
    "program_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "plan_id" TEXT,
    "booked_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bonus_period_pkey" PRIMARY KEY ("program_id","period")
);

-- CreateTable
CREATE TABLE "bonus_order" (
    "commission_id" TEXT NOT NULL,
    "order_id" TEXT NOT NULL,
    "role" TEXT NOT NULL,

    CONSTRAINT "bonus_order_pkey" PRIMARY KEY ("commission_id","order_id","role")
);

-- CreateTable
CREATE TABLE "simulation" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "plan_id" TEXT NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "status" TEXT NOT NULL,
    "progress_done" INTEGER NOT NULL DEFAULT 0,
    "progress_total" INTEGER NOT NULL DEFAULT 0,
    "cursor" TEXT,
    "chain_hash" TEXT NOT NULL DEFAULT '',
    "totals" JSONB,
    "result_hash" TEXT,
    "requested_by" TEXT NOT NULL,
    "cancel_asked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "simulation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "simulation_total" (
    "simulation_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "tier" TEXT NOT NULL,
    "in_force_amount" BIGINT NOT NULL,
    "plan_amount" BIGINT NOT NULL,
    "commissions" INTEGER NOT NULL,

    CONSTRAINT "simulation_total_pkey" PRIMARY KEY ("simulation_id","distributor_id","tier")
);

-- CreateTable
CREATE TABLE "program_sweep" (
    "program_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "done_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "program_sweep_pkey" PRIMARY KEY ("program_id","name")
);

-- CreateIndex
CREATE UNIQUE INDEX "plan_waiver_plan_id_rule_key" ON "plan_waiver"("plan_id", "rule");

-- CreateIndex
CREATE INDEX "region_agent_program_id_region_valid_from_idx" ON "region_agent"("program_id", "region", "valid_from");

-- CreateIndex
CREATE INDEX "campaign_program_id_starts_at_idx" ON "campaign"("program_id", "starts_at");

-- CreateIndex
CREATE UNIQUE INDEX "campaign_store_id_external_id_key" ON "campaign"("store_id", "external_id");

-- CreateIndex
CREATE INDEX "campaign_use_order_line_id_idx" ON "campaign_use"("order_line_id");

-- CreateIndex
CREATE INDEX "campaign_use_campaign_id_id_idx" ON "campaign_use"("campaign_id", "id");

-- CreateIndex
CREATE INDEX "link_distributor_id_code_idx" ON "link"("distributor_id", "code");

-- CreateIndex
CREATE INDEX "click_distributor_id_id_idx" ON "click"("distributor_id", "id");

-- CreateIndex
CREATE INDEX "click_link_code_idx" ON "click"("link_code");

-- CreateIndex
CREATE INDEX "click_program_id_id_idx" ON "click"("program_id", "id");

-- CreateIndex
CREATE INDEX "binding_transfer_program_id_customer_external_id_idx" ON "binding_transfer"("program_id", "customer_external_id");

-- CreateIndex
CREATE INDEX "binding_transfer_store_id_id_idx" ON "binding_transfer"("store_id", "id");

-- CreateIndex
CREATE INDEX "binding_transfer_objection_transfer_id_idx" ON "binding_transfer_objection"("transfer_id");

-- CreateIndex
CREATE INDEX "after_sale_order_id_idx" ON "after_sale"("order_id");

-- CreateIndex
CREATE UNIQUE INDEX "after_sale_store_id_external_id_key" ON "after_sale"("store_id", "external_id");

-- CreateIndex
CREATE INDEX "bonus_order_order_id_idx" ON "bonus_order"("order_id");

-- CreateIndex
CREATE INDEX "simulation_store_id_id_idx" ON "simulation"("store_id", "id");

-- CreateIndex
CREATE INDEX "simulation_plan_id_id_idx" ON "simulation"("plan_id", "id");

-- AddForeignKey
ALTER TABLE "commission" ADD CONSTRAINT "commission_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plan"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "plan_waiver" ADD CONSTRAINT "plan_waiver_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plan"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "region_agent" ADD CONSTRAINT "region_agent_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "region_agent" ADD CONSTRAINT "region_agent_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "campaign" ADD CONSTRAINT "campaign_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "campaign_use" ADD CONSTRAINT "campaign_use_campaign_id_fkey" FOREIGN KEY ("campaign_id") REFERENCES "campaign"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "campaign_use" ADD CONSTRAINT "campaign_use_order_line_id_fkey" FOREIGN KEY ("order_line_id") REFERENCES "order_line"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "link" ADD CONSTRAINT "link_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "link" ADD CONSTRAINT "link_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "click" ADD CONSTRAINT "click_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "click" ADD CONSTRAINT "click_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "click" ADD CONSTRAINT "click_link_code_fkey" FOREIGN KEY ("link_code") REFERENCES "link"("code") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "binding_transfer" ADD CONSTRAINT "binding_transfer_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "binding_transfer" ADD CONSTRAINT "binding_transfer_from_distributor_id_fkey" FOREIGN KEY ("from_distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "binding_transfer" ADD CONSTRAINT "binding_transfer_to_distributor_id_fkey" FOREIGN KEY ("to_distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "binding_transfer_objection" ADD CONSTRAINT "binding_transfer_objection_transfer_id_fkey" FOREIGN KEY ("transfer_id") REFERENCES "binding_transfer"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "after_sale" ADD CONSTRAINT "after_sale_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "orders"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "bonus_period" ADD CONSTRAINT "bonus_period_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "bonus_period" ADD CONSTRAINT "bonus_period_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plan"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "bonus_order" ADD CONSTRAINT "bonus_order_commission_id_fkey" FOREIGN KEY ("commission_id") REFERENCES "commission"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "bonus_order" ADD CONSTRAINT "bonus_order_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "orders"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "simulation" ADD CONSTRAINT "simulation_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "simulation" ADD CONSTRAINT "simulation_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plan"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "simulation_total" ADD CONSTRAINT "simulation_total_simulation_id_fkey" FOREIGN KEY ("simulation_id") REFERENCES "simulation"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "program_sweep" ADD CONSTRAINT "program_sweep_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- ---------------------------------------------------------------------------------------------
-- What was stored before
-- ---------------------------------------------------------------------------------------------
-- Every moment that waited belonged to a review; now a moment says itself what waits for it.
UPDATE due_moment d
  SET workflow_type = split_part(d.workflow_id, ':', 1),
      input = jsonb_build_object(split_part(d.workflow_id, ':', 1) || 'Id',
        CASE split_part(d.workflow_id, ':', 1) WHEN 'review' THEN r.id ELSE r.subject_id END)
  FROM review_task r WHERE r.id = d.subject_id;
UPDATE order_line SET in_scope = false WHERE terms::text LIKE '%out_of_scope%';

-- ---------------------------------------------------------------------------------------------
-- Rules
-- ---------------------------------------------------------------------------------------------
ALTER TABLE due_moment ADD CONSTRAINT due_moment_whose CHECK (
  (workflow_type IS NULL) = (workflow_id IS NULL) AND (workflow_type IS NULL) = (input IS NULL));
ALTER TABLE earning ADD CONSTRAINT earning_released_at CHECK (
  release_at IS NOT NULL OR available_at IS NULL);
ALTER TABLE commission ADD CONSTRAINT commission_of_line CHECK (
  (kind IN ('sale', 'region')) = (order_line_id IS NOT NULL)
  AND (order_line_id IS NULL OR order_id IS NOT NULL)
  AND (kind = 'sale') = (level IS NOT NULL));
ALTER TABLE region_agent
  ADD CONSTRAINT region_agent_bps CHECK (bps BETWEEN 0 AND 10000),
  ADD CONSTRAINT region_agent_span CHECK (valid_to IS NULL OR valid_to >= valid_from);
ALTER TABLE campaign
  ADD CONSTRAINT campaign_window CHECK (starts_at < ends_at),
  ADD CONSTRAINT campaign_budget CHECK (
    used_amount >= 0 AND (budget_amount IS NULL OR used_amount <= budget_amount)),
  ADD CONSTRAINT campaign_status CHECK (status IN ('scheduled', 'running', 'ended'));
ALTER TABLE campaign_use
  ADD CONSTRAINT campaign_use_amount CHECK (
    amount <> 0 AND (refund_id IS NOT NULL OR amount > 0));
ALTER TABLE binding_transfer
  ADD CONSTRAINT binding_transfer_status CHECK (
    status IN ('open', 'objected', 'effective', 'rejected', 'withdrawn')),
  ADD CONSTRAINT binding_transfer_sides CHECK (from_distributor_id IS DISTINCT FROM to_distributor_id);
ALTER TABLE binding_transfer_objection ADD CONSTRAINT objection_side CHECK (side IN ('from', 'to'));
ALTER TABLE after_sale ADD CONSTRAINT after_sale_span CHECK (closed_at IS NULL OR closed_at >= opened_at);
ALTER TABLE bonus_order ADD CONSTRAINT bonus_order_role CHECK (role IN ('first', 'own', 'team'));
ALTER TABLE simulation ADD CONSTRAINT simulation_status CHECK (
  status IN ('queued', 'running', 'done', 'canceled'));
ALTER TABLE simulation ADD CONSTRAINT simulation_span CHECK (from_at < to_at);

-- At most one.
CREATE UNIQUE INDEX commission_one_region ON commission (order_line_id) WHERE kind = 'region';
CREATE UNIQUE INDEX commission_one_bonus ON commission (distributor_id, bonus_id, period, bonus_key)
  WHERE bonus_id IS NOT NULL;
-- Somebody is invited once, so a program pays for it once; what a refund took back was not paid.
CREATE UNIQUE INDEX commission_one_invitation ON commission (program_id, bonus_key)
  WHERE kind = 'invitation' AND amount > 0;
CREATE UNIQUE INDEX region_agent_one_in_force ON region_agent (program_id, region) WHERE valid_to IS NULL;
CREATE UNIQUE INDEX binding_transfer_one_open ON binding_transfer (program_id, customer_external_id)
  WHERE status IN ('open', 'objected');
-- The sales of a distributor in a period.
CREATE INDEX orders_by_distributor ON orders (attributed_distributor_id, paid_at)
  WHERE attributed_distributor_id IS NOT NULL;
CREATE INDEX after_sale_open ON after_sale (order_id) WHERE closed_at IS NULL;

-- What a campaign has used is the sum of its uses: only this moves it, and the check above keeps it
-- within the budget.
CREATE FUNCTION campaign_uses_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM campaign WHERE id IN (SELECT campaign_id FROM new_uses)
    ORDER BY id FOR NO KEY UPDATE;
  UPDATE campaign c SET used_amount = c.used_amount + u.amount
    FROM (SELECT campaign_id, sum(amount)::BIGINT AS amount FROM new_uses GROUP BY campaign_id) u
    WHERE c.id = u.campaign_id;
  RETURN NULL;
END $$;
CREATE TRIGGER campaign_uses_inserted AFTER INSERT ON campaign_use
  REFERENCING NEW TABLE AS new_uses
  FOR EACH STATEMENT EXECUTE FUNCTION campaign_uses_inserted();

CREATE FUNCTION campaign_used_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.used_amount <> OLD.used_amount AND pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'what campaign % has used moves by its uses only', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'campaign_used_is_uses';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER campaign_used_guard BEFORE UPDATE ON campaign FOR EACH ROW
  EXECUTE FUNCTION campaign_used_guard();
CREATE TRIGGER campaign_fixed BEFORE UPDATE ON campaign FOR EACH ROW
  EXECUTE FUNCTION keep_columns('program_id', 'external_id', 'starts_at', 'ends_at', 'match', 'effect',
                                'levels', 'budget_amount', 'stacks');
CREATE TRIGGER region_agent_fixed BEFORE UPDATE ON region_agent FOR EACH ROW
  EXECUTE FUNCTION keep_columns('program_id', 'region', 'distributor_id', 'bps', 'valid_from', 'actor');

DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['plan_waiver', 'campaign_use', 'click', 'binding_transfer_objection',
                              'bonus_order']
  LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_append_only', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   name || '_no_truncate', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['campaign', 'region_agent', 'link', 'binding_transfer', 'after_sale',
                              'bonus_period']
  LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_no_delete', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   name || '_no_truncate', name);
  END LOOP;
END $$;

-- A commission is fixed but for what remains of it; a bonus keeps its plan, period and facts too.
CREATE OR REPLACE FUNCTION commission_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.program_id, NEW.order_id, NEW.order_line_id, NEW.level, NEW.kind, NEW.distributor_id, NEW.base_amount,
      NEW.rate_bps, NEW.rule_id, NEW.original_amount, NEW.plan_id, NEW.bonus_id, NEW.period, NEW.bonus_key, NEW.facts)
     IS DISTINCT FROM
     (OLD.program_id, OLD.order_id, OLD.order_line_id, OLD.level, OLD.kind, OLD.distributor_id, OLD.base_amount,
      OLD.rate_bps, OLD.rule_id, OLD.original_amount, OLD.plan_id, OLD.bonus_id, OLD.period, OLD.bonus_key, OLD.facts) THEN
    RAISE EXCEPTION 'commission % is fixed but for what remains of it', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'commission_fixed';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER commission_guard ON commission;
CREATE TRIGGER commission_guard BEFORE UPDATE ON commission FOR EACH ROW WHEN (
    (NEW.program_id, NEW.order_id, NEW.order_line_id, NEW.level, NEW.kind, NEW.distributor_id, NEW.base_amount,
     NEW.rate_bps, NEW.rule_id, NEW.original_amount, NEW.plan_id, NEW.bonus_id, NEW.period, NEW.bonus_key, NEW.facts)
    IS DISTINCT FROM
    (OLD.program_id, OLD.order_id, OLD.order_line_id, OLD.level, OLD.kind, OLD.distributor_id, OLD.base_amount,
     OLD.rate_bps, OLD.rule_id, OLD.original_amount, OLD.plan_id, OLD.bonus_id, OLD.period, OLD.bonus_key, OLD.facts))
  EXECUTE FUNCTION commission_guard();
