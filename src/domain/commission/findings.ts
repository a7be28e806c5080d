import type { Language } from '../kernel/language';
import { findAmbiguities } from './ambiguity';
import type { PlanBody } from './plan';

/** `error` blocks the publication; `warning` only tells. */
export type Severity = 'error' | 'warning';

/** What a check says about a plan, without words, so that it can be told in any language. */
export type Finding =
  | { rule: 'ambiguous-rules'; severity: 'error'; pointer: string; ruleIds: [string, string] }
  | { rule: 'unknown-tier'; severity: 'warning'; pointer: string; ruleId: string; tier: string }
  | { rule: 'bonuses-not-booked'; severity: 'warning'; pointer: string }
  | { rule: 'tier-rules-not-run'; severity: 'warning'; pointer: string };

/** A finding in words, as the API answers it. */
export interface FindingView {
  rule: Finding['rule'];
  severity: Severity;
  message: string;
  /** JSON pointer into the plan. */
  pointer: string;
  source: string;
}

/** Everything that has to be said about a plan, in the order of its parts. */
export function findingsOf(plan: PlanBody): Finding[] {
  return [
    ...ambiguousRules(plan),
    ...unknownTiers(plan),
    ...tierRulesNotRun(plan),
    ...(plan.bonuses.length > 0
      ? [{ rule: 'bonuses-not-booked', severity: 'warning', pointer: '/bonuses' } as const]
      : []),
  ];
}

export function blocksPublication(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}

export function findingView(finding: Finding, language: Language): FindingView {
  const { rule, severity, pointer } = finding;
  const message = messageOf(finding, language);
  return { rule, severity, message, pointer, source: sources[rule][language] };
}

const sources: Record<Finding['rule'], Record<Language, string>> = {
  'ambiguous-rules': {
    en: 'Calculation, choice of the rule: the most specific match wins, then the priority',
    'zh-CN': '计算规则·规则选择：匹配最具体者优先，其次看优先级',
  },
  'unknown-tier': { en: 'The tiers of the plan', 'zh-CN': '方案中的等级列表' },
  'bonuses-not-booked': { en: 'Scope of this version', 'zh-CN': '本版本的功能范围' },
  'tier-rules-not-run': { en: 'Scope of this version', 'zh-CN': '本版本的功能范围' },
};

function ambiguousRules(plan: PlanBody): Finding[] {
  return findAmbiguities(plan.rules).map(({ indexes, ruleIds }) => ({
    rule: 'ambiguous-rules',
    severity: 'error',
    pointer: `/rules/${indexes[1]}`,
    ruleIds,
  }));
}

function unknownTiers(plan: PlanBody): Finding[] {
  const known = new Set(plan.tiers.map(({ code }) => code));
  return plan.rules.flatMap(({ id, match }, index) =>
    match.tier === undefined || known.has(match.tier)
      ? []
      : [
          {
            rule: 'unknown-tier',
            severity: 'warning',
            pointer: `/rules/${index}/match/tier`,
            ruleId: id,
            tier: match.tier,
          } as const,
        ],
  );
}

function tierRulesNotRun(plan: PlanBody): Finding[] {
  const index = plan.tiers.findIndex(({ promote, keep }) => promote ?? keep);
  return index < 0
    ? []
    : [{ rule: 'tier-rules-not-run', severity: 'warning', pointer: `/tiers/${index}` }];
}

function messageOf(finding: Finding, language: Language): string {
  const english = language === 'en';
  switch (finding.rule) {
    case 'ambiguous-rules': {
      const [first, second] = finding.ruleIds;
      return english
        ? `Rules "${first}" and "${second}" can match the same line equally well. ` +
            'Give them different priorities.'
        : `规则“${first}”与“${second}”可能同等匹配同一订单行，无法决定取哪一条。请为它们设置不同的优先级。`;
    }
    case 'unknown-tier':
      return english
        ? `Rule "${finding.ruleId}" asks for the tier "${finding.tier}", ` +
            'which the plan does not list.'
        : `规则“${finding.ruleId}”要求等级“${finding.tier}”，但方案的等级列表中没有它。`;
    case 'bonuses-not-booked':
      return english
        ? 'This version stores bonuses but does not book them: nobody earns them.'
        : '本版本只保存奖金设置，不会入账：任何人都不会因此获得奖金。';
    case 'tier-rules-not-run':
      return english
        ? 'This version stores the conditions for promotion and keeping but does not run them.'
        : '本版本只保存晋级与保级条件，不会自动执行。';
  }
}
