import type {
  BonusCommissionFacts,
  BonusOrderFacts,
  BonusSumFacts,
} from '../domain/commission/bonus-explanation';
import type { PlanBody } from '../domain/commission/plan';
import { Refusal } from '../domain/kernel/refusal';
import { bonusReference } from './bonus-write';
import type { Tx } from './database';
import { reversalsOf } from './reversal-read';

/** A bonus can have a hundred thousand orders behind it: the sums are of all, the list is not. */
const ordersAtMost = 100;

/**
 * Everything stored that decides about a bonus, for its explanation. Read it in one snapshot; the
 * caller has made sure that the commission may be seen.
 * @throws Refusal not_found when it is no bonus
 */
export async function loadBonusFacts(
  read: Tx,
  commissionId: string,
): Promise<BonusCommissionFacts> {
  const head = await headOf(read, commissionId);
  return {
    ...head,
    sums: await sumsOf(read, commissionId),
    orders: await ordersOf(read, commissionId),
    refunds: await refundsOf(read, commissionId),
    reversals: await reversalsOf(read, commissionId),
    earnings: await read.rows(
      `SELECT kind, amount, release_at, available_at FROM earning
       WHERE commission_id = $1 ORDER BY id`,
      [commissionId],
    ),
    ledgerAmount: await ledgerAmountOf(read, commissionId),
  };
}

type Head = Pick<
  BonusCommissionFacts,
  'commission' | 'facts' | 'plan' | 'periodPlanId' | 'currency' | 'timeZone'
>;

async function headOf(read: Tx, commissionId: string): Promise<Head> {
  interface Row extends Omit<Head, 'commission' | 'plan'> {
    planId: string;
    planVersion: number;
    planBody: PlanBody;
    isBooked: boolean;
  }
  const row = await read.first<Row & Head['commission']>(
    `SELECT c.id, c.kind, c.order_id, c.distributor_id, c.bonus_id, c.bonus_key, c.period,
       c.base_amount, c.rate_bps, c.amount, c.original_amount, c.facts, p.id AS plan_id,
       p.version AS plan_version, p.body AS plan_body, b.program_id IS NOT NULL AS is_booked,
       b.plan_id AS period_plan_id, g.currency, g.time_zone
     FROM commission c
     JOIN program g ON g.id = c.program_id
     JOIN plan p ON p.id = c.plan_id
     LEFT JOIN bonus_period b ON b.program_id = c.program_id AND b.period = c.period
     WHERE c.id = $1 AND c.bonus_id IS NOT NULL`,
    [commissionId],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such bonus.');
  const { facts, planId, planVersion, planBody, periodPlanId, isBooked, ...rest } = row;
  const { currency, timeZone, ...commission } = rest;
  return {
    commission,
    facts,
    plan: { id: planId, version: planVersion, body: planBody },
    periodPlanId: isBooked ? periodPlanId : undefined,
    currency,
    timeZone,
  };
}

function sumsOf(read: Tx, commissionId: string): Promise<BonusSumFacts[]> {
  return read.rows<BonusSumFacts>(
    `SELECT b.role, count(DISTINCT b.order_id)::int AS orders, sum(l.base_amount)::bigint AS base_amount,
       sum(l.refunded_amount)::bigint AS refunded_amount,
       coalesce(sum(r.amount), 0)::bigint AS refund_lines_amount
     FROM bonus_order b
     JOIN order_line l ON l.order_id = b.order_id AND l.in_scope
     LEFT JOIN LATERAL (
       SELECT sum(x.amount) AS amount FROM refund_line x WHERE x.order_line_id = l.id) r ON true
     WHERE b.commission_id = $1 GROUP BY b.role ORDER BY b.role`,
    [commissionId],
  );
}

function ordersOf(read: Tx, commissionId: string): Promise<BonusOrderFacts[]> {
  return read.rows<BonusOrderFacts>(
    `SELECT o.id AS order_id, o.external_id, o.attributed_distributor_id AS distributor_id, b.role,
       o.paid_at, n.base_amount, n.refunded_amount
     FROM bonus_order b
     JOIN orders o ON o.id = b.order_id
     CROSS JOIN LATERAL (
       SELECT sum(l.base_amount)::bigint AS base_amount,
         sum(l.refunded_amount)::bigint AS refunded_amount
       FROM order_line l WHERE l.order_id = o.id AND l.in_scope) n
     WHERE b.commission_id = $1 ORDER BY o.paid_at, o.id LIMIT ${ordersAtMost}`,
    [commissionId],
  );
}

/** The refunds that changed it, in the order in which they were posted. */
function refundsOf(
  read: Tx,
  commissionId: string,
): Promise<BonusCommissionFacts['refunds'][number][]> {
  return read.rows(
    `SELECT r.id AS refund_id, r.external_id, r.refunded_at, e.amount AS change_amount
     FROM earning e JOIN refund r ON r.id = e.refund_id
     WHERE e.commission_id = $1 AND e.kind = 'adjustment' ORDER BY e.id`,
    [commissionId],
  );
}

async function ledgerAmountOf(read: Tx, commissionId: string): Promise<bigint> {
  const row = await read.first<{ amount: bigint }>(
    `SELECT coalesce(sum(e.amount), 0)::bigint AS amount
     FROM ledger_transaction t
     JOIN ledger_entry e ON e.transaction_id = t.id
     JOIN ledger_account a ON a.id = e.account_id AND a.role = 'held'
     WHERE t.reference = $1`,
    [bonusReference(commissionId)],
  );
  return row?.amount ?? 0n;
}
