-- CreateTable
CREATE TABLE "channel_pace" (
    "channel_id" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "next_call_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "channel_pace_pkey" PRIMARY KEY ("channel_id","operation")
);

-- AddForeignKey
ALTER TABLE "channel_pace" ADD CONSTRAINT "channel_pace_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "channel_pace" ADD CONSTRAINT "channel_pace_operation" CHECK ("operation" IN ('query', 'cancel'));
