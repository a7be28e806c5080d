import type { KpiMetric, KpiValues } from '../domain/operations/assessment';
import type { Metric } from '../domain/distributor/tier';
import type { Tx } from './database';
import { measureAll, sellingDays } from './tier-measure';

/** One period of one program, and whom to measure. */
export interface KpiSpan {
  programId: string;
  from: Date;
  /** not part of it */
  to: Date;
  denySelf: boolean;
  /** left out: everybody */
  distributorIds?: readonly string[] | undefined;
}

/**
 * The KPIs of people over a period, from the orders, refunds and courses as they are stored now; own
 * sales in any case. Who is missing has 0 of everything.
 */
export async function measureKpis(
  read: Tx,
  span: KpiSpan,
  metrics: readonly KpiMetric[],
): Promise<Map<string, KpiValues>> {
  const { programId, from, to: at, denySelf, distributorIds } = span;
  const wanted = [...new Set<KpiMetric>(['ownSales', ...metrics])];
  const plain = wanted.filter(isMetricOfTiers);
  const measured = await measureAll(
    read,
    { programId, at, denySelf, distributorIds },
    plain.map((metric) => ({ metric, key: metric, from })),
  );
  const values = new Map<string, Partial<Record<KpiMetric, string>>>();
  const of = (id: string) => {
    const own = values.get(id) ?? {};
    values.set(id, own);
    return own;
  };
  for (const [id, measures] of measured) {
    for (const metric of plain) {
      const value = measures.get(metric)?.value;
      if (value !== undefined) of(id)[metric] = String(value);
    }
  }
  if (wanted.includes('activeDays')) {
    const whom = { programId, at, denySelf, distributorIds };
    for (const { id, days } of await sellingDays(read, whom, { from, to: at })) {
      of(id).activeDays = String(days);
    }
  }
  if (wanted.includes('refundRateBps')) {
    for (const { id, bps } of await refundRates(read, span)) of(id).refundRateBps = String(bps);
  }
  return values;
}

function isMetricOfTiers(metric: KpiMetric): metric is Metric & KpiMetric {
  return metric !== 'refundRateBps' && metric !== 'activeDays';
}

/** What went back of the bases that somebody brought in the period, in basis points, rounded down. */
function refundRates(
  read: Tx,
  { programId, from, to, distributorIds }: KpiSpan,
): Promise<{ id: string; bps: bigint }[]> {
  const only = distributorIds === undefined ? '' : 'AND o.attributed_distributor_id = ANY($4)';
  return read.rows(
    `SELECT o.attributed_distributor_id AS id,
       floor(sum(l.refunded_amount) * 10000 / sum(l.base_amount))::bigint AS bps
     FROM orders o JOIN order_line l ON l.order_id = o.id AND l.in_scope
     WHERE o.program_id = $1 AND o.paid_at >= $2 AND o.paid_at < $3
       AND o.attributed_distributor_id IS NOT NULL ${only}
     GROUP BY o.attributed_distributor_id HAVING sum(l.base_amount) > 0`,
    [programId, from, to, ...(distributorIds === undefined ? [] : [distributorIds])],
  );
}
