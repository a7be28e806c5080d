-- CreateTable
CREATE TABLE "verification" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "from_at" TIMESTAMPTZ(3),
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "cause" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "progress_done" INTEGER NOT NULL DEFAULT 0,
    "progress_total" INTEGER NOT NULL DEFAULT 0,
    "cursor" TEXT NOT NULL DEFAULT '',
    "commissions" INTEGER NOT NULL DEFAULT 0,
    "accounts" INTEGER NOT NULL DEFAULT 0,
    "difference_count" INTEGER NOT NULL DEFAULT 0,
    "differences" JSONB NOT NULL,
    "review_id" TEXT,
    "requested_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "verification_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "verification_program_id_id_idx" ON "verification"("program_id", "id");

-- AddForeignKey
ALTER TABLE "verification" ADD CONSTRAINT "verification_program_id_fkey" FOREIGN KEY ("program_id") REFERENCES "program"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE verification ADD CONSTRAINT verification_status CHECK (status IN ('running', 'done'));
-- A program is verified once at a time.
CREATE UNIQUE INDEX verification_one_running ON verification (program_id) WHERE status = 'running';
