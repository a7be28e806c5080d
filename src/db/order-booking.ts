import { type BookedLine, bookOrder } from '../domain/commission/booking';
import { earningsOf, type OrderFacts } from '../domain/commission/calculation';
import { type Budgets, budgetsOf, type Overlay, overlayMayFit } from '../domain/commission/overlay';
import type { RegionAgent } from '../domain/commission/region';
import { releaseAt } from '../domain/order/hold';
import type { OrderInput, OrderLineInput } from '../domain/order/order';
import type { ReadClickId } from '../domain/referral/click';
import { coverOf, covers, type ProductCover } from '../domain/order/scope';
import { type CampaignOverlay, loadOverlays, lockCampaigns, overlaysAt } from './campaign-budget';
import type { Tx } from './database';
import { newId } from './id';
import { type Attributed, attributeOrders, type AttributionResult } from './order-attribution';
import type { BookedCommission, BookedOrder } from './order-write';
import { type PlanInForce, plansAt } from './plan';
import type { ProgramRow } from './program';
import { agentsAt } from './region-agent';

/** An order that passed every check and is not stored yet. */
export interface FreshOrder {
  order: OrderInput;
  program: ProgramRow;
  contentHash: string;
  /** decides instead of the plan in force at the payment; for previews */
  plan?: PlanInForce | undefined;
}

/** Everything that decides what an order earns whom. */
interface Grounds {
  id: string;
  plan: PlanInForce | undefined;
  facts: OrderFacts;
  attributed: Attributed;
  agent: RegionAgent | undefined;
}

/**
 * Books orders in their order, without writing anything: attribution, plan, campaigns and regional
 * agents, in a fixed number of statements.
 * @param mode `lock` holds what the orders will use (customers, budgets) until the end of the
 *   transaction; `read` takes no lock, so that what it answers may be gone in a moment
 */
export async function bookFresh(
  tx: Tx,
  fresh: readonly FreshOrder[],
  mode: 'lock' | 'read',
  readClickId?: ReadClickId,
): Promise<{ booked: BookedOrder[]; attribution: AttributionResult }> {
  const payments = fresh.map(({ order, program }) => ({ ...order, programId: program.id }));
  const [plans, coverage, agents, loaded] = await Promise.all([
    plansOf(tx, fresh),
    coversOf(tx, fresh),
    agentsAt(tx, payments),
    loadOverlays(tx, payments),
  ]);
  const attributable = fresh.map(({ order, program }, i) => ({
    id: newId('order'),
    order,
    program,
    rules: plans[i]?.body ?? planless,
  }));
  const attribution = await attributeOrders(tx, attributable, {
    lock: mode === 'lock',
    readClickId,
  });
  const grounds = fresh.map(({ order, program }, i): Grounds => ({
    id: attributable[i]!.id,
    plan: plans[i],
    facts: factsOf(order, coverage.get(program.id)),
    attributed: attribution.attributed[i]!,
    agent: agents[i],
  }));
  const counting = payments.map((payment) => overlaysAt(loaded, payment));
  const overlays =
    mode === 'lock' ? await lockCampaigns(tx, loaded, campaignsInUse(grounds, counting)) : loaded;
  const budgets = budgetsOf(overlays);
  const booked = fresh.map((accepted, i) =>
    book(accepted, grounds[i]!, { overlays: overlaysAt(overlays, payments[i]!), budgets }),
  );
  return { booked, attribution };
}

// Without a plan nobody earns, but the order still says who brought it.
const planless = { levels: 1, onIneligible: 'skip', selfPurchase: 'deny' } as const;

/** The campaigns that some order could use: their budgets move, and they may be stopped meanwhile. */
function campaignsInUse(
  grounds: readonly Grounds[],
  counting: readonly (readonly CampaignOverlay[])[],
): Set<string> {
  return new Set(
    grounds.flatMap(({ plan, facts, attributed }, i) =>
      plan === undefined
        ? []
        : counting[i]!.filter((overlay) =>
            overlayMayFit(overlay, {
              levels: plan.body.levels,
              lines: facts.lines,
              upline: attributed.upline,
            }),
          ).map(({ id }) => id),
    ),
  );
}

/** The order as the calculation sees it. `cover`: the products of its program. */
export function factsOf(order: OrderInput, cover: ProductCover): OrderFacts {
  return {
    lines: order.lines.map((line) => ({ ...defined(line), inScope: covers(cover, line) })),
    orderDiscountAmount: order.orderDiscountAmount,
  };
}

function defined({ productId, category, unitCostAmount, ...line }: OrderLineInput) {
  return {
    ...line,
    ...(productId === undefined ? {} : { productId }),
    ...(category === undefined ? {} : { category }),
    ...(unitCostAmount === undefined ? {} : { unitCostAmount }),
  };
}

async function plansOf(tx: Tx, fresh: readonly FreshOrder[]): Promise<(PlanInForce | undefined)[]> {
  const plans: (PlanInForce | undefined)[] = fresh.map(() => undefined);
  for (const programId of programIdsOf(fresh)) {
    const own = fresh.map((_, i) => i).filter((i) => fresh[i]!.program.id === programId);
    const moments = own.map((i) => fresh[i]!.order.paidAt);
    const found = await plansAt(tx, programId, moments);
    own.forEach((i, position) => (plans[i] = fresh[i]!.plan ?? found[position]));
  }
  return plans;
}

async function coversOf(tx: Tx, fresh: readonly FreshOrder[]): Promise<Map<string, ProductCover>> {
  const designated = fresh.filter(({ program }) => program.productScope === 'designated');
  const ids = programIdsOf(designated);
  if (ids.length === 0) return new Map();
  const rows = await tx.rows<{ programId: string; kind: string; value: string }>(
    'SELECT program_id, kind, value FROM program_product WHERE program_id = ANY($1)',
    [ids],
  );
  return new Map(ids.map((id) => [id, coverOf(rows.filter(({ programId }) => programId === id))]));
}

function programIdsOf(fresh: readonly FreshOrder[]): string[] {
  return [...new Set(fresh.map(({ program }) => program.id))].sort();
}

function book(
  { order, program, contentHash }: FreshOrder,
  { id, plan, facts, attributed, agent }: Grounds,
  campaigns: { overlays: readonly Overlay[]; budgets: Budgets },
): BookedOrder {
  const hold = {
    startsAt: program.holdStartsAt,
    days: program.holdDays,
    assumeReceivedAfterDays: program.assumeReceivedAfterDays,
  };
  const extras = { agent, ...campaigns };
  const lines = bookOrder(plan?.body, attributed.upline, facts, extras).map((line, position) => ({
    id: newId('orderLine'),
    inScope: facts.lines[position]!.inScope,
    ...line,
  }));
  return {
    ...attributed,
    id,
    order,
    program,
    contentHash,
    planId: plan?.id ?? null,
    hold,
    releaseAt: releaseAt(hold, { paidAt: order.paidAt, receivedAt: null }),
    lines,
    commissions: lines.flatMap((line, i) => commissionsOf(line, order.lines[i]!.externalId)),
  };
}

function commissionsOf(
  { id, baseAmount, calculation }: BookedLine & { id: string },
  lineExternalId: string,
): BookedCommission[] {
  if (calculation === null) return [];
  return earningsOf(calculation)
    .filter(({ amount }) => amount > 0n)
    .map((earning) => ({
      id: newId('commission'),
      orderLineId: id,
      lineExternalId,
      baseAmount,
      ...earning,
    }));
}
