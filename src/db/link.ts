import { randomInt } from 'node:crypto';
import { makeCode, normalizeCode } from '../domain/distributor/code';
import { type DistributorStatus, earns } from '../domain/distributor/state';
import { floorToSecond, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { allowedUrl } from '../domain/referral/link';
import { recordClick } from './click';
import type { Tx } from './database';
import type { ProgramRow } from './program';

/** A short link of a distributor. Its code is unique in the whole house. */
export interface LinkRow {
  code: string;
  programId: string;
  distributorId: string;
  /** where it is used, for example a poster or a chat group; null: not said */
  channel: string | null;
  /** null: the landing page of the program */
  targetUrl: string | null;
  createdAt: Date;
}

/** The path of a short link. */
export function linkPath(code: string): string {
  return `/r/${code}`;
}

// The codes of distributors are unique per program only; one index look-up for each program.
const distributorByCode = `
  SELECT d.id AS distributor_id, d.program_id, d.code
  FROM program p JOIN distributor d ON d.program_id = p.id AND d.code = $1 LIMIT 2`;

/** Whether a code leads somewhere already, as a link or as the code of a distributor. */
export async function isLinkCodeTaken(tx: Tx, code: string): Promise<boolean> {
  const taken = await tx.first(
    `SELECT 1 FROM link WHERE code = $1
     UNION ALL (SELECT 1 FROM (${distributorByCode}) d) LIMIT 1`,
    [code],
  );
  return taken !== undefined;
}

/** The link that every distributor has: its own code, no channel, the landing page. */
export async function createDefaultLink(
  tx: Tx,
  distributor: { id: string; programId: string; code: string; createdAt: Date },
): Promise<void> {
  await tx.insert('link', {
    code: distributor.code,
    programId: distributor.programId,
    distributorId: distributor.id,
    createdAt: distributor.createdAt,
  });
}

const linksAtMost = 1000;
const codeTriesAtMost = 20;

/**
 * Makes one more link of a distributor.
 * @throws Refusal link_host_not_allowed, too_many_links
 */
export async function createLink(
  tx: Tx,
  program: ProgramRow,
  input: Pick<LinkRow, 'distributorId' | 'channel' | 'targetUrl'> & { now: Date },
): Promise<LinkRow> {
  const { distributorId, channel, targetUrl, now } = input;
  if (targetUrl !== null && allowedUrl(targetUrl, program.linkHosts) === undefined) {
    const message = "targetUrl must be an address on one of the program's links.hosts.";
    throw new Refusal('link_host_not_allowed', message, {
      errors: [{ pointer: '/targetUrl', code: 'link_host_not_allowed', message }],
    });
  }
  await tx.run('SELECT 1 FROM distributor WHERE id = $1 FOR NO KEY UPDATE', [distributorId]);
  const made = await tx.first<{ count: number }>(
    'SELECT count(*)::int AS count FROM link WHERE distributor_id = $1',
    [distributorId],
  );
  if ((made?.count ?? 0) >= linksAtMost) {
    throw new Refusal('too_many_links', `A distributor has at most ${linksAtMost} links.`);
  }
  for (let tries = 0; tries < codeTriesAtMost; tries += 1) {
    const code = makeCode((below) => randomInt(below));
    if (await isLinkCodeTaken(tx, code)) continue;
    const row = { code, programId: program.id, distributorId, channel, targetUrl, createdAt: now };
    await tx.insert('link', row);
    return row;
  }
  throw new Error(`no free link code after ${codeTriesAtMost} tries`);
}

/** The links of a distributor, the newest first. `after` is what `linkCursor` gave. */
export function listLinks(
  read: Tx,
  distributorId: string,
  { limit, after }: { limit: number; after: string | undefined },
): Promise<LinkRow[]> {
  const [at, code] = readLinkCursor(after);
  return read.rows<LinkRow>(
    `SELECT * FROM link WHERE distributor_id = $1
       AND ($2::timestamptz IS NULL OR (created_at, code) < ($2, $3))
     ORDER BY created_at DESC, code DESC LIMIT $4`,
    [distributorId, at, code, limit],
  );
}

export function linkCursor({ createdAt, code }: LinkRow): string {
  return `${createdAt.getTime()} ${code}`;
}

/** A cursor of another list begins this one again. */
function readLinkCursor(cursor: string | undefined): [Date | null, string | null] {
  const match = /^(\d{1,13}) (\w+)$/.exec(cursor ?? '');
  return match === null ? [null, null] : [new Date(Number(match[1])), match[2] ?? null];
}

/** @throws Refusal not_found */
export async function findLink(read: Tx, distributorId: string, code: string): Promise<LinkRow> {
  const link = await read.first<LinkRow>(
    'SELECT * FROM link WHERE distributor_id = $1 AND code = $2',
    [distributorId, normalizeCode(code)],
  );
  if (link === undefined) throw noSuchLink();
  return link;
}

function noSuchLink(): Refusal {
  return new Refusal('not_found', 'There is no such link.');
}

/** Where a followed link leads, and what became of the click. */
export interface Followed {
  link: Pick<LinkRow, 'targetUrl'>;
  program: ProgramRow;
  distributorCode: string;
  /** undefined: nothing was recorded */
  clickId: string | undefined;
}

/**
 * Follows a short link and records the click. A distributor who does not earn at this moment gets
 * none, since no order could come of it; the buyer is led to the shop all the same. The code of a
 * distributor is the code of its default link, which is made here for one who came before links.
 * @throws Refusal not_found
 */
export async function followLink(
  tx: Tx,
  given: { code: string; channel: string | undefined; record: boolean; now: Date },
): Promise<Followed> {
  const { record, now } = given;
  const link = await linkByCode(tx, normalizeCode(given.code), now);
  const found = await tx.first<{ code: string; status: DistributorStatus }>(
    'SELECT code, status FROM distributor WHERE id = $1',
    [link.distributorId],
  );
  const program = await tx.first<ProgramRow>('SELECT * FROM program WHERE id = $1', [
    link.programId,
  ]);
  if (found === undefined || program === undefined) throw noSuchLink();
  const followed = { link, program, distributorCode: found.code };
  const clickedAt = floorToSecond(programNow(program, now));
  if (!record || !earns(found.status) || clickedAt < program.startsAt) {
    return { ...followed, clickId: undefined };
  }
  const clickId = await recordClick(tx, {
    programId: program.id,
    distributorId: link.distributorId,
    linkCode: link.code,
    channel: link.channel ?? given.channel ?? null,
    clickedAt,
    createdAt: now,
  });
  return { ...followed, clickId };
}

async function linkByCode(tx: Tx, code: string, now: Date): Promise<LinkRow> {
  const link = await tx.first<LinkRow>('SELECT * FROM link WHERE code = $1', [code]);
  if (link !== undefined) return link;
  const [owner, another] = await tx.rows<{ distributorId: string; programId: string }>(
    distributorByCode,
    [code],
  );
  // Two programs may have given the same code before links: then it leads to nobody.
  if (owner === undefined || another !== undefined) throw noSuchLink();
  const made: LinkRow = { code, ...owner, channel: null, targetUrl: null, createdAt: now };
  await tx.run(
    `INSERT INTO link (code, program_id, distributor_id, created_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (code) DO NOTHING`,
    [code, made.programId, made.distributorId, now],
  );
  return made;
}
