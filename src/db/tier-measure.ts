import { distributorStatuses, earns } from '../domain/distributor/state';
import {
  type Condition,
  type Measure,
  measureKey,
  type Measures,
  type Metric,
} from '../domain/distributor/tier';
import { addDays } from '../domain/kernel/clock';
import type { Tx } from './database';

/** Whom and when a program's people are measured. */
export interface MeasureSpan {
  programId: string;
  /** on the program's clock; what happens in this very moment does not count yet */
  at: Date;
  /** whether what somebody bought himself does not count */
  denySelf: boolean;
  /** left out: everybody */
  distributorIds?: readonly string[] | undefined;
}

/** What a metric is measured over; `from` null: ever. */
interface Window {
  from: Date | null;
  to: Date;
}

interface MeasureRow {
  id: string;
  value: bigint;
  since: Date | null;
}

/** What is asked for one window; a condition, or a period of an assessment. */
export interface Asked {
  metric: Metric;
  key: string;
  from: Date | null;
}

/**
 * Measures of people by their ids, one statement for each metric and window, whatever the number of
 * people. Who is missing has 0 of everything.
 */
export async function measure(
  read: Tx,
  span: MeasureSpan,
  conditions: readonly Omit<Condition, 'gte'>[],
): Promise<Map<string, Measures>> {
  const asked = conditions.map((condition): Asked => ({
    metric: condition.metric,
    key: measureKey(condition),
    from: condition.windowDays === undefined ? null : addDays(span.at, -condition.windowDays),
  }));
  return measureAll(read, span, asked);
}

/** The same for windows that do not end now but begin somewhere. */
export async function measureAll(
  read: Tx,
  span: MeasureSpan,
  asked: readonly Asked[],
): Promise<Map<string, Measures>> {
  const people = new Map<string, Map<string, Measure>>();
  for (const { metric, key, from } of asked) {
    for (const { id, ...one } of await rowsOf(read, span, metric, { from, to: span.at })) {
      const own = people.get(id) ?? new Map<string, Measure>();
      people.set(id, own.set(key, one));
    }
  }
  return people;
}

const earningStatuses = distributorStatuses.filter(earns);

function rowsOf(
  read: Tx,
  span: MeasureSpan,
  metric: Metric,
  window: Window,
): Promise<MeasureRow[]> {
  switch (metric) {
    case 'ownSales':
    case 'ownOrders':
      return ownRows(read, span, window, metric);
    case 'directSales':
      return teamRows(read, span, window, 1);
    case 'teamSales':
      return teamRows(read, span, window, depthAtMost);
    case 'directs':
      return directRows(read, span, window);
    case 'activeDirects':
      return activeRows(read, span, window);
    case 'daysSinceJoined':
      return joinedRows(read, span);
    case 'coursesPassed':
      return courseRows(read, span, window);
  }
}

/** Nobody stands deeper; a walk along standings ends anyway, for nobody stands under himself. */
const depthAtMost = 1000;

/** Whether the distributor `d` bought the order itself; the path says who did when it was paid. */
const ownPurchase = `coalesce((o.upline->0->>'isBuyer')::boolean,
  d.customer_external_id = o.customer_external_id, false)`;

/** What is left of each order of a seller in a window; $1 program, $2 from, $3 to, $4 deny. */
const keptOrders = `SELECT o.attributed_distributor_id AS seller_id, o.id AS order_id, o.paid_at,
    o.customer_external_id, sum(l.base_amount - l.refunded_amount)::bigint AS net_amount
  FROM orders o
  JOIN distributor d ON d.id = o.attributed_distributor_id
  JOIN order_line l ON l.order_id = o.id AND l.in_scope
  WHERE o.program_id = $1 AND o.paid_at < $3 AND ($2::timestamptz IS NULL OR o.paid_at >= $2)
    AND NOT ($4::boolean AND ${ownPurchase})`;
const keptAtAll = `GROUP BY o.id HAVING sum(l.base_amount - l.refunded_amount) > 0`;

function paramsOf({ programId, denySelf }: MeasureSpan, { from, to }: Window): unknown[] {
  return [programId, from, to, denySelf];
}

/** Narrows a statement to the people asked for. Without them the text is another one. */
function only(
  { distributorIds }: MeasureSpan,
  column: string,
  params: unknown[],
): { sql: string; params: unknown[] } {
  if (distributorIds === undefined) return { sql: '', params };
  return { sql: `AND ${column} = ANY($${params.length + 1})`, params: [...params, distributorIds] };
}

function ownRows(
  read: Tx,
  span: MeasureSpan,
  window: Window,
  metric: 'ownSales' | 'ownOrders',
): Promise<MeasureRow[]> {
  const { sql, params } = only(span, 'o.attributed_distributor_id', paramsOf(span, window));
  const value = metric === 'ownSales' ? 'sum(k.net_amount)' : 'count(*)';
  return read.rows<MeasureRow>(
    `SELECT k.seller_id AS id, ${value}::bigint AS value, min(k.paid_at) AS since
     FROM (${keptOrders} ${sql} ${keptAtAll}) k GROUP BY k.seller_id`,
    params,
  );
}

/** On how many days of the program's zone people sold something of which something is left. */
export function sellingDays(
  read: Tx,
  span: MeasureSpan,
  window: Window,
): Promise<{ id: string; days: bigint }[]> {
  const { sql, params } = only(span, 'o.attributed_distributor_id', paramsOf(span, window));
  return read.rows(
    `SELECT k.seller_id AS id,
       count(DISTINCT (k.paid_at AT TIME ZONE g.time_zone)::date)::bigint AS days
     FROM (${keptOrders} ${sql} ${keptAtAll}) k JOIN program g ON g.id = $1
     GROUP BY k.seller_id`,
    params,
  );
}

/**
 * What people below sold, by the sponsors as of each payment: walked from the leaders down, with the
 * span in which each stood there.
 */
function teamRows(
  read: Tx,
  span: MeasureSpan,
  window: Window,
  depth: number,
): Promise<MeasureRow[]> {
  const { sql, params } = only(span, 's.sponsor_id', [...paramsOf(span, window), depth]);
  return read.rows<MeasureRow>(
    `WITH RECURSIVE kept AS MATERIALIZED (${keptOrders} ${keptAtAll}),
     team AS (
       SELECT s.sponsor_id AS leader_id, s.distributor_id AS member_id, 1 AS height,
         greatest(s.valid_from, $2::timestamptz) AS from_at,
         least(s.valid_to, $3::timestamptz) AS to_at
       FROM distributor_standing s
       JOIN distributor member ON member.id = s.distributor_id AND member.program_id = $1
       WHERE s.sponsor_id IS NOT NULL AND s.valid_from < $3
         AND ($2::timestamptz IS NULL OR s.valid_to IS NULL OR s.valid_to > $2) ${sql}
       UNION ALL
       SELECT t.leader_id, s.distributor_id, t.height + 1,
         greatest(s.valid_from, t.from_at), least(s.valid_to, t.to_at)
       FROM team t JOIN distributor_standing s ON s.sponsor_id = t.member_id
         AND s.valid_from < t.to_at AND (s.valid_to IS NULL OR s.valid_to > t.from_at)
       WHERE t.height < $5
     )
     SELECT t.leader_id AS id, sum(k.net_amount)::bigint AS value, min(k.paid_at) AS since
     FROM team t
     JOIN kept k ON k.seller_id = t.member_id AND k.paid_at >= t.from_at AND k.paid_at < t.to_at
     JOIN distributor leader ON leader.id = t.leader_id
     WHERE NOT ($4 AND coalesce(leader.customer_external_id = k.customer_external_id, false))
     GROUP BY t.leader_id`,
    params,
  );
}

function directRows(read: Tx, span: MeasureSpan, { from, to }: Window): Promise<MeasureRow[]> {
  const { sql, params } = only(span, 'd.sponsor_id', [span.programId, from, to, earningStatuses]);
  return read.rows<MeasureRow>(
    `SELECT d.sponsor_id AS id, count(*)::bigint AS value, min(d.joined_at) AS since
     FROM distributor d
     WHERE d.program_id = $1 AND d.sponsor_id IS NOT NULL AND d.status = ANY($4)
       AND d.joined_at < $3 AND ($2::timestamptz IS NULL OR d.joined_at >= $2) ${sql}
     GROUP BY d.sponsor_id`,
    params,
  );
}

/** In a window, a direct is gone from it when his last sale is: that is what `since` says. */
function activeRows(read: Tx, span: MeasureSpan, window: Window): Promise<MeasureRow[]> {
  const { sql, params } = only(span, 'd.sponsor_id', paramsOf(span, window));
  if (window.from === null) {
    return read.rows<MeasureRow>(
      `SELECT d.sponsor_id AS id, count(*)::bigint AS value, NULL::timestamptz AS since
       FROM distributor d
       WHERE d.program_id = $1 AND d.sponsor_id IS NOT NULL AND d.status = 'active'
         AND d.joined_at < $3 AND $2::timestamptz IS NULL AND $4::boolean IS NOT NULL ${sql}
       GROUP BY d.sponsor_id`,
      params,
    );
  }
  return read.rows<MeasureRow>(
    `WITH kept AS MATERIALIZED (${keptOrders} ${keptAtAll}),
     sellers AS (SELECT seller_id, max(paid_at) AS last_at FROM kept GROUP BY seller_id)
     SELECT d.sponsor_id AS id, count(*)::bigint AS value, min(s.last_at) AS since
     FROM distributor d JOIN sellers s ON s.seller_id = d.id
     WHERE d.sponsor_id IS NOT NULL AND d.status = 'active' ${sql}
     GROUP BY d.sponsor_id`,
    params,
  );
}

const dayMs = 86_400_000;

function joinedRows(read: Tx, span: MeasureSpan): Promise<MeasureRow[]> {
  const { sql, params } = only(span, 'd.id', [span.programId, span.at]);
  return read.rows<MeasureRow>(
    `SELECT d.id, floor(extract(epoch FROM $2::timestamptz - d.joined_at) * 1000 / ${dayMs})::bigint
       AS value, NULL::timestamptz AS since
     FROM distributor d WHERE d.program_id = $1 AND d.joined_at < $2 ${sql}`,
    params,
  );
}

function courseRows(read: Tx, span: MeasureSpan, { from, to }: Window): Promise<MeasureRow[]> {
  const { sql, params } = only(span, 'c.distributor_id', [span.programId, from, to]);
  return read.rows<MeasureRow>(
    `SELECT c.distributor_id AS id, count(*)::bigint AS value, min(c.passed_at) AS since
     FROM course_pass c
     WHERE c.program_id = $1 AND c.passed_at < $3
       AND ($2::timestamptz IS NULL OR c.passed_at >= $2) ${sql}
     GROUP BY c.distributor_id`,
    params,
  );
}
