import type { Replies } from '../domain/distributor/application';
import type { DistributorStatus } from '../domain/distributor/state';
import { floorToSecond, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import type { Decision } from '../domain/review/kind';
import { keepAcceptance, mustBeCurrent } from './agreement';
import {
  applicationsOf,
  endApplication,
  type JudgedApplication,
  judge,
  keepApplication,
  mustFitForm,
  reapplyDate,
  reasonOf,
  stepsAfter,
} from './application';
import { applicationPolicyOf } from './application-policy';
import type { Tx } from './database';
import type { DistributorRow } from './distributor';
import { recordEvents } from './event';
import { notify } from './notice';
import type { ProgramRow } from './program';
import { moveStanding } from './standing';

/** Keeps an application with all who hear of it, and of what the rules made of it at once. */
export async function takeApplication(
  tx: Tx,
  distributor: DistributorRow,
  application: JudgedApplication,
  at: Date,
): Promise<void> {
  const { id, programId } = distributor;
  await announce(tx, distributor, 'applied', at);
  await notify(tx, {
    ...{ programId, distributorId: id, subjectId: `${id}:${at.toISOString()}`, at },
    ...{ template: 'applied', params: {} },
  });
  await keepApplication(tx, distributor, application, at);
  const { outcome } = application.judgement;
  if (outcome === 'review') return;
  const reason = reasonOf(application.judgement);
  const again = outcome === 'reject' ? reapplyDate(application.policy, at) : null;
  await tellOutcome(tx, distributor, { outcome, reason, reapplyFrom: again, at });
}

async function tellOutcome(
  tx: Tx,
  distributor: DistributorRow,
  told: { outcome: Decision; reason: string | null; reapplyFrom: Date | null; at: Date },
): Promise<void> {
  const { outcome, reason, reapplyFrom, at } = told;
  const { id: distributorId, programId } = distributor;
  await announce(tx, distributor, outcome === 'approve' ? 'activated' : 'rejected', at);
  const subjectId = `${distributorId}:${at.toISOString()}`;
  const whom = { programId, distributorId, subjectId, at };
  if (outcome === 'approve') await notify(tx, { ...whom, template: 'activated', params: {} });
  else {
    const params = { reason, reapplyFrom: reapplyFrom?.toISOString() ?? null };
    await notify(tx, { ...whom, template: 'rejected', params });
  }
}

/** Tells the outside of a step at a distributor's beginning. */
export async function announce(
  tx: Tx,
  { id, storeId, programId }: Pick<DistributorRow, 'id' | 'storeId' | 'programId'>,
  what: 'applied' | 'activated' | 'rejected',
  occurredAt: Date,
): Promise<void> {
  const payload = { distributorId: id, programId };
  const type = `distributor.${what}` as const;
  await recordEvents(tx, [{ storeId, programId, type, subjectId: id, payload, occurredAt }]);
}

export interface ApplicationDecision {
  distributorId: string;
  outcome: Decision;
  /** on the program's clock */
  at: Date;
  reason: string | null;
  actor: string;
}

/** What a decision makes of an application, in the transaction of the decision. */
export async function decideApplication(
  tx: Tx,
  decided: ApplicationDecision,
): Promise<DistributorStatus> {
  const { distributorId, outcome, at, reason, actor } = decided;
  const move = outcome === 'approve' ? 'application_approved' : 'application_rejected';
  const status = await moveStanding(tx, { distributorId, move, at, reason, actor });
  const distributor = await distributorById(tx, distributorId);
  const reapplyFrom = await endApplication(tx, { distributorId, outcome, by: actor, reason, at });
  await tellOutcome(tx, distributor, { outcome, reason, reapplyFrom, at });
  return status;
}

async function distributorById(read: Tx, id: string): Promise<DistributorRow> {
  const row = await read.first<DistributorRow>('SELECT * FROM distributor WHERE id = $1', [id]);
  if (row === undefined) throw new Error(`distributor ${id} does not exist`);
  return row;
}

export interface ApplyingAgain {
  program: ProgramRow;
  distributorId: string;
  answers: Replies;
  agreement: { version: string } | undefined;
  actor: string;
  realNow: Date;
}

/**
 * Somebody who was turned down tries again, from the date on that they were told.
 * @throws Refusal `cannot_apply_now`, `invalid_answers`, `agreement_required`, `agreement_outdated`
 */
export async function applyAgain(tx: Tx, again: ApplyingAgain): Promise<DistributorRow> {
  const { program, distributorId, answers, actor, realNow } = again;
  await tx.run('SELECT 1 FROM distributor WHERE id = $1 FOR UPDATE', [distributorId]);
  const before = await distributorById(tx, distributorId);
  const at = floorToSecond(programNow(program, realNow));
  await mustBeAllowedToApply(tx, before, at);
  const stored = await applicationPolicyOf(tx, program.id);
  mustFitForm(stored.policy, answers);
  mustBeCurrent(stored.policy.agreement, again.agreement?.version);
  const { phoneIndex, sponsorId } = before;
  const applicant = {
    program,
    phoneIndex,
    distributorId,
    answers,
    invited: sponsorId !== null,
    at,
  };
  const application = await judge(tx, applicant, stored);
  const moves = [
    'applied_again',
    ...stepsAfter[application.judgement.outcome].map(({ move }) => move),
  ] as const;
  const reason = reasonOf(application.judgement);
  for (const [index, move] of moves.entries()) {
    const last = index === moves.length - 1 ? reason : null;
    await moveStanding(tx, { distributorId, move, at, reason: last, actor });
  }
  await tx.run('UPDATE distributor SET answers = $2 WHERE id = $1', [
    distributorId,
    JSON.stringify(answers),
  ]);
  const { agreement } = stored.policy;
  if (agreement !== null) {
    await keepAcceptance(tx, distributorId, { ...agreement, acceptedAt: at, actor });
  }
  const distributor = await distributorById(tx, distributorId);
  await takeApplication(tx, distributor, application, at);
  return distributor;
}

async function mustBeAllowedToApply(
  tx: Tx,
  { id, status }: DistributorRow,
  at: Date,
): Promise<void> {
  if (status !== 'rejected') {
    const detail = `Only who was turned down applies again; this distributor is ${status}.`;
    throw new Refusal('cannot_apply_now', detail);
  }
  const [last] = await applicationsOf(tx, id, { limit: 1, before: undefined });
  const from = last?.reapplyFrom ?? null;
  if (from === null || at >= from) return;
  throw new Refusal(
    'cannot_apply_now',
    `Another application is possible from ${from.toISOString()}.`,
  );
}
