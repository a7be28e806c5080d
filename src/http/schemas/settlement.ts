import { z } from 'zod';
import { skipReasons } from '../../domain/settlement/assess';
import { outlierKinds } from '../../domain/settlement/outlier';
import { settlementStatuses } from '../../domain/settlement/state';
import { listQuery } from '../list';
import { amount, count, externalId, idOf, moment, signedAmount } from './common';

const month = z.string().meta({ description: 'YYYY-MM', examples: ['2026-11'] });

export const SettlementBody = z.strictObject({
  cutoffAt: moment
    .optional()
    .meta({ description: "What is available by then is settled; default: the program's clock" }),
});

export const SettlementOpened = z.strictObject({
  id: idOf('settlement'),
  programId: idOf('program'),
  status: z.enum(settlementStatuses),
  period: z.string(),
  run: z.int(),
  cutoffAt: moment,
});

const OddList = z.strictObject({
  count,
  statements: z
    .array(
      z.strictObject({
        statementId: idOf('statement'),
        distributorId: idOf('distributor'),
        grossAmount: amount,
        usualAmount: amount.nullable(),
      }),
    )
    .meta({ description: 'The largest of them, at most 20' }),
});

const OutliersView = z
  .strictObject({
    muchLarger: OddList.meta({ description: 'More than three times the usual of this person' }),
    newPayees: OddList.meta({ description: 'Paid for the first time' }),
    changedAccounts: OddList.meta({ description: 'Another payout account than the last time' }),
    lastCycles: z.array(
      z.strictObject({
        settlementId: idOf('settlement'),
        period: z.string(),
        distributors: count,
        grossAmount: amount,
        netAmount: amount,
      }),
    ),
  })
  .meta({ id: 'SettlementOutliers' });

export const settlementKinds = ['cycle', 'withdrawal'] as const;

export const settlementQuery = z.strictObject({
  ...listQuery.shape,
  kind: z.enum(settlementKinds).optional(),
});

const SettlementLinks = z.strictObject({
  statements: z.string(),
  skipped: z.string(),
  outliers: z.string(),
  review: z.string().nullable(),
});

export const SettlementView = z
  .strictObject({
    id: idOf('settlement'),
    programId: idOf('program'),
    kind: z.enum(settlementKinds).meta({ description: 'Of everybody, or a withdrawal of one' }),
    distributorId: idOf('distributor').nullable().meta({ description: 'Of a withdrawal' }),
    requestedBy: z.string().meta({ description: 'system:calendar: opened at the end of a period' }),
    status: z.enum(settlementStatuses),
    period: z.string(),
    run: z.int(),
    cutoffAt: moment,
    totals: z.strictObject({
      distributors: count,
      grossAmount: amount,
      taxAmount: amount,
      feeAmount: amount,
      netAmount: amount,
    }),
    skipped: z
      .array(z.strictObject({ reason: z.enum(skipReasons), count, amount }))
      .meta({ description: 'Not settled this time; the amount is carried over' }),
    taxMonth: month.nullable(),
    resultHash: z
      .string()
      .nullable()
      .meta({ description: 'Covers lines, statements, tax and payout ids; there once approved' }),
    progress: z.strictObject({ stage: z.enum(settlementStatuses), done: count, total: count }),
    reviewId: idOf('review').nullable(),
    outliers: OutliersView.nullable().meta({
      description: 'What differs from the cycles before; there once computed',
    }),
    links: SettlementLinks.meta({
      description:
        'Paths to the rows behind each figure: everybody who is paid, left out, or unusual',
    }),
    createdAt: moment,
    approvedAt: moment.nullable(),
    closedAt: moment.nullable(),
  })
  .meta({ id: 'Settlement' });

export const outlierQuery = z.strictObject({
  ...listQuery.shape,
  kind: z.enum(outlierKinds).optional(),
});

export const OutlierView = z
  .strictObject({
    statementId: idOf('statement'),
    distributorId: idOf('distributor'),
    kinds: z.array(z.enum(outlierKinds)),
    grossAmount: amount,
    usualAmount: amount
      .nullable()
      .meta({ description: 'The average of `comparedWith`; null: this person was never settled' }),
    comparedWith: z
      .array(
        z.strictObject({
          statementId: idOf('statement'),
          settlementId: idOf('settlement'),
          period: z.string(),
          grossAmount: amount,
          link: z.string(),
        }),
      )
      .meta({ description: 'The last statements of this person, at most 6, the latest first' }),
    account: z
      .strictObject({ masked: z.string(), since: moment })
      .nullable()
      .meta({ description: 'Where the money goes' }),
    lastPayout: z
      .strictObject({
        id: idOf('payout'),
        accountMasked: z.string(),
        createdAt: moment,
        link: z.string(),
      })
      .nullable()
      .meta({ description: 'Where the money of this person went the last time' }),
    links: z.record(z.string(), z.string()).meta({
      description: 'Paths: statement, lines, distributor, ledger, exclusions',
    }),
  })
  .meta({ id: 'SettlementOutlier' });

const TaxStep = z.strictObject({
  code: z.string(),
  text: z.string(),
  fen: z.string().meta({ description: 'Exact, before rounding' }),
  rateBps: z.int().optional(),
  quickDeductionAmount: z.int().optional(),
  months: z.int().optional(),
});

const TaxTraceView = z
  .strictObject({
    method: z.string(),
    gapPolicy: z.string().nullable(),
    month,
    source: z.string().nullable(),
    validFrom: month.nullable(),
    incomeAmount: z.int(),
    runningIncomeAmount: z.int(),
    shareDeduction: z.string().nullable(),
    fixedDeductionAmount: z.int().nullable(),
    deductionMonths: z.int().nullable(),
    taxable: z.string(),
    rateBps: z.int(),
    quickDeductionAmount: z.int(),
    runningTaxAmount: z.int(),
    withheldBeforeAmount: z.int(),
    taxAmount: z.int(),
    steps: z.array(TaxStep),
    paidAgainstInvoice: z.enum(['individualBusiness', 'company']).optional(),
    reviewed: z
      .strictObject({ taxAmount: z.int(), month })
      .optional()
      .meta({ description: 'What the review saw, where the approval came to another tax' }),
  })
  .meta({ id: 'TaxTrace', description: 'Why the tax is what it is, number by number' });

export const StatementView = z
  .strictObject({
    id: idOf('statement'),
    settlementId: idOf('settlement'),
    programId: idOf('program'),
    distributorId: idOf('distributor'),
    status: z.enum(['locked', 'computed', 'approved', 'unlocked']),
    grossAmount: amount,
    taxAmount: amount,
    feeAmount: amount,
    netAmount: amount,
    taxMethod: z.string().nullable(),
    taxMonth: month.nullable(),
    taxTrace: TaxTraceView.nullable(),
    payoutIds: z.array(idOf('payout')),
    links: z
      .record(z.string(), z.string())
      .meta({ description: 'Paths: lines, distributor, settlement, ledger' }),
    createdAt: moment,
  })
  .meta({ id: 'Statement' });

const LineView = z
  .strictObject({
    id: idOf('earning'),
    kind: z.enum(['commission', 'adjustment', 'part', 'giveBack']),
    amount: signedAmount,
    commissionId: idOf('commission').nullable(),
    refundId: idOf('refund').nullable(),
    payoutId: idOf('payout').nullable(),
    correctionId: idOf('correction').nullable(),
    correctionReason: z.string().nullable(),
    reversalId: idOf('reversal').nullable(),
    orderId: idOf('order').nullable(),
    orderExternalId: externalId.nullable(),
    availableAt: moment,
    links: z.record(z.string(), z.string()).meta({
      description: 'Paths of what the line comes from: explanation, order, payout, correction',
    }),
  })
  .meta({ id: 'StatementLine' });

export const StatementLines = z.array(LineView);
export { LineView };

export const StatementWithLines = z
  .strictObject({ ...StatementView.shape, lineCount: count, lines: StatementLines })
  .meta({ id: 'StatementWithLines', description: 'With the first 1,000 of its lines' });

export const VerificationView = z.strictObject({
  matches: z.boolean(),
  resultHash: z.string().meta({ description: 'As computed now from what is stored' }),
  differences: z.array(
    z.strictObject({
      statementId: idOf('statement'),
      kind: z.enum(['statement', 'line', 'payout']),
      name: z.string(),
      approved: z.string().nullable(),
      found: z.string().nullable(),
    }),
  ),
});
