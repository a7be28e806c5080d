/** Where a commission stands; derived from its amounts and its first earning, never stored. */
export const commissionStatuses = ['held', 'available', 'settled', 'reversed'] as const;

export type CommissionStatus = (typeof commissionStatuses)[number];

export const commissionKinds = [
  'sale',
  'region',
  'invitation',
  'team',
  'breakthrough',
  'assessment',
] as const;

export type CommissionKind = (typeof commissionKinds)[number];

/** A commission with what its first earning says. Amounts are in the minor unit. */
export interface CommissionState {
  id: string;
  kind: CommissionKind;
  lineExternalId: string | null;
  level: number | null;
  distributorId: string;
  baseAmount: bigint;
  rateBps: number | null;
  ruleId: string | null;
  /** What remains now. */
  amount: bigint;
  originalAmount: bigint;
  releaseAt: Date | null;
  availableAt: Date | null;
  statementId: string | null;
}

/** The public form of a commission. */
export interface CommissionView extends Omit<CommissionState, 'availableAt' | 'statementId'> {
  status: CommissionStatus;
}

/**
 * `reversed` when nothing remains; else `settled` once a statement took it, however much a refund
 * took back since; else `available` after the hold; else `held`.
 */
export function commissionStatus(
  state: Pick<CommissionState, 'amount' | 'availableAt' | 'statementId'>,
): CommissionStatus {
  if (state.amount === 0n) return 'reversed';
  if (state.statementId !== null) return 'settled';
  return state.availableAt === null ? 'held' : 'available';
}

/** What every answer that shows a commission says about it. */
export function commissionView(state: CommissionState): CommissionView {
  return {
    id: state.id,
    kind: state.kind,
    lineExternalId: state.lineExternalId,
    level: state.level,
    distributorId: state.distributorId,
    baseAmount: state.baseAmount,
    rateBps: state.rateBps,
    ruleId: state.ruleId,
    amount: state.amount,
    originalAmount: state.originalAmount,
    status: commissionStatus(state),
    releaseAt: state.releaseAt,
  };
}
