import type { Caller } from '../domain/kernel/access';
import { programNow } from '../domain/kernel/clock';
import { type Fault, Refusal } from '../domain/kernel/refusal';
import type { MaterialContent, MaterialWindow } from '../domain/promotion/material';
import { allowedUrl } from '../domain/referral/link';
import { contentHash } from './content-hash';
import type { Tx } from './database';
import type { DistributorRow } from './distributor';
import { storedUnder } from './external-id';
import { newId } from './id';
import { programById, type ProgramRow, type Reach } from './program';

/** What an admin or the shop may change of a material. Moments are those of the program's clock. */
export interface MaterialSettings extends MaterialContent, Omit<MaterialWindow, 'withdrawnAt'> {
  title: string;
  /** what it is about; all empty: the program as a whole */
  skus: readonly string[];
  productIds: readonly string[];
  categories: readonly string[];
  /** codes of the tiers that see it; empty: every tier */
  tiers: readonly string[];
}

export interface NewMaterial extends MaterialSettings {
  externalId: string;
}

/** A material as it is stored. */
export interface MaterialRow extends NewMaterial, MaterialWindow {
  id: string;
  storeId: string;
  programId: string;
  actor: string;
  createdAt: Date;
  changedAt: Date;
}

/** A material with the offset of its program's clock. */
export interface MaterialOnClock extends MaterialRow {
  clockOffsetMs: bigint;
}

const materialSelect = `
  SELECT m.id, m.store_id, m.program_id, m.external_id, m.title, m.kind, m.url, m.text, m.skus,
    m.product_ids, m.categories, m.tiers, m.starts_at, m.ends_at, m.actor, m.created_at,
    m.changed_at, m.withdrawn_at, p.clock_offset_ms
  FROM material m JOIN program p ON p.id = m.program_id`;

/**
 * Stores a material. The same externalId with the same content answers the first one, as it is now.
 * @throws Refusal external_id_conflict, unknown_tier, link_host_not_allowed
 */
export async function createMaterial(
  tx: Tx,
  context: { caller: Caller; now: Date },
  input: { program: ProgramRow; material: NewMaterial },
): Promise<{ material: MaterialOnClock; created: boolean }> {
  const { program, material } = input;
  const { caller, now } = context;
  const hash = contentHash({ ...material, programId: program.id });
  const before = await storedUnder<{ id: string; contentHash: string }>(tx, 'material', {
    ...{ storeId: program.storeId, externalId: material.externalId, contentHash: hash },
  });
  if (before !== undefined) {
    return { material: await findMaterial(tx, caller, before.id), created: false };
  }
  await mustFitProgram(tx, program, material);
  const id = newId('material');
  await tx.insert('material', {
    ...material,
    ...{ id, storeId: program.storeId, programId: program.id, contentHash: hash },
    ...{ actor: caller.actor, createdAt: now, changedAt: now },
  });
  return { material: await findMaterial(tx, caller, id), created: true };
}

/** Tiers that no plan of the program has, and a page to which no short link may lead, are refused. */
async function mustFitProgram(
  read: Tx,
  program: Pick<ProgramRow, 'id' | 'linkHosts'>,
  { kind, url, tiers }: MaterialSettings,
): Promise<void> {
  if (kind === 'link' && allowedUrl(url ?? '', program.linkHosts) === undefined) {
    const message = "url must be an address on one of the program's links.hosts.";
    throw new Refusal('link_host_not_allowed', message, {
      errors: [{ pointer: '/url', code: 'link_host_not_allowed', message }],
    });
  }
  if (tiers.length === 0) return;
  const rows = await read.rows<{ code: string }>(
    `SELECT DISTINCT t ->> 'code' AS code
     FROM plan p CROSS JOIN LATERAL jsonb_array_elements(p.body -> 'tiers') t
     WHERE p.program_id = $1`,
    [program.id],
  );
  const known = new Set(rows.map(({ code }) => code));
  const message = 'No plan of the program has this tier.';
  const errors = tiers.flatMap((tier, index): Fault[] =>
    known.has(tier) ? [] : [{ pointer: `/tiers/${index}`, code: 'unknown_tier', message }],
  );
  if (errors.length > 0) throw new Refusal('unknown_tier', message, { errors });
}

/**
 * A material that the caller may see.
 * @throws Refusal not_found
 */
export async function findMaterial(
  read: Tx,
  reach: Reach,
  id: string,
  lock: '' | 'lock' = '',
): Promise<MaterialOnClock> {
  const row = await read.first<MaterialOnClock>(
    `${materialSelect} WHERE m.id = $1 AND m.store_id = $2 AND ($3 = 'both' OR p.mode = $3)
     ${lock === 'lock' ? 'FOR NO KEY UPDATE OF m' : ''}`,
    [id, reach.storeId, reach.mode],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such material.');
  return row;
}

/** The materials of a program, the newest first, before a cursor; withdrawn ones too. */
export function listMaterials(
  read: Tx,
  query: { programId: string; cursor: string | undefined; limit: number },
): Promise<MaterialOnClock[]> {
  return read.rows<MaterialOnClock>(
    `${materialSelect} WHERE m.program_id = $1 AND ($2::text IS NULL OR m.id < $2)
     ORDER BY m.id DESC LIMIT $3`,
    [query.programId, query.cursor ?? null, query.limit],
  );
}

/**
 * Changes a material for whoever reads it from now on; the caller holds its row.
 * @throws Refusal material_withdrawn, unknown_tier, link_host_not_allowed
 */
export async function changeMaterial(
  tx: Tx,
  reach: Reach,
  input: { before: MaterialOnClock; after: MaterialSettings; now: Date },
): Promise<MaterialOnClock> {
  const { before, after, now } = input;
  mustBeThere(before);
  await mustFitProgram(tx, await programById(tx, before.programId), after);
  await tx.run(
    `UPDATE material SET title = $2, kind = $3, url = $4, text = $5, skus = $6, product_ids = $7,
       categories = $8, tiers = $9, starts_at = $10, ends_at = $11, changed_at = $12
     WHERE id = $1`,
    [
      ...[before.id, after.title, after.kind, after.url, after.text, after.skus, after.productIds],
      ...[after.categories, after.tiers, after.startsAt, after.endsAt, now],
    ],
  );
  return findMaterial(tx, reach, before.id);
}

/**
 * Withdraws a material for good: nobody is shown it any more.
 * @throws Refusal material_withdrawn
 */
export async function withdrawMaterial(tx: Tx, row: MaterialRow, now: Date): Promise<void> {
  mustBeThere(row);
  await tx.run('UPDATE material SET withdrawn_at = $2 WHERE id = $1', [row.id, now]);
}

function mustBeThere({ withdrawnAt }: MaterialRow): void {
  if (withdrawnAt === null) return;
  throw new Refusal('material_withdrawn', 'The material was withdrawn.');
}

/** The materials that a distributor's tier is shown at this moment, the newest first. */
export async function materialsFor(
  read: Tx,
  { programId, tier }: Pick<DistributorRow, 'programId' | 'tier'>,
  { limit, before, realNow }: { limit: number; before: string | undefined; realNow: Date },
): Promise<MaterialOnClock[]> {
  const at = programNow(await programById(read, programId), realNow);
  return read.rows<MaterialOnClock>(
    `${materialSelect}
     WHERE m.program_id = $1 AND m.withdrawn_at IS NULL
       AND m.starts_at <= $2 AND (m.ends_at IS NULL OR m.ends_at > $2)
       AND (m.tiers = '{}' OR $3 = ANY(m.tiers)) AND ($4::text IS NULL OR m.id < $4)
     ORDER BY m.id DESC LIMIT $5`,
    [programId, at, tier, before ?? null, limit],
  );
}
