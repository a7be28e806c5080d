-- AlterTable
ALTER TABLE "channel" ADD COLUMN     "over_transfer" TEXT NOT NULL DEFAULT 'split',
ADD COLUMN     "per_payee_day_amount" BIGINT;

-- AlterTable
ALTER TABLE "payout" ADD COLUMN     "payee_key" TEXT;

-- ---------------------------------------------------------------------------------------------
-- By hand
-- ---------------------------------------------------------------------------------------------
ALTER TABLE channel
  ADD CONSTRAINT channel_limits CHECK (
    per_transfer_amount > 0 AND per_day_amount > 0 AND per_payee_day_amount > 0),
  ADD CONSTRAINT channel_over_transfer CHECK (over_transfer IN ('split', 'refuse'));
ALTER TABLE payout
  ADD CONSTRAINT payout_payee_key CHECK (payee_key IS NULL OR submitted_at IS NOT NULL);

-- What a payee was sent on a day, against the limit for it.
CREATE INDEX payout_payee ON payout (channel_id, payee_key, submitted_at)
  WHERE payee_key IS NOT NULL;
