import {
  type BroughtOrder,
  firstKept,
  type InvitationBonus,
  paysForKept,
} from '../domain/commission/bonus';
import type { PlanBody } from '../domain/commission/plan';
import { groupBy } from '../domain/kernel/group';
import { type Month, monthSpan } from '../domain/kernel/period';
import { type HoldTerms, type Pause, pausedReleaseAt } from '../domain/order/hold';
import { earningAt } from './bonus-sales';
import type { Tx } from './database';

/** A month of one program. */
export interface InvitationSpan {
  programId: string;
  from: Date;
  /** not part of it */
  to: Date;
  /** whether what the invited or the sponsor bought does not count */
  denySelf: boolean;
}

/** Invited distributors who sold and were not paid for yet, by id. */
export async function undecidedAfter(
  read: Tx,
  span: Pick<InvitationSpan, 'programId' | 'to'>,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await read.rows<{ id: string }>(
    `SELECT d.id FROM distributor d
     WHERE d.program_id = $1 AND d.id > $2
       AND EXISTS (SELECT 1 FROM distributor_standing s
         WHERE s.distributor_id = d.id AND s.sponsor_id IS NOT NULL)
       AND EXISTS (SELECT 1 FROM orders o WHERE o.attributed_distributor_id = d.id AND o.paid_at < $3)
       AND NOT EXISTS (SELECT 1 FROM commission c
         WHERE c.program_id = $1 AND c.kind = 'invitation' AND c.bonus_key = d.id AND c.amount > 0)
     ORDER BY d.id LIMIT $4`,
    [span.programId, after, span.to, limit],
  );
  return rows.map(({ id }) => id);
}

/** Those who came after a monthly maximum: they are never paid for. */
export async function beyondMaximum(read: Tx, programId: string): Promise<Set<string>> {
  const rows = await read.rows<{ id: string }>(
    `SELECT jsonb_array_elements_text(facts->'invitation'->'beyond') AS id FROM commission
     WHERE program_id = $1 AND kind = 'invitation' AND facts->'invitation' ? 'beyond'`,
    [programId],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Orders of one distributor in the first look; most are decided by the first. */
const firstLook = 3;
const lookFactor = 20;

/**
 * Which of these invited distributors are to be paid for in this period: the first order of each
 * that was kept past its hold, with the sponsor as of its payment.
 */
export async function firstKeptOrders(
  read: Tx,
  span: InvitationSpan,
  bonus: InvitationBonus,
  invitedIds: readonly string[],
): Promise<BroughtOrder[]> {
  const found: BroughtOrder[] = [];
  const known = new Map<string, BroughtOrder[]>(invitedIds.map((id) => [id, []]));
  for (let look = firstLook; known.size > 0; look *= lookFactor) {
    const after = [...known].map(([id, orders]) => ({ id, last: orders.at(-1) }));
    const next = groupBy(
      await broughtOrders(read, span, bonus, after, look),
      ({ distributorId }) => distributorId,
    );
    for (const [id, before] of known) {
      const page = next.get(id) ?? [];
      const orders = [...before, ...page];
      const kept = firstKept(orders, bonus, span);
      // The first kept one is final: orders beyond it were paid later.
      if (kept?.sponsorId) found.push(kept);
      if (kept !== undefined || page.length < look) known.delete(id);
      else known.set(id, orders);
    }
  }
  const late = await lateKept(read, span, found);
  return found.filter((order) => order.releaseAt! >= span.from || late.has(order.orderId));
}

/**
 * Those kept in an earlier month that should have been paid for then: what decides about them (the
 * order, its receipt, the closure of a case, the refund of the one before) was reported after that
 * month was booked. Everything else was decided then, and would be decided alike now.
 */
async function lateKept(
  read: Tx,
  { programId, from }: InvitationSpan,
  orders: readonly BroughtOrder[],
): Promise<Set<string>> {
  const earlier = orders.filter(({ releaseAt }) => releaseAt! < from);
  if (earlier.length === 0) return new Set();
  const booked = await read.rows<{ period: Month; timeZone: string; body: PlanBody }>(
    `SELECT b.period, g.time_zone, p.body
     FROM bonus_period b JOIN plan p ON p.id = b.plan_id JOIN program g ON g.id = b.program_id
     WHERE b.program_id = $1 AND p.body->'bonuses' @> '[{"kind": "invitation"}]'
     ORDER BY b.period`,
    [programId],
  );
  const late = new Set<string>();
  for (const { period, timeZone, body } of booked) {
    const month = monthSpan(period, timeZone);
    const own = earlier.filter(
      (order) =>
        order.releaseAt! >= month.from && order.releaseAt! < month.to && paysForKept(body, order),
    );
    if (own.length === 0) continue;
    const sponsors = [...new Set(own.map(({ sponsorId }) => sponsorId!))];
    const earning = await earningAt(read, sponsors, month.to);
    for (const { orderId, sponsorId } of own) if (earning.has(sponsorId!)) late.add(orderId);
  }
  return late;
}

type BroughtRow = Omit<BroughtOrder, 'releaseAt'> & {
  hold: HoldTerms;
  receivedAt: Date | null;
  /** ISO 8601 */
  pauses: { from: string; to: string | null }[];
};

/** The next orders of each that had the amount when they were placed, by payment and then id. */
async function broughtOrders(
  read: Tx,
  { to, denySelf }: InvitationSpan,
  bonus: InvitationBonus,
  after: readonly { id: string; last: BroughtOrder | undefined }[],
  limit: number,
): Promise<BroughtOrder[]> {
  const rows = await read.rows<BroughtRow>(
    `SELECT o.* FROM unnest($1::text[], $2::timestamptz[], $3::text[]) AS w (id, paid_at, order_id)
     JOIN distributor d ON d.id = w.id
     CROSS JOIN LATERAL (
       SELECT o.id AS order_id, d.id AS distributor_id, s.sponsor_id, o.paid_at, o.received_at,
         o.hold, n.base_amount - n.refunded_amount AS net_amount, self.purchase AS self_purchase,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('from', a.opened_at, 'to', a.closed_at)), '[]')
          FROM after_sale a WHERE a.order_id = o.id) AS pauses
       FROM orders o
       CROSS JOIN LATERAL (
         SELECT sum(l.base_amount)::bigint AS base_amount,
           sum(l.refunded_amount)::bigint AS refunded_amount
         FROM order_line l WHERE l.order_id = o.id AND l.in_scope) n
       LEFT JOIN distributor_standing s ON s.distributor_id = d.id
         AND s.valid_from <= o.paid_at AND (s.valid_to IS NULL OR s.valid_to > o.paid_at)
       LEFT JOIN distributor sponsor ON sponsor.id = s.sponsor_id
       CROSS JOIN LATERAL (SELECT coalesce((o.upline->0->>'isBuyer')::boolean,
           d.customer_external_id = o.customer_external_id, false)
         OR coalesce(sponsor.customer_external_id = o.customer_external_id, false) AS purchase) self
       WHERE o.attributed_distributor_id = d.id AND o.paid_at < $4
         AND (w.paid_at IS NULL OR (o.paid_at, o.id) > (w.paid_at, w.order_id))
         AND n.base_amount > 0 AND n.base_amount >= $5 AND NOT ($6 AND self.purchase)
         -- an order earns once, also when that was taken back
         AND NOT EXISTS (SELECT 1 FROM commission c
           WHERE c.order_id = o.id AND c.kind = 'invitation')
       ORDER BY o.paid_at, o.id LIMIT $7
     ) o
     ORDER BY o.distributor_id, o.paid_at, o.order_id`,
    [
      ...[after.map(({ id }) => id), after.map(({ last }) => last?.paidAt ?? null)],
      ...[after.map(({ last }) => last?.orderId ?? null), to],
      ...[bonus.onFirstOrderOfAtLeastAmount, denySelf, limit],
    ],
  );
  return rows.map(({ hold, receivedAt, pauses, ...order }) => ({
    ...order,
    releaseAt: pausedReleaseAt(hold, { paidAt: order.paidAt, receivedAt }, pauses.map(pauseOf)),
  }));
}

function pauseOf({ from, to }: { from: string; to: string | null }): Pause {
  return { from: new Date(from), to: to === null ? null : new Date(to) };
}
