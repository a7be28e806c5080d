import type { ExplainedEarning, ExplainedPayout, ExplainedStatement } from './explanation-facts';

/** What is known of what became of the money, whatever kind of commission it came from. */
export interface MoneyFacts {
  earnings: readonly ExplainedEarning[];
  statements: readonly ExplainedStatement[];
  payouts: readonly ExplainedPayout[];
}

/** The statement that settled a commission; null while none has. */
export function settlementOf({ earnings, statements }: MoneyFacts) {
  const settled = statementOf({ earnings, statements });
  if (!settled) return null;
  return {
    id: settled.settlementId,
    period: settled.period,
    cutoffAt: settled.cutoffAt,
    status: settled.settlementStatus,
    statementId: settled.id,
    statementStatus: settled.status,
    grossAmount: settled.grossAmount,
    feeAmount: settled.feeAmount,
    netAmount: settled.netAmount,
    lines: earnings.map(({ id, kind, amount, refundId, statementId }) => ({
      earningId: id,
      kind,
      amount,
      refundId,
      statementId,
    })),
  };
}

/** The tax of that statement. */
export function taxOf({ earnings, statements }: MoneyFacts) {
  const settled = statementOf({ earnings, statements });
  if (!settled || settled.taxMethod === null) return null;
  const { taxMethod: method, taxMonth: month, taxAmount: statementTaxAmount } = settled;
  return { method, month, statementTaxAmount, trace: settled.taxTrace ?? null };
}

/** The payouts of that statement. */
export function payoutOf({ earnings, statements, payouts }: MoneyFacts) {
  const settled = statementOf({ earnings, statements });
  const own = payouts.filter(({ statementId }) => statementId === settled?.id);
  if (!settled || own.length === 0) return null;
  return {
    statementId: settled.id,
    status: own.every(({ status }) => status === own[0]?.status) ? own[0]!.status : 'mixed',
    payouts: own.map(({ statementId: _statement, ...payout }) => payout),
  };
}

/** The earning that the commission's status follows. */
export function firstEarning(earnings: readonly ExplainedEarning[]): ExplainedEarning | undefined {
  return earnings.find(({ kind }) => kind === 'commission') ?? earnings[0];
}

/** What the earnings of a commission come to; what settles apart (parts, money back) is not in it. */
export function earnedAmount(
  earnings: readonly Pick<ExplainedEarning, 'kind' | 'amount'>[],
): bigint {
  return earnings
    .filter(({ kind }) => kind === 'commission' || kind === 'adjustment')
    .reduce((sum, { amount }) => sum + amount, 0n);
}

function statementOf({
  earnings,
  statements,
}: Omit<MoneyFacts, 'payouts'>): ExplainedStatement | undefined {
  const statementId = firstEarning(earnings)?.statementId;
  return statements.find(({ id }) => id === statementId);
}
