import type { Tx } from './database';
import { newId } from './id';
import type { ProgramRow } from './program';

/** The duty that looks at everybody's tier. */
export const tierSweepMoment = 'tier.sweep';

/** The tiers of a program are looked at then, or before where that is waiting already. */
export async function openTierSweep(
  tx: Tx,
  { programId, dueAt }: { programId: string; dueAt: Date },
): Promise<void> {
  await tx.run(
    `INSERT INTO due_moment AS m (id, program_id, due_at, subject_id, name, status, created_at)
     VALUES ($1, $2, $3, $2, '${tierSweepMoment}', 'waiting', now())
     ON CONFLICT (subject_id) WHERE name = '${tierSweepMoment}' AND status = 'waiting'
     DO UPDATE SET due_at = least(m.due_at, excluded.due_at)`,
    [newId('dueMoment'), programId, dueAt],
  );
}

/**
 * Opens the next look: the next midnight of the program's zone where the plan in force has
 * conditions, and in any case the moment at which a published plan takes effect.
 */
export async function scheduleTierSweep(
  tx: Tx,
  { id, timeZone }: Pick<ProgramRow, 'id' | 'timeZone'>,
  { after, daily }: { after: Date; daily: boolean },
): Promise<void> {
  const next = await tx.first<{ midnight: Date; planAt: Date | null }>(
    `SELECT
       (date_trunc('day', $2::timestamptz AT TIME ZONE $3) + interval '1 day') AT TIME ZONE $3
         AS midnight,
       (SELECT min(effective_at) FROM plan
        WHERE program_id = $1 AND status = 'published' AND effective_at > $2) AS plan_at`,
    [id, after, timeZone],
  );
  const moments = [...(daily ? [next!.midnight] : []), ...(next!.planAt ? [next!.planAt] : [])];
  if (moments.length === 0) return;
  const dueAt = new Date(Math.min(...moments.map((moment) => moment.getTime())));
  await openTierSweep(tx, { programId: id, dueAt });
}

/**
 * Opens the look of the next day where a program's published plans have conditions and nothing waits:
 * for plans that were published before tiers were looked at.
 */
export async function ensureTierSweep(tx: Tx, programId: string, after: Date): Promise<void> {
  const missing = await tx.first<Pick<ProgramRow, 'id' | 'timeZone'>>(
    `SELECT g.id, g.time_zone FROM program g
     WHERE g.id = $1
       AND NOT EXISTS (SELECT 1 FROM due_moment m
         WHERE m.subject_id = g.id AND m.name = '${tierSweepMoment}' AND m.status = 'waiting')
       AND EXISTS (SELECT 1 FROM plan p WHERE p.program_id = g.id AND p.status = 'published'
         AND jsonb_path_exists(p.body, '$.tiers[*] ? (exists (@.promote) || exists (@.keep))'))`,
    [programId],
  );
  if (missing !== undefined) await scheduleTierSweep(tx, missing, { after, daily: true });
}
