import { timingSafeEqual } from 'node:crypto';
import { isId } from '../domain/kernel/id';
import type { ReadClickId } from '../domain/referral/click';
import type { Tx } from './database';
import { newId } from './id';
import type { Vault } from './vault';

/** Somebody followed a short link. Nothing about the person is kept. */
export interface ClickRow {
  id: string;
  programId: string;
  distributorId: string;
  linkCode: string;
  channel: string | null;
  /** on the program's clock, to the second */
  clickedAt: Date;
  createdAt: Date;
}

/** What attribution needs of a click. */
export type ClickFacts = Pick<ClickRow, 'programId' | 'distributorId' | 'clickedAt'>;

export async function recordClick(tx: Tx, click: Omit<ClickRow, 'id'>): Promise<string> {
  const id = newId('click');
  await tx.insert('click', { id, ...click });
  return id;
}

/** Clicks by their ids; one statement, none for no ids. */
export async function loadClicks(
  read: Tx,
  ids: readonly string[],
): Promise<Map<string, ClickFacts>> {
  if (ids.length === 0) return new Map();
  const rows = await read.rows<ClickFacts & { id: string }>(
    'SELECT id, program_id, distributor_id, clicked_at FROM click WHERE id = ANY($1)',
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** 132 bits: enough that nobody makes one up, short enough for an address. */
const tagLength = 22;
const tagOf = (vault: Vault, id: string) => vault.index('click.id', id).slice(0, tagLength);

/** The text that a link hands out for a click: its id and a tag that only we can make. */
export function signClickId(vault: Vault, id: string): string {
  return `${id}.${tagOf(vault, id)}`;
}

/** Reads what `signClickId` made; it takes as long for a wrong tag as for the right one. */
export function clickIdReader(vault: Vault): ReadClickId {
  return (signed) => {
    const [id = '', tag = '', ...rest] = signed.split('.');
    if (rest.length > 0 || !isId('click', id)) return undefined;
    const [given, right] = [Buffer.from(tag, 'utf8'), Buffer.from(tagOf(vault, id), 'utf8')];
    return given.length === right.length && timingSafeEqual(given, right) ? id : undefined;
  };
}
