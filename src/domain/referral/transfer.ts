/** What a transfer of a customer can be. The texts are public (`status`). */
export const transferStatuses = ['open', 'objected', 'effective', 'rejected', 'withdrawn'] as const;

export type TransferStatus = (typeof transferStatuses)[number];

/** What can happen to a transfer. */
export type TransferMove = 'objected' | 'approved_early' | 'took_effect' | 'rejected' | 'withdrawn';

/**
 * The whole life of a transfer. One that was approved before its moment is open again and waits for
 * that moment; nobody can object to it any more.
 */
export const transferLife: Readonly<
  Record<TransferStatus, Readonly<Partial<Record<TransferMove, TransferStatus>>>>
> = {
  open: {
    objected: 'objected',
    took_effect: 'effective',
    rejected: 'rejected',
    withdrawn: 'withdrawn',
  },
  objected: {
    objected: 'objected',
    approved_early: 'open',
    took_effect: 'effective',
    rejected: 'rejected',
    withdrawn: 'withdrawn',
  },
  effective: {},
  rejected: {},
  withdrawn: {},
};

/** The status after a move, or undefined when the move is not allowed from here. */
export function transition(from: TransferStatus, move: TransferMove): TransferStatus | undefined {
  return transferLife[from][move];
}

/** What decides about objections. */
export interface TransferFacts {
  status: TransferStatus;
  /** the end of the objection window */
  effectiveAt: Date;
  /** when an admin decided about objections; null: nobody did */
  decidedAt: Date | null;
}

/** Whether somebody may still object at a moment of the program's clock. */
export function mayObject({ status, effectiveAt, decidedAt }: TransferFacts, at: Date): boolean {
  return transition(status, 'objected') !== undefined && decidedAt === null && at < effectiveAt;
}

/**
 * Why a transfer cannot take effect although its moment has come: somebody got the customer in the
 * meantime who was not told of it, or the one who would get the customer earns no more.
 */
export function whyNotEffective(
  transfer: { fromDistributorId: string | null; toDistributorId: string },
  now: { holderId: string | null; toEarns: boolean },
): 'holder_changed' | 'distributor_inactive' | undefined {
  if (!now.toEarns) return 'distributor_inactive';
  const told = [null, transfer.fromDistributorId, transfer.toDistributorId];
  return told.includes(now.holderId) ? undefined : 'holder_changed';
}
