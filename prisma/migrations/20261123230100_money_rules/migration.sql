-- What the database holds by itself, whoever writes: sums of 0, append-only rows, balances that
-- cannot go below zero, one open settlement, one standing in force. docs/adr/0002 says why.

-- ---------------------------------------------------------------------------------------------
-- Ledger
-- ---------------------------------------------------------------------------------------------
ALTER TABLE ledger_entry
  ADD CONSTRAINT ledger_entry_transaction_fkey FOREIGN KEY (transaction_id) REFERENCES ledger_transaction (id),
  ADD CONSTRAINT ledger_entry_account_fkey FOREIGN KEY (account_id) REFERENCES ledger_account (id),
  ADD CONSTRAINT ledger_entry_amount_not_zero CHECK (amount <> 0);

-- Distributor accounts are never below 0, but receivable, which is never above.
ALTER TABLE ledger_account
  ADD CONSTRAINT ledger_account_role CHECK (
    role IN ('commission-expense', 'tax-payable', 'tax-remitted', 'tax-receivable', 'fee-income',
             'bad-debt', 'clearing', 'cash', 'held', 'available', 'settling', 'receivable')
    AND (code = role OR code LIKE '%:' || role)),
  ADD CONSTRAINT ledger_account_owner CHECK (
    (role IN ('held', 'available', 'settling', 'receivable')) = (distributor_id IS NOT NULL)),
  ADD CONSTRAINT ledger_account_not_negative CHECK (
    CASE WHEN role IN ('held', 'available', 'settling') THEN balance >= 0
         WHEN role = 'receivable' THEN balance <= 0
         ELSE TRUE END);

-- Entries that arrive in one statement must balance per transaction, and they move the balances under
-- row locks taken in id order.
CREATE FUNCTION ledger_entries_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  unbalanced BIGINT;
BEGIN
  SELECT transaction_id INTO unbalanced FROM new_entries
    GROUP BY transaction_id HAVING sum(amount) <> 0 OR count(*) < 2 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'ledger transaction % does not balance', unbalanced
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_sum_to_zero';
  END IF;

  PERFORM 1 FROM new_entries e
    JOIN ledger_transaction t ON t.id = e.transaction_id
    JOIN ledger_account a ON a.id = e.account_id
    WHERE a.program_id <> t.program_id;
  IF FOUND THEN
    RAISE EXCEPTION 'an entry joins a transaction and an account of two programs'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_one_program';
  END IF;

  PERFORM 1 FROM ledger_account WHERE id IN (SELECT account_id FROM new_entries)
    ORDER BY id FOR NO KEY UPDATE;
  UPDATE ledger_account a SET balance = a.balance + s.amount
    FROM (SELECT account_id, sum(amount)::BIGINT AS amount FROM new_entries GROUP BY account_id) s
    WHERE a.id = s.account_id AND s.amount <> 0;
  RETURN NULL;
END $$;

CREATE TRIGGER ledger_entries_inserted AFTER INSERT ON ledger_entry
  REFERENCING NEW TABLE AS new_entries
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_inserted();

-- A transaction without entries is refused when it is committed.
CREATE FUNCTION ledger_transaction_has_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM ledger_entry WHERE transaction_id = NEW.id) THEN
    RAISE EXCEPTION 'ledger transaction % (%) has no entries', NEW.id, NEW.reference
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_has_entries';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_transaction_has_entries AFTER INSERT ON ledger_transaction
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION ledger_transaction_has_entries();

-- A balance is the sum of its entries: only the trigger above may move it.
CREATE FUNCTION ledger_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.balance <> 0 THEN
      RAISE EXCEPTION 'a new account starts at 0'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_balance_is_entries';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.balance <> OLD.balance AND pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'the balance of account % moves by entries only', OLD.code
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_balance_is_entries';
  END IF;
  IF (NEW.id, NEW.program_id, NEW.code, NEW.role) IS DISTINCT FROM (OLD.id, OLD.program_id, OLD.code, OLD.role) THEN
    RAISE EXCEPTION 'account % cannot become another one', OLD.code
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_is_fixed';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER ledger_account_opened BEFORE INSERT ON ledger_account
  FOR EACH ROW EXECUTE FUNCTION ledger_account_guard();
-- The condition spares legal updates the call; there the depth counts the triggers around the update.
CREATE TRIGGER ledger_account_guard BEFORE UPDATE ON ledger_account
  FOR EACH ROW WHEN (
    (NEW.balance <> OLD.balance AND pg_trigger_depth() < 1)
    OR (NEW.id, NEW.program_id, NEW.code, NEW.role) IS DISTINCT FROM (OLD.id, OLD.program_id, OLD.code, OLD.role))
  EXECUTE FUNCTION ledger_account_guard();

-- ---------------------------------------------------------------------------------------------
-- Append-only rows
-- ---------------------------------------------------------------------------------------------
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$;

DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['ledger_transaction', 'ledger_entry', 'audit_record', 'audit_seal',
                              'withholding', 'refund', 'refund_line', 'review_decision', 'event',
                              'payout_attempt']
  LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_append_only', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   name || '_no_truncate', name);
  END LOOP;
  -- Rows that may gain facts, but are never deleted.
  FOREACH name IN ARRAY ARRAY['ledger_account', 'earning', 'commission', 'orders', 'order_line', 'plan',
                              'distributor_standing', 'statement', 'payout', 'settlement', 'review_task',
                              'binding', 'payer_tax_method', 'channel_inbox']
  LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                   name || '_no_delete', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                   name || '_no_truncate', name);
  END LOOP;
END $$;

-- The columns of a row that never change once written. Arguments: the names of those columns.
CREATE FUNCTION keep_columns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before JSONB := to_jsonb(OLD);
  after JSONB := to_jsonb(NEW);
  name TEXT;
BEGIN
  FOREACH name IN ARRAY TG_ARGV LOOP
    IF before -> name IS DISTINCT FROM after -> name THEN
      RAISE EXCEPTION '%.% is fixed once written', TG_TABLE_NAME, name
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_' || name || '_fixed';
    END IF;
  END LOOP;
  RETURN NEW;
END $$;

CREATE TRIGGER plan_fixed BEFORE UPDATE ON plan FOR EACH ROW
  EXECUTE FUNCTION keep_columns('program_id', 'version', 'body', 'author_id', 'created_at');

-- From its publication on a plan decides about booked orders, so its moment is fixed as well.
CREATE FUNCTION plan_publication_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.published_at IS NOT NULL AND
     (NEW.effective_at, NEW.published_at, NEW.published_by)
     IS DISTINCT FROM (OLD.effective_at, OLD.published_at, OLD.published_by) THEN
    RAISE EXCEPTION 'plan % is published: its moment is fixed', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'plan_publication_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER plan_publication_guard BEFORE UPDATE ON plan FOR EACH ROW
  EXECUTE FUNCTION plan_publication_guard();
CREATE TRIGGER payout_fixed BEFORE UPDATE ON payout FOR EACH ROW
  EXECUTE FUNCTION keep_columns('statement_id', 'distributor_id', 'channel_id', 'channel_number', 'amount',
                                'gross_amount', 'tax_amount', 'fee_amount', 'account_cipher');
CREATE TRIGGER standing_fixed BEFORE UPDATE ON distributor_standing FOR EACH ROW
  EXECUTE FUNCTION keep_columns('distributor_id', 'valid_from', 'status', 'tier', 'sponsor_id', 'cause', 'actor');

-- The hot ones are compared column by column, and a legal update does not even enter the function.
CREATE FUNCTION earning_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.program_id, NEW.distributor_id, NEW.kind, NEW.commission_id, NEW.refund_id, NEW.payout_id, NEW.amount)
     IS DISTINCT FROM
     (OLD.program_id, OLD.distributor_id, OLD.kind, OLD.commission_id, OLD.refund_id, OLD.payout_id, OLD.amount) THEN
    RAISE EXCEPTION 'earning % is fixed once written', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'earning_fixed';
  END IF;
  IF OLD.statement_id IS NOT NULL AND NEW.statement_id IS NOT NULL AND NEW.statement_id <> OLD.statement_id THEN
    RAISE EXCEPTION 'earning % is in a statement already', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'earning_settled_once';
  END IF;
  IF OLD.available_at IS NOT NULL AND NEW.available_at IS DISTINCT FROM OLD.available_at THEN
    RAISE EXCEPTION 'earning % was released already', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'earning_released_once';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER earning_guard BEFORE UPDATE ON earning FOR EACH ROW WHEN (
    (NEW.program_id, NEW.distributor_id, NEW.kind, NEW.commission_id, NEW.refund_id, NEW.payout_id, NEW.amount)
    IS DISTINCT FROM
    (OLD.program_id, OLD.distributor_id, OLD.kind, OLD.commission_id, OLD.refund_id, OLD.payout_id, OLD.amount)
    OR (OLD.statement_id IS NOT NULL AND NEW.statement_id <> OLD.statement_id)
    OR (OLD.available_at IS NOT NULL AND NEW.available_at IS DISTINCT FROM OLD.available_at))
  EXECUTE FUNCTION earning_guard();

CREATE FUNCTION commission_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.program_id, NEW.order_id, NEW.order_line_id, NEW.level, NEW.kind, NEW.distributor_id, NEW.base_amount,
      NEW.rate_bps, NEW.rule_id, NEW.original_amount)
     IS DISTINCT FROM
     (OLD.program_id, OLD.order_id, OLD.order_line_id, OLD.level, OLD.kind, OLD.distributor_id, OLD.base_amount,
      OLD.rate_bps, OLD.rule_id, OLD.original_amount) THEN
    RAISE EXCEPTION 'commission % is fixed but for what remains of it', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'commission_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER commission_guard BEFORE UPDATE ON commission FOR EACH ROW WHEN (
    (NEW.program_id, NEW.order_id, NEW.order_line_id, NEW.level, NEW.kind, NEW.distributor_id, NEW.base_amount,
     NEW.rate_bps, NEW.rule_id, NEW.original_amount)
    IS DISTINCT FROM
    (OLD.program_id, OLD.order_id, OLD.order_line_id, OLD.level, OLD.kind, OLD.distributor_id, OLD.base_amount,
     OLD.rate_bps, OLD.rule_id, OLD.original_amount))
  EXECUTE FUNCTION commission_guard();

-- ---------------------------------------------------------------------------------------------
-- Ranges and closed sets
-- ---------------------------------------------------------------------------------------------
ALTER TABLE program
  ADD CONSTRAINT program_mode CHECK (mode IN ('test', 'live')),
  ADD CONSTRAINT program_live_clock CHECK (mode = 'test' OR clock_offset_ms = 0),
  ADD CONSTRAINT program_clock_forwards CHECK (clock_offset_ms >= 0),
  ADD CONSTRAINT program_enrolment CHECK (enrolment IN ('open', 'review', 'invite')),
  ADD CONSTRAINT program_scope CHECK (product_scope IN ('all', 'designated'));
ALTER TABLE plan ADD CONSTRAINT plan_status CHECK (status IN ('draft', 'published', 'retired'));
ALTER TABLE distributor_standing
  ADD CONSTRAINT standing_order CHECK (valid_to IS NULL OR valid_to >= valid_from);
ALTER TABLE order_line
  ADD CONSTRAINT order_line_amounts CHECK (
    quantity > 0 AND unit_price_amount >= 0 AND discount_amount >= 0 AND base_amount >= 0),
  ADD CONSTRAINT order_line_refund CHECK (
    refunded_quantity BETWEEN 0 AND quantity AND refunded_amount BETWEEN 0 AND base_amount);
ALTER TABLE commission ADD CONSTRAINT commission_amounts CHECK (amount >= 0 AND original_amount >= 0);
ALTER TABLE earning ADD CONSTRAINT earning_kind CHECK (kind IN ('commission', 'adjustment', 'part', 'giveBack'));
ALTER TABLE settlement ADD CONSTRAINT settlement_status CHECK (
  status IN ('locking', 'computing', 'review', 'paying', 'closed', 'rejected'));
ALTER TABLE review_task ADD CONSTRAINT review_steps CHECK (steps_needed BETWEEN 1 AND 2);
ALTER TABLE statement ADD CONSTRAINT statement_amounts CHECK (
  gross_amount > 0 AND tax_amount >= 0 AND fee_amount >= 0 AND net_amount >= 0
  AND (status = 'locked' OR net_amount + tax_amount + fee_amount = gross_amount));
ALTER TABLE payout
  ADD CONSTRAINT payout_amounts CHECK (
    amount > 0 AND tax_amount >= 0 AND fee_amount >= 0 AND amount + tax_amount + fee_amount = gross_amount),
  ADD CONSTRAINT payout_status CHECK (status IN ('queued', 'submitting', 'unknown', 'awaiting_confirmation',
    'processing', 'paid', 'returned', 'failed', 'canceled'));
ALTER TABLE tax_profile
  ADD CONSTRAINT tax_profile_distributor_fkey FOREIGN KEY (distributor_id) REFERENCES distributor (id);

-- ---------------------------------------------------------------------------------------------
-- At most one, and what the queries need
-- ---------------------------------------------------------------------------------------------
-- Guards: two settlements of a program cannot lock at the same time.
CREATE UNIQUE INDEX settlement_one_open ON settlement (program_id)
  WHERE status IN ('locking', 'computing', 'review');
-- A commission's status follows its first earning.
CREATE UNIQUE INDEX earning_first ON earning (commission_id) WHERE kind = 'commission';
CREATE UNIQUE INDEX standing_one_in_force ON distributor_standing (distributor_id) WHERE valid_to IS NULL;
CREATE UNIQUE INDEX payout_account_one_current ON payout_account (distributor_id) WHERE replaced_at IS NULL;
CREATE UNIQUE INDEX review_one_open ON review_task (kind, subject_id, workflow_id) WHERE status = 'open';
-- The release, the settlement lock, the clock, the outbox relay, plan in force.
CREATE INDEX earning_due ON earning (program_id, release_at) WHERE available_at IS NULL;
CREATE INDEX earning_unsettled ON earning (program_id, distributor_id)
  WHERE available_at IS NOT NULL AND statement_id IS NULL;
CREATE INDEX due_moment_waiting ON due_moment (program_id, due_at, id) WHERE status = 'waiting';
CREATE INDEX outbox_open ON outbox (next_attempt_at, id) WHERE done_at IS NULL;
CREATE INDEX plan_in_force ON plan (program_id, effective_at) WHERE effective_at IS NOT NULL;

-- A settlement rewrites its rows several times within seconds: room on the page spares the indexes.
ALTER TABLE statement SET (fillfactor = 40);
ALTER TABLE payout SET (fillfactor = 50);

-- The relay sleeps until something is there.
CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('outbox', '');
  RETURN NULL;
END $$;
CREATE TRIGGER outbox_notify AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();
