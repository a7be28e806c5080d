import { type GrantedPrivileges, privilegesOf } from '../domain/distributor/privilege';
import type { Tier } from '../domain/distributor/tier';
import type { Tx } from './database';

/** Somebody whose privileges are asked for. */
interface Holder {
  programId: string;
  tier: string;
}

/** What the tiers of these people grant under the plans in force on their programs' clocks. */
export async function privilegesIn(
  read: Tx,
  holders: readonly Holder[],
  realNow: Date,
): Promise<GrantedPrivileges[]> {
  if (holders.length === 0) return [];
  const rows = await read.rows<{ programId: string; tiers: Tier[] }>(
    `SELECT DISTINCT ON (p.program_id) p.program_id, p.body -> 'tiers' AS tiers
     FROM plan p JOIN program g ON g.id = p.program_id
     WHERE p.program_id = ANY($1) AND p.status = 'published'
       AND p.effective_at <= $2::timestamptz + g.clock_offset_ms * interval '1 millisecond'
     ORDER BY p.program_id, p.effective_at DESC, p.published_at DESC, p.version DESC`,
    [[...new Set(holders.map(({ programId }) => programId))], realNow],
  );
  const tiersOf = new Map(rows.map(({ programId, tiers }) => [programId, tiers]));
  return holders.map(({ programId, tier }) =>
    privilegesOf(tiersOf.get(programId)?.find(({ code }) => code === tier)),
  );
}
