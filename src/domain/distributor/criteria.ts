import type { Language } from '../kernel/language';
import { ageOn, type FormField, type Replies } from './application';

/**
 * A condition of a rule. `answer` looks at one answer, `age` at the birth date of the form, `invited`
 * at whether somebody sponsors the applicant, `risk` at what is known of the person already.
 */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | ({ readonly answer: string } & Test)
  | { readonly age: NumberTest }
  | { readonly invited: boolean }
  | { readonly risk: 'low' | 'medium' | 'high' };

interface NumberTest {
  readonly gte?: number | undefined;
  readonly lte?: number | undefined;
}

interface Test extends NumberTest {
  readonly eq?: string | number | boolean | undefined;
  readonly in?: readonly (string | number)[] | undefined;
  /** a region: the same or one inside, so CN matches CN-33 */
  readonly within?: readonly string[] | undefined;
  readonly given?: boolean | undefined;
}

export type CriteriaOutcome = 'approve' | 'reject' | 'review';

/** What decides an application by itself, and the words that the applicant reads. */
export interface ApplicationRule {
  readonly id: string;
  readonly when: Condition;
  readonly outcome: CriteriaOutcome;
  readonly reason: Readonly<Record<Language, string>>;
}

/** What is known of the person in this store already; ids only. */
export interface RiskSummary {
  readonly level: 'low' | 'medium' | 'high';
  /** other distributors with the same phone, ID number, payout account */
  readonly samePhone: readonly string[];
  readonly sameIdNumber: readonly string[];
  readonly samePayoutAccount: readonly string[];
  /** those of them who were evicted, suspended or turned down */
  readonly blockedBefore: readonly string[];
}

export interface ApplicationFacts {
  readonly answers: Replies;
  readonly fields: readonly FormField[];
  readonly invited: boolean;
  readonly risk: RiskSummary;
  /** the day of the program's calendar, `YYYY-MM-DD` */
  readonly today: string;
}

export interface Judgement {
  readonly outcome: CriteriaOutcome;
  /** the rules that led to it; none: nothing was clear */
  readonly rules: readonly ApplicationRule[];
}

/**
 * What the rules make of an application: one that rejects wins over one that asks for a person, that
 * over one that approves. Where none applies, a person decides; and nobody of whom something is
 * known that speaks against them is approved without one.
 */
export function judgeApplication(
  rules: readonly ApplicationRule[],
  facts: ApplicationFacts,
): Judgement {
  const fired = rules.filter(({ when }) => holds(when, facts));
  for (const outcome of ['reject', 'review', 'approve'] as const) {
    const decisive = fired.filter((rule) => rule.outcome === outcome);
    if (decisive.length === 0) continue;
    const risky = outcome === 'approve' && facts.risk.level !== 'low';
    return { outcome: risky ? 'review' : outcome, rules: decisive };
  }
  return { outcome: 'review', rules: [] };
}

function holds(condition: Condition, facts: ApplicationFacts): boolean {
  if ('all' in condition) return condition.all.every((each) => holds(each, facts));
  if ('any' in condition) return condition.any.some((each) => holds(each, facts));
  if ('not' in condition) return !holds(condition.not, facts);
  if ('answer' in condition) return answerPasses(condition, facts.answers[condition.answer]);
  if ('age' in condition) return ageIsWithin(condition.age, facts);
  if ('invited' in condition) return facts.invited === condition.invited;
  return facts.risk.level === condition.risk;
}

/** Every test of a condition must pass; what was not answered passes only `given: false`. */
function answerPasses(test: Test, answer: Replies[string] | undefined): boolean {
  if (test.given !== undefined && test.given !== (answer !== undefined)) return false;
  if (answer === undefined) return test.given === false;
  if (test.eq !== undefined && !isOneOf(answer, [test.eq])) return false;
  if (test.in !== undefined && !isOneOf(answer, test.in)) return false;
  if (test.within !== undefined && !isInside(answer, test.within)) return false;
  return numberPasses(test, answer);
}

function isOneOf(answer: Replies[string], wanted: readonly (string | number | boolean)[]): boolean {
  if (typeof answer === 'object') return answer.some((each) => wanted.includes(each));
  return wanted.includes(answer);
}

function isInside(answer: Replies[string], regions: readonly string[]): boolean {
  if (typeof answer !== 'string') return false;
  return regions.some((region) => answer === region || answer.startsWith(`${region}-`));
}

function numberPasses({ gte, lte }: NumberTest, answer: Replies[string]): boolean {
  if (gte === undefined && lte === undefined) return true;
  if (typeof answer !== 'number') return false;
  return answer >= (gte ?? -Infinity) && answer <= (lte ?? Infinity);
}

/** Whoever gives no birth date has no age: neither old enough nor too old. */
function ageIsWithin(test: NumberTest, { answers, fields, today }: ApplicationFacts): boolean {
  const key = fields.find(({ type }) => type === 'birthDate')?.key;
  const birthDate = key === undefined ? undefined : answers[key];
  return typeof birthDate === 'string' && numberPasses(test, ageOn(birthDate, today));
}

/** How much speaks against a person: a block weighs most, then a shared ID number or account. */
export function riskLevel(found: Omit<RiskSummary, 'level'>): RiskSummary['level'] {
  if (found.blockedBefore.length > 0) return 'high';
  if (found.sameIdNumber.length > 0 || found.samePayoutAccount.length > 0) return 'high';
  return found.samePhone.length > 0 ? 'medium' : 'low';
}
