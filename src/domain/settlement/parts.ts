import { splitByLargestRemainder } from '../kernel/money';
import type { Figures } from './assess';

/**
 * The payouts of one statement. A channel may limit a single transfer: then the net is cut into the
 * fewest parts of nearly equal size, each with its share of tax and fee by largest remainder. The
 * parts sum to the whole in each figure.
 * @param perTransferAmount null: no limit
 * @throws RangeError when there is nothing to pay or the limit is not positive
 */
export function payoutParts(figures: Figures, perTransferAmount: bigint | null): Figures[] {
  const { netAmount, taxAmount, feeAmount } = figures;
  if (netAmount <= 0n) throw new RangeError(`a net of ${netAmount} cannot be paid`);
  if (perTransferAmount === null || netAmount <= perTransferAmount) return [figures];
  if (perTransferAmount <= 0n) throw new RangeError('the limit of a transfer must be positive');
  const count = Number((netAmount + perTransferAmount - 1n) / perTransferAmount);
  const nets = splitByLargestRemainder(
    netAmount,
    Array.from({ length: count }, () => 1n),
  );
  const taxes = splitByLargestRemainder(taxAmount, nets);
  const fees = splitByLargestRemainder(feeAmount, nets);
  return nets.map((net, index) => {
    const tax = taxes[index] ?? 0n;
    const fee = fees[index] ?? 0n;
    return { grossAmount: net + tax + fee, taxAmount: tax, feeAmount: fee, netAmount: net };
  });
}
