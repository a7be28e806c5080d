-- Half of the time in which PostgreSQL inserted the rows of orders went to foreign keys: each is a look-up
-- and a row lock for every row (docs/adr/0016 has the figures). One look per SQL statement says more: what
-- is named is also of the same program, order and distributor. Each look is a sub-select by the primary
-- key, not a join: for that the planner would have to know how many rows come.
--
-- Distributors are locked as their keys did, each once and in the order of their ids: a step of a life
-- that is under way (it holds them FOR UPDATE) is waited for, so either sees what the other has done.

CREATE FUNCTION orders_belong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM distributor
    WHERE id = ANY (ARRAY(SELECT DISTINCT attributed_distributor_id FROM made))
    ORDER BY id FOR KEY SHARE;
  PERFORM 1 FROM made
    WHERE (SELECT store_id FROM program WHERE id = made.program_id) IS DISTINCT FROM made.store_id
      OR (made.attributed_distributor_id IS NOT NULL
        AND (SELECT program_id FROM distributor WHERE id = made.attributed_distributor_id)
          IS DISTINCT FROM made.program_id)
      OR (made.plan_id IS NOT NULL
        AND (SELECT program_id FROM plan WHERE id = made.plan_id) IS DISTINCT FROM made.program_id);
  IF FOUND THEN
    RAISE EXCEPTION 'an order names a program, distributor or plan that is not there, or is of another one'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'orders_belong';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER orders_belong AFTER INSERT ON orders
  REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION orders_belong();

CREATE FUNCTION order_lines_belong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM made WHERE (SELECT true FROM orders WHERE id = made.order_id) IS NOT TRUE;
  IF FOUND THEN
    RAISE EXCEPTION 'a line names an order that is not there'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'order_line_belongs';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER order_lines_belong AFTER INSERT ON order_line
  REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION order_lines_belong();

CREATE FUNCTION bindings_belong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM distributor
    WHERE id = ANY (ARRAY(SELECT DISTINCT distributor_id FROM made))
    ORDER BY id FOR KEY SHARE;
  PERFORM 1 FROM made
    WHERE (SELECT program_id FROM distributor WHERE id = made.distributor_id)
      IS DISTINCT FROM made.program_id;
  IF FOUND THEN
    RAISE EXCEPTION 'a binding names a distributor that is not there, or is of another program'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'binding_belongs';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER bindings_belong AFTER INSERT ON binding
  REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION bindings_belong();

CREATE FUNCTION commissions_belong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM distributor
    WHERE id = ANY (ARRAY(SELECT DISTINCT distributor_id FROM made))
    ORDER BY id FOR KEY SHARE;
  PERFORM 1 FROM made
    WHERE (SELECT program_id FROM distributor WHERE id = made.distributor_id)
        IS DISTINCT FROM made.program_id
      OR (made.order_line_id IS NOT NULL
        AND (SELECT order_id FROM order_line WHERE id = made.order_line_id)
          IS DISTINCT FROM made.order_id)
      OR (made.plan_id IS NOT NULL
        AND (SELECT program_id FROM plan WHERE id = made.plan_id) IS DISTINCT FROM made.program_id);
  IF FOUND THEN
    RAISE EXCEPTION 'a commission names a distributor, line or plan that is not there, or is of another one'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'commission_belongs';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER commissions_belong AFTER INSERT ON commission
  REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION commissions_belong();

CREATE FUNCTION earnings_belong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM made
    WHERE (made.commission_id IS NOT NULL
        AND (SELECT distributor_id FROM commission
            WHERE id = made.commission_id AND program_id = made.program_id)
          IS DISTINCT FROM made.distributor_id)
      OR (made.refund_id IS NOT NULL
        AND (SELECT true FROM refund WHERE id = made.refund_id) IS NOT TRUE)
      OR (made.payout_id IS NOT NULL
        AND (SELECT distributor_id FROM payout WHERE id = made.payout_id)
          IS DISTINCT FROM made.distributor_id)
      OR (made.correction_id IS NOT NULL
        AND (SELECT distributor_id FROM correction WHERE id = made.correction_id)
          IS DISTINCT FROM made.distributor_id)
      OR (made.reversal_id IS NOT NULL
        AND (SELECT distributor_id FROM reversal WHERE id = made.reversal_id)
          IS DISTINCT FROM made.distributor_id);
  IF FOUND THEN
    RAISE EXCEPTION 'an earning names what is not there, or is of another distributor'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'earning_belongs';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER earnings_belong AFTER INSERT ON earning
  REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION earnings_belong();

-- What is named stays right for good: none of these rows is deleted, none becomes another one, and none
-- names something else later. These triggers run only for updates that name the columns.
DO $$
DECLARE
  name TEXT;
  fixed TEXT;
BEGIN
  FOR name, fixed IN VALUES
    ('program', 'id, store_id'), ('plan', 'id, program_id'), ('refund', 'id'), ('payout', 'id'),
    ('correction', 'id'), ('reversal', 'id'),
    ('orders', 'id, store_id, program_id, attributed_distributor_id, plan_id'),
    ('order_line', 'id, order_id'), ('binding', 'id, program_id, distributor_id'), ('commission', 'id'),
    ('earning', 'id, correction_id, reversal_id')
  LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER UPDATE OF %s ON %I FOR EACH ROW WHEN ((%s) IS DISTINCT FROM (%s)) EXECUTE FUNCTION refuse_change()',
      name || '_whose', fixed, name,
      'NEW.' || replace(fixed, ', ', ', NEW.'), 'OLD.' || replace(fixed, ', ', ', OLD.'));
  END LOOP;
END $$;

ALTER TABLE orders
  DROP CONSTRAINT orders_program_id_fkey,
  DROP CONSTRAINT orders_attributed_distributor_id_fkey,
  DROP CONSTRAINT orders_plan_id_fkey;
ALTER TABLE order_line DROP CONSTRAINT order_line_order_id_fkey;
ALTER TABLE binding
  DROP CONSTRAINT binding_program_id_fkey,
  DROP CONSTRAINT binding_distributor_id_fkey;
ALTER TABLE commission
  DROP CONSTRAINT commission_order_line_id_fkey,
  DROP CONSTRAINT commission_distributor_id_fkey,
  DROP CONSTRAINT commission_plan_id_fkey;
ALTER TABLE earning
  DROP CONSTRAINT earning_commission_id_fkey,
  DROP CONSTRAINT earning_refund_id_fkey,
  DROP CONSTRAINT earning_payout_id_fkey,
  DROP CONSTRAINT earning_correction_id_fkey,
  DROP CONSTRAINT earning_reversal_id_fkey;
