import type { Caller } from '../domain/kernel/access';
import { addDays, floorToSecond, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { type SponsorEdge, sponsorMoment, wouldCircle } from '../domain/referral/sponsor';
import { type DueMoment, openDueMoment } from './clock';
import type { Tx } from './database';
import { type DistributorRow, sponsorByCode } from './distributor';
import { programById, type ProgramRow } from './program';
import { lockProgramAlone } from './program-lock';
import { replace, standingsFrom } from './standing';

/** The duty that makes an announced sponsor the one that is shown. Orders go by the standings. */
export const sponsorMomentName = 'sponsor.change';

const aheadAtMostDays = 366;

export interface SponsorChange {
  distributorId: string;
  /** null: none any more */
  sponsorId: string | null;
  previousSponsorId: string | null;
  /** on the program's clock */
  effectiveAt: Date;
  reason: string;
}

/**
 * Gives a distributor another sponsor from a moment on, or none. What was booked keeps its upline.
 * All changes of a program are made one after the other, and no order is taken in meanwhile, so two
 * at the same time cannot form a circle together.
 * @throws Refusal unknown_sponsor, distributor_inactive, sponsor_cycle, sponsor_change_would_rewrite,
 *   in_the_future
 */
export async function changeSponsor(
  tx: Tx,
  { caller, now }: { caller: Caller; now: Date },
  input: {
    distributor: DistributorRow;
    sponsorCode: string | null;
    effectiveAt: Date | undefined;
    reason: string;
  },
): Promise<SponsorChange> {
  const { distributor, sponsorCode, reason } = input;
  const { id: distributorId, programId } = distributor;
  await lockProgramAlone(tx, programId);
  await tx.run('SELECT 1 FROM distributor WHERE id = $1 FOR UPDATE', [distributorId]);
  const program = await programById(tx, programId);
  const current = programNow(program, now);
  const sponsorId = sponsorCode === null ? null : await sponsorByCode(tx, programId, sponsorCode);
  const last = (await standingsFrom(tx, distributorId, current)).at(-1);
  if (last === undefined) throw new Refusal('not_found', 'There is no such distributor.');
  const wish = { requestedAt: input.effectiveAt, now: floorToSecond(current) };
  const effectiveAt = await momentOf(tx, program, { ...wish, standingFrom: last.validFrom });
  if (sponsorId !== null) await mustNotCircle(tx, { distributorId, sponsorId }, effectiveAt);
  const cause = { cause: 'sponsor_changed', reason, actor: caller.actor };
  await replace(tx, last, { validFrom: effectiveAt, sponsorId, ...cause });
  if (effectiveAt <= current) await showSponsor(tx, distributorId, effectiveAt);
  else {
    const moment = { programId, subjectId: distributorId, name: sponsorMomentName };
    await openDueMoment(tx, { ...moment, dueAt: effectiveAt });
  }
  const previousSponsorId = last.sponsorId;
  return { distributorId, sponsorId, previousSponsorId, effectiveAt, reason };
}

async function momentOf(
  tx: Tx,
  program: ProgramRow,
  wish: { requestedAt: Date | undefined; now: Date; standingFrom: Date },
): Promise<Date> {
  const orders = await tx.first<{ lastPaidAt: Date | null }>(
    'SELECT max(paid_at) AS last_paid_at FROM orders WHERE program_id = $1',
    [program.id],
  );
  const moment = sponsorMoment({ ...wish, lastPaidAt: orders?.lastPaidAt ?? null });
  if (moment === undefined) {
    throw refused(
      'sponsor_change_would_rewrite',
      'effectiveAt must be after the payment of every accepted order and after the last change.',
    );
  }
  if (moment > addDays(wish.now, aheadAtMostDays)) {
    throw refused('in_the_future', 'effectiveAt is more than a year ahead.');
  }
  return moment;
}

function refused(code: 'sponsor_change_would_rewrite' | 'in_the_future', message: string): Refusal {
  return new Refusal(code, message, { errors: [{ pointer: '/effectiveAt', code, message }] });
}

async function mustNotCircle(tx: Tx, change: SponsorEdge, from: Date): Promise<void> {
  const edges = await tx.rows<SponsorEdge>(
    `WITH RECURSIVE path AS (
       SELECT $1::text AS id
       UNION
       SELECT s.sponsor_id FROM path p JOIN distributor_standing s ON s.distributor_id = p.id
       WHERE s.sponsor_id IS NOT NULL
         AND (s.valid_to IS NULL OR (s.valid_to > $2 AND s.valid_to > s.valid_from))
     )
     SELECT s.distributor_id, s.sponsor_id
     FROM path p JOIN distributor_standing s ON s.distributor_id = p.id
     WHERE s.sponsor_id IS NOT NULL
       AND (s.valid_to IS NULL OR (s.valid_to > $2 AND s.valid_to > s.valid_from))`,
    [change.sponsorId, from],
  );
  if (!wouldCircle(edges, change)) return;
  throw new Refusal('sponsor_cycle', 'The distributor is above that sponsor, or is it.');
}

/** Shows the sponsor of a moment as the one that the distributor has. */
async function showSponsor(tx: Tx, distributorId: string, at: Date): Promise<void> {
  await tx.run(
    `UPDATE distributor d SET sponsor_id = s.sponsor_id FROM distributor_standing s
     WHERE d.id = $1 AND s.distributor_id = d.id AND s.valid_from <= $2
       AND (s.valid_to IS NULL OR s.valid_to > $2)`,
    [distributorId, at],
  );
}

/** Does the duty of an announced change. */
export function showAnnouncedSponsor(tx: Tx, moment: DueMoment): Promise<void> {
  return showSponsor(tx, moment.subjectId, moment.dueAt);
}
