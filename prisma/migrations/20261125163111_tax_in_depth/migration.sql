-- AlterTable
ALTER TABLE "tax_profile" ADD COLUMN     "residency" TEXT NOT NULL DEFAULT 'mainland';

-- AlterTable
ALTER TABLE "settlement_skip" ADD COLUMN     "missing_amount" BIGINT;

-- AlterTable
ALTER TABLE "statement" ADD COLUMN     "taxpayer_kind" TEXT;

-- CreateTable
CREATE TABLE "taxpayer" (
    "store_id" TEXT NOT NULL,
    "person" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "id_number_cipher" TEXT NOT NULL,
    "id_number_masked" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "taxpayer_pkey" PRIMARY KEY ("store_id","person")
);

-- CreateTable
CREATE TABLE "invoice" (
    "id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "payer_id" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "person" TEXT NOT NULL,
    "number" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "invoice_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "invoice_use" (
    "id" BIGSERIAL NOT NULL,
    "invoice_id" TEXT NOT NULL,
    "statement_id" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "invoice_use_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tax_stop" (
    "id" TEXT NOT NULL,
    "program_id" TEXT NOT NULL,
    "payer_id" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "person" TEXT NOT NULL,
    "distributor_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "month" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "review_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tax_stop_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tax_remittance" (
    "id" TEXT NOT NULL,
    "payer_id" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "month" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tax_remittance_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tax_remittance_item" (
    "withholding_id" BIGINT NOT NULL,
    "remittance_id" TEXT NOT NULL,
    "statement_id" TEXT NOT NULL,

    CONSTRAINT "tax_remittance_item_pkey" PRIMARY KEY ("withholding_id")
);

-- CreateTable
CREATE TABLE "tax_declaration" (
    "id" TEXT NOT NULL,
    "payer_id" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "month" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "reference" TEXT,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tax_declaration_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tax_declaration_row" (
    "declaration_id" TEXT NOT NULL,
    "person" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "figures" JSONB NOT NULL,

    CONSTRAINT "tax_declaration_row_pkey" PRIMARY KEY ("declaration_id","person","method")
);

-- CreateIndex
CREATE INDEX "invoice_distributor_id_idx" ON "invoice"("distributor_id");

-- CreateIndex
CREATE UNIQUE INDEX "invoice_payer_id_person_number_key" ON "invoice"("payer_id", "person", "number");

-- CreateIndex
CREATE UNIQUE INDEX "invoice_use_reference_key" ON "invoice_use"("reference");

-- CreateIndex
CREATE INDEX "invoice_use_invoice_id_idx" ON "invoice_use"("invoice_id");

-- CreateIndex
CREATE INDEX "invoice_use_statement_id_idx" ON "invoice_use"("statement_id");

-- CreateIndex
CREATE INDEX "tax_stop_review_id_idx" ON "tax_stop"("review_id");

-- CreateIndex
CREATE UNIQUE INDEX "tax_stop_payer_id_mode_person_reason_month_key" ON "tax_stop"("payer_id", "mode", "person", "reason", "month");

-- CreateIndex
CREATE INDEX "tax_remittance_payer_id_month_idx" ON "tax_remittance"("payer_id", "month");

-- CreateIndex
CREATE UNIQUE INDEX "tax_remittance_payer_id_mode_reference_key" ON "tax_remittance"("payer_id", "mode", "reference");

-- CreateIndex
CREATE INDEX "tax_remittance_item_remittance_id_idx" ON "tax_remittance_item"("remittance_id");

-- CreateIndex
CREATE INDEX "tax_remittance_item_statement_id_idx" ON "tax_remittance_item"("statement_id");

-- CreateIndex
CREATE UNIQUE INDEX "tax_declaration_payer_id_mode_month_version_key" ON "tax_declaration"("payer_id", "mode", "month", "version");

-- ---------------------------------------------------------------------------------------------
-- What Prisma does not know
-- ---------------------------------------------------------------------------------------------
ALTER TABLE tax_profile ADD CONSTRAINT tax_profile_residency CHECK (
  residency = 'mainland' OR (residency = 'nonResident' AND kind = 'individual'));
ALTER TABLE taxpayer ADD CONSTRAINT taxpayer_store_fkey FOREIGN KEY (store_id) REFERENCES store (id);
ALTER TABLE invoice
  ADD CONSTRAINT invoice_amount CHECK (amount > 0),
  ADD CONSTRAINT invoice_payer_fkey FOREIGN KEY (payer_id) REFERENCES payer (id),
  ADD CONSTRAINT invoice_distributor_fkey FOREIGN KEY (distributor_id) REFERENCES distributor (id);
ALTER TABLE invoice_use
  ADD CONSTRAINT invoice_use_amount CHECK (amount <> 0),
  ADD CONSTRAINT invoice_use_invoice_fkey FOREIGN KEY (invoice_id) REFERENCES invoice (id),
  ADD CONSTRAINT invoice_use_statement_fkey FOREIGN KEY (statement_id) REFERENCES statement (id);
ALTER TABLE tax_stop
  ADD CONSTRAINT tax_stop_reason CHECK (reason IN ('minor', 'non_resident', 'vat_exemption')),
  ADD CONSTRAINT tax_stop_month CHECK (month ~ '^(\d{4}-\d{2})?$'),
  ADD CONSTRAINT tax_stop_payer_fkey FOREIGN KEY (payer_id) REFERENCES payer (id),
  ADD CONSTRAINT tax_stop_program_fkey FOREIGN KEY (program_id) REFERENCES program (id),
  ADD CONSTRAINT tax_stop_review_fkey FOREIGN KEY (review_id) REFERENCES review_task (id);
ALTER TABLE tax_remittance
  ADD CONSTRAINT tax_remittance_amount CHECK (amount > 0),
  ADD CONSTRAINT tax_remittance_payer_fkey FOREIGN KEY (payer_id) REFERENCES payer (id);
ALTER TABLE tax_remittance_item
  ADD CONSTRAINT tax_remittance_item_remittance_fkey FOREIGN KEY (remittance_id) REFERENCES tax_remittance (id),
  ADD CONSTRAINT tax_remittance_item_withholding_fkey FOREIGN KEY (withholding_id) REFERENCES withholding (id),
  ADD CONSTRAINT tax_remittance_item_statement_fkey FOREIGN KEY (statement_id) REFERENCES statement (id);
ALTER TABLE tax_declaration
  ADD CONSTRAINT tax_declaration_payer_fkey FOREIGN KEY (payer_id) REFERENCES payer (id);
ALTER TABLE tax_declaration_row
  ADD CONSTRAINT tax_declaration_row_declaration_fkey FOREIGN KEY (declaration_id) REFERENCES tax_declaration (id);

-- An invoice pays once: what is used of it lies between nothing and all of it.
CREATE FUNCTION invoice_use_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wrong TEXT;
BEGIN
  PERFORM 1 FROM invoice WHERE id IN (SELECT invoice_id FROM new_uses) ORDER BY id FOR NO KEY UPDATE;
  SELECT i.id INTO wrong FROM invoice i JOIN invoice_use u ON u.invoice_id = i.id
    WHERE i.id IN (SELECT invoice_id FROM new_uses)
    GROUP BY i.id, i.amount HAVING sum(u.amount) NOT BETWEEN 0 AND i.amount LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'invoice % would be used more than once', wrong
      USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_used_once';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER invoice_use_inserted AFTER INSERT ON invoice_use
  REFERENCING NEW TABLE AS new_uses
  FOR EACH STATEMENT EXECUTE FUNCTION invoice_use_inserted();

DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['invoice', 'invoice_use', 'tax_stop', 'tax_remittance',
                              'tax_remittance_item', 'tax_declaration', 'tax_declaration_row']
  LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_append_only', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   name || '_no_truncate', name);
  END LOOP;
END $$;

-- What a person's other settlements of the payer have computed and not booked yet.
CREATE INDEX statement_person_computed ON statement (payer_id, person) WHERE status = 'computed';
-- What a payer declares and pays to the bureau of a month.
CREATE INDEX withholding_month ON withholding (payer_id, month);
