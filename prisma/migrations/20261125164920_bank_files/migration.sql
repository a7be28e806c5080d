-- CreateTable
CREATE TABLE "bank_file" (
    "id" TEXT NOT NULL,
    "channel_id" TEXT NOT NULL,
    "message_id" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "payouts" INTEGER NOT NULL,
    "total_amount" BIGINT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bank_file_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bank_file_row" (
    "payout_id" TEXT NOT NULL,
    "bank_file_id" TEXT NOT NULL,

    CONSTRAINT "bank_file_row_pkey" PRIMARY KEY ("payout_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "bank_file_message_id_key" ON "bank_file"("message_id");

-- CreateIndex
CREATE INDEX "bank_file_channel_id_id_idx" ON "bank_file"("channel_id", "id");

-- CreateIndex
CREATE INDEX "bank_file_row_bank_file_id_payout_id_idx" ON "bank_file_row"("bank_file_id", "payout_id");

-- AddForeignKey
ALTER TABLE "bank_file" ADD CONSTRAINT "bank_file_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "bank_file_row" ADD CONSTRAINT "bank_file_row_payout_id_fkey" FOREIGN KEY ("payout_id") REFERENCES "payout"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "bank_file_row" ADD CONSTRAINT "bank_file_row_bank_file_id_fkey" FOREIGN KEY ("bank_file_id") REFERENCES "bank_file"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- A payout goes into one file, once; what a bank was given is never changed.
ALTER TABLE bank_file
  ADD CONSTRAINT bank_file_mode CHECK (mode IN ('test', 'live')),
  ADD CONSTRAINT bank_file_counts CHECK (payouts > 0 AND total_amount > 0);
DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['bank_file', 'bank_file_row'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_append_only', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   name || '_no_truncate', name);
  END LOOP;
END $$;
