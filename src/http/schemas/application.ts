import { z } from 'zod';
import { fieldTypes } from '../../domain/distributor/application';
import type { Condition } from '../../domain/distributor/criteria';
import { code, moment, text } from './common';
import { Replies } from './distributor';

const words = (max: number) => z.strictObject({ 'zh-CN': text(max), en: text(max) });

const FormField = z
  .strictObject({
    key: code,
    type: z.enum(fieldTypes),
    label: words(200),
    required: z.boolean().default(false),
    options: z.array(text(200)).min(1).max(100).optional(),
  })
  .refine(({ type, options }) => (options !== undefined) === type.startsWith('choice'), {
    error: 'choice and choices have options, others have none',
    path: ['options'],
    params: { code: 'options_mismatch' },
  });

const number = z.int();
const depthAtMost = 5;

/** Conditions inside conditions, to a depth that a person can still read. */
function conditionOf(depth: number): z.ZodType<Condition> {
  const simple = [
    z.strictObject({
      answer: code,
      eq: z.union([text(200), z.boolean(), number]).optional(),
      in: z
        .array(z.union([text(200), number]))
        .min(1)
        .max(200)
        .optional(),
      within: z
        .array(z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,8})*$/))
        .min(1)
        .max(200)
        .optional(),
      given: z.boolean().optional(),
      gte: number.optional(),
      lte: number.optional(),
    }),
    z.strictObject({
      age: z.strictObject({ gte: number.min(0).optional(), lte: number.min(0).optional() }),
    }),
    z.strictObject({ invited: z.boolean() }),
    z.strictObject({ risk: z.enum(['low', 'medium', 'high']) }),
  ] as const;
  if (depth === 0) return z.union(simple);
  const inner = conditionOf(depth - 1);
  const several = z.array(inner).min(1).max(20);
  return z.union([
    ...simple,
    z.strictObject({ all: several }),
    z.strictObject({ any: several }),
    z.strictObject({ not: inner }),
  ]);
}

const Rule = z.strictObject({
  id: code,
  when: conditionOf(depthAtMost),
  outcome: z.enum(['approve', 'reject', 'review']),
  reason: words(500).meta({ description: 'What the applicant reads' }),
});

const days = z.int().min(0).max(365);

export const ApplicationPolicyBody = z
  .strictObject({
    fields: z.array(FormField).max(50).default([]),
    rules: z.array(Rule).max(50).default([]),
    onUndecided: z.enum(['approve', 'reject', 'escalate']).default('escalate'),
    decideWithinDays: z.int().min(1).max(90).default(7),
    remindBeforeDays: days.default(1),
    reapplyAfterDays: days.default(30),
    agreement: z
      .strictObject({ version: code, url: z.url({ protocol: /^https?$/ }).max(500) })
      .nullable()
      .default(null),
  })
  .superRefine(({ fields, rules }, context) => {
    unique(
      fields.map(({ key }) => key),
      'fields',
      'key',
      context,
    );
    unique(
      rules.map(({ id }) => id),
      'rules',
      'id',
      context,
    );
    const keys = new Set(fields.map(({ key }) => key));
    const birthDates = fields.filter(({ type }) => type === 'birthDate').length;
    if (birthDates > 1)
      issue(context, ['fields'], 'two_birth_dates', 'has more than one birthDate');
    for (const [index, { when }] of rules.entries()) {
      for (const name of namesIn(when)) {
        if (name === ageName ? birthDates === 1 : keys.has(name)) continue;
        const message =
          name === ageName
            ? 'asks for the age, but no field is a birthDate'
            : `asks for "${name}", which no field is`;
        issue(context, ['rules', index, 'when'], 'unknown_field', message);
      }
    }
  })
  .meta({ id: 'ApplicationPolicyBody' });

const ageName = ' age';

/** The fields that a condition looks at. */
function namesIn(condition: Condition): string[] {
  if ('all' in condition) return condition.all.flatMap(namesIn);
  if ('any' in condition) return condition.any.flatMap(namesIn);
  if ('not' in condition) return namesIn(condition.not);
  if ('answer' in condition) return [condition.answer];
  return 'age' in condition ? [ageName] : [];
}

function unique(
  values: readonly string[],
  list: string,
  name: string,
  context: z.RefinementCtx,
): void {
  for (const [index, value] of values.entries()) {
    if (values.indexOf(value) === index) continue;
    issue(context, [list, index, name], 'repeated', `"${value}" is there twice`);
  }
}

function issue(
  context: z.RefinementCtx,
  path: (string | number)[],
  code: string,
  message: string,
): void {
  context.addIssue({ code: 'custom', path, message, params: { code } });
}

export const ApplicationPolicyView = z
  .strictObject({
    version: z.int().meta({ description: '0: the program has said nothing; the default counts' }),
    fields: z.array(z.looseObject({ key: z.string() })),
    rules: z.array(z.looseObject({ id: z.string() })),
    onUndecided: z.string(),
    decideWithinDays: z.int(),
    remindBeforeDays: z.int(),
    reapplyAfterDays: z.int(),
    agreement: z.strictObject({ version: z.string(), url: z.string() }).nullable(),
  })
  .meta({ id: 'ApplicationPolicy' });

export const AgreementBody = z.strictObject({ version: code }).meta({ id: 'NewAcceptance' });

export const ApplyAgainBody = z
  .strictObject({ answers: Replies.default({}), agreement: AgreementBody.optional() })
  .meta({ id: 'NewApplication' });

export const ApplicationView = z
  .strictObject({
    id: z.string(),
    policyVersion: z.int(),
    answers: Replies,
    appliedAt: moment,
    outcome: z.enum(['approve', 'reject']).nullable(),
    decidedBy: z.string().nullable(),
    reason: z.string().nullable(),
    decidedAt: moment.nullable(),
    reapplyFrom: moment.nullable().meta({ description: 'From when on another one is possible' }),
  })
  .meta({ id: 'Application' });

export const AgreementsView = z
  .strictObject({
    current: z
      .strictObject({ version: z.string(), url: z.string(), accepted: z.boolean() })
      .nullable()
      .meta({ description: "The program's agreement now; null: there is none" }),
    accepted: z.array(
      z.strictObject({
        version: z.string(),
        url: z.string(),
        acceptedAt: moment,
        actor: z.string(),
      }),
    ),
  })
  .meta({ id: 'Agreements' });
