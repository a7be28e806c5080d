import {
  type AccountCode,
  channelAccount,
  distributorAccount,
  type DistributorRole,
} from './account';

/** Money moves `from` one account `to` another. The amount is in the minor unit and never negative. */
export interface Posting {
  from: AccountCode;
  to: AccountCode;
  amount: bigint;
}

/** One signed movement of one account: from is minus, to is plus. */
export interface Entry {
  account: AccountCode;
  amount: bigint;
}

/**
 * What is posted as one unit. `reference` is the business key: the same reference with the same
 * content is posted once; with other content it is an error.
 */
export interface LedgerTransactionInput {
  reference: string;
  kind: LedgerKind;
  occurredAt: Date;
  postings: readonly Posting[];
}

export type LedgerKind =
  | 'commission_earned'
  | 'commission_adjusted'
  | 'commission_reversed'
  | 'commission_restored'
  | 'released'
  | 'settlement_locked'
  | 'settlement_unlocked'
  | 'settlement_approved'
  | 'settlement_corrected'
  | 'payout_submitted'
  | 'payout_succeeded'
  | 'payout_given_back'
  | 'payout_returned'
  | 'tax_remitted'
  | 'tax_recovered';

/** The gross of a payment and what it is made of; `net + tax + fee = gross`. */
export interface PaymentShares {
  netAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
}

/**
 * The entries of some postings: one per account, in code-point order of the account, zero dropped.
 * They sum to 0 by construction.
 */
export function entriesOf(postings: readonly Posting[]): Entry[] {
  const sums = new Map<AccountCode, bigint>();
  const add = (account: AccountCode, amount: bigint) =>
    sums.set(account, (sums.get(account) ?? 0n) + amount);
  for (const { from, to, amount } of postings) {
    if (amount < 0n) throw new RangeError(`a posting moves ${amount}: it must not be negative`);
    add(from, -amount);
    add(to, amount);
  }
  return [...sums]
    .filter(([, amount]) => amount !== 0n)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([account, amount]) => ({ account, amount }));
}

const own = (distributorId: string, role: DistributorRole) =>
  distributorAccount(distributorId, role);

const smaller = (a: bigint, b: bigint) => (a < b ? a : b);

/** Order paid, or a recomputation that raises a commission. */
export function commissionEarned(distributorId: string, amount: bigint): Posting[] {
  return [{ from: 'commission-expense', to: own(distributorId, 'held'), amount }];
}

/**
 * Money on its way to `available`: what the distributor owes is paid first.
 * @param owedAmount what `receivable` owes now, as a positive amount
 */
export function arrivesInAvailable(
  from: AccountCode,
  distributorId: string,
  amount: bigint,
  owedAmount: bigint,
): Posting[] {
  const repaid = smaller(amount, owedAmount);
  return [
    { from, to: own(distributorId, 'receivable'), amount: repaid },
    { from, to: own(distributorId, 'available'), amount: amount - repaid },
  ];
}

/** Hold over: held -> available, receivable first. */
export function released(distributorId: string, amount: bigint, owedAmount: bigint): Posting[] {
  return arrivesInAvailable(own(distributorId, 'held'), distributorId, amount, owedAmount);
}

/** Refund before the release. */
export function refundedWhileHeld(distributorId: string, amount: bigint): Posting[] {
  return [{ from: own(distributorId, 'held'), to: 'commission-expense', amount }];
}

/** Refund after the release: what `available` lacks becomes a debt of the distributor. */
export function refundedAfterRelease(
  distributorId: string,
  amount: bigint,
  availableAmount: bigint,
): Posting[] {
  const taken = smaller(amount, availableAmount);
  return [
    { from: own(distributorId, 'available'), to: 'commission-expense', amount: taken },
    { from: own(distributorId, 'receivable'), to: 'commission-expense', amount: amount - taken },
  ];
}

/**
 * A correction of what was paid: more is earned and available at once (what is owed is paid first);
 * less is taken like a refund after the release.
 * @param amount signed; never 0
 */
export function corrected(
  distributorId: string,
  amount: bigint,
  balance: { availableAmount: bigint; owedAmount: bigint },
): Posting[] {
  const { availableAmount, owedAmount } = balance;
  if (amount < 0n) return refundedAfterRelease(distributorId, -amount, availableAmount);
  return arrivesInAvailable('commission-expense', distributorId, amount, owedAmount);
}

/** What a decision about somebody's commissions moves, in the minor unit; neither is negative. */
export interface DecidedAmounts {
  /** of commissions whose hold is not over */
  readonly heldAmount: bigint;
  /** of commissions that are available and in no statement */
  readonly releasedAmount: bigint;
}

/**
 * Commissions are reversed by a decision: what is held leaves `held`, what was released leaves
 * `available`; what is not there any more, because it paid a debt, is owed again.
 * @param availableAmount what `available` has now
 */
export function reversedByDecision(
  distributorId: string,
  { heldAmount, releasedAmount }: DecidedAmounts,
  availableAmount: bigint,
): Posting[] {
  return [
    ...refundedWhileHeld(distributorId, heldAmount),
    ...refundedAfterRelease(distributorId, releasedAmount, availableAmount),
  ];
}

/**
 * A reversal is undone: what was held is held again, what was released is available at once.
 * @param owedAmount what `receivable` owes now, as a positive amount
 */
export function restoredByDecision(
  distributorId: string,
  { heldAmount, releasedAmount }: DecidedAmounts,
  owedAmount: bigint,
): Posting[] {
  return [
    ...commissionEarned(distributorId, heldAmount),
    ...arrivesInAvailable('commission-expense', distributorId, releasedAmount, owedAmount),
  ];
}

/** A settlement or withdrawal locks the gross. */
export function locked(distributorId: string, grossAmount: bigint): Posting[] {
  return [
    {
      from: own(distributorId, 'available'),
      to: own(distributorId, 'settling'),
      amount: grossAmount,
    },
  ];
}

/** Rejected, excluded or canceled before approval. */
export function unlocked(
  distributorId: string,
  grossAmount: bigint,
  owedAmount: bigint,
): Posting[] {
  return arrivesInAvailable(own(distributorId, 'settling'), distributorId, grossAmount, owedAmount);
}

/** Approved: tax and fee leave, the net stays in settling. */
export function approved(
  distributorId: string,
  shares: Pick<PaymentShares, 'taxAmount' | 'feeAmount'>,
): Posting[] {
  const settling = own(distributorId, 'settling');
  return [
    { from: settling, to: 'tax-payable', amount: shares.taxAmount },
    { from: settling, to: 'fee-income', amount: shares.feeAmount },
  ];
}

/** The payout is handed to the provider. */
export function submitted(distributorId: string, channelId: string, netAmount: bigint): Posting[] {
  const settling = own(distributorId, 'settling');
  return [{ from: settling, to: channelAccount(channelId, 'clearing'), amount: netAmount }];
}

/** The provider says success. */
export function succeeded(channelId: string, netAmount: bigint): Posting[] {
  const cash = channelAccount(channelId, 'cash');
  return [{ from: channelAccount(channelId, 'clearing'), to: cash, amount: netAmount }];
}

/** Where the net of a payment lies when it has to come back. */
export type NetPlace =
  | { at: 'settling' } // canceled before it was submitted
  | { at: 'clearing'; channelId: string } // failed for good, canceled, confirmation expired
  | { at: 'cash'; channelId: string }; // returned after success

/** Tax of a month is paid to the bureau. */
export function taxRemitted(amount: bigint): Posting[] {
  return [{ from: 'tax-payable', to: 'tax-remitted', amount }];
}

/** The bureau has refunded tax of a payment that came back, or set it off: the claim is gone. */
export function taxRecovered(amount: bigint): Posting[] {
  return [{ from: 'tax-remitted', to: 'tax-receivable', amount }];
}

/** Where the tax of a payment comes back from: still owed to the bureau, or paid to it already. */
export type TaxPlace = 'tax-payable' | 'tax-receivable';

/**
 * Gives a whole payment back: net, tax and fee arrive in `available`, receivable first.
 * @param owedAmount what `receivable` owes now, as a positive amount
 * @param taxAt where the tax comes back from
 */
export function givenBack(
  distributorId: string,
  place: NetPlace,
  shares: PaymentShares,
  owedAmount: bigint,
  taxAt: TaxPlace = 'tax-payable',
): Posting[] {
  const netFrom =
    place.at === 'settling'
      ? own(distributorId, 'settling')
      : channelAccount(place.channelId, place.at);
  const parts: [AccountCode, bigint][] = [
    [netFrom, shares.netAmount],
    [taxAt, shares.taxAmount],
    ['fee-income', shares.feeAmount],
  ];
  let owed = owedAmount;
  return parts.flatMap(([from, amount]) => {
    const postings = arrivesInAvailable(from, distributorId, amount, owed);
    owed -= smaller(amount, owed);
    return postings;
  });
}
