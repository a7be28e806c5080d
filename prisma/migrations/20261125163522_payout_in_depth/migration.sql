-- AlterTable
ALTER TABLE "payout" ADD COLUMN     "asked" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "billed_on" TEXT,
ADD COLUMN     "confirmation" JSONB,
ADD COLUMN     "paid_at" TIMESTAMPTZ(3),
ADD COLUMN     "refusals" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "return_billed_on" TEXT,
ADD COLUMN     "watch_at" TIMESTAMPTZ(3),
ADD COLUMN     "watched" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "channel_state" (
    "channel_id" TEXT NOT NULL,
    "next_call_at" TIMESTAMPTZ(3),
    "next_turn_at" TIMESTAMPTZ(3),
    "held_cause" TEXT,
    "held_since" TIMESTAMPTZ(3),
    "held_until" TIMESTAMPTZ(3),

    CONSTRAINT "channel_state_pkey" PRIMARY KEY ("channel_id")
);

-- CreateTable
CREATE TABLE "reconciliation" (
    "channel_id" TEXT NOT NULL,
    "day" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "rows" INTEGER NOT NULL DEFAULT 0,
    "matched" INTEGER NOT NULL DEFAULT 0,
    "difference_count" INTEGER NOT NULL DEFAULT 0,
    "review_id" TEXT,
    "asked_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "reconciliation_pkey" PRIMARY KEY ("channel_id","day")
);

-- CreateTable
CREATE TABLE "reconciliation_difference" (
    "id" BIGSERIAL NOT NULL,
    "channel_id" TEXT NOT NULL,
    "day" TEXT NOT NULL,
    "channel_number" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "why" TEXT NOT NULL,
    "payout_id" TEXT,
    "our_amount" BIGINT,
    "their_amount" BIGINT,
    "review_id" TEXT,

    CONSTRAINT "reconciliation_difference_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "reconciliation_difference_channel_id_day_channel_number_kin_key" ON "reconciliation_difference"("channel_id", "day", "channel_number", "kind", "why");

-- AddForeignKey
ALTER TABLE "channel_state" ADD CONSTRAINT "channel_state_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "reconciliation" ADD CONSTRAINT "reconciliation_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "reconciliation_difference" ADD CONSTRAINT "reconciliation_difference_channel_id_day_fkey" FOREIGN KEY ("channel_id", "day") REFERENCES "reconciliation"("channel_id", "day") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- ---------------------------------------------------------------------------------------------
-- By hand
-- ---------------------------------------------------------------------------------------------
ALTER TABLE payout
  ADD CONSTRAINT payout_counts CHECK (asked >= 0 AND refusals >= 0 AND watched >= 0),
  ADD CONSTRAINT payout_confirmation CHECK (confirmation IS NULL OR status = 'awaiting_confirmation'),
  ADD CONSTRAINT payout_watch CHECK (watch_at IS NULL OR status = 'paid');
ALTER TABLE channel_state
  ADD CONSTRAINT channel_state_held CHECK (
    (held_cause IS NULL) = (held_until IS NULL) AND (held_cause IS NULL) = (held_since IS NULL)
    AND (held_cause IS NULL OR held_cause IN ('balance_short', 'throttled', 'setup')));
ALTER TABLE reconciliation
  ADD CONSTRAINT reconciliation_day CHECK (day ~ '^\d{4}-\d{2}-\d{2}$'),
  ADD CONSTRAINT reconciliation_status CHECK (status IN ('waiting', 'done')),
  ADD CONSTRAINT reconciliation_counts CHECK (matched >= 0 AND matched <= rows AND difference_count >= 0);
ALTER TABLE reconciliation_difference
  ADD CONSTRAINT reconciliation_difference_kind CHECK (kind IN ('paid', 'returned')),
  ADD CONSTRAINT reconciliation_difference_why CHECK (
    why IN ('missing', 'extra', 'amount', 'status', 'duplicate'));

-- What was found stays found.
CREATE TRIGGER reconciliation_difference_append_only BEFORE UPDATE OR DELETE ON reconciliation_difference
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The sweep that asks whether paid money came back.
CREATE INDEX payout_watched ON payout (watch_at) WHERE watch_at IS NOT NULL;
-- What a channel was handed within a day, against its limit.
CREATE INDEX payout_sent ON payout (channel_id, submitted_at) WHERE submitted_at IS NOT NULL;
-- What no bill file has confirmed yet.
CREATE INDEX payout_unbilled ON payout (channel_id, paid_at)
  WHERE paid_at IS NOT NULL AND billed_on IS NULL;
CREATE INDEX payout_return_unbilled ON payout (channel_id, returned_at)
  WHERE returned_at IS NOT NULL AND return_billed_on IS NULL;
