import type { Language } from '../kernel/language';
import { Refusal } from '../kernel/refusal';
import { findAmbiguities } from './ambiguity';
import {
  type Finding,
  found,
  guardRules,
  type GuardRule,
  isGuardRule,
  type Severity,
} from './guard';
import {
  boughtBonuses,
  headCountBonuses,
  invitationBonuses,
  teamBonuses,
  unearnedSteps,
  unlimitedTeams,
} from './guard-bonuses';
import { boughtTiers, headCountTiers, paidEntry } from './guard-conditions';
import { paidOnEntry, paysOnDownlineSales, ratesOverCap, ratesRise } from './guard-rates';
import { guardSources } from './guard-sources';
import { findingText } from './guard-words';
import type { PlanBody } from './plan';

export type { Finding, GuardRule, Severity } from './guard';

/** What the guard needs to know about the program of a plan. */
export interface ProgramFacts {
  /** the hold of its commissions */
  holdDays: number;
}

/** A finding in words, as the API answers it. */
export interface FindingView {
  rule: GuardRule;
  severity: Severity;
  message: string;
  /** JSON pointer into the plan, empty for the whole of it. */
  pointer: string;
  source: string;
  /** whether the publication waits for another admin's waiver of this rule */
  needsWaiver: boolean;
}

const levelsAtMost = 3;
const holdDaysAtLeast = 7;

type Check = (plan: PlanBody, program: ProgramFacts | undefined) => Finding[];

/** The compliance guard: one check after the other, what blocks before what waits for a waiver. */
const checks: readonly Check[] = [
  tooDeep,
  headCountBonuses,
  headCountTiers,
  paidEntry,
  paidOnEntry,
  boughtBonuses,
  boughtTiers,
  ambiguousRules,
  unlimitedTeams,
  unearnedSteps,
  paysOnDownlineSales,
  threeLevels,
  teamBonuses,
  invitationBonuses,
  shortHold,
  ratesRise,
  ratesOverCap,
  unknownTiers,
];

/** Everything that has to be said about a plan. Without a program its hold is not judged. */
export function findingsOf(plan: PlanBody, program?: ProgramFacts): Finding[] {
  return checks.flatMap((check) => check(plan, program));
}

/** What has to be said about a campaign; the pointer is into the campaign. */
export function campaignFindings({
  budgetAmount,
}: {
  /** null: it may cost any amount */
  budgetAmount: bigint | null;
}): Finding[] {
  return budgetAmount === null ? [found('overlay-without-budget', '/budgetAmount', {})] : [];
}

/** What stands in the way of a publication: the errors, and the warnings without a waiver. */
export function obstacles(findings: readonly Finding[], waived: ReadonlySet<string>): Finding[] {
  return [
    ...findings.filter(({ severity }) => severity === 'error'),
    ...unwaived(findings, waived),
  ];
}

/** The warnings of which each still needs another admin's waiver before the publication. */
export function unwaived(findings: readonly Finding[], waived: ReadonlySet<string>): Finding[] {
  return findings.filter(({ rule }) => guardRules[rule].waiver && !waived.has(rule));
}

/**
 * A plan in which two rules can tie does not say what an order earns, so nothing is computed by it.
 * @throws Refusal plan_not_compliant, with the two rules of each tie
 */
export function demandUnambiguous(plan: PlanBody, language: Language): void {
  const ties = ambiguousRules(plan);
  if (ties.length === 0) return;
  const errors = ties.map((tie) => {
    const { pointer, rule, message } = findingView(tie, language);
    return { pointer: `/plan${pointer}`, code: rule, message };
  });
  throw new Refusal('plan_not_compliant', '', { errors });
}

/** Findings as they were stored, without those of rules that are no more. */
export function knownFindings(stored: readonly { rule: string }[]): Finding[] {
  return stored.filter(({ rule }) => isGuardRule(rule)) as Finding[];
}

export function findingView(finding: Finding, language: Language): FindingView {
  const { rule, severity, pointer } = finding;
  return {
    ...{ rule, severity, pointer },
    message: findingText(finding, language),
    source: guardSources[rule][language],
    needsWaiver: guardRules[rule].waiver,
  };
}

function tooDeep({ levels }: PlanBody): Finding[] {
  return levels > levelsAtMost ? [found('depth-over-3', '/levels', { levels })] : [];
}

function threeLevels({ levels }: PlanBody): Finding[] {
  return levels === levelsAtMost ? [found('depth-3', '/levels', {})] : [];
}

function shortHold(_plan: PlanBody, program: ProgramFacts | undefined): Finding[] {
  return program === undefined || program.holdDays >= holdDaysAtLeast
    ? []
    : [found('hold-too-short', '', { holdDays: program.holdDays })];
}

function ambiguousRules({ rules }: PlanBody): Finding[] {
  return findAmbiguities(rules).map(({ indexes, ruleIds }) =>
    found('ambiguous-rules', `/rules/${indexes[1]}`, { ruleIds }),
  );
}

function unknownTiers({ rules, tiers }: PlanBody): Finding[] {
  const known = new Set(tiers.map(({ code }) => code));
  return rules.flatMap(({ id, match: { tier } }, index) =>
    tier === undefined || known.has(tier)
      ? []
      : [found('unknown-tier', `/rules/${index}/match/tier`, { ruleId: id, tier })],
  );
}
