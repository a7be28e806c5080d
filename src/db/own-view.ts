import type { OverlayEffect } from '../domain/commission/overlay';
import type { RuleMatch } from '../domain/commission/plan';
import { programNow } from '../domain/kernel/clock';
import type { Tx } from './database';
import type { DistributorRow } from './distributor';
import { programById } from './program';

/** A customer who belongs to a distributor now. Moments are those of the program's clock. */
export interface CustomerRow {
  id: string;
  customerExternalId: string;
  startsAt: Date;
  /** null: for good */
  endsAt: Date | null;
  protectedUntil: Date | null;
}

/** The customers bound to a distributor at this moment, the latest first, before a cursor. */
export async function customersOf(
  read: Tx,
  distributor: Pick<DistributorRow, 'id' | 'programId'>,
  { limit, before, realNow }: { limit: number; before: string | undefined; realNow: Date },
): Promise<CustomerRow[]> {
  const at = programNow(await programById(read, distributor.programId), realNow);
  return read.rows<CustomerRow>(
    `SELECT id, customer_external_id, starts_at, ends_at, protected_until FROM binding
     WHERE distributor_id = $1 AND starts_at <= $2 AND (ends_at IS NULL OR ends_at > $2)
       AND ($3::text IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [distributor.id, at, before ?? null, limit],
  );
}

/** A campaign as those see it who may earn by it: nothing of its budget. */
export interface OpenCampaignRow {
  id: string;
  name: string;
  startsAt: Date;
  endsAt: Date;
  match: RuleMatch;
  effect: OverlayEffect;
  levels: number[];
}

/**
 * The campaigns of a distributor's program that run or are announced and that its tier and person do
 * not rule out, the newest first.
 */
export async function campaignsFor(
  read: Tx,
  { id, programId, tier }: Pick<DistributorRow, 'id' | 'programId' | 'tier'>,
  { limit, before, realNow }: { limit: number; before: string | undefined; realNow: Date },
): Promise<OpenCampaignRow[]> {
  const at = programNow(await programById(read, programId), realNow);
  return read.rows<OpenCampaignRow>(
    `SELECT id, name, starts_at, ends_at, match, effect, levels FROM campaign
     WHERE program_id = $1 AND ends_at > $2 AND stopped_at IS NULL
       AND coalesce(match ->> 'tier', $3) = $3 AND coalesce(match ->> 'distributorId', $4) = $4
       AND ($5::text IS NULL OR id < $5)
     ORDER BY id DESC LIMIT $6`,
    [programId, at, tier, id, before ?? null, limit],
  );
}
