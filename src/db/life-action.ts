import { type LifeAction, type LifeFacts, possibleActions } from '../domain/distributor/action';
import { addDays } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import { isAppealed } from './eviction';
import { type CaseRow, type Life, openCaseOf } from './life-case';

/** The case that ended somebody's time in the program last. */
export function lastEnding(read: Tx, distributorId: string): Promise<CaseRow | undefined> {
  return read.first<CaseRow>(
    `SELECT * FROM life_case WHERE distributor_id = $1 AND outcome IN ('evicted', 'left')
     ORDER BY closed_at DESC, id DESC LIMIT 1`,
    [distributorId],
  );
}

/** What decides about what is possible now with a life. */
export async function lifeFacts(read: Tx, life: Life): Promise<LifeFacts> {
  const { distributor, program } = life;
  const { id, status } = distributor;
  const against =
    (await openCaseOf(read, id, 'suspension')) ?? (await openCaseOf(read, id, 'eviction'));
  const departure = await openCaseOf(read, id, 'departure');
  const ending = status === 'evicted' ? await lastEnding(read, id) : undefined;
  const since = ending?.closedAt ?? undefined;
  return {
    status,
    appealUntil: against?.endsAt ?? null,
    hasAppealed: against !== undefined && (await isAppealed(read, against.id)),
    leavesAt: departure?.endsAt ?? undefined,
    out:
      since === undefined
        ? undefined
        : { since, mayReturnFrom: addDays(since, program.returnAfterDays) },
  };
}

/**
 * What is possible now with a life.
 * @throws Refusal not_possible_now, whose detail names what is possible instead
 */
export async function mustBePossible(tx: Tx, life: Life, wanted: LifeAction): Promise<LifeFacts> {
  const facts = await lifeFacts(tx, life);
  const possible = possibleActions(facts, life.at);
  if (possible.includes(wanted)) return facts;
  const { out, status } = facts;
  const later =
    wanted === 'returns' && out !== undefined
      ? ` A return is possible from ${out.mayReturnFrom.toISOString()} on.`
      : '';
  const now = possible.length === 0 ? 'nothing' : possible.join(', ');
  throw new Refusal(
    'not_possible_now',
    `The distributor is ${status}: ${wanted} is not possible. Possible now: ${now}.${later}`,
  );
}
