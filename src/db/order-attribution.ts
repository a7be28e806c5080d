import type { OrderInput } from '../domain/order/order';
import {
  attribute,
  type Attribution,
  type Candidate,
  type Holder,
} from '../domain/referral/attribution';
import { bindingAt, type BindingSpan, touch } from '../domain/referral/binding';
import { clickFault, type ReadClickId } from '../domain/referral/click';
import {
  type DistributorHistory,
  type PathMember,
  type PathRules,
  standingAt,
  uplineAt,
} from '../domain/referral/upline';
import { earns } from '../domain/distributor/state';
import { type ClickFacts, loadClicks } from './click';
import type { Tx } from './database';
import { newId } from './id';
import type { ProgramRow } from './program';
import {
  codeKey,
  type CustomerKey,
  customerKey,
  type GivenCode,
  loadBindings,
  loadCodeHolders,
  loadHistories,
  lockCustomers,
} from './referral';

/** An order that is going to be accepted, as far as attribution needs it. */
export interface Attributable {
  id: string;
  order: OrderInput;
  program: ProgramRow;
  rules: PathRules;
}

/** A binding that an order makes. */
export interface NewBinding extends BindingSpan {
  programId: string;
  customerExternalId: string;
  /** the order */
  causeId: string;
}

export interface Attributed {
  attribution: Attribution;
  upline: PathMember[];
}

export interface AttributionResult {
  /** in the order of the orders */
  attributed: Attributed[];
  bindings: NewBinding[];
  /** bindings that were there before and end now, with their end */
  ended: { id: string; endsAt: Date }[];
}

export interface AttributionOptions {
  /** false: no lock on the customers, for answers that write nothing */
  lock: boolean;
  /** what `readSources` read for these orders, and maybe for others besides */
  sources: AttributionSources;
}

/** As much of an order as says which codes, clicks and bindings belong to it. */
export interface Keyed {
  order: OrderInput;
  program: Pick<ProgramRow, 'id'>;
}

/** To whom what orders give leads, and the bindings of their customers. */
export interface AttributionSources {
  /** by `codeKey` */
  holders: ReadonlyMap<string, string>;
  /** by the click id as it was given */
  clicks: ReadonlyMap<string, ClickFacts>;
  /** by `customerKey`, oldest first */
  timelines: Map<string, BindingSpan[]>;
}

/** Reads what codes, clicks and bindings lead to, in statements that are sent together. */
export async function readSources(
  tx: Tx,
  orders: readonly Keyed[],
  readClickId: ReadClickId | undefined,
): Promise<AttributionSources> {
  const [holders, clicks, timelines] = await Promise.all([
    loadCodeHolders(tx, orders.flatMap(givenCodes)),
    clicksOf(tx, orders, readClickId),
    loadBindings(tx, orders.map(customerOf)),
  ]);
  return { holders, clicks, timelines };
}

type Histories = Map<string, DistributorHistory>;

/**
 * Attributes orders one after the other, so that a binding that one makes counts for the next, and
 * finds the upline of each as of its payment. It reads in a fixed number of statements, however
 * many orders there are (one more per 64 levels where `compress` has to climb further, one more
 * where an order has a click id).
 */
export async function attributeOrders(
  tx: Tx,
  orders: readonly Attributable[],
  { lock, sources }: AttributionOptions,
): Promise<AttributionResult> {
  const histories: Histories = new Map();
  const span = spanOf(orders);
  const levelsUp = Math.max(0, ...orders.map(({ rules }) => rules.levels - 1));
  const [timelines] = await Promise.all([
    lock ? settled(tx, orders, sources) : sources.timelines,
    loadHistories(tx, histories, seedsOf(sources), { levelsUp, ...span }),
  ]);
  // Somebody may have bound a customer to another distributor before the lock was ours.
  const late = distributorsOf(timelines).filter((id) => !histories.has(id));
  await loadHistories(tx, histories, late, { levelsUp, ...span });
  const result = walk(orders, { histories, ...sources, timelines });
  const uplines = await findUplines(tx, orders, result.attributions, { histories, span });
  const attributed = result.attributions.map((attribution, index) => ({
    attribution,
    upline: uplines[index]!,
  }));
  return { attributed, bindings: result.bindings, ended: result.ended };
}

function seedsOf({ holders, clicks, timelines }: AttributionSources): string[] {
  return [
    ...holders.values(),
    ...[...clicks.values()].map(({ distributorId }) => distributorId),
    ...distributorsOf(timelines),
  ];
}

function distributorsOf(timelines: ReadonlyMap<string, readonly BindingSpan[]>): string[] {
  return [...timelines.values()].flat().map(({ distributorId }) => distributorId);
}

function givenCodes({ order, program }: Keyed): GivenCode[] {
  const { couponCode, distributorCode } = order.attribution;
  const programId = program.id;
  return [
    ...(couponCode === undefined ? [] : [{ programId, by: 'coupon' as const, given: couponCode }]),
    ...(distributorCode === undefined
      ? []
      : [{ programId, by: 'code' as const, given: distributorCode }]),
  ];
}

/** By what the order gives, the click that it means. One of another program is none of ours. */
async function clicksOf(
  tx: Tx,
  orders: readonly Keyed[],
  readClickId: ReadClickId | undefined,
): Promise<Map<string, ClickFacts>> {
  const clicks = new Map<string, ClickFacts>();
  if (readClickId === undefined) return clicks;
  const ids = new Map<string, string>();
  for (const { order } of orders) {
    const given = order.attribution.clickId;
    const id = given === undefined ? undefined : readClickId(given);
    if (given !== undefined && id !== undefined) ids.set(given, id);
  }
  const found = await loadClicks(tx, [...ids.values()]);
  for (const [given, id] of ids) {
    const click = found.get(id);
    if (click !== undefined) clicks.set(given, click);
  }
  return clicks;
}

function clickOf(
  { order, program }: Attributable,
  { clicks }: AttributionSources,
): ClickFacts | undefined {
  const given = order.attribution.clickId;
  const click = given === undefined ? undefined : clicks.get(given);
  return click?.programId === program.id ? click : undefined;
}

function keyOf({ order, program }: Attributable): string {
  return customerKey({ programId: program.id, customerExternalId: order.customerExternalId });
}

function customerOf({ order, program }: Keyed): CustomerKey {
  return { programId: program.id, customerExternalId: order.customerExternalId };
}

/**
 * The bindings of all customers, read again under a lock for those who may get a new one. Customers
 * whose bindings cannot change are not locked: they are most of them.
 */
async function settled(
  tx: Tx,
  orders: readonly Attributable[],
  sources: AttributionSources,
): Promise<Map<string, BindingSpan[]>> {
  const { timelines } = sources;
  const unsettled = orders
    .filter((item) => {
      const known = givenCodes(item).some((code) => sources.holders.has(codeKey(code)));
      if (!known && clickOf(item, sources) === undefined) return false;
      const current = bindingAt(timelines.get(keyOf(item)) ?? [], item.order.paidAt);
      return current === undefined || item.program.bindingTouch === 'last';
    })
    .map(customerOf);
  if (unsettled.length === 0) return timelines;
  // Sent together, done one after the other: the second sees what the first waited for.
  const [, fresh] = await Promise.all([lockCustomers(tx, unsettled), loadBindings(tx, unsettled)]);
  return new Map([...timelines, ...fresh]);
}

function spanOf(orders: readonly Attributable[]): { from: Date; to: Date } {
  const times = orders.map(({ order }) => order.paidAt.getTime());
  return {
    from: new Date(times.reduce((a, b) => Math.min(a, b), Infinity)),
    to: new Date(times.reduce((a, b) => Math.max(a, b), -Infinity)),
  };
}

interface Known extends AttributionSources {
  histories: Histories;
}

function walk(orders: readonly Attributable[], known: Known) {
  const attributions: Attribution[] = [];
  const made = new Map<string, NewBinding>();
  const ended = new Map<string, Date>();
  for (const item of orders) {
    const attribution = attribute(candidatesOf(item, known));
    attributions.push(attribution);
    if (attribution.distributorId === null || attribution.by === 'binding') continue;
    const at = item.order.paidAt;
    if (!mayBind(item, known.histories.get(attribution.distributorId))) continue;
    const key = keyOf(item);
    const spans = known.timelines.get(key) ?? [];
    const outcome = touch(bindingRules(item.program), spans, {
      distributorId: attribution.distributorId,
      at,
    });
    if (outcome.kind !== 'made') continue;
    const { follows, span } = outcome;
    if (follows !== undefined) {
      follows.endsAt = at; // also in the list: the next order of this customer sees it
      if (!made.has(follows.id)) ended.set(follows.id, at);
    }
    const { customerExternalId } = item.order;
    const row = {
      id: newId('binding'),
      programId: item.program.id,
      customerExternalId,
      causeId: item.id,
      ...span,
    };
    made.set(row.id, row);
    known.timelines.set(key, [...spans, row]);
  }
  return {
    attributions,
    bindings: [...made.values()],
    ended: [...ended].map(([id, endsAt]) => ({ id, endsAt })),
  };
}

/**
 * Whether an order ties its buyer to the distributor who brought it. Somebody who does not earn (not
 * yet, or no more) must not take a customer from those who do, and under `deny` nobody becomes his
 * own customer: a purchase of one's own brings nothing, now or later.
 */
function mayBind({ order, rules }: Attributable, history: DistributorHistory | undefined): boolean {
  const standing = standingAt(history, order.paidAt);
  if (standing === undefined || !earns(standing.status)) return false;
  return rules.selfPurchase === 'allow' || history?.customerExternalId !== order.customerExternalId;
}

/** The binding rules of a program as the domain wants them. */
export function bindingRules(program: ProgramRow) {
  return {
    touch: program.bindingTouch,
    windowDays: program.bindingWindowDays,
    protectDays: program.bindingProtectDays,
  };
}

function candidatesOf(item: Attributable, known: Known): Candidate[] {
  const { order } = item;
  const holder = (distributorId: string | undefined): Holder | undefined => {
    if (distributorId === undefined) return undefined;
    const joined = standingAt(known.histories.get(distributorId), order.paidAt) !== undefined;
    return { distributorId, joined };
  };
  const candidates: Candidate[] = givenCodes(item).map((code) => ({
    by: code.by,
    given: code.given,
    holder: holder(known.holders.get(codeKey(code))),
  }));
  const { clickId } = order.attribution;
  if (clickId !== undefined) {
    const click = clickOf(item, known);
    const fault = click && clickFault(click.clickedAt, order.paidAt, item.program.clickWindowDays);
    const held = holder(click?.distributorId);
    candidates.push({ by: 'click', given: clickId, holder: held, fault });
  }
  const binding = bindingAt(known.timelines.get(keyOf(item)) ?? [], order.paidAt);
  if (binding !== undefined) {
    candidates.push({ by: 'binding', given: binding.id, holder: holder(binding.distributorId) });
  }
  return candidates;
}

/** How many levels are read at once where a path has to climb further than the plan's levels. */
const climb = 64;

async function findUplines(
  tx: Tx,
  orders: readonly Attributable[],
  attributions: readonly Attribution[],
  { histories, span }: { histories: Histories; span: { from: Date; to: Date } },
): Promise<PathMember[][]> {
  const uplines: PathMember[][] = orders.map(() => []);
  let open = orders.map((_, index) => index).filter((i) => attributions[i]?.distributorId !== null);
  while (open.length > 0) {
    const missing = new Set<string>();
    open = open.filter((index) => {
      const { order, rules } = orders[index]!;
      const { paidAt: at, customerExternalId } = order;
      const distributorId = attributions[index]!.distributorId!;
      const found = uplineAt(histories, { distributorId, at, customerExternalId }, rules);
      if ('missing' in found) missing.add(found.missing);
      else uplines[index] = found.members;
      return 'missing' in found;
    });
    if (missing.size > 0) {
      await loadHistories(tx, histories, [...missing], { levelsUp: climb, ...span });
    }
  }
  return uplines;
}
