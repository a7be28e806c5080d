import { type BookedLine, bookOrder } from '../domain/commission/booking';
import { earningsOf, type OrderFacts } from '../domain/commission/calculation';
import { type Budgets, budgetsOf, type Overlay, overlayMayFit } from '../domain/commission/overlay';
import type { RegionAgent } from '../domain/commission/region';
import { type Fault, Refusal } from '../domain/kernel/refusal';
import { releaseAt } from '../domain/order/hold';
import type { OrderInput, OrderLineInput } from '../domain/order/order';
import type { ReadClickId } from '../domain/referral/click';
import { coverOf, covers, type ProductCover } from '../domain/order/scope';
import { type CampaignOverlay, loadOverlays, lockCampaigns, overlaysAt } from './campaign-budget';
import type { Tx } from './database';
import { newId } from './id';
import {
  type Attributed,
  attributeOrders,
  type AttributionResult,
  type AttributionSources,
  type Keyed,
  readSources,
} from './order-attribution';
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

/** What was read of the grounds on which orders are booked; the lists are in the order of the orders. */
export interface OrderGrounds {
  plans: readonly (PlanInForce | undefined)[];
  agents: readonly (RegionAgent | undefined)[];
  campaigns: readonly CampaignOverlay[];
  sources: AttributionSources;
}

/**
 * Reads what decides about orders, in statements that are sent together. Sent behind the statement
 * that locks the programs it sees what that waited for, and costs no round trip of its own.
 */
export async function readGrounds(
  tx: Tx,
  orders: readonly Keyed[],
  readClickId: ReadClickId | undefined,
): Promise<OrderGrounds> {
  const payments = orders.map(paymentOf);
  const [plans, agents, campaigns, sources] = await Promise.all([
    plansOf(tx, orders),
    agentsAt(tx, payments),
    loadOverlays(tx, payments),
    readSources(tx, orders, readClickId),
  ]);
  return { plans, agents, campaigns, sources };
}

/** What decides which agents and campaigns there are for an order. */
function paymentOf({ order, program }: Keyed) {
  const { customerExternalId, paidAt, region } = order;
  return { programId: program.id, customerExternalId, paidAt, region };
}

/** The grounds of some of the orders, by their positions. */
export function groundsOf(grounds: OrderGrounds, positions: readonly number[]): OrderGrounds {
  const { plans, agents, campaigns, sources } = grounds;
  return {
    plans: positions.map((position) => plans[position]),
    agents: positions.map((position) => agents[position]),
    campaigns,
    sources,
  };
}

/**
 * Books orders in their order, without writing anything: attribution, plan, campaigns and regional
 * agents, in a fixed number of statements.
 * @param mode `lock` holds what the orders will use (customers, budgets) until the end of the
 *   transaction; `read` takes no lock, so that what it answers may be gone in a moment
 * @param read what `readGrounds` read for these orders
 */
export async function bookFresh(
  tx: Tx,
  fresh: readonly FreshOrder[],
  mode: 'lock' | 'read',
  read: OrderGrounds,
): Promise<{ booked: BookedOrder[]; attribution: AttributionResult }> {
  if (fresh.length === 0) return { booked: [], attribution: nothingAttributed };
  const payments = fresh.map(paymentOf);
  const plans = fresh.map(({ plan }, i) => plan ?? read.plans[i]);
  const attributable = fresh.map(({ order, program }, i) => ({
    id: newId('order'),
    order,
    program,
    rules: plans[i]?.body ?? planless,
  }));
  const [coverage, attribution] = await Promise.all([
    coversOf(tx, fresh),
    attributeOrders(tx, attributable, { lock: mode === 'lock', sources: read.sources }),
  ]);
  const grounds = fresh.map(({ order, program }, i): Grounds => ({
    id: attributable[i]!.id,
    plan: plans[i],
    facts: factsOf(order, coverage.get(program.id)),
    attributed: attribution.attributed[i]!,
    agent: read.agents[i],
  }));
  const { campaigns } = read;
  const counting = payments.map((payment) => overlaysAt(campaigns, payment));
  const overlays =
    mode === 'lock'
      ? await lockCampaigns(tx, campaigns, campaignsInUse(grounds, counting))
      : campaigns;
  const budgets = budgetsOf(overlays);
  const booked = fresh.map((accepted, i) =>
    book(accepted, grounds[i]!, { overlays: overlaysAt(overlays, payments[i]!), budgets }),
  );
  return { booked, attribution };
}

const nothingAttributed: AttributionResult = { attributed: [], bindings: [], ended: [] };

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
    lines: order.lines.map((line) => ({ inScope: covers(cover, line), ...defined(line) })),
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

async function plansOf(tx: Tx, orders: readonly Keyed[]): Promise<(PlanInForce | undefined)[]> {
  const plans: (PlanInForce | undefined)[] = orders.map(() => undefined);
  await Promise.all(
    programIdsOf(orders).map(async (programId) => {
      const own = orders.map((_, i) => i).filter((i) => orders[i]!.program.id === programId);
      const moments = own.map((i) => orders[i]!.order.paidAt);
      const found = await plansAt(tx, programId, moments);
      own.forEach((i, position) => (plans[i] = found[position]));
    }),
  );
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

function programIdsOf(orders: readonly Keyed[]): string[] {
  return [...new Set(orders.map(({ program }) => program.id))].sort();
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
    id,
    order,
    program,
    contentHash,
    planId: plan?.id ?? null,
    hold,
    releaseAt: releaseAt(hold, { paidAt: order.paidAt, receivedAt: null }),
    lines,
    commissions: lines.flatMap((line, i) => commissionsOf(line, order.lines[i]!.externalId)),
    ...attributed,
  };
}

/**
 * Why an order cannot be booked: campaigns make somebody earn more than 2^53 - 1, which no JSON
 * number holds exactly. Undefined: it can.
 */
export function whyUnbookable({
  order,
  commissions,
}: Pick<BookedOrder, 'order' | 'commissions'>): Refusal | undefined {
  const large = commissions.filter(({ amount }) => amount > Number.MAX_SAFE_INTEGER);
  if (large.length === 0) return undefined;
  const message = 'What it would earn exceeds 2^53 - 1.';
  const lines = new Set(large.map(({ lineExternalId }) => lineExternalId));
  const errors = order.lines.flatMap(({ externalId }, index): Fault[] =>
    lines.has(externalId)
      ? [{ pointer: `/lines/${index}/unitPriceAmount`, code: 'commission_too_large', message }]
      : [],
  );
  return new Refusal('commission_too_large', message, { errors });
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
      firstEarningId: newId('earning'),
      orderLineId: id,
      lineExternalId,
      baseAmount,
      ...earning,
    }));
}
