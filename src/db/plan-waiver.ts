import { type Finding, waiverReasonAtLeast } from '../domain/commission/guard';
import type { Caller } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import { newId } from './id';

/** An admin's decision to publish a plan in spite of one warning. Kept for good. */
export interface Waiver {
  id: string;
  planId: string;
  rule: string;
  reason: string;
  adminId: string;
  createdAt: Date;
}

/** What a waiver is about. */
export interface WaivedPlan {
  id: string;
  status: 'draft' | 'published' | 'retired';
  authorId: string;
  findings: readonly Finding[];
  waivers: readonly Waiver[];
}

/** The waivers of plans, in the order in which they were given. */
export function waiversOf(read: Tx, planIds: readonly string[]): Promise<Waiver[]> {
  return read.rows<Waiver>('SELECT * FROM plan_waiver WHERE plan_id = ANY($1) ORDER BY id', [
    planIds,
  ]);
}

/**
 * Waives one warning of a draft. Whoever posted the plan cannot: it takes a second person. Once
 * given it stays; the same rule again answers the waiver that is there.
 * @throws Refusal second_person_required, reason_required, plan_already_published, rule_not_waivable
 */
export async function waiveRule(
  tx: Tx,
  input: { plan: WaivedPlan; rule: string; reason: string | undefined; caller: Caller; now: Date },
): Promise<{ waiver: Waiver; created: boolean }> {
  const { plan, rule, caller, now } = input;
  const reason = (input.reason ?? '').trim();
  if (caller.adminId === undefined) throw new Error('a waiver is an admin’s');
  if (caller.actor === plan.authorId) {
    throw new Refusal('second_person_required', 'Another admin than the author waives a warning.');
  }
  if (reason.length < waiverReasonAtLeast) {
    throw new Refusal('reason_required', 'A waiver says why the merchant takes the risk.');
  }
  const known = plan.waivers.find((waiver) => waiver.rule === rule);
  if (known !== undefined) return { waiver: known, created: false };
  if (plan.status !== 'draft') {
    throw new Refusal('plan_already_published', 'Warnings are waived before the publication.');
  }
  demandWaivable(plan, rule);
  const waiver: Waiver = {
    ...{ id: newId('waiver'), planId: plan.id, rule, reason },
    adminId: caller.adminId,
    createdAt: now,
  };
  const inserted = await tx.run(
    `INSERT INTO plan_waiver (id, plan_id, rule, reason, admin_id, created_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (plan_id, rule) DO NOTHING`,
    [waiver.id, plan.id, rule, reason, caller.adminId, now],
  );
  if (inserted > 0) return { waiver, created: true };
  // Somebody else was faster; its waiver counts.
  const first = (await waiversOf(tx, [plan.id])).find((other) => other.rule === rule);
  return { waiver: first!, created: false };
}

function demandWaivable({ findings }: WaivedPlan, rule: string): void {
  const finding = findings.find((one) => one.rule === rule);
  if (finding?.severity === 'warning') return;
  throw new Refusal(
    'rule_not_waivable',
    finding === undefined
      ? `The plan has no finding "${rule}".`
      : `"${rule}" is an error: it cannot be waived.`,
    { errors: [{ pointer: '/rule', code: 'rule_not_waivable', message: 'is no open warning' }] },
  );
}
