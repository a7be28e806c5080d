-- CreateTable
CREATE TABLE "notice" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "template" TEXT NOT NULL,
    "params" JSONB NOT NULL,
    "subject_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "read_at" TIMESTAMPTZ(3),

    CONSTRAINT "notice_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "notice_distributor_id_id_idx" ON "notice"("distributor_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "notice_distributor_id_template_subject_id_key" ON "notice"("distributor_id", "template", "subject_id");

-- AddForeignKey
ALTER TABLE "notice" ADD CONSTRAINT "notice_distributor_id_fkey" FOREIGN KEY ("distributor_id") REFERENCES "distributor"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
