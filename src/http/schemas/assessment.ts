import { z } from 'zod';
import { type KpiMetric, kpiMetrics, salesKpis } from '../../domain/operations/assessment';
import { listQuery } from '../list';
import { amount, code, count, externalId, idParam, text } from './common';

const kpisAtMost = 20;
const outcomesAtMost = 20;
const tasksAtMost = 20;
const daysAtMost = 366;
const wholeBps = 10_000;
/** 10 billion yuan. */
const targetAtMost = 1_000_000_000_000;

const share = z.int().min(0).max(wholeBps);
const target = z.int().min(0).max(targetAtMost);

const Kpi = z
  .strictObject({
    metric: z.enum(kpiMetrics),
    weightBps: share.min(1),
    target,
    targets: z
      .record(code, target)
      .default({})
      .meta({ description: 'By tier, where it differs from `target`' }),
  })
  .superRefine(({ metric, target: all, targets }, context) => {
    if (metric === 'refundRateBps' || ![all, ...Object.values(targets)].includes(0)) return;
    context.addIssue(fault('too_small', 'a target of 0 is reached by nobody’s work', ['target']));
  });

const Outcome = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('reward'),
    atLeastBps: share,
    // Stored as the JSON it came as, so its amount stays a JSON integer here.
    amount: z.int().min(1).max(targetAtMost).meta({ description: 'Minor unit (fen)' }),
  }),
  z.strictObject({ outcome: z.literal('nothing'), atLeastBps: share }),
  z.strictObject({
    outcome: z.literal('help'),
    atLeastBps: share,
    tasks: z
      .array(z.strictObject({ text: text(500), days: z.int().min(1).max(daysAtMost) }))
      .min(1)
      .max(tasksAtMost),
  }),
  z.strictObject({ outcome: z.literal('warning'), atLeastBps: share }),
]);

function fault(faultCode: string, message: string, path: PropertyKey[]) {
  return { code: 'custom' as const, message, path, params: { code: faultCode } };
}

function unique<T>(items: readonly T[]): boolean {
  return new Set(items).size === items.length;
}

export const SchemeBody = z
  .strictObject({
    externalId,
    name: text(200),
    calendar: z.enum(['monthly', 'quarterly']),
    kpis: z.array(Kpi).min(1).max(kpisAtMost),
    outcomes: z.array(Outcome).min(1).max(outcomesAtMost),
    objectionDays: z.int().min(1).max(daysAtMost).default(14),
  })
  .superRefine(({ kpis, outcomes }, context) => {
    const weights = kpis.reduce((sum, { weightBps }) => sum + weightBps, 0);
    if (weights !== wholeBps) {
      context.addIssue(fault('weights', 'the weights must sum to 10000', ['kpis']));
    }
    if (!unique(kpis.map(({ metric }) => metric))) {
      context.addIssue(fault('duplicate', 'each metric at most once', ['kpis']));
    }
    if (!unique(outcomes.map(({ atLeastBps }) => atLeastBps))) {
      context.addIssue(fault('duplicate', 'each atLeastBps at most once', ['outcomes']));
    }
    if (!outcomes.some(({ atLeastBps }) => atLeastBps === 0)) {
      context.addIssue(fault('no_outcome', 'one outcome must hold from 0 on', ['outcomes']));
    }
    const pays = outcomes.some(({ outcome }) => outcome === 'reward');
    if (pays && !kpis.some(({ metric }) => salesKpis.includes(metric))) {
      const message = 'a reward needs a metric of sales: people alone are not paid for';
      context.addIssue(fault('head_count_pay', message, ['kpis']));
    }
  })
  .meta({ id: 'NewAssessmentScheme' });

export const SchemeView = z
  .strictObject({
    id: z.string(),
    programId: z.string(),
    externalId: z.string(),
    name: z.string(),
    calendar: z.enum(['monthly', 'quarterly']),
    kpis: z.array(Kpi),
    outcomes: z.array(Outcome),
    objectionDays: z.int(),
    startsAt: z.date(),
    endedAt: z.date().nullable(),
    createdAt: z.date(),
  })
  .meta({ id: 'AssessmentScheme' });

const outcome = z.enum(['reward', 'nothing', 'help', 'warning']);

export const KpiView = z.strictObject({
  metric: z.enum(kpiMetrics),
  have: count,
  target: z.int(),
  weightBps: z.int(),
  reachedBps: z.int(),
});

const result = {
  kpis: z.array(KpiView),
  scoreBps: z.int().meta({ description: '0 to 10000' }),
  outcome,
  rewardAmount: amount,
};

export const AssessmentView = z
  .strictObject({
    id: z.string(),
    schemeId: z.string(),
    programId: z.string(),
    distributorId: z.string(),
    period: z.string().meta({ examples: ['2026-11', '2026-Q4'] }),
    tier: z.string(),
    status: z.enum(['final', 'objected', 'confirmed', 'corrected']),
    ...result,
    correction: z
      .strictObject(result)
      .nullable()
      .meta({ description: 'What an objection made of it; then this counts' }),
    objectBy: z.date(),
    closedAt: z.date(),
    help: z
      .strictObject({
        mentorId: z.string().nullable(),
        tasks: z.array(
          z.strictObject({
            position: z.int(),
            text: z.string(),
            dueAt: z.date(),
            doneAt: z.date().nullable(),
            doneBy: z.string().nullable(),
          }),
        ),
      })
      .nullable(),
    objection: z
      .strictObject({
        id: z.string(),
        text: z.string(),
        claims: z.record(z.string(), z.int()),
        reviewId: z.string(),
        at: z.date(),
      })
      .nullable(),
  })
  .meta({ id: 'Assessment' });

const claimShape = Object.fromEntries(
  kpiMetrics.map((metric) => [metric, target.optional()]),
) as Record<KpiMetric, z.ZodOptional<typeof target>>;

export const ObjectionBody = z
  .strictObject({
    text: text(4000),
    claims: z
      .strictObject(claimShape)
      .default({})
      .meta({ description: 'What a metric should be; left out: what is stored by then' }),
  })
  .meta({ id: 'NewAssessmentObjection' });

export const schemeParams = z.strictObject({ id: idParam('assessmentScheme') });
export const assessmentParams = z.strictObject({ id: idParam('assessment') });
export const taskParams = z.strictObject({
  id: idParam('assessment'),
  position: z
    .string()
    .regex(/^[1-9]\d?$/)
    .transform(Number)
    .meta({ type: 'integer' }),
});

export const resultsQuery = z.strictObject({
  ...listQuery.shape,
  period: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2]|Q[1-4])$/)
    .optional(),
});
