import type { UplineMember } from '../../../src/domain/commission/calculation';
import type { Overlay, OverlayEffect } from '../../../src/domain/commission/overlay';
import type { PlanBody, PlanRule, RuleMatch } from '../../../src/domain/commission/plan';

/**
 * A second calculation, written from the design alone and in another way than the product: all
 * amounts are numbers of one common small unit, rules are ranked by one number, proportional
 * shares are found by moving single units. One campaign at most counts for a level here.
 */
const unit = 10n ** 12n;

export interface Case {
  plan: PlanBody;
  upline: UplineMember[];
  lines: Line[];
  orderDiscount: bigint;
  overlays: Overlay[];
  agentBps: number | null;
  refunds: { line: number; quantityPart: number; amountPart: number }[];
}

export interface Line {
  externalId: string;
  sku: string;
  productId: string;
  category: string;
  tags: string[];
  quantity: number;
  unitPriceAmount: bigint;
  discountAmount: bigint;
  unitCostAmount?: bigint;
  inScope: boolean;
}

const fen = (small: bigint, rounding: 'floor' | 'halfUp') =>
  rounding === 'floor' ? small / unit : (small + unit / 2n) / unit;

export function proportional(
  whole: bigint,
  weights: bigint[],
  rank: (index: number) => string,
): bigint[] {
  const total = weights.reduce((a, b) => a + b, 0n);
  if (total === 0n) return weights;
  const parts = weights.map((weight) => (whole * weight) / total);
  while (parts.reduce((a, b) => a + b, 0n) < whole) {
    let best = -1;
    weights.forEach((weight, index) => {
      // Furthest behind its exact share, which has a step of less than one.
      const behind = whole * weight - parts[index]! * total;
      const leader = best < 0 ? -1n : whole * weights[best]! - parts[best]! * total;
      const tie = best >= 0 && behind === leader;
      if (behind > leader || (tie && rank(index) < rank(best))) best = index;
    });
    parts[best]! += 1n;
  }
  return parts;
}

export const has = (match: RuleMatch, line: Line, who: UplineMember) =>
  (match.sku === undefined || match.sku === line.sku) &&
  (match.productId === undefined || match.productId === line.productId) &&
  (match.category === undefined || match.category === line.category) &&
  (match.tag === undefined || line.tags.includes(match.tag)) &&
  (match.tier === undefined || match.tier === who.tier) &&
  (match.distributorId === undefined || match.distributorId === who.distributorId);

function weight({ match, priority }: PlanRule): number {
  const product = match.sku ? 4 : match.productId ? 3 : match.category ? 2 : match.tag ? 1 : 0;
  const audience = match.distributorId ? 2 : match.tier ? 1 : 0;
  return (product * 3 + audience) * 1000 + priority;
}

export interface Winner {
  level: number;
  who: UplineMember;
  rule: PlanRule;
  overlay?: { effect: OverlayEffect; granted: bigint; id: string; limited: boolean };
  charged?: bigint;
}

export function winners({ plan, upline }: Pick<Case, 'plan' | 'upline'>, line: Line): Winner[] {
  const may = (who: UplineMember) =>
    line.inScope && who.earns && !(who.isBuyer && plan.selfPurchase === 'deny');
  const firstBad = upline.findIndex((who) => !may(who));
  const path: (UplineMember | undefined)[] =
    plan.onIneligible === 'compress'
      ? upline.filter(may)
      : plan.onIneligible === 'stop' && firstBad >= 0
        ? upline.slice(0, firstBad)
        : upline.map((who) => (may(who) ? who : undefined));
  return path.slice(0, plan.levels).flatMap((who, index) => {
    if (who === undefined) return [];
    const level = index + 1;
    const [rule] = plan.rules
      .filter((one) => one.level === level && has(one.match, line, who))
      .sort((a, b) => weight(b) - weight(a));
    return rule === undefined ? [] : [{ level, who, rule }];
  });
}

/** `level distributor rule amount` of each commission, per line and per refund; budgets left. */
export interface Answer {
  booked: string[][];
  refunded: string[][];
  budgets: Map<string, bigint>;
}

interface Left {
  base: bigint;
  quantity: bigint;
}

const bps = (base: bigint, rate: number) => base * BigInt(rate) * (unit / 10_000n);

function plainOf({ rule }: Winner, { base, quantity }: Left): bigint {
  if (base === 0n) return 0n;
  return 'bps' in rule.rate
    ? bps(base, rule.rate.bps)
    : BigInt(rule.rate.amountPerUnit) * quantity * unit;
}

function raised(plain: bigint, effect: OverlayEffect, { base, quantity }: Left): bigint {
  if (base === 0n) return 0n;
  const value =
    'multiplyBps' in effect
      ? (plain * BigInt(effect.multiplyBps)) / 10_000n
      : 'addBps' in effect
        ? plain + bps(base, effect.addBps)
        : plain + BigInt(effect.addAmountPerUnit) * quantity * unit;
  return value > plain ? value : plain;
}

const min = (a: bigint, b: bigint) => (a < b ? a : b);

function lineAmounts(one: Case, line: Line, won: Winner[], left: Left): string[] {
  const { plan } = one;
  const round = (small: bigint) => fen(small, plan.rounding);
  const plain = won.map((winner) => round(plainOf(winner, left)));
  const before = won.map((winner, i) => {
    const { overlay } = winner;
    if (overlay === undefined) return plain[i]!;
    const extra = round(raised(plainOf(winner, left), overlay.effect, left)) - plain[i]!;
    return plain[i]! + min(extra, overlay.granted);
  });
  const caps: bigint[] = [];
  if (plan.caps.totalBps !== undefined)
    caps.push((left.base * BigInt(plan.caps.totalBps)) / 10_000n);
  if (plan.caps.marginBps !== undefined && line.unitCostAmount !== undefined) {
    const margin = left.base - line.unitCostAmount * left.quantity;
    caps.push(margin <= 0n ? 0n : (margin * BigInt(plan.caps.marginBps)) / 10_000n);
  }
  const cap = caps.length === 0 ? undefined : caps.reduce(min);
  const sum = before.reduce((a, b) => a + b, 0n);
  const capped =
    cap !== undefined && sum > cap
      ? proportional(cap, before, (i) => String(won[i]!.level))
      : before;
  const amounts = capped.map((amount, i) => {
    const winner = won[i]!;
    const extra = amount > plain[i]! ? amount - plain[i]! : 0n;
    const grows =
      winner.overlay?.limited === true && winner.charged !== undefined && extra > winner.charged;
    const charged = grows ? winner.charged! : extra;
    winner.charged = charged;
    return amount - (extra - charged);
  });
  const answer = won.map(
    ({ level, who, rule }, i) => `${level} ${who.distributorId} ${rule.id} ${amounts[i]}`,
  );
  if (one.agentBps === null || !line.inScope) return answer;
  const taken = amounts.reduce((a, b) => a + b, 0n);
  const whole = round(bps(left.base, one.agentBps));
  const limit = cap === undefined ? whole : min(cap, whole);
  return [...answer, `null agent null ${limit > taken ? limit - taken : 0n}`];
}

/** Freezes the campaign of every level and charges its budget. */
function grant(
  one: Case,
  line: Line,
  won: Winner[],
  left: Left,
  budgets: Map<string, bigint>,
): void {
  for (const winner of won) {
    if (left.base === 0n) continue;
    const plain = plainOf(winner, left);
    const best = one.overlays
      .filter(({ id }) => (budgets.get(id) ?? 1n) > 0n)
      .filter(({ levels, match }) => levels.includes(winner.level) && has(match, line, winner.who))
      .sort((a, b) => {
        const difference = raised0(plain, b.effect, left) - raised0(plain, a.effect, left);
        if (difference !== 0n) return difference > 0n ? 1 : -1;
        return a.startsAt.getTime() - b.startsAt.getTime() || (a.id < b.id ? -1 : 1);
      })[0];
    if (best === undefined) continue;
    const gain =
      fen(raised(plain, best.effect, left), one.plan.rounding) - fen(plain, one.plan.rounding);
    const budget = budgets.get(best.id);
    const granted = budget === undefined ? gain : min(gain, budget);
    if (budget !== undefined) budgets.set(best.id, budget - granted);
    winner.overlay = { effect: best.effect, granted, id: best.id, limited: budget !== undefined };
  }
}

function raised0(plain: bigint, effect: OverlayEffect, left: Left): bigint {
  return 'multiplyBps' in effect
    ? (plain * BigInt(effect.multiplyBps)) / 10_000n
    : raised(plain, effect, left);
}

/** Sorts as text the way code points do, which UTF-16 does not. */
export const byCodePoint = (text: string) =>
  Array.from(text, (one) => one.codePointAt(0)!.toString(16).padStart(6, '0')).join('');

/** What each line is worth after its own discount and its share of the order's. */
export function lineBases({ lines, orderDiscount }: Pick<Case, 'lines' | 'orderDiscount'>) {
  const amounts = lines.map((l) => BigInt(l.quantity) * l.unitPriceAmount - l.discountAmount);
  if (orderDiscount === 0n) return amounts;
  const shares = proportional(orderDiscount, amounts, (i) => byCodePoint(lines[i]!.externalId));
  return amounts.map((amount, i) => amount - shares[i]!);
}

export function expected(one: Case): Answer {
  const bases = lineBases(one);
  const budgets = new Map(
    one.overlays.flatMap((o) => (o.budgetLeftAmount === null ? [] : [[o.id, o.budgetLeftAmount]])),
  );
  const states = one.lines.map((line, i) => ({
    line,
    won: winners(one, line),
    left: { base: bases[i]!, quantity: BigInt(line.quantity) },
  }));
  const booked: string[][] = [];
  const idOf = (i: number) => byCodePoint(one.lines[i]!.externalId);
  const order = states.map((_, i) => i).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  for (const i of order) {
    const { line, won, left } = states[i]!;
    grant(one, line, won, left, budgets);
    booked[i] = lineAmounts(one, line, won, left);
    for (const { overlay, charged } of won) {
      if (overlay?.limited)
        budgets.set(overlay.id, budgets.get(overlay.id)! + overlay.granted - charged!);
    }
  }
  const refunded = one.refunds.map((refund) => {
    const state = states[refund.line % states.length]!;
    const { quantity, amount } = partOf(refund, Number(state.left.quantity), state.left.base);
    state.left = {
      base: state.left.base - amount,
      quantity: state.left.quantity - BigInt(quantity),
    };
    const before = state.won.map(({ charged }) => charged ?? 0n);
    const now = lineAmounts(one, state.line, state.won, state.left);
    state.won.forEach(({ overlay, charged }, i) => {
      if (overlay?.limited)
        budgets.set(overlay.id, budgets.get(overlay.id)! + before[i]! - charged!);
    });
    return now;
  });
  return { booked, refunded, budgets };
}

/** As `amountPart`: the smallest price reduction there is. */
export const oneFen = 11;

export function partOf(refund: Case['refunds'][number], quantity: number, base: bigint) {
  return {
    quantity: Math.round((quantity * refund.quantityPart) / 10),
    amount: refund.amountPart === oneFen ? min(base, 1n) : (base * BigInt(refund.amountPart)) / 10n,
  };
}
