/** An earning that is available and in no statement. */
export interface OpenLine {
  id: string;
  /** fen; below 0: a deduction */
  amount: bigint;
  availableAt: Date;
}

/** Which lines a withdrawal takes, and what is left open of the last one. */
export interface TakenLines<L extends OpenLine> {
  lines: L[];
  /** the last line is larger than needed: so much of it stays; null: nothing does */
  split: { line: L; restAmount: bigint } | null;
}

/**
 * The lines of a withdrawal: deductions first, so that nobody withdraws past what was taken from
 * them, then the oldest, and of the last one only as much as it takes.
 * @param amount fen, more than 0
 * @throws RangeError when the lines do not reach
 */
export function takeLines<L extends OpenLine>(lines: readonly L[], amount: bigint): TakenLines<L> {
  const ordered = [...lines].sort(
    (a, b) =>
      Number(a.amount > 0n) - Number(b.amount > 0n) ||
      a.availableAt.getTime() - b.availableAt.getTime() ||
      (a.id < b.id ? -1 : 1),
  );
  const taken: L[] = [];
  let sum = 0n;
  for (const line of ordered) {
    if (line.amount > 0n && sum >= amount) break;
    taken.push(line);
    sum += line.amount;
  }
  if (sum < amount) throw new RangeError(`the lines come to ${sum}, less than ${amount}`);
  const last = taken.at(-1);
  const split =
    sum > amount && last !== undefined ? { line: last, restAmount: sum - amount } : null;
  return { lines: taken, split };
}

/** What a tier allows; undefined: no limit. In fen. */
export interface WithdrawalLimits {
  perDayAmount: bigint | undefined;
  perTransferAmount: bigint | undefined;
}

/** Which limit a withdrawal passes and what would still be possible, in fen; undefined: none. */
export function limitPassed(
  amount: bigint,
  withdrawnToday: bigint,
  { perDayAmount, perTransferAmount }: WithdrawalLimits,
): { limit: 'per_transfer' | 'per_day'; limitAmount: bigint; leftAmount: bigint } | undefined {
  if (perTransferAmount !== undefined && amount > perTransferAmount) {
    const limitAmount = perTransferAmount;
    return { limit: 'per_transfer', limitAmount, leftAmount: limitAmount };
  }
  if (perDayAmount === undefined || withdrawnToday + amount <= perDayAmount) return undefined;
  const left = perDayAmount - withdrawnToday;
  return { limit: 'per_day', limitAmount: perDayAmount, leftAmount: left > 0n ? left : 0n };
}
