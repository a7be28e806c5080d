import type { Role } from '../kernel/access';
import { mayNotDecide } from './due';
import { type Decision, type ReviewKind, reviewRules } from './kind';

/** What a decision is judged by. */
export interface ReviewFacts {
  readonly kind: ReviewKind;
  readonly status: 'open' | 'decided';
  /** how many people must approve, each another one; a single rejection is enough */
  readonly stepsNeeded: number;
  /** who approved so far, in order */
  readonly deciders: readonly string[];
  /** who may not decide at all: the one whose own decision is appealed */
  readonly excluded: readonly string[];
}

export interface Verdict {
  readonly deciderId: string;
  readonly roles: readonly Role[];
  readonly decision: Decision;
  readonly reason: string | null;
}

/** A decision as somebody made it, or wants to make it. */
export interface MadeDecision {
  readonly deciderId: string;
  readonly decision: Decision;
  readonly reason: string | null;
  /** which commissions it takes back: of these orders, or all; null: none */
  readonly reverse: { readonly orders?: readonly string[] | undefined } | null;
}

/**
 * Whether somebody makes a decision again, word for word: it counted, only its answer may have been
 * lost. It is answered as it counted, not judged anew.
 */
export function isRepeated(made: readonly MadeDecision[], again: MadeDecision): boolean {
  return made.some(
    ({ deciderId, decision, reason, reverse }) =>
      deciderId === again.deciderId &&
      decision === again.decision &&
      reason === again.reason &&
      sameReversal(reverse, again.reverse),
  );
}

function sameReversal(one: MadeDecision['reverse'], other: MadeDecision['reverse']): boolean {
  if (one === null || other === null) return one === other;
  return JSON.stringify(one.orders) === JSON.stringify(other.orders);
}

/** Why a decision does not count, in words for the one who decided. */
export const objections = {
  role_required: 'Deciding this takes another role.',
  review_already_decided: 'This review has been decided.',
  second_person_required: 'Another person must decide this.',
  reason_required: 'This decision needs a reason that the person concerned can read.',
} as const;

export type Judgement =
  | { readonly ok: true; readonly step: number; readonly outcome: Decision | null }
  | { readonly ok: false; readonly code: keyof typeof objections };

/**
 * Whether a decision counts, as which step, and what it makes of the task: an outcome, or null
 * when another person must still approve.
 */
export function judge(task: ReviewFacts, verdict: Verdict): Judgement {
  const rules = reviewRules[task.kind];
  if (!verdict.roles.some((role) => rules.roles.includes(role))) {
    return { ok: false, code: 'role_required' };
  }
  if (task.status === 'decided') return { ok: false, code: 'review_already_decided' };
  if (mayNotDecide(task).includes(verdict.deciderId)) {
    return { ok: false, code: 'second_person_required' };
  }
  if (rules.reasonFor.includes(verdict.decision) && (verdict.reason ?? '').trim() === '') {
    return { ok: false, code: 'reason_required' };
  }
  const step = task.deciders.length + 1;
  const enough = verdict.decision === 'reject' || step >= task.stepsNeeded;
  return { ok: true, step, outcome: enough ? verdict.decision : null };
}

/**
 * Whether a decision can take commissions back: the one that confirms a suspension, or that dismisses
 * the appeal against one.
 */
export function mayReverse(
  { kind, facts }: { readonly kind: ReviewKind; readonly facts: Readonly<Record<string, unknown>> },
  decision: Decision,
): boolean {
  if (kind === 'suspension') return decision === 'approve';
  return kind === 'appeal' && facts['against'] === 'suspension' && decision === 'reject';
}
