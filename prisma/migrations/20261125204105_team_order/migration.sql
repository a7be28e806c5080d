-- CreateIndex
CREATE INDEX "distributor_program_id_sponsor_id_id_idx" ON "distributor"("program_id", "sponsor_id", "id");
