-- CreateTable
CREATE TABLE "store" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "store_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "admin" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "roles" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),

    CONSTRAINT "admin_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "admin_session" (
    "id" TEXT NOT NULL,
    "admin_id" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "admin_session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "key_hash" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payer" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tax_number" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "payer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payer_tax_method" (
    "id" BIGSERIAL NOT NULL,
    "payer_id" TEXT NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "method" TEXT NOT NULL,
    "gap_policy" TEXT NOT NULL,
    "platform_declaration" JSONB,

    CONSTRAINT "payer_tax_method_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "program" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "enrolment" TEXT NOT NULL,
    "product_scope" TEXT NOT NULL,
    "hold_starts_at" TEXT NOT NULL,
    "hold_days" INTEGER NOT NULL,
    "assume_received_after_days" INTEGER NOT NULL,
    "settlement_calendar" TEXT NOT NULL,
    "payout_mode" TEXT NOT NULL,
    "minimum_payout_amount" BIGINT NOT NULL,
    "review_above_amount" BIGINT NOT NULL,
    "fee_fixed_amount" BIGINT NOT NULL,
    "fee_bps" INTEGER NOT NULL,
    "binding_touch" TEXT NOT NULL,
    "binding_window_days" INTEGER,
    "binding_protect_days" INTEGER NOT NULL,
    "warn_after_days" INTEGER NOT NULL,
    "evict_after_days" INTEGER NOT NULL,
    "appeal_window_days" INTEGER NOT NULL,
    "payer_id" TEXT NOT NULL,
    "clock_offset_ms" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "program_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "program_product" (
    "program_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "program_product_pkey" PRIMARY KEY ("program_id","kind","value")
);

-- CreateTable
CREATE TABLE "due_moment" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "workflow_id" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "due_moment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "plan" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "note" TEXT NOT NULL,
    "findings" JSONB NOT NULL,
    "author_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "effective_at" TIMESTAMPTZ(3),
    "published_at" TIMESTAMPTZ(3),
    "published_by" TEXT,

    CONSTRAINT "plan_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "distributor" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "phone_cipher" TEXT NOT NULL,
    "phone_index" TEXT NOT NULL,
    "phone_masked" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "customer_external_id" TEXT,
    "joined_at" TIMESTAMPTZ(3) NOT NULL,
    "answers" JSONB NOT NULL,
    "status" TEXT NOT NULL,
    "tier" TEXT NOT NULL,
    "sponsor_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "distributor_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "distributor_standing" (
    "id" BIGSERIAL NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "valid_to" TIMESTAMPTZ(3),
    "status" TEXT NOT NULL,
    "tier" TEXT NOT NULL,
    "sponsor_id" TEXT,
    "cause" TEXT NOT NULL,
    "reason" TEXT,
    "actor" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "distributor_standing_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tax_profile" (
    "distributor_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "id_number_cipher" TEXT NOT NULL,
    "id_number_index" TEXT NOT NULL,
    "id_number_masked" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tax_profile_pkey" PRIMARY KEY ("distributor_id")
);

-- CreateTable
CREATE TABLE "payout_account" (
    "id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "channel_id" TEXT NOT NULL,
    "account_cipher" TEXT NOT NULL,
    "account_index" TEXT NOT NULL,
    "account_masked" TEXT NOT NULL,
    "holder_name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "replaced_at" TIMESTAMPTZ(3),

    CONSTRAINT "payout_account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "coupon_code" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "coupon_code_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "binding" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "customer_external_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3),
    "protected_until" TIMESTAMPTZ(3),
    "cause" TEXT NOT NULL,
    "cause_id" TEXT,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "binding_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "orders" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "paid_at" TIMESTAMPTZ(3) NOT NULL,
    "currency" TEXT NOT NULL,
    "customer_external_id" TEXT NOT NULL,
    "attributed_distributor_id" TEXT,
    "attributed_by" TEXT NOT NULL,
    "attribution" JSONB NOT NULL,
    "plan_id" TEXT,
    "upline" JSONB NOT NULL,
    "hold" JSONB NOT NULL,
    "region" TEXT,
    "order_discount_amount" BIGINT NOT NULL,
    "shipping_amount" BIGINT NOT NULL,
    "tax_amount" BIGINT NOT NULL,
    "received_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "orders_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "order_line" (
    "id" TEXT NOT NULL,
    "order_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "external_id" TEXT NOT NULL,
    "sku" TEXT NOT NULL,
    "product_id" TEXT,
    "category" TEXT,
    "tags" TEXT[],
    "quantity" INTEGER NOT NULL,
    "unit_price_amount" BIGINT NOT NULL,
    "discount_amount" BIGINT NOT NULL,
    "unit_cost_amount" BIGINT,
    "base_amount" BIGINT NOT NULL,
    "refunded_quantity" INTEGER NOT NULL DEFAULT 0,
    "refunded_amount" BIGINT NOT NULL DEFAULT 0,
    "terms" JSONB NOT NULL,

    CONSTRAINT "order_line_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "refund" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "order_id" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "refunded_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "refund_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "refund_line" (
    "refund_id" TEXT NOT NULL,
    "order_line_id" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL,
    "amount" BIGINT NOT NULL,

    CONSTRAINT "refund_line_pkey" PRIMARY KEY ("refund_id","order_line_id")
);

-- CreateTable
CREATE TABLE "commission" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "order_id" TEXT NOT NULL,
    "order_line_id" TEXT,
    "level" INTEGER,
    "kind" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "base_amount" BIGINT NOT NULL,
    "rate_bps" INTEGER,
    "rule_id" TEXT,
    "amount" BIGINT NOT NULL,
    "original_amount" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "commission_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "earning" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "commission_id" TEXT,
    "refund_id" TEXT,
    "payout_id" TEXT,
    "amount" BIGINT NOT NULL,
    "release_at" TIMESTAMPTZ(3) NOT NULL,
    "available_at" TIMESTAMPTZ(3),
    "statement_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "earning_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_account" (
    "id" BIGSERIAL NOT NULL,
    "program_id" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "distributor_id" TEXT,
    "balance" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "ledger_account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_transaction" (
    "id" BIGSERIAL NOT NULL,
    "program_id" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ledger_transaction_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_entry" (
    "id" BIGSERIAL NOT NULL,
    "transaction_id" BIGINT NOT NULL,
    "account_id" BIGINT NOT NULL,
    "amount" BIGINT NOT NULL,

    CONSTRAINT "ledger_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "settlement" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "run" INTEGER NOT NULL,
    "cutoff_at" TIMESTAMPTZ(3) NOT NULL,
    "status" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "tax_month" TEXT,
    "distributors" INTEGER NOT NULL DEFAULT 0,
    "gross_amount" BIGINT NOT NULL DEFAULT 0,
    "tax_amount" BIGINT NOT NULL DEFAULT 0,
    "fee_amount" BIGINT NOT NULL DEFAULT 0,
    "net_amount" BIGINT NOT NULL DEFAULT 0,
    "progress_done" INTEGER NOT NULL DEFAULT 0,
    "progress_total" INTEGER NOT NULL DEFAULT 0,
    "result_hash" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "approved_at" TIMESTAMPTZ(3),
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "settlement_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "settlement_skip" (
    "settlement_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,

    CONSTRAINT "settlement_skip_pkey" PRIMARY KEY ("settlement_id","distributor_id")
);

-- CreateTable
CREATE TABLE "statement" (
    "id" TEXT NOT NULL,
    "settlement_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "payer_id" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "gross_amount" BIGINT NOT NULL,
    "tax_amount" BIGINT NOT NULL DEFAULT 0,
    "fee_amount" BIGINT NOT NULL DEFAULT 0,
    "net_amount" BIGINT NOT NULL DEFAULT 0,
    "tax_method" TEXT,
    "tax_month" TEXT,
    "tax_trace" JSONB,
    "person" TEXT,
    "sealed" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "statement_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "withholding" (
    "id" BIGSERIAL NOT NULL,
    "payer_id" TEXT NOT NULL,
    "person" TEXT NOT NULL,
    "month" TEXT NOT NULL,
    "statement_id" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "income_amount" BIGINT NOT NULL,
    "tax_amount" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "withholding_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "channel" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "settings_cipher" TEXT NOT NULL,
    "per_transfer_amount" BIGINT,
    "per_day_amount" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "channel_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payout" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "settlement_id" TEXT NOT NULL,
    "statement_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "channel_id" TEXT NOT NULL,
    "channel_number" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "gross_amount" BIGINT NOT NULL,
    "tax_amount" BIGINT NOT NULL,
    "fee_amount" BIGINT NOT NULL,
    "account_cipher" TEXT NOT NULL,
    "account_masked" TEXT NOT NULL,
    "holder_name" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "failure_code" TEXT,
    "failure_message" TEXT,
    "waiting_text" TEXT,
    "waiting_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "submitted_at" TIMESTAMPTZ(3),
    "final_at" TIMESTAMPTZ(3),
    "returned_at" TIMESTAMPTZ(3),

    CONSTRAINT "payout_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payout_attempt" (
    "id" BIGSERIAL NOT NULL,
    "payout_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "operation" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "detail" TEXT,

    CONSTRAINT "payout_attempt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "channel_inbox" (
    "id" BIGSERIAL NOT NULL,
    "channel_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "channel_number" TEXT NOT NULL,
    "news" JSONB NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "handled_at" TIMESTAMPTZ(3),

    CONSTRAINT "channel_inbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "review_task" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "outcome" TEXT,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "assignee_id" TEXT,
    "facts" JSONB NOT NULL,
    "workflow_id" TEXT NOT NULL,
    "steps_needed" INTEGER NOT NULL DEFAULT 1,
    "excluded_deciders" TEXT[],
    "escalated_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "review_task_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "review_decision" (
    "id" BIGSERIAL NOT NULL,
    "review_id" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "decider_id" TEXT NOT NULL,
    "decision" TEXT NOT NULL,
    "reason" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "review_decision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event" (
    "id" TEXT NOT NULL,
    "sequence" BIGSERIAL NOT NULL,
    "store_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "action" TEXT NOT NULL,
    "workflow_type" TEXT NOT NULL,
    "workflow_id" TEXT NOT NULL,
    "signal_name" TEXT,
    "input" JSONB NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "store_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "body" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("store_id","key")
);

-- CreateTable
CREATE TABLE "audit_record" (
    "id" BIGSERIAL NOT NULL,
    "store_id" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "request_id" TEXT,
    "reason" TEXT,
    "before" JSONB,
    "after" JSONB,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "audit_record_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_seal" (
    "sequence" BIGSERIAL NOT NULL,
    "record_id" BIGINT NOT NULL,
    "previous_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_seal_pkey" PRIMARY KEY ("sequence")
);

-- CreateIndex
CREATE UNIQUE INDEX "admin_email_key" ON "admin"("email");

-- CreateIndex
CREATE UNIQUE INDEX "admin_session_token_hash_key" ON "admin_session"("token_hash");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_key_hash_key" ON "api_key"("key_hash");

-- CreateIndex
CREATE UNIQUE INDEX "payer_store_id_tax_number_key" ON "payer"("store_id", "tax_number");

-- CreateIndex
CREATE UNIQUE INDEX "payer_tax_method_payer_id_valid_from_key" ON "payer_tax_method"("payer_id", "valid_from");

-- CreateIndex
CREATE UNIQUE INDEX "program_store_id_external_id_key" ON "program"("store_id", "external_id");

-- CreateIndex
CREATE UNIQUE INDEX "plan_program_id_version_key" ON "plan"("program_id", "version");

-- CreateIndex
CREATE INDEX "distributor_program_id_phone_index_idx" ON "distributor"("program_id", "phone_index");

-- CreateIndex
CREATE INDEX "distributor_sponsor_id_idx" ON "distributor"("sponsor_id");

-- CreateIndex
CREATE UNIQUE INDEX "distributor_store_id_external_id_key" ON "distributor"("store_id", "external_id");

-- CreateIndex
CREATE UNIQUE INDEX "distributor_program_id_code_key" ON "distributor"("program_id", "code");

-- CreateIndex
CREATE INDEX "distributor_standing_distributor_id_valid_from_idx" ON "distributor_standing"("distributor_id", "valid_from");

-- CreateIndex
CREATE INDEX "tax_profile_id_number_index_idx" ON "tax_profile"("id_number_index");

-- CreateIndex
CREATE INDEX "payout_account_distributor_id_idx" ON "payout_account"("distributor_id");

-- CreateIndex
CREATE UNIQUE INDEX "coupon_code_program_id_code_key" ON "coupon_code"("program_id", "code");

-- CreateIndex
CREATE INDEX "binding_program_id_customer_external_id_starts_at_idx" ON "binding"("program_id", "customer_external_id", "starts_at");

-- CreateIndex
CREATE INDEX "binding_distributor_id_idx" ON "binding"("distributor_id");

-- CreateIndex
CREATE INDEX "orders_program_id_paid_at_idx" ON "orders"("program_id", "paid_at");

-- CreateIndex
CREATE UNIQUE INDEX "orders_store_id_external_id_key" ON "orders"("store_id", "external_id");

-- CreateIndex
CREATE UNIQUE INDEX "order_line_order_id_external_id_key" ON "order_line"("order_id", "external_id");

-- CreateIndex
CREATE INDEX "refund_order_id_idx" ON "refund"("order_id");

-- CreateIndex
CREATE UNIQUE INDEX "refund_store_id_external_id_key" ON "refund"("store_id", "external_id");

-- CreateIndex
CREATE INDEX "refund_line_order_line_id_idx" ON "refund_line"("order_line_id");

-- CreateIndex
CREATE INDEX "commission_order_id_idx" ON "commission"("order_id");

-- CreateIndex
CREATE INDEX "commission_distributor_id_id_idx" ON "commission"("distributor_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "commission_order_line_id_level_kind_key" ON "commission"("order_line_id", "level", "kind");

-- CreateIndex
CREATE INDEX "earning_commission_id_idx" ON "earning"("commission_id");

-- CreateIndex
CREATE INDEX "earning_statement_id_idx" ON "earning"("statement_id");

-- CreateIndex
CREATE INDEX "ledger_account_distributor_id_idx" ON "ledger_account"("distributor_id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_account_program_id_code_key" ON "ledger_account"("program_id", "code");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_transaction_reference_key" ON "ledger_transaction"("reference");

-- CreateIndex
CREATE INDEX "ledger_transaction_program_id_id_idx" ON "ledger_transaction"("program_id", "id");

-- CreateIndex
CREATE INDEX "ledger_entry_transaction_id_idx" ON "ledger_entry"("transaction_id");

-- CreateIndex
CREATE INDEX "ledger_entry_account_id_id_idx" ON "ledger_entry"("account_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "settlement_program_id_period_run_key" ON "settlement"("program_id", "period", "run");

-- CreateIndex
CREATE INDEX "statement_settlement_id_id_idx" ON "statement"("settlement_id", "id");

-- CreateIndex
CREATE INDEX "statement_distributor_id_id_idx" ON "statement"("distributor_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "statement_settlement_id_distributor_id_key" ON "statement"("settlement_id", "distributor_id");

-- CreateIndex
CREATE UNIQUE INDEX "withholding_reference_key" ON "withholding"("reference");

-- CreateIndex
CREATE INDEX "withholding_payer_id_person_month_idx" ON "withholding"("payer_id", "person", "month");

-- CreateIndex
CREATE INDEX "payout_settlement_id_status_idx" ON "payout"("settlement_id", "status");

-- CreateIndex
CREATE INDEX "payout_distributor_id_id_idx" ON "payout"("distributor_id", "id");

-- CreateIndex
CREATE INDEX "payout_statement_id_idx" ON "payout"("statement_id");

-- CreateIndex
CREATE UNIQUE INDEX "payout_channel_id_channel_number_key" ON "payout"("channel_id", "channel_number");

-- CreateIndex
CREATE INDEX "payout_attempt_payout_id_id_idx" ON "payout_attempt"("payout_id", "id");

-- CreateIndex
CREATE INDEX "channel_inbox_channel_id_channel_number_idx" ON "channel_inbox"("channel_id", "channel_number");

-- CreateIndex
CREATE UNIQUE INDEX "channel_inbox_channel_id_event_id_key" ON "channel_inbox"("channel_id", "event_id");

-- CreateIndex
CREATE INDEX "review_task_store_id_status_id_idx" ON "review_task"("store_id", "status", "id");

-- CreateIndex
CREATE INDEX "review_task_subject_id_idx" ON "review_task"("subject_id");

-- CreateIndex
CREATE UNIQUE INDEX "review_decision_review_id_step_key" ON "review_decision"("review_id", "step");

-- CreateIndex
CREATE UNIQUE INDEX "event_sequence_key" ON "event"("sequence");

-- CreateIndex
CREATE INDEX "event_store_id_sequence_idx" ON "event"("store_id", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "audit_seal_record_id_key" ON "audit_seal"("record_id");

-- AddForeignKey
ALTER TABLE "admin" ADD CONSTRAINT "admin_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "admin_session" ADD CONSTRAINT "admin_session_admin_id_fkey" FOREIGN KEY ("admin_id") REFERENCES "admin"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payer" ADD CONSTRAINT "payer_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payer_tax_method" ADD CONSTRAINT "payer_tax_method_payer_id_fkey" FOREIGN KEY ("payer_id") REFERENCES "payer"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "program" ADD CONSTRAINT "program_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "program" ADD CONSTRAINT "program_payer_id_fkey" FOREIGN KEY ("payer_id") REFERENCES "payer"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "program_product" ADD CONSTRAINT "program_product_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "due_moment" ADD CONSTRAINT "due_moment_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "plan" ADD CONSTRAINT "plan_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "distributor" ADD CONSTRAINT "distributor_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "distributor" ADD CONSTRAINT "distributor_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "distributor" ADD CONSTRAINT "distributor_sponsor_id_fkey" FOREIGN KEY ("sponsor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "distributor_standing" ADD CONSTRAINT "distributor_standing_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "distributor_standing" ADD CONSTRAINT "distributor_standing_sponsor_id_fkey" FOREIGN KEY ("sponsor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payout_account" ADD CONSTRAINT "payout_account_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payout_account" ADD CONSTRAINT "payout_account_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "coupon_code" ADD CONSTRAINT "coupon_code_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "coupon_code" ADD CONSTRAINT "coupon_code_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "binding" ADD CONSTRAINT "binding_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "binding" ADD CONSTRAINT "binding_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "orders" ADD CONSTRAINT "orders_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "orders" ADD CONSTRAINT "orders_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "orders" ADD CONSTRAINT "orders_attributed_distributor_id_fkey" FOREIGN KEY ("attributed_distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "orders" ADD CONSTRAINT "orders_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plan"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "order_line" ADD CONSTRAINT "order_line_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "orders"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "refund" ADD CONSTRAINT "refund_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "refund" ADD CONSTRAINT "refund_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "orders"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "refund_line" ADD CONSTRAINT "refund_line_refund_id_fkey" FOREIGN KEY ("refund_id") REFERENCES "refund"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "refund_line" ADD CONSTRAINT "refund_line_order_line_id_fkey" FOREIGN KEY ("order_line_id") REFERENCES "order_line"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "commission" ADD CONSTRAINT "commission_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "commission" ADD CONSTRAINT "commission_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "orders"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "commission" ADD CONSTRAINT "commission_order_line_id_fkey" FOREIGN KEY ("order_line_id") REFERENCES "order_line"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "commission" ADD CONSTRAINT "commission_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "earning" ADD CONSTRAINT "earning_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "earning" ADD CONSTRAINT "earning_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "earning" ADD CONSTRAINT "earning_commission_id_fkey" FOREIGN KEY ("commission_id") REFERENCES "commission"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "earning" ADD CONSTRAINT "earning_refund_id_fkey" FOREIGN KEY ("refund_id") REFERENCES "refund"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "earning" ADD CONSTRAINT "earning_payout_id_fkey" FOREIGN KEY ("payout_id") REFERENCES "payout"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "earning" ADD CONSTRAINT "earning_statement_id_fkey" FOREIGN KEY ("statement_id") REFERENCES "statement"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "ledger_account" ADD CONSTRAINT "ledger_account_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "ledger_account" ADD CONSTRAINT "ledger_account_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "ledger_transaction" ADD CONSTRAINT "ledger_transaction_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "settlement" ADD CONSTRAINT "settlement_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "settlement_skip" ADD CONSTRAINT "settlement_skip_settlement_id_fkey" FOREIGN KEY ("settlement_id") REFERENCES "settlement"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "settlement_skip" ADD CONSTRAINT "settlement_skip_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "statement" ADD CONSTRAINT "statement_settlement_id_fkey" FOREIGN KEY ("settlement_id") REFERENCES "settlement"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "statement" ADD CONSTRAINT "statement_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "statement" ADD CONSTRAINT "statement_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "statement" ADD CONSTRAINT "statement_payer_id_fkey" FOREIGN KEY ("payer_id") REFERENCES "payer"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "withholding" ADD CONSTRAINT "withholding_payer_id_fkey" FOREIGN KEY ("payer_id") REFERENCES "payer"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "withholding" ADD CONSTRAINT "withholding_statement_id_fkey" FOREIGN KEY ("statement_id") REFERENCES "statement"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "channel" ADD CONSTRAINT "channel_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payout" ADD CONSTRAINT "payout_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payout" ADD CONSTRAINT "payout_settlement_id_fkey" FOREIGN KEY ("settlement_id") REFERENCES "settlement"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payout" ADD CONSTRAINT "payout_statement_id_fkey" FOREIGN KEY ("statement_id") REFERENCES "statement"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payout" ADD CONSTRAINT "payout_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payout" ADD CONSTRAINT "payout_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payout_attempt" ADD CONSTRAINT "payout_attempt_payout_id_fkey" FOREIGN KEY ("payout_id") REFERENCES "payout"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "channel_inbox" ADD CONSTRAINT "channel_inbox_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "review_task" ADD CONSTRAINT "review_task_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "review_task" ADD CONSTRAINT "review_task_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "review_task" ADD CONSTRAINT "review_task_assignee_id_fkey" FOREIGN KEY ("assignee_id") REFERENCES "admin"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "review_decision" ADD CONSTRAINT "review_decision_review_id_fkey" FOREIGN KEY ("review_id") REFERENCES "review_task"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "review_decision" ADD CONSTRAINT "review_decision_decider_id_fkey" FOREIGN KEY ("decider_id") REFERENCES "admin"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "event" ADD CONSTRAINT "event_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "event" ADD CONSTRAINT "event_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "audit_record" ADD CONSTRAINT "audit_record_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "store"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
