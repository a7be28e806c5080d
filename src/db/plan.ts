import { type Finding, findingsOf, knownFindings, obstacles } from '../domain/commission/findings';
import { type PlanBody, planInForce, type PublishedPlan } from '../domain/commission/plan';
import { effectiveMoment, type PublicationFacts } from '../domain/commission/publication';
import { programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import { recordEvents } from './event';
import { newId } from './id';
import { type Waiver, waiversOf } from './plan-waiver';
import { type ProgramRow, programById, type Reach } from './program';
import { lockProgramAlone } from './program-lock';
import { openTierSweep } from './tier-schedule';

/** A plan version. `retired`: a later one is in force; it is derived, not stored. */
export interface PlanRow {
  id: string;
  programId: string;
  version: number;
  status: 'draft' | 'published' | 'retired';
  body: PlanBody;
  note: string;
  /** of a draft: what the guard says now; of a published plan: what it said at the publication */
  findings: Finding[];
  waivers: Waiver[];
  /** who posted it: `key:<id>` or `admin:<id>` */
  authorId: string;
  effectiveAt: Date | null;
  publishedAt: Date | null;
  createdAt: Date;
}

/** Under this name `program_sweep` says until when bonuses are booked, or are being booked. */
export const bonusSweep = 'bonus';

/** A plan together with the body that decides. */
export interface PlanInForce extends PublishedPlan {
  body: PlanBody;
}

// A published plan is over when another one has taken effect after it on the program's clock.
const planColumns = `
  p.id, p.program_id, p.version, p.body, p.note, p.findings, p.effective_at, p.published_at,
  p.created_at, p.author_id, g.hold_days,
  CASE WHEN p.status = 'published' AND EXISTS (
    SELECT 1 FROM plan later
    WHERE later.program_id = p.program_id AND later.status = 'published'
      AND later.effective_at <= $1::timestamptz + g.clock_offset_ms * interval '1 millisecond'
      AND (later.effective_at, later.published_at, later.version)
        > (p.effective_at, p.published_at, p.version)
  ) THEN 'retired' ELSE p.status END AS status`;

/** A plan as a query answers it. */
type StoredPlan = Omit<PlanRow, 'findings' | 'waivers'> & {
  findings: { rule: string }[];
  holdDays: number;
};

/** Stores a draft under the next version of its program; two at once get two versions. */
export async function createPlan(
  tx: Tx,
  input: { programId: string; body: PlanBody; note: string; actor: string; now: Date },
): Promise<PlanRow> {
  const { programId, body, note, now } = input;
  const { holdDays } = await lockedProgram(tx, programId);
  const latest = await tx.first<{ version: number }>(
    'SELECT coalesce(max(version), 0)::int AS version FROM plan WHERE program_id = $1',
    [programId],
  );
  const version = (latest?.version ?? 0) + 1;
  const row = {
    id: newId('plan'),
    programId,
    version,
    status: 'draft',
    note,
    createdAt: now,
    authorId: input.actor,
  } as const;
  const findings = findingsOf(body, { holdDays });
  await tx.insert('plan', {
    ...row,
    body: JSON.stringify(body),
    findings: JSON.stringify(findings),
  });
  return { ...row, body, findings, waivers: [], effectiveAt: null, publishedAt: null };
}

/**
 * A plan that the caller may see.
 * @throws Refusal not_found
 */
export async function findPlan(read: Tx, reach: Reach, id: string, now: Date): Promise<PlanRow> {
  const plan = await read.first<StoredPlan>(
    `SELECT ${planColumns} FROM plan p JOIN program g ON g.id = p.program_id
     WHERE p.id = $2 AND g.store_id = $3 AND ($4 = 'both' OR g.mode = $4)`,
    [now, id, reach.storeId, reach.mode],
  );
  if (plan === undefined) throw new Refusal('not_found', 'There is no such plan.');
  return (await withWaivers(read, [plan]))[0]!;
}

/** The plans of a program, the newest first, up to `limit` after the cursor. */
export async function listPlans(
  read: Tx,
  query: { programId: string; now: Date; cursor: string | undefined; limit: number },
): Promise<PlanRow[]> {
  const rows = await read.rows<StoredPlan>(
    `SELECT ${planColumns} FROM plan p JOIN program g ON g.id = p.program_id
     WHERE p.program_id = $2 AND ($3::text IS NULL OR p.id < $3)
     ORDER BY p.id DESC LIMIT $4`,
    [query.now, query.programId, query.cursor ?? null, query.limit],
  );
  return withWaivers(read, rows);
}

/**
 * The plan that decides about an order paid at a moment.
 * @throws Refusal not_found when none does
 */
export async function findPlanInForce(
  read: Tx,
  programId: string,
  at: Date,
  now: Date,
): Promise<PlanRow> {
  const [inForce] = await plansAt(read, programId, [at]);
  if (inForce === undefined) throw new Refusal('not_found', 'No plan is in force at this moment.');
  const [plan] = await read.rows<StoredPlan>(
    `SELECT ${planColumns} FROM plan p JOIN program g ON g.id = p.program_id WHERE p.id = $2`,
    [now, inForce.id],
  );
  return (await withWaivers(read, [plan!]))[0]!;
}

async function withWaivers(read: Tx, plans: readonly StoredPlan[]): Promise<PlanRow[]> {
  const waivers = await waiversOf(
    read,
    plans.map(({ id }) => id),
  );
  return plans.map(({ holdDays, findings, ...plan }) => ({
    ...plan,
    findings:
      plan.status === 'draft' ? findingsOf(plan.body, { holdDays }) : knownFindings(findings),
    waivers: waivers.filter(({ planId }) => planId === plan.id),
  }));
}

async function lockedProgram(tx: Tx, programId: string): Promise<Pick<ProgramRow, 'holdDays'>> {
  const program = await tx.first<Pick<ProgramRow, 'holdDays'>>(
    'SELECT hold_days FROM program WHERE id = $1 FOR NO KEY UPDATE',
    [programId],
  );
  if (program === undefined) throw new Refusal('not_found', 'There is no such program.');
  return program;
}

/** What stands in the way of a draft's publication. */
export function obstaclesOf({ findings, waivers }: Pick<PlanRow, 'findings' | 'waivers'>) {
  return obstacles(findings, new Set(waivers.map(({ rule }) => rule)));
}

/**
 * Publishes a draft. No order can be booked meanwhile: it would not know which plan decides.
 * @throws Refusal not_found, plan_already_published, plan_not_compliant, plan_would_rewrite
 */
export async function publishPlan(
  tx: Tx,
  input: { reach: Reach; id: string; requestedAt: Date | undefined; actor: string; now: Date },
): Promise<PlanRow> {
  const { programId } = await findPlan(tx, input.reach, input.id, input.now);
  await lockProgramAlone(tx, programId);
  const plan = await findPlan(tx, input.reach, input.id, input.now);
  if (plan.status !== 'draft') {
    throw new Refusal('plan_already_published', 'A plan is published once; make a new version.');
  }
  if (obstaclesOf(plan).length > 0) {
    throw new Refusal('plan_not_compliant', 'The plan has errors, or warnings without a waiver.');
  }
  const program = await programById(tx, programId);
  const publishedAt = programNow(program, input.now);
  const effectiveAt = effectiveMoment({
    requestedAt: input.requestedAt,
    programStartsAt: program.startsAt,
    now: publishedAt,
    ...(await publicationHistory(tx, programId)),
  });
  await tx.run(
    `UPDATE plan SET status = 'published', effective_at = $2, published_at = $3, published_by = $4,
       findings = $5
     WHERE id = $1`,
    [plan.id, effectiveAt, publishedAt, input.actor, JSON.stringify(plan.findings)],
  );
  await recordPublished(tx, program, plan, effectiveAt, publishedAt);
  // From then on its tiers count: everybody is looked at by them.
  const dueAt = effectiveAt > publishedAt ? effectiveAt : publishedAt;
  await openTierSweep(tx, { programId, dueAt });
  return findPlan(tx, input.reach, input.id, input.now);
}

/**
 * The plan in force at each of many moments of one program, undefined where none is. One statement,
 * which reads no other bodies than those of plans that were in force between the moments. Whoever
 * books by them holds the program with others (program-lock.ts), which keeps other plans from being published.
 */
export async function plansAt(
  read: Tx,
  programId: string,
  moments: readonly Date[],
): Promise<(PlanInForce | undefined)[]> {
  if (moments.length === 0) return [];
  const times = moments.map((moment) => moment.getTime());
  const published = await read.rows<PlanInForce>(
    `SELECT p.id, p.version, p.effective_at, p.published_at, p.body FROM plan p
     WHERE p.program_id = $1 AND p.status = 'published' AND p.effective_at <= $3
       AND NOT EXISTS (
         SELECT 1 FROM plan later
         WHERE later.program_id = $1 AND later.status = 'published' AND later.effective_at <= $2
           AND (later.effective_at, later.published_at, later.version)
             > (p.effective_at, p.published_at, p.version))`,
    [
      programId,
      new Date(times.reduce((a, b) => Math.min(a, b))),
      new Date(times.reduce((a, b) => Math.max(a, b))),
    ],
  );
  return moments.map((moment) => planInForce(published, moment));
}

/** The bodies of plans by id. */
export async function planBodies(read: Tx, ids: readonly string[]): Promise<Map<string, PlanBody>> {
  const rows = await read.rows<{ id: string; body: PlanBody }>(
    'SELECT id, body FROM plan WHERE id = ANY($1)',
    [ids],
  );
  return new Map(rows.map(({ id, body }) => [id, body]));
}

async function publicationHistory(
  tx: Tx,
  programId: string,
): Promise<Pick<PublicationFacts, 'hasPublished' | 'lastPaidAt' | 'bonusesUntil'>> {
  const facts = await tx.first<{
    hasPublished: boolean;
    lastPaidAt: Date | null;
    bonusesUntil: Date | null;
  }>(
    `SELECT
       EXISTS (SELECT 1 FROM plan WHERE program_id = $1 AND status = 'published') AS has_published,
       (SELECT max(paid_at) FROM orders WHERE program_id = $1) AS last_paid_at,
       (SELECT done_until FROM program_sweep
        WHERE program_id = $1 AND name = '${bonusSweep}') AS bonuses_until`,
    [programId],
  );
  return {
    hasPublished: facts?.hasPublished ?? false,
    lastPaidAt: facts?.lastPaidAt ?? undefined,
    bonusesUntil: facts?.bonusesUntil ?? undefined,
  };
}

function recordPublished(
  tx: Tx,
  program: ProgramRow,
  plan: PlanRow,
  effectiveAt: Date,
  occurredAt: Date,
): Promise<void> {
  return recordEvents(tx, [
    {
      storeId: program.storeId,
      programId: program.id,
      type: 'plan.published',
      subjectId: plan.id,
      payload: { version: plan.version, effectiveAt: effectiveAt.toISOString() },
      occurredAt,
    },
  ]);
}
