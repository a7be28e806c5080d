import type { PlanBody } from '../domain/commission/plan';
import { checkedText, conditionsOf, promotionDueDays } from '../domain/distributor/tier';
import { addDays, programNow } from '../domain/kernel/clock';
import { insertMany } from './bulk';
import { type DueMoment, openDueMoment } from './clock';
import type { Tx } from './database';
import { recordEvents } from './event';
import { newId } from './id';
import { lifeWorkflow, wakeLife } from './life-workflow';
import { notify } from './notice';
import { type PlanInForce, plansAt } from './plan';
import { programById, type ProgramRow } from './program';
import { openReview } from './review';
import { type ChangeContext, changeTiers, closeOpenNotices, type TierChange } from './tier-change';
import { type Evaluated, evaluateTiers } from './tier-evaluation';
import { scheduleTierSweep } from './tier-schedule';

/** The end of the notice before a tier is lost: a step of that distributor's life. */
export const noticeEndMoment = 'tier.noticeEnd';

const system = 'system:tiers';

/**
 * The duty of a day: everybody's tier is looked at under the plan in force, each once, and what is
 * decided is written. Then the next day's is opened, or the one of the next plan.
 */
export async function sweepTiers(tx: Tx, moment: DueMoment, realNow: Date): Promise<void> {
  const program = await programById(tx, moment.programId);
  const now = programNow(program, realNow);
  const at = moment.dueAt > now ? moment.dueAt : now;
  const [plan] = await plansAt(tx, program.id, [at]);
  if (plan !== undefined) {
    const people = await evaluateTiers(tx, { programId: program.id, plan: plan.body, at });
    await applyDecisions(tx, { program, plan, at }, people);
  }
  await scheduleTierSweep(tx, program, { after: at, daily: plan !== undefined && asks(plan.body) });
}

/** Whether any tier is reached or lost by rule. */
function asks({ tiers }: Pick<PlanBody, 'tiers'>): boolean {
  return conditionsOf(tiers).length > 0;
}

export interface Look {
  program: ProgramRow;
  plan: PlanInForce;
  /** on the program's clock */
  at: Date;
}

/** Writes what a look at the tiers decided. */
export async function applyDecisions(
  tx: Tx,
  look: Look,
  people: readonly Evaluated[],
): Promise<TierChange[]> {
  const { program, plan, at } = look;
  const context: ChangeContext = { program, tiers: plan.body.tiers, at, actor: system };
  const changes = await changeTiers(tx, context, people.flatMap(changeOf));
  await withdrawNotices(
    tx,
    look,
    people.filter(({ decision }) => decision.kind === 'withdrawNotice'),
  );
  await giveNotices(tx, look, people);
  await askReviews(tx, look, people);
  return changes;
}

function changeOf({ distributorId, standing, decision }: Evaluated): TierChange[] {
  const from = standing.tier;
  switch (decision.kind) {
    case 'promote':
    case 'demote': {
      const cause = decision.kind === 'promote' ? 'promoted' : 'demoted';
      const reason = checkedText(decision.checked);
      return [{ distributorId, from, to: decision.to, cause, reason }];
    }
    case 'regrade': {
      const reason = 'the plan in force has no such tier';
      return [{ distributorId, from, to: decision.to, cause: 'tier_regraded', reason }];
    }
    case 'stay':
    case 'askReview':
    case 'giveNotice':
    case 'withdrawNotice':
      return [];
  }
}

async function withdrawNotices(
  tx: Tx,
  { program, at }: Look,
  people: readonly Evaluated[],
): Promise<void> {
  const ids = people.map(({ distributorId }) => distributorId);
  await closeOpenNotices(tx, ids, 'withdrawn', at);
  await recordEvents(
    tx,
    people.map(({ distributorId, standing }) => ({
      storeId: program.storeId,
      programId: program.id,
      type: 'distributor.demotion_withdrawn' as const,
      subjectId: distributorId,
      payload: { distributorId, tier: standing.tier },
      occurredAt: at,
    })),
  );
  await notify(
    tx,
    ...people.map(({ distributorId, standing, noticeId }) => ({
      programId: program.id,
      distributorId,
      template: 'tier_notice_withdrawn' as const,
      params: { from: standing.tier },
      subjectId: noticeId ?? distributorId,
      at,
    })),
  );
}

const noticeColumns = {
  id: 'text',
  programId: 'text',
  distributorId: 'text',
  fromTier: 'text',
  toTier: 'text',
  planId: 'text',
  conditions: 'jsonb',
  givenAt: 'timestamptz',
  endsAt: 'timestamptz',
  status: 'text',
} as const;

async function giveNotices(tx: Tx, look: Look, people: readonly Evaluated[]): Promise<void> {
  const { program, plan, at } = look;
  const rows = people.flatMap(({ distributorId, standing, decision }) => {
    if (decision.kind !== 'giveNotice') return [];
    const { to, endsAt, checked } = decision;
    const row = {
      id: newId('tierNotice'),
      programId: program.id,
      distributorId,
      fromTier: standing.tier,
      toTier: to,
      planId: plan.id,
      conditions: { ...checked, conditions: checked.conditions.map(asJson) },
      givenAt: at,
      endsAt,
      status: 'open',
    };
    return [{ row, reason: checkedText(checked) }];
  });
  if (rows.length === 0) return;
  await insertMany(
    tx,
    'tier_notice',
    noticeColumns,
    rows.map(({ row }) => row),
  );
  for (const { row } of rows) {
    const moment = { programId: program.id, subjectId: row.id, name: noticeEndMoment };
    const workflow = lifeWorkflow(row.distributorId);
    await openDueMoment(tx, { ...moment, dueAt: row.endsAt, workflow });
  }
  await recordEvents(
    tx,
    rows.map(({ row: { distributorId, fromTier, toTier, endsAt } }) => ({
      storeId: program.storeId,
      programId: program.id,
      type: 'distributor.demotion_announced' as const,
      subjectId: distributorId,
      payload: { distributorId, from: fromTier, to: toTier, endsAt: endsAt.toISOString() },
      occurredAt: at,
    })),
  );
  await notify(
    tx,
    ...rows.map(({ row: { id, distributorId, fromTier, toTier, endsAt }, reason }) => ({
      programId: program.id,
      distributorId,
      template: 'tier_notice_given' as const,
      params: { from: fromTier, to: toTier, endsAt: endsAt.toISOString(), reason },
      subjectId: id,
      at,
    })),
  );
  await wakeLife(tx, ...rows.map(({ row }) => row.distributorId));
}

/** Amounts as decimal texts: a bigint is no JSON. */
function asJson<T extends { have: bigint; need: bigint; left: bigint }>(condition: T) {
  const { have, need, left, ...rest } = condition;
  return { ...rest, have: String(have), need: String(need), left: String(left) };
}

async function askReviews(tx: Tx, { program, plan, at }: Look, people: readonly Evaluated[]) {
  for (const { distributorId, standing, decision } of people) {
    if (decision.kind !== 'askReview') continue;
    const { to, checked } = decision;
    const reviewId = await openReview(tx, {
      storeId: program.storeId,
      programId: program.id,
      kind: 'promotion',
      subjectId: distributorId,
      workflowId: lifeWorkflow(distributorId).workflowId,
      dueAt: addDays(at, promotionDueDays),
      facts: {
        distributorId,
        from: standing.tier,
        to,
        planId: plan.id,
        mode: checked.mode,
        conditions: checked.conditions.map(asJson),
      },
      createdAt: at,
    });
    await notify(tx, {
      programId: program.id,
      distributorId,
      template: 'tier_review_opened',
      params: { to },
      subjectId: reviewId,
      at,
    });
    await wakeLife(tx, distributorId);
  }
}
