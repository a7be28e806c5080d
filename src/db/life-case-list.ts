import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import type { CaseKind, CaseRow } from './life-case';

/** The cases of a kind, the latest first, before a cursor. */
export function listCases(
  read: Tx,
  distributorId: string,
  kind: CaseKind,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<CaseRow[]> {
  return read.rows<CaseRow>(
    `SELECT * FROM life_case WHERE distributor_id = $1 AND kind = $2
       AND ($3::text IS NULL OR id < $3) ORDER BY id DESC LIMIT $4`,
    [distributorId, kind, before ?? null, limit],
  );
}

/** @throws Refusal not_found */
export async function findCase(
  read: Tx,
  distributorId: string,
  kind: CaseKind,
  id: string,
): Promise<CaseRow> {
  const row = await read.first<CaseRow>(
    'SELECT * FROM life_case WHERE id = $1 AND distributor_id = $2 AND kind = $3',
    [id, distributorId, kind],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such case.');
  return row;
}
