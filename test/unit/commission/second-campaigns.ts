import type { Overlay, OverlayEffect } from '../../../src/domain/commission/overlay';
import type { PlanBody } from '../../../src/domain/commission/plan';
import type { RegionAgent } from '../../../src/domain/commission/region';
import {
  byCodePoint,
  type Case,
  has,
  lineBases,
  type Line,
  partOf,
  proportional,
  type Winner,
  winners,
} from './second-calculation';

/**
 * A second calculation of campaigns that count together, written from the texts (decision 15) and
 * without the product: amounts are fractions, budgets are journals of what was taken and given
 * back, and a program lives through any sequence of orders and refunds.
 */
type Fraction = readonly [over: bigint, under: bigint];

const whole = (value: bigint): Fraction => [value, 1n];
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d];
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d];
const exceeds = ([a, b]: Fraction, [c, d]: Fraction) => a * d > c * b;
const larger = (a: Fraction, b: Fraction) => (exceeds(b, a) ? b : a);
const smaller = (a: bigint, b: bigint) => (a < b ? a : b);
const total = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n);
const share = (bps: number): Fraction => [BigInt(bps), 10_000n];

interface Left {
  base: bigint;
  quantity: bigint;
}

/** What an order, or a refund of it, did to a budget. */
interface Use {
  campaign: string;
  amount: bigint;
}

interface Reward {
  id: string;
  effect: OverlayEffect;
  limited: boolean;
  granted: bigint;
  charged: bigint;
}

interface Share {
  winner: Winner;
  rewards: Reward[];
}

interface Sold {
  plan: PlanBody;
  line: Line;
  agentBps: number | null;
  shares: Share[];
  left: Left;
}

export type Step =
  | { order: Pick<Case, 'upline' | 'lines' | 'orderDiscount' | 'agentBps'> }
  | { refund: { order: number } & Case['refunds'][number] };

export interface Story {
  plan: PlanBody;
  overlays: Overlay[];
  steps: Step[];
}

/** After each step: who earns what on each line it touched, what campaigns paid, what is left. */
export type Told = { lines: string[][]; budgets: string[] }[];

function round([over, under]: Fraction, how: PlanBody['rounding']): bigint {
  return how === 'floor' ? over / under : (2n * over + under) / (2n * under);
}

function byRule({ rule }: Winner, { base, quantity }: Left): Fraction {
  if (base === 0n) return whole(0n);
  const { rate } = rule;
  return 'bps' in rate
    ? times(whole(base), share(rate.bps))
    : whole(BigInt(rate.amountPerUnit) * quantity);
}

function rewarded(amount: Fraction, effect: OverlayEffect, { base, quantity }: Left): Fraction {
  if (base === 0n) return whole(0n);
  if ('multiplyBps' in effect) return times(amount, share(effect.multiplyBps));
  return 'addBps' in effect
    ? plus(amount, times(whole(base), share(effect.addBps)))
    : plus(amount, whole(BigInt(effect.addAmountPerUnit) * quantity));
}

const earlier = (a: Overlay, b: Overlay) =>
  a.startsAt < b.startsAt || (a.startsAt.getTime() === b.startsAt.getTime() && a.id < b.id);

/** The best of those that do not stack, then all that do, by their start. */
function chosen(candidates: readonly Overlay[], plain: Fraction, left: Left): Overlay[] {
  let best: Overlay | undefined;
  for (const one of candidates) {
    if (one.stacks) continue;
    const mine = rewarded(plain, one.effect, left);
    const other = best === undefined ? undefined : rewarded(plain, best.effect, left);
    const wins =
      other === undefined || exceeds(mine, other) || (!exceeds(other, mine) && earlier(one, best!));
    if (wins) best = one;
  }
  const stacked: Overlay[] = [];
  for (const one of candidates) {
    if (!one.stacks) continue;
    const at = stacked.findIndex((other) => earlier(one, other));
    stacked.splice(at < 0 ? stacked.length : at, 0, one);
  }
  return best === undefined ? stacked : [best, ...stacked];
}

/** One reward after the other; each may add so much as `most` says of it. */
function climb<T extends { effect: OverlayEffect }>(
  plain: Fraction,
  rewards: readonly T[],
  left: Left,
  how: PlanBody['rounding'],
  most: (reward: T, extra: bigint) => bigint,
): { amount: bigint; extras: bigint[] } {
  let now = plain;
  const extras = rewards.map((reward) => {
    const next = larger(now, rewarded(now, reward.effect, left));
    const before = round(now, how);
    const extra = round(next, how) - before;
    const paid = most(reward, extra);
    if (paid === extra) now = next;
    else if (paid > 0n) now = whole(before + paid);
    return paid;
  });
  return { amount: round(now, how), extras };
}

function capOf({ plan, line, left }: Sold): bigint | undefined {
  const { totalBps, marginBps } = plan.caps;
  const caps: bigint[] = [];
  if (totalBps !== undefined) caps.push((left.base * BigInt(totalBps)) / 10_000n);
  if (marginBps !== undefined && line.unitCostAmount !== undefined) {
    const margin = left.base - line.unitCostAmount * left.quantity;
    caps.push(margin > 0n ? (margin * BigInt(marginBps)) / 10_000n : 0n);
  }
  return caps.length === 0 ? undefined : caps.reduce(smaller);
}

/** Caps, what the campaigns pay of what is left, and last the agent of the region. */
function settle(sold: Sold, climbed: ReturnType<typeof climb>[], again: boolean): string[] {
  const { plan, left, shares } = sold;
  const cap = capOf(sold);
  const wanted = climbed.map(({ amount }) => amount);
  const over = cap !== undefined && total(wanted) > cap;
  const capped = over ? proportional(cap, wanted, (i) => String(shares[i]!.winner.level)) : wanted;
  const words: string[] = [];
  let taken = 0n;
  shares.forEach(({ winner, rewards }, i) => {
    const plain = round(byRule(winner, left), plan.rounding);
    const extra = capped[i]! > plain ? capped[i]! - plain : 0n;
    const pieces = proportional(extra, climbed[i]!.extras, (j) => String(j).padStart(3, '0'));
    const most = rewards.map(({ limited, charged }, j) => {
      const extra = climbed[i]!.extras[j]!;
      return again && limited ? smaller(charged, extra) : extra;
    });
    const held = pieces.map((piece, j) => smaller(piece, most[j]!));
    // Decision 35: what one may not pay, those after it in order pay up to their own extra.
    rewards.forEach((reward, j) => {
      reward.charged = held[j]! + smaller(extra - total(held), most[j]! - held[j]!);
      held[j] = reward.charged;
    });
    const amount = capped[i]! - (extra - total(held));
    taken += amount;
    const { level, who, rule } = winner;
    const paid = rewards.filter(({ charged }) => charged > 0n);
    const said = paid.map(({ id, charged }) => `${id}=${charged}`).sort();
    words.push([level, who.distributorId, rule.id, amount, ...said].join(' '));
  });
  if (sold.agentBps === null || !sold.line.inScope) return words;
  const rate = round(times(whole(left.base), share(sold.agentBps)), plan.rounding);
  const most = cap === undefined ? rate : smaller(rate, cap);
  return [...words, `agent ${most > taken ? most - taken : 0n}`];
}

function book(sold: Sold, overlays: readonly Overlay[], journal: Use[]): string[] {
  const { plan, line, left } = sold;
  const remaining = ({ id, budgetLeftAmount }: Overlay) =>
    budgetLeftAmount === null
      ? undefined
      : budgetLeftAmount -
        total(journal.filter(({ campaign }) => campaign === id).map(({ amount }) => amount));
  const asked: Use[] = [];
  const climbed = sold.shares.map(({ winner, rewards }) => {
    const plain = byRule(winner, left);
    const fits = overlays.filter(
      (one) =>
        left.base > 0n &&
        one.levels.includes(winner.level) &&
        has(one.match, line, winner.who) &&
        remaining(one) !== 0n,
    );
    const order = chosen(fits, plain, left);
    return climb(plain, order, left, plan.rounding, (one, extra) => {
      const budget = remaining(one);
      const granted = budget === undefined ? extra : smaller(extra, budget);
      const { id, effect } = one;
      rewards.push({ id, effect, limited: budget !== undefined, granted, charged: 0n });
      const use = { campaign: id, amount: granted };
      if (budget !== undefined) asked.push(use);
      if (budget !== undefined) journal.push(use);
      return granted;
    });
  });
  const words = settle(sold, climbed, false);
  const paid = sold.shares.flatMap(({ rewards }) => rewards.filter(({ limited }) => limited));
  asked.forEach((use, i) => (use.amount = paid[i]!.charged));
  return words;
}

function refund(
  sold: Sold,
  { quantity, amount }: ReturnType<typeof partOf>,
  journal: Use[],
): string[] {
  const { left } = sold;
  sold.left = { base: left.base - amount, quantity: left.quantity - BigInt(quantity) };
  const before = sold.shares.flatMap(({ rewards }) => rewards.map(({ charged }) => charged));
  const climbed = sold.shares.map(({ winner, rewards }) =>
    climb(byRule(winner, sold.left), rewards, sold.left, sold.plan.rounding, (reward, extra) =>
      smaller(extra, reward.granted),
    ),
  );
  const words = settle(sold, climbed, true);
  const rewards = sold.shares.flatMap((one) => one.rewards);
  rewards.forEach(({ id, charged }, i) => {
    journal.push({ campaign: id, amount: charged - before[i]! });
  });
  return words;
}

/** Lives through a story. A regional agent is only asked for the rate here. */
export function lived({ plan, overlays, steps }: Story): Told {
  const journal: Use[] = [];
  const orders: Sold[][] = [];
  return steps.map((step) => {
    let lines: string[][] = [];
    if ('order' in step) {
      const { upline, agentBps } = step.order;
      const bases = lineBases(step.order);
      const sold = step.order.lines.map((line, i): Sold => ({
        plan,
        line,
        agentBps,
        shares: winners({ plan, upline }, line).map((winner) => ({ winner, rewards: [] })),
        left: { base: bases[i]!, quantity: BigInt(line.quantity) },
      }));
      orders.push(sold);
      const names = step.order.lines.map(({ externalId }) => externalId);
      const said = new Map(
        [...names]
          .sort((a, b) => (byCodePoint(a) < byCodePoint(b) ? -1 : 1))
          .map((name) => {
            return [name, book(sold[names.indexOf(name)]!, overlays, journal)];
          }),
      );
      lines = names.map((name) => said.get(name)!);
    } else if (orders.length > 0) {
      const sold = orders[step.refund.order % orders.length]!;
      const line = sold[step.refund.line % sold.length]!;
      const { quantity, base } = line.left;
      lines = [refund(line, partOf(step.refund, Number(quantity), base), journal)];
    }
    const budgets = overlays.flatMap(({ id, budgetLeftAmount }) => {
      if (budgetLeftAmount === null) return [];
      const used = journal.filter(({ campaign }) => campaign === id);
      return [`${id} ${budgetLeftAmount - total(used.map(({ amount }) => amount))}`];
    });
    return { lines, budgets };
  });
}

export const agentWith = (bps: number): RegionAgent => ({
  region: 'r',
  distributorId: 'agent',
  tier: 'a',
  earns: true,
  isBuyer: false,
  bps,
});
