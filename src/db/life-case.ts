import type { NoticeParams, NoticeTemplate } from '../domain/distributor/notice';
import type { DistributorMove } from '../domain/distributor/state';
import { programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import type { Decision } from '../domain/review/kind';
import { closeDueMoments, openDueMoment } from './clock';
import type { Tx } from './database';
import type { DistributorRow } from './distributor';
import { type EventInput, recordEvents } from './event';
import { newId } from './id';
import { lifeWorkflow } from './life-workflow';
import { notify } from './notice';
import { programById, type ProgramRow } from './program';
import { endWithoutDecider } from './review';
import { moveStanding } from './standing';

export type CaseKind = 'eviction' | 'suspension' | 'appeal' | 'departure';

/** How a case can end. */
export type CaseOutcome =
  | 'evicted'
  | 'left'
  | 'sold'
  | 'refused'
  | 'lifted'
  | 'approved'
  | 'rejected'
  | 'withdrawn'
  | 'suspended'
  | 'moot';

/** A case of somebody's life as it is stored. Moments are those of the program's clock. */
export interface CaseRow {
  id: string;
  storeId: string;
  programId: string;
  distributorId: string;
  kind: CaseKind;
  openedAt: Date;
  openedBy: string;
  /** the end of the window: to appeal, or to take a departure back; null: not begun */
  endsAt: Date | null;
  /** null: open */
  outcome: CaseOutcome | null;
  closedAt: Date | null;
  reasonCode: string | null;
  reason: string | null;
  reviewId: string | null;
  againstId: string | null;
  terms: Record<string, unknown>;
}

/** A life under the lock of its row. */
export interface Life {
  distributor: DistributorRow;
  program: ProgramRow;
  /** on the program's clock */
  at: Date;
  actor: string;
}

/**
 * Locks a distributor until the end of the transaction: whatever changes a life takes this lock
 * first, so one thing happens after the other.
 */
export async function lockLife(
  tx: Tx,
  distributorId: string,
  now: { realNow: Date; actor: string },
): Promise<Life> {
  const distributor = await tx.first<DistributorRow>(
    'SELECT * FROM distributor WHERE id = $1 FOR UPDATE',
    [distributorId],
  );
  if (distributor === undefined) throw new Refusal('not_found', 'There is no such distributor.');
  const program = await programById(tx, distributor.programId);
  return { distributor, program, at: programNow(program, now.realNow), actor: now.actor };
}

/** When somebody who was warned is proposed for eviction; the subject is the distributor. */
export const proposeMoment = 'inactivity.propose';

/** Moves a life by its table; the caller knows that the move is possible. */
export async function moveLife(
  tx: Tx,
  life: Life,
  move: DistributorMove,
  reason: string | null,
): Promise<void> {
  const { distributor, at, actor } = life;
  if (distributor.status === 'warned') {
    await tx.run(
      `UPDATE due_moment SET status = 'canceled'
       WHERE subject_id = $1 AND name = $2 AND status = 'waiting'`,
      [distributor.id, proposeMoment],
    );
  }
  const input = { distributorId: distributor.id, move, at, reason, actor };
  distributor.status = await moveStanding(tx, input);
}

/** What a step of a life tells: an event for the outside, a notice for the person, or both. */
export async function tell(
  tx: Tx,
  life: Life,
  told: {
    event?: EventInput['type'];
    notice?: NoticeTemplate;
    /** what it is about: a notice of one subject is told once */
    subjectId: string;
    params?: NoticeParams;
  },
): Promise<void> {
  const { distributor, program, at } = life;
  const { event, notice, subjectId, params = {} } = told;
  const own = { storeId: program.storeId, programId: program.id };
  if (event !== undefined) {
    const { reason: _words, ...facts } = params;
    const payload = { distributorId: distributor.id, programId: program.id, subjectId, ...facts };
    await recordEvents(tx, [
      { ...own, type: event, subjectId: distributor.id, payload, occurredAt: at },
    ]);
  }
  if (notice !== undefined) {
    const { id: distributorId } = distributor;
    const told = { programId: program.id, distributorId, template: notice, params, subjectId, at };
    await notify(tx, told);
  }
}

/** What is said of a new case besides whose it is. */
type NewCase = Pick<CaseRow, 'kind'> &
  Partial<Pick<CaseRow, 'endsAt' | 'reasonCode' | 'reason' | 'reviewId' | 'againstId' | 'terms'>>;

/** Opens a case in the transaction of what it is about. */
export async function openCase(tx: Tx, life: Life, input: NewCase): Promise<CaseRow> {
  const { distributor, program, at, actor } = life;
  const row: CaseRow = {
    ...{ id: newId('lifeCase'), storeId: program.storeId, programId: program.id },
    ...{ distributorId: distributor.id, kind: input.kind, openedAt: at, openedBy: actor },
    ...{ endsAt: input.endsAt ?? null, outcome: null, closedAt: null },
    ...{ reasonCode: input.reasonCode ?? null, reason: input.reason ?? null },
    ...{ reviewId: input.reviewId ?? null, againstId: input.againstId ?? null },
    terms: input.terms ?? {},
  };
  await tx.insert('life_case', { ...row, terms: JSON.stringify(row.terms) });
  return row;
}

/** The open case of a kind, if there is one. */
export function openCaseOf(
  read: Tx,
  distributorId: string,
  kind: CaseKind,
): Promise<CaseRow | undefined> {
  return read.first<CaseRow>(
    'SELECT * FROM life_case WHERE distributor_id = $1 AND kind = $2 AND outcome IS NULL',
    [distributorId, kind],
  );
}

export async function caseById(read: Tx, id: string): Promise<CaseRow> {
  const row = await read.first<CaseRow>('SELECT * FROM life_case WHERE id = $1', [id]);
  if (row === undefined) throw new Error(`the case ${id} does not exist`);
  return row;
}

/** Ends a case and what waits for it; a review that is open ends with it, without a decider. */
export async function closeCase(
  tx: Tx,
  life: Life,
  { id, reviewId }: CaseRow,
  outcome: CaseOutcome,
): Promise<void> {
  await tx.run('UPDATE life_case SET outcome = $2, closed_at = $3 WHERE id = $1', [
    ...[id, outcome, life.at],
  ]);
  await closeDueMoments(tx, id, 'canceled');
  if (reviewId === null) return;
  const { as, why } = endings[outcome];
  await endWithoutDecider(tx, { reviewId, outcome: as, at: life.at, actor: 'system:life', why });
}

/** How a review that became pointless ends, as if somebody had decided so, and why. */
const endings: Readonly<Record<CaseOutcome, { as: Decision; why: string }>> = {
  evicted: { as: 'approve', why: 'It took effect.' },
  left: { as: 'reject', why: 'The distributor left by own wish.' },
  sold: { as: 'reject', why: 'The distributor sold.' },
  refused: { as: 'reject', why: 'It was refused.' },
  lifted: { as: 'reject', why: 'It was lifted.' },
  approved: { as: 'approve', why: 'It was upheld.' },
  rejected: { as: 'reject', why: 'It was dismissed.' },
  withdrawn: { as: 'reject', why: 'It was taken back.' },
  suspended: { as: 'reject', why: 'The distributor was suspended.' },
  moot: { as: 'reject', why: 'Another decision about the distributor made it pointless.' },
};

/** Ends every open case of these kinds: the life has taken another way. */
export async function closeCases(
  tx: Tx,
  life: Life,
  kinds: readonly CaseKind[],
  outcome: CaseOutcome,
): Promise<void> {
  const rows = await tx.rows<CaseRow>(
    'SELECT * FROM life_case WHERE distributor_id = $1 AND kind = ANY($2) AND outcome IS NULL',
    [life.distributor.id, kinds],
  );
  for (const row of rows) await closeCase(tx, life, row, outcome);
}

/** Opens a moment of this life, for which its workflow waits. */
export async function openLifeMoment(
  tx: Tx,
  life: Pick<Life, 'distributor' | 'program'>,
  moment: { name: string; dueAt: Date; subjectId: string },
): Promise<void> {
  await openDueMoment(tx, {
    programId: life.program.id,
    ...moment,
    workflow: lifeWorkflow(life.distributor.id),
  });
}
