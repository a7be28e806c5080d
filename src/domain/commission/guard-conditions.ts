import type { Condition, Conditions, Metric, PlanBody, Tier } from './plan';
import { type Finding, found } from './guard';

/** Metrics that count people, whatever these people sell. */
const headMetrics: readonly Metric[] = ['directs', 'activeDirects'];
/** Metrics that only orders can raise. */
const salesMetrics: readonly Metric[] = ['ownSales', 'directSales', 'teamSales', 'ownOrders'];
/** Metrics that one's own purchases raise where these are not denied. */
const ownMetrics: readonly Metric[] = ['ownSales', 'ownOrders'];

/** One condition with its place in the plan. */
interface Placed {
  condition: Condition;
  pointer: string;
}

/**
 * Conditions that recruited people alone can meet: of `any` each stands for itself, of `all` one
 * that asks for sales is enough to tie the whole to sales. `gte` 0 asks for nothing.
 */
export function headCountTiers(plan: PlanBody): Finding[] {
  return eachPart(plan, (tier, part, pointer) =>
    alternatives(part, pointer).flatMap((together) => {
      const head = together.find(({ condition }) => asks(condition, headMetrics));
      const sales = together.some(({ condition }) => asks(condition, salesMetrics));
      return head === undefined || sales
        ? []
        : [found('head-count-pay', head.pointer, { subject: 'tier', id: tier.code })];
    }),
  );
}

/** Where own purchases are not denied: conditions that can be bought. */
export function boughtTiers(plan: PlanBody): Finding[] {
  if (plan.selfPurchase === 'deny') return [];
  return eachPart(plan, (tier, part, pointer) =>
    placed(part, pointer)
      .filter(({ condition }) => asks(condition, ownMetrics))
      .slice(0, 1)
      .map((own) => found('purchase-to-qualify', own.pointer, { subject: 'tier', id: tier.code })),
  );
}

/** The tier where everybody begins must not have to be paid for by sales or orders. */
export function paidEntry(plan: PlanBody): Finding[] {
  const lowest = Math.min(...plan.tiers.map(({ rank }) => rank));
  return plan.tiers.flatMap((tier, index) => {
    if (tier.rank !== lowest || tier.promote === undefined) return [];
    return placed(tier.promote, `/tiers/${index}/promote`)
      .filter(({ condition }) => asks(condition, salesMetrics))
      .slice(0, 1)
      .map(({ condition, pointer }) =>
        found('entry-fee', pointer, { subject: 'tier', id: tier.code, value: condition.metric }),
      );
  });
}

function eachPart(
  plan: PlanBody,
  judge: (tier: Tier, part: Conditions, pointer: string) => Finding[],
): Finding[] {
  return plan.tiers.flatMap((tier, index) =>
    (['promote', 'keep'] as const).flatMap((name) => {
      const part = tier[name];
      return part === undefined ? [] : judge(tier, part, `/tiers/${index}/${name}`);
    }),
  );
}

/** The sets of conditions of which one, met as a whole, is enough. */
function alternatives(part: Conditions, pointer: string): Placed[][] {
  const conditions = placed(part, pointer);
  return 'all' in part ? [conditions] : conditions.map((condition) => [condition]);
}

function placed(part: Conditions, pointer: string): Placed[] {
  const [name, list] = 'all' in part ? (['all', part.all] as const) : (['any', part.any] as const);
  return list.map((condition, index) => ({ condition, pointer: `${pointer}/${name}/${index}` }));
}

function asks({ metric, gte }: Condition, metrics: readonly Metric[]): boolean {
  return gte > 0 && metrics.includes(metric);
}
