import { mayReinstate } from '../domain/distributor/action';
import { countedFrom } from '../domain/distributor/inactivity';
import { addDays } from '../domain/kernel/clock';
import type { Tx } from './database';
import {
  caseById,
  type CaseRow,
  closeCase,
  type Life,
  lockLife,
  moveLife,
  openCase,
  openCaseOf,
  openLifeMoment,
  tell,
} from './life-case';
import { lastEnding, mustBePossible } from './life-action';
import { leave } from './leaving-step';
import type { LifeStep } from './life-steps';
import { wakeLife } from './life-workflow';
import { type GivenBack, giveBackTeam } from './reinstatement';
import { restoreCommissions } from './reversal-task';

/** The end of the time in which a departure may be taken back; the subject is its case. */
export const departMoment = 'departure.effect';

/**
 * Somebody wants to leave. Until the program's cooling-off period is over everything stays as it is
 * and the wish may be taken back; a period of 0 days takes effect with the next look of the workflow.
 * @throws Refusal not_possible_now
 */
export async function depart(tx: Tx, life: Life, reason: string | null): Promise<CaseRow> {
  await mustBePossible(tx, life, 'departures');
  const endsAt = addDays(life.at, life.program.coolingOffDays);
  const opened = await openCase(tx, life, { kind: 'departure', endsAt, reason });
  await openLifeMoment(tx, life, { name: departMoment, dueAt: endsAt, subjectId: opened.id });
  await tell(tx, life, {
    ...{ notice: 'departure_requested', subjectId: opened.id },
    params: { until: endsAt.toISOString() },
  });
  await wakeLife(tx, life.distributor.id);
  return opened;
}

/** Takes a departure back within its period. @throws Refusal not_possible_now */
export async function withdrawDeparture(tx: Tx, life: Life): Promise<CaseRow> {
  await mustBePossible(tx, life, 'withdrawal');
  const open = await openCaseOf(tx, life.distributor.id, 'departure');
  if (open === undefined) throw new Error(`${life.distributor.id} has no departure`);
  await closeCase(tx, life, open, 'withdrawn');
  await tell(tx, life, { notice: 'departure_withdrawn', subjectId: open.id });
  await wakeLife(tx, life.distributor.id);
  return { ...open, outcome: 'withdrawn', closedAt: life.at };
}

/** The period is over: the person has left. */
export const takeDeparture: LifeStep = async (tx, { moment, realNow }) => {
  const { distributorId } = await caseById(tx, moment.subjectId);
  const actor = `distributor:${distributorId}`;
  const life = await lockLife(tx, distributorId, { realNow, actor });
  const open = await caseById(tx, moment.subjectId);
  if (open.outcome !== null) return;
  const at = countedFrom(moment.dueAt, life.at);
  await leave(tx, { ...life, at }, { move: 'departed', cause: open, reason: open.reason });
};

export interface Returned {
  /** a reinstatement undoes an eviction; a return begins anew */
  kind: 'reinstated' | 'returned';
  givenBack: GivenBack;
  /** of commissions that the suspension behind the eviction had reversed, fen */
  restoredAmount: bigint;
}

/**
 * Takes somebody back who is out, by an admin's decision: within 30 days of an eviction as a
 * reinstatement that gives downlines, customers and (unless the admin wants it otherwise) reversed
 * commissions back, after the program's waiting period as a new beginning. One who left may come back
 * at any time. The caller holds the program alone.
 * @throws Refusal not_possible_now
 */
export async function takeBack(
  tx: Tx,
  life: Life,
  { reason, restores, realNow }: { reason: string; restores: boolean; realNow: Date },
): Promise<Returned> {
  await mustBePossible(tx, life, 'returns');
  const ending = await lastEnding(tx, life.distributor.id);
  const young =
    ending?.outcome === 'evicted' &&
    ending.closedAt !== null &&
    mayReinstate(ending.closedAt, life.at);
  const kind = young ? ('reinstated' as const) : ('returned' as const);
  await moveLife(tx, life, kind, reason);
  const givenBack =
    ending !== undefined && young
      ? await giveBackTeam(tx, life, ending)
      : { downlines: 0, customers: 0 };
  const restoredAmount =
    ending !== undefined && young && restores
      ? await restoreCommissions(tx, life, { caseId: ending.id, reason, realNow })
      : 0n;
  const subjectId = `${ending?.id ?? life.distributor.id}:${kind}`;
  await tell(tx, life, {
    ...{ event: 'distributor.reinstated', notice: kind, subjectId },
    params: { cause: kind, reason, ...givenBack },
  });
  await wakeLife(tx, life.distributor.id);
  return { kind, givenBack, restoredAmount };
}
