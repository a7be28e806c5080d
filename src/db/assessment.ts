import { distributorStatuses, maySponsor } from '../domain/distributor/state';
import { addDays } from '../domain/kernel/clock';
import {
  assess,
  type AssessmentResult,
  type KpiResult,
  type OutcomeKind,
  periodOf,
  periodSpan,
} from '../domain/operations/assessment';
import { bookRewards } from './assessment-reward';
import { measureKpis } from './assessment-measure';
import type { SchemeRow } from './assessment-scheme';
import { type Columns, insertMany } from './bulk';
import type { Round } from './daily';
import type { Database, Tx } from './database';
import { recordEvents } from './event';
import { newId } from './id';
import { notify } from './notice';
import { plansAt } from './plan';
import { programById, type ProgramRow } from './program';

/** One person's result as it is stored; moments are those of the program's clock. */
export interface AssessmentRow {
  id: string;
  schemeId: string;
  programId: string;
  distributorId: string;
  period: string;
  tier: string;
  status: 'final' | 'objected' | 'confirmed' | 'corrected';
  kpis: { items: KpiResult[]; ownSalesAmount: string };
  scoreBps: number;
  outcome: OutcomeKind;
  rewardAmount: bigint;
  mentorId: string | null;
  objectBy: Date;
  closedAt: Date;
  correction: StoredCorrection | null;
  createdAt: Date;
}

/** What an objection made of a result. */
export interface StoredCorrection {
  items: KpiResult[];
  ownSalesAmount: string;
  scoreBps: number;
  outcome: OutcomeKind;
  /** decimal text */
  rewardAmount: string;
}

/** Outside of a clock move a period is closed a day later: the last orders are still on their way. */
const graceDays = 1;
const countedStatuses = distributorStatuses.filter(maySponsor);

/**
 * Closes every period of a program's schemes that has ended, once and in order: measures everybody,
 * freezes the result and does what follows from it, in one transaction for each period.
 */
export async function closeDueAssessments(db: Database, round: Round): Promise<void> {
  const schemes = await db.read.rows<{ id: string }>(
    'SELECT id FROM assessment_scheme WHERE program_id = $1 ORDER BY id',
    [round.programId],
  );
  for (const { id } of schemes) {
    while (await db.transaction((tx) => closeNext(tx, id, round))) {
      // one period after the other
    }
  }
}

async function closeNext(tx: Tx, schemeId: string, round: Round): Promise<boolean> {
  const scheme = await tx.first<SchemeRow & { last: string | null }>(
    `SELECT s.*, (SELECT max(period) FROM assessment_period p WHERE p.scheme_id = s.id) AS last
     FROM assessment_scheme s WHERE s.id = $1 FOR UPDATE OF s`,
    [schemeId],
  );
  if (scheme === undefined) return false;
  const program = await programById(tx, scheme.programId);
  const { timeZone } = program;
  const begins = scheme.last === null ? scheme.startsAt : periodSpan(scheme.last, timeZone).to;
  const period = periodOf(scheme.calendar, begins, timeZone);
  const span = periodSpan(period, timeZone);
  // A period that was over when the scheme ended is still owed, also within its day of grace.
  if (scheme.endedAt !== null && span.to > scheme.endedAt) return false;
  if ((round.moved ? span.to : addDays(span.to, graceDays)) > round.until) return false;
  await closePeriod(tx, { scheme, program, period, ...span }, round);
  return true;
}

interface Closing {
  scheme: SchemeRow;
  program: ProgramRow;
  period: string;
  from: Date;
  /** not part of it */
  to: Date;
}

interface Assessed {
  id: string;
  distributorId: string;
  tier: string;
  result: AssessmentResult;
  mentorId: string | null;
}

async function closePeriod(tx: Tx, closing: Closing, round: Round): Promise<void> {
  const { scheme, program, period, from, to } = closing;
  const people = await peopleAt(tx, program.id, to);
  const denySelf = await deniesSelf(tx, program.id, to);
  const metrics = scheme.body.kpis.map(({ metric }) => metric);
  const values = await measureKpis(tx, { programId: program.id, from, to, denySelf }, metrics);
  const results = people.map(({ id: distributorId, tier }) => ({
    id: newId('assessment'),
    distributorId,
    tier,
    result: assess(scheme.body, tier, values.get(distributorId) ?? {}),
  }));
  const helped = results.filter(({ result }) => result.outcome === 'help');
  const mentors = await mentorsOf(
    tx,
    helped.map(({ distributorId }) => distributorId),
  );
  const assessed = results.map((one): Assessed => ({
    ...one,
    mentorId: mentors.get(one.distributorId) ?? null,
  }));
  await writeResults(tx, closing, assessed, round);
  const rewards = assessed.map((one) => ({
    ...{ assessmentId: one.id, schemeId: scheme.id, period, holdFrom: to, beforeAmount: 0n },
    ...{ distributorId: one.distributorId, tier: one.tier, result: one.result },
    key: 'result' as const,
  }));
  await bookRewards(tx, program, rewards, { at: round.until, realNow: round.realNow });
  await tell(tx, closing, assessed, round.until);
  await tx.insert('assessment_period', {
    schemeId: scheme.id,
    period,
    people: people.length,
    closedAt: round.until,
    createdAt: round.realNow,
  });
}

/** Who counted as active in the last moment of the period, and in which tier. */
function peopleAt(read: Tx, programId: string, to: Date): Promise<{ id: string; tier: string }[]> {
  return read.rows(
    `SELECT d.id, s.tier FROM distributor d
     JOIN distributor_standing s ON s.distributor_id = d.id AND s.valid_from < $2
       AND (s.valid_to IS NULL OR s.valid_to >= $2)
     WHERE d.program_id = $1 AND d.joined_at < $2 AND s.status = ANY($3) ORDER BY d.id`,
    [programId, to, countedStatuses],
  );
}

/** Whether own purchases do not count, by the plan in force at the end of a period. */
export async function deniesSelf(read: Tx, programId: string, to: Date): Promise<boolean> {
  const [plan] = await plansAt(read, programId, [new Date(to.getTime() - 1)]);
  return (plan?.body.selfPurchase ?? 'deny') === 'deny';
}

/** The nearest upline of each who counts as active. */
async function mentorsOf(
  read: Tx,
  distributorIds: readonly string[],
): Promise<Map<string, string>> {
  if (distributorIds.length === 0) return new Map();
  const rows = await read.rows<{ id: string; mentorId: string }>(
    `WITH RECURSIVE path AS (
       SELECT d.id, d.sponsor_id AS mentor_id, 1 AS height FROM distributor d WHERE d.id = ANY($1)
       UNION ALL
       SELECT p.id, m.sponsor_id, p.height + 1
       FROM path p JOIN distributor m ON m.id = p.mentor_id AND m.status <> ALL($2)
       WHERE p.height < 1000
     )
     SELECT DISTINCT ON (p.id) p.id, p.mentor_id FROM path p
     JOIN distributor m ON m.id = p.mentor_id AND m.status = ANY($2)
     ORDER BY p.id, p.height`,
    [distributorIds, countedStatuses],
  );
  return new Map(rows.map(({ id, mentorId }) => [id, mentorId]));
}

const assessmentColumns = {
  id: 'text',
  schemeId: 'text',
  programId: 'text',
  distributorId: 'text',
  period: 'text',
  tier: 'text',
  status: 'text',
  kpis: 'jsonb',
  scoreBps: 'int4',
  outcome: 'text',
  rewardAmount: 'int8',
  mentorId: 'text',
  objectBy: 'timestamptz',
  closedAt: 'timestamptz',
  createdAt: 'timestamptz',
} as const;

const taskColumns = {
  assessmentId: 'text',
  position: 'int4',
  text: 'text',
  dueAt: 'timestamptz',
} as const;

async function writeResults(
  tx: Tx,
  { scheme, program, period }: Closing,
  assessed: readonly Assessed[],
  round: Round,
): Promise<void> {
  const rows = assessed.map(({ id, distributorId, tier, result, mentorId }) => ({
    ...{ id, schemeId: scheme.id, programId: program.id, distributorId, period, tier, mentorId },
    status: 'final',
    kpis: { items: result.kpis, ownSalesAmount: result.ownSalesAmount },
    scoreBps: result.scoreBps,
    outcome: result.outcome,
    rewardAmount: result.rewardAmount,
    objectBy: addDays(round.until, scheme.body.objectionDays),
    closedAt: round.until,
    createdAt: round.realNow,
  }));
  const columns: Columns<(typeof rows)[number]> = assessmentColumns;
  await insertMany(tx, 'assessment', columns, rows);
  const tasks = assessed.flatMap(({ id, result }) =>
    result.tasks.map(({ text, days }, index) => ({
      assessmentId: id,
      position: index + 1,
      text,
      dueAt: addDays(round.until, days),
    })),
  );
  await insertMany(tx, 'assessment_task', taskColumns, tasks);
}

async function tell(
  tx: Tx,
  { scheme, program, period }: Closing,
  assessed: readonly Assessed[],
  at: Date,
): Promise<void> {
  await recordEvents(tx, [
    {
      storeId: program.storeId,
      programId: program.id,
      type: 'assessment.closed',
      subjectId: scheme.id,
      payload: { schemeId: scheme.id, period, people: assessed.length },
      occurredAt: at,
    },
  ]);
  await notify(
    tx,
    ...assessed.map(({ id, distributorId, result }) => ({
      programId: program.id,
      distributorId,
      template: 'assessment_result' as const,
      params: {
        scheme: scheme.name,
        period,
        score: `${result.scoreBps / 100} %`,
        outcome: result.outcome,
      },
      subjectId: id,
      at,
    })),
  );
}
