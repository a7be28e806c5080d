import { type HoldTerms, type Pause, pausedReleaseAt } from '../order/hold';
import { chargeKey, chargesOf, earningsOf, type LineEarning, type LineTerms } from './calculation';
import type { PlanBody } from './plan';
import { type LineRefund, type Recomputation, recomputeOrder, type StoredLine } from './recompute';
import { type CampaignGrounds, overlayFaults, regionFaults } from './verification-grants';
import { type OrderPeople, possibleAgents, uplineFault } from './verification-grounds';

/** What a verification compares, in the order in which differences are named. */
export const checks = [
  'upline',
  'base',
  'terms',
  'refunds',
  'missing',
  'commission',
  'original',
  'remaining',
  'hold',
  'earnings',
  'ledger',
  'bonus',
  'reversal',
  'balance',
  'trial_balance',
  'budget',
] as const;

/** Something stored that is not what the calculation gives again; amounts as decimal digits. */
export interface Difference {
  /** a commission, an order, a line, a refund, a campaign or an account */
  subject: string;
  check: (typeof checks)[number];
  expected: string;
  found: string;
}

/** A commission on a sale as it is stored. Amounts are in the minor unit. */
export interface VerifiedCommission {
  id: string;
  orderLineId: string;
  kind: 'sale' | 'region';
  level: number | null;
  distributorId: string;
  baseAmount: bigint;
  rateBps: number | null;
  ruleId: string | null;
  amount: bigint;
  originalAmount: bigint;
  /** the sum of its earnings */
  earnedAmount: bigint;
  /** a decision took it back and keeps so much for its restoration; null: it stands */
  reversedAmount: bigint | null;
}

/** An order with everything stored that decides about its commissions. */
export interface VerifiedOrder extends OrderPeople, CampaignGrounds {
  id: string;
  /** null: no plan was in force, and nobody earns */
  plan: PlanBody | null;
  receivedAt: Date | null;
  hold: HoldTerms;
  orderDiscountAmount: bigint;
  lines: readonly StoredLine[];
  /** in the order in which they were booked */
  refunds: readonly (LineRefund & { orderLineId: string })[];
  commissions: readonly VerifiedCommission[];
  /** the after-sale cases of lines that had any; also those of other orders */
  pauses: ReadonlyMap<string, readonly Pause[]>;
  /** for when what is not released of its commissions waits */
  held: readonly { commissionId: string; orderLineId: string; releaseAt: Date | null }[];
  /** what each line took from campaigns, and what refunds gave back */
  uses: readonly { orderLineId: string; level: number; campaignId: string; amount: bigint }[];
  /** what the ledger says that the booking brought, by distributor */
  bookedAmounts: ReadonlyMap<string, bigint>;
  /** per refund: the sum of its earnings, and what came back to the expense */
  adjustments: readonly { refundId: string; earnedAmount: bigint; expenseAmount: bigint }[];
}

/** Calculates an order again from its stored facts and names everything that differs by a fen. */
export function verifyOrder(order: VerifiedOrder): Difference[] {
  const { plan } = order;
  const upline = uplineFault(order);
  const lines =
    plan === null
      ? planlessDifferences(order)
      : recomputeOrder({ ...order, plan }).flatMap((again) => [
          ...lineDifferences(order, again),
          ...groundDifferences(order, plan, again),
        ]);
  return [
    ...(upline === undefined ? [] : [differing(order.id, 'upline', upline.expected, upline.found)]),
    ...lines,
    ...holdDifferences(order),
    ...earningsDifferences(order),
    ...ledgerDifferences(order),
  ];
}

/** Without a plan nobody earns, and nothing is frozen. */
function planlessDifferences({ commissions, lines }: VerifiedOrder): Difference[] {
  return [
    ...lines
      .filter(({ terms }) => terms.levels.length > 0 || terms.region !== undefined)
      .map(({ id, terms }) => differing(id, 'terms', 'no plan', JSON.stringify(terms))),
    ...commissions.map((one) => differing(one.id, 'commission', 'no plan', factsOf(one))),
  ];
}

/** The regional agent and the campaigns of a line are those that there were. */
function groundDifferences(
  order: VerifiedOrder,
  plan: PlanBody,
  again: Recomputation,
): Difference[] {
  return [
    ...regionFaults(plan, again, possibleAgents(order)),
    ...overlayFaults(plan, again, order),
  ].map(({ expected, found }) => differing(again.line.id, 'terms', expected, found));
}

/** What is held waits for the moment that the receipt and the after-sale cases give. */
function holdDifferences({ hold, pauses, held, ...order }: VerifiedOrder): Difference[] {
  return held.flatMap(({ commissionId, orderLineId, releaseAt }) => {
    const expected = pausedReleaseAt(hold, order, pauses.get(orderLineId) ?? []);
    return compare(commissionId, 'hold', momentText(expected), momentText(releaseAt));
  });
}

function momentText(moment: Date | null): string {
  return moment?.toISOString() ?? 'a case is open';
}

function lineDifferences(order: VerifiedOrder, again: Recomputation): Difference[] {
  const { line } = again;
  const own = order.refunds.filter(({ orderLineId }) => orderLineId === line.id);
  const refundedAmount = own.reduce((sum, { amount }) => sum + amount, 0n);
  const refundedQuantity = own.reduce((sum, { quantity }) => sum + quantity, 0);
  return [
    ...compare(line.id, 'base', again.baseAmount, line.baseAmount),
    ...(sameTerms(again.terms, line.terms)
      ? []
      : [differing(line.id, 'terms', JSON.stringify(again.terms), JSON.stringify(line.terms))]),
    ...compare(line.id, 'refunds', refundedAmount, line.refundedAmount),
    ...compare(line.id, 'refunds', refundedQuantity, line.refundedQuantity),
    ...commissionDifferences(order, again),
    ...useDifferences(order, again),
  ];
}

/** Campaigns paid what the calculation charges them, and got back what refunds free. */
function useDifferences({ uses }: VerifiedOrder, { line, current }: Recomputation): Difference[] {
  const charges = chargesOf(current);
  const used = new Map<string, bigint>();
  for (const { orderLineId, level, campaignId, amount } of uses) {
    if (orderLineId !== line.id) continue;
    const key = chargeKey(level, campaignId);
    used.set(key, (used.get(key) ?? 0n) + amount);
  }
  return [...new Set([...charges.keys(), ...used.keys()])].flatMap((key) =>
    compare(`${line.id} ${key}`, 'budget', charges.get(key) ?? 0n, used.get(key) ?? 0n),
  );
}

/** Every commission that the calculation gives must be stored, and no other. */
function commissionDifferences(order: VerifiedOrder, again: Recomputation): Difference[] {
  const { line, booking, current } = again;
  const stored = order.commissions.filter(({ orderLineId }) => orderLineId === line.id);
  const booked = new Map(earningsOf(booking).map((one) => [keyOf(one), one]));
  const left = new Map(earningsOf(current).map((one) => [keyOf(one), one]));
  const known = new Set(stored.map(keyOf));
  const missing = [...left].flatMap(([key, { amount }]) =>
    known.has(key) || (amount === 0n && booked.get(key)?.amount === 0n)
      ? []
      : [differing(line.id, 'missing', `${key}: ${amount}`, 'no commission')],
  );
  const wrong = stored.flatMap((commission) => {
    const { id, amount, originalAmount, reversedAmount } = commission;
    const one = left.get(keyOf(commission));
    if (one === undefined) return compare(id, 'commission', 'none', keyOf(commission));
    return [
      ...compare(id, 'commission', factsOf(one), factsOf(commission)),
      ...compare(id, 'base', again.baseAmount, commission.baseAmount),
      ...compare(id, 'original', booked.get(keyOf(one))?.amount ?? 0n, originalAmount),
      ...compare(id, 'remaining', reversedAmount === null ? one.amount : 0n, amount),
      ...(reversedAmount === null ? [] : compare(id, 'reversal', one.amount, reversedAmount)),
    ];
  });
  return [...missing, ...wrong];
}

function keyOf({ kind, level }: Pick<LineEarning, 'kind' | 'level'>): string {
  return `${kind} ${level}`;
}

function factsOf(one: Pick<LineEarning, 'distributorId' | 'ruleId' | 'rateBps'>): string {
  return `${one.distributorId} by rule ${one.ruleId} at ${one.rateBps} bps`;
}

/** Whether two terms say the same; the order of keys in stored JSON means nothing. */
export function sameTerms(a: LineTerms, b: LineTerms): boolean {
  const plain = ({ levels }: LineTerms) =>
    JSON.stringify(
      levels.map(({ level, distributorId, tier, ruleId, rate, passedOver }) => [
        level,
        distributorId,
        tier,
        ruleId,
        rate && ('bps' in rate ? ['bps', rate.bps] : ['amountPerUnit', rate.amountPerUnit]),
        passedOver.map((one) => [one.distributorId, one.why]),
      ]),
    );
  return plain(a) === plain(b);
}

function earningsDifferences({ commissions }: VerifiedOrder): Difference[] {
  return commissions.flatMap(({ id, amount, earnedAmount }) =>
    compare(id, 'earnings', amount, earnedAmount),
  );
}

/** The booking brought everybody what the commissions began with; a refund moved what it adjusted. */
function ledgerDifferences(order: VerifiedOrder): Difference[] {
  const originals = new Map<string, bigint>();
  for (const { distributorId, originalAmount } of order.commissions) {
    originals.set(distributorId, (originals.get(distributorId) ?? 0n) + originalAmount);
  }
  const people = [...new Set([...originals.keys(), ...order.bookedAmounts.keys()])].sort();
  return [
    ...people.flatMap((id) =>
      compare(order.id, 'ledger', originals.get(id) ?? 0n, order.bookedAmounts.get(id) ?? 0n),
    ),
    ...order.adjustments.flatMap(({ refundId, earnedAmount, expenseAmount }) =>
      compare(refundId, 'ledger', -earnedAmount, expenseAmount),
    ),
  ];
}

function compare<T extends bigint | number | string>(
  subject: string,
  check: Difference['check'],
  expected: T,
  found: T,
): Difference[] {
  return expected === found ? [] : [differing(subject, check, String(expected), String(found))];
}

function differing(
  subject: string,
  check: Difference['check'],
  expected: string,
  found: string,
): Difference {
  return { subject, check, expected, found };
}
