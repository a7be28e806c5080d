/** `error` blocks the publication; `warning` tells, and most warnings wait for a waiver. */
export type Severity = 'error' | 'warning';

/** A bonus or a tier, named the way the plan names it. */
interface Subject {
  subject: 'bonus' | 'tier';
  id: string;
}

/** What each named check found, without words, so that it can be told in any language. */
export interface FindingFacts {
  'depth-over-3': { levels: number };
  'head-count-pay': Subject;
  'entry-fee': { subject: 'tier' | 'rule'; id: string; value: string };
  'purchase-to-qualify': Subject;
  'ambiguous-rules': { ruleIds: [string, string] };
  'unlimited-team-bonus': { id: string; fault: 'depth' | 'maximum' };
  'pay-without-order': { id: string };
  'pays-on-downline-sales': { ids: string[] };
  'depth-3': object;
  'team-bonus': { ids: string[] };
  'invitation-bonus': { ids: string[] };
  'hold-too-short': { holdDays: number };
  'rates-rise-with-depth': { id: string; level: number };
  'rates-over-own-cap': { sumBps: number; limitBps: number };
  'overlay-without-budget': object;
  'unknown-tier': { ruleId: string; tier: string };
}

export type GuardRule = keyof FindingFacts;

/** What a check says about a plan. `pointer` is a JSON pointer into it, empty for the whole. */
export type Finding<R extends GuardRule = GuardRule> = {
  [K in R]: { rule: K; severity: Severity; pointer: string } & FindingFacts[K];
}[R];

/** Letters of a reason that somebody else can understand later. */
export const waiverReasonAtLeast = 1;

interface Standing {
  severity: Severity;
  /** whether the publication waits for another admin's waiver */
  waiver: boolean;
}

const error = { severity: 'error', waiver: false } as const;
const risk = { severity: 'warning', waiver: true } as const;
const note = { severity: 'warning', waiver: false } as const;

/** Every rule of the guard, with how much it weighs. */
export const guardRules: Readonly<Record<GuardRule, Standing>> = {
  'depth-over-3': error,
  'head-count-pay': error,
  'entry-fee': error,
  'purchase-to-qualify': error,
  'ambiguous-rules': error,
  'unlimited-team-bonus': error,
  'pay-without-order': error,
  'pays-on-downline-sales': risk,
  'depth-3': risk,
  'team-bonus': risk,
  'invitation-bonus': risk,
  'hold-too-short': risk,
  'rates-rise-with-depth': risk,
  'rates-over-own-cap': risk,
  'overlay-without-budget': risk,
  'unknown-tier': note,
};

export function isGuardRule(text: string): text is GuardRule {
  return Object.hasOwn(guardRules, text);
}

/** Makes a finding with the severity of its rule. */
export function found<R extends GuardRule>(
  rule: R,
  pointer: string,
  facts: FindingFacts[R],
): Finding {
  const { severity } = guardRules[rule];
  return { rule, severity, pointer, ...facts } as unknown as Finding;
}
