import { obstaclesOf, type PlanRow } from '../db/plan';
import type { Waiver } from '../db/plan-waiver';
import { type Finding, findingView } from '../domain/commission/findings';
import { waiverText } from '../domain/commission/guard-words';
import type { Language } from '../domain/kernel/language';
import { type Fault, Refusal } from '../domain/kernel/refusal';

/** A plan version as the API answers it; each warning with the waiver that it has. */
export function planView(row: PlanRow, language: Language) {
  const { body, findings, waivers, authorId: _author, ...plan } = row;
  return {
    ...plan,
    plan: body,
    findings: findings.map((finding) => {
      const waiver = waivers.find(({ rule }) => rule === finding.rule);
      return {
        ...findingView(finding, language),
        waiver: waiver === undefined ? null : factsOf(waiver, language),
      };
    }),
  };
}

export function waiverView(waiver: Waiver, language: Language) {
  const { id, planId, rule } = waiver;
  return { id, planId, rule, ...factsOf(waiver, language) };
}

/**
 * Refuses a draft that cannot be published in the reader's language, with everything that stands
 * in the way and what can be done about it.
 * @throws Refusal plan_not_compliant
 */
export function demandCompliance(plan: PlanRow, language: Language): void {
  const inTheWay = obstaclesOf(plan);
  if (plan.status !== 'draft' || inTheWay.length === 0) return;
  const errors = inTheWay.map((finding) => faultOf(plan, finding, language));
  throw new Refusal('plan_not_compliant', '', { errors });
}

function factsOf({ adminId, reason, createdAt }: Waiver, language: Language) {
  return { adminId, reason, at: createdAt, text: waiverText[language] };
}

function faultOf({ id }: PlanRow, finding: Finding, language: Language): Fault {
  const { rule, pointer, message, needsWaiver } = findingView(finding, language);
  const how =
    language === 'en'
      ? ' Another admin than the author may waive it with a reason: '
      : '可由作者以外的管理员说明理由后豁免：';
  const call = `POST /v1/plans/${id}/waivers {"rule": "${rule}", "reason": "..."}`;
  const text = needsWaiver ? `${message}${how}${call}` : message;
  return { pointer: `/plan${pointer}`, code: rule, message: text };
}
