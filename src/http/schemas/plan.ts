import { z } from 'zod';
import { waiverReasonAtLeast } from '../../domain/commission/guard';
import { metrics, type PlanBody } from '../../domain/commission/plan';
import { bps, code, externalId, idOf, idParam, moment, text } from './common';

const rulesAtMost = 500;
const tiersAtMost = 50;
const bonusesAtMost = 50;
const conditionsAtMost = 20;
const stepsAtMost = 50;
const priorityAtMost = 1_000_000;
/** More than may be published: the guard names what is too deep, and why. */
const levelsAtMost = 10;
const depthAtMost = 100;
/** 10 million yuan per unit: with any quantity the product still fits the database. */
const perUnitAtMost = 1_000_000_000;

// A plan is stored as the JSON it came as, so its amounts stay JSON integers here.
const planAmount = z
  .int()
  .min(0)
  .meta({ description: 'Minor unit (fen)', examples: [300] });

const days = z.int().min(0).max(3660);

function fault(faultCode: string, message: string, path: PropertyKey[] = []) {
  return { code: 'custom' as const, message, path, params: { code: faultCode } };
}

/** Marks every value of a list that an earlier item already has. */
function unique<T>(key: string, of: (item: T) => unknown) {
  return (items: readonly T[], context: z.RefinementCtx) => {
    const seen = new Set<unknown>();
    items.forEach((item, index) => {
      if (seen.has(of(item))) {
        context.addIssue(
          fault('duplicate', `must differ from the ${key} of the others`, [index, key]),
        );
      }
      seen.add(of(item));
    });
  };
}

function atMostOne(...keys: string[]) {
  return (match: Record<string, unknown>, context: z.RefinementCtx) => {
    const given = keys.filter((key) => match[key] !== undefined);
    if (given.length > 1) {
      context.addIssue(fault('too_many_keys', `may have at most one of ${keys.join(', ')}`));
    }
  };
}

export const Match = z
  .strictObject({
    sku: externalId.optional(),
    productId: externalId.optional(),
    category: externalId.optional(),
    tag: externalId.optional(),
    distributorId: idOf('distributor').optional(),
    tier: code.optional(),
  })
  .superRefine(atMostOne('sku', 'productId', 'category', 'tag'))
  .superRefine(atMostOne('distributorId', 'tier'))
  .meta({ description: 'What a line and its beneficiary must be; empty: any' });

const Rate = z
  .union([
    z.strictObject({ bps }),
    z.strictObject({ amountPerUnit: planAmount.max(perUnitAtMost) }),
  ])
  .meta({ description: 'A share of the base, or an amount per unit' });

const Rule = z.strictObject({
  id: code,
  level: z.int().min(1).max(levelsAtMost),
  match: Match.default({}),
  rate: Rate,
  priority: z.int().min(-priorityAtMost).max(priorityAtMost).default(0),
});

const Condition = z.strictObject({
  metric: z.enum(metrics),
  windowDays: days.min(1).optional(),
  gte: z.int().min(0),
});

const conditionList = z.array(Condition).min(1).max(conditionsAtMost);

const Promote = z.union([
  z.strictObject({ all: conditionList, review: z.boolean().default(false) }),
  z.strictObject({ any: conditionList, review: z.boolean().default(false) }),
]);

const Keep = z.union([
  z.strictObject({ all: conditionList, noticeDays: days.default(30) }),
  z.strictObject({ any: conditionList, noticeDays: days.default(30) }),
]);

const Tier = z.strictObject({
  code,
  rank: z.int().min(1).max(1000),
  promote: Promote.optional(),
  keep: Keep.optional(),
  privileges: z
    .strictObject({
      teamView: z.enum(['none', 'directs', 'all']).optional(),
      withdrawalPerDayAmount: planAmount.optional(),
      withdrawalPerTransferAmount: planAmount.optional(),
    })
    .default({}),
});

const Bonus = z.discriminatedUnion('kind', [
  z.strictObject({
    id: code,
    kind: z.literal('invitation'),
    amount: planAmount,
    onFirstOrderOfAtLeastAmount: planAmount,
    maxPerMonth: z.int().min(1).max(1_000_000).optional(),
  }),
  z.strictObject({
    id: code,
    kind: z.literal('team'),
    bps,
    depth: z.int().min(1).max(depthAtMost),
    ownSalesAtLeastAmount: planAmount.optional(),
    maxAmount: planAmount.optional(),
  }),
  z.strictObject({
    id: code,
    kind: z.literal('breakthrough'),
    steps: z
      .array(z.strictObject({ ownSalesAtLeastAmount: planAmount, amount: planAmount }))
      .min(1)
      .max(stepsAtMost),
  }),
]);

/** The plan JSON of the public contract; what comes out has its defaults filled in. */
export const PlanJson: z.ZodType<PlanBody> = z
  .strictObject({
    levels: z.int().min(1).max(levelsAtMost),
    rounding: z.enum(['floor', 'halfUp']).default('floor'),
    onIneligible: z.enum(['skip', 'compress', 'stop']).default('skip'),
    selfPurchase: z.enum(['deny', 'allow']).default('deny'),
    caps: z.strictObject({ totalBps: bps.optional(), marginBps: bps.optional() }).default({}),
    rules: z
      .array(Rule)
      .min(1)
      .max(rulesAtMost)
      .superRefine(unique('id', ({ id }) => id)),
    tiers: z
      .array(Tier)
      .min(1)
      .max(tiersAtMost)
      .superRefine(unique('code', (tier) => tier.code))
      .superRefine(unique('rank', ({ rank }) => rank)),
    bonuses: z
      .array(Bonus)
      .max(bonusesAtMost)
      .superRefine(unique('id', ({ id }) => id))
      .default([]),
  })
  .superRefine(({ levels, rules }, context) => {
    rules.forEach(({ level }, index) => {
      if (level > levels) {
        const path = ['rules', index, 'level'];
        context.addIssue(fault('level_above_plan', 'is above the levels of the plan', path));
      }
    });
  })
  .meta({ id: 'Plan' });

export const NewPlan = z.strictObject({
  plan: PlanJson,
  note: text(2000).optional().meta({ description: 'What this version is for' }),
});

export const Publication = z.strictObject({
  effectiveAt: moment
    .optional()
    .meta({ description: 'Default: now, or for the first plan of a program its start' }),
});

const waiverFacts = { adminId: idOf('admin'), reason: z.string(), at: z.date() };

export const WaiverBody = z
  .strictObject({
    rule: z
      .string()
      .min(1)
      .max(64)
      .meta({ examples: ['pays-on-downline-sales'] }),
    // A missing one is understood and refused: reason_required.
    reason: z
      .string()
      .max(2000)
      .nullish()
      .meta({
        description: `Why the merchant takes the risk; at least ${waiverReasonAtLeast} characters`,
      }),
  })
  .meta({ id: 'NewPlanWaiver' });

export const WaiverView = z
  .strictObject({
    id: idOf('waiver'),
    planId: idOf('plan'),
    rule: z.string(),
    ...waiverFacts,
    text: z.string().meta({ description: 'What a waiver is, and what it is not' }),
  })
  .meta({ id: 'PlanWaiver' });

export const differenceQuery = z.strictObject({
  from: idOf('plan').meta({ description: 'The version to compare with' }),
});

export const inForceQuery = z.strictObject({
  at: moment.optional().meta({ description: 'Default: now on the clock of the program' }),
});

export const PlanDifference = z
  .strictObject({
    from: idOf('plan'),
    to: idOf('plan'),
    changes: z.array(
      z.strictObject({
        pointer: z.string().meta({
          description: 'JSON pointer into the plan `to`; for what was removed, into `from`',
        }),
        kind: z.enum(['added', 'removed', 'changed']),
        before: z.unknown().meta({ description: 'null when added' }),
        after: z.unknown().meta({ description: 'null when removed' }),
        text: z.string(),
      }),
    ),
    text: z.string(),
  })
  .meta({ id: 'PlanDifference' });

/** A finding of the compliance guard, in the language of the request. */
export const findingFacts = {
  rule: z.string(),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  pointer: z.string(),
  source: z.string(),
};

export const PlanView = z
  .strictObject({
    id: z.string(),
    programId: z.string(),
    version: z.int(),
    status: z.enum(['draft', 'published', 'retired']),
    note: z.string(),
    plan: PlanJson,
    findings: z.array(
      z.strictObject({
        ...findingFacts,
        needsWaiver: z.boolean().meta({
          description: 'Whether the publication waits for a waiver of this rule',
        }),
        waiver: z
          .strictObject({ ...waiverFacts, text: z.string() })
          .nullable()
          .optional()
          .meta({ description: 'Left out where a plan is only looked at' }),
      }),
    ),
    effectiveAt: z.date().nullable(),
    publishedAt: z.date().nullable(),
    createdAt: z.date(),
  })
  .meta({ id: 'PlanVersion' });

export const planParams = z.strictObject({ id: idParam('plan') });
