import type { Caller, Mode } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';

export type Enrolment = 'open' | 'review' | 'invite';
export type TaxMethod = 'none' | 'general' | 'platformCumulative';
export type GapPolicy = 'restart' | 'keepIncome';

/** A program as it is stored. Amounts are fen, rates basis points, moments UTC. */
export interface ProgramRow {
  id: string;
  storeId: string;
  externalId: string;
  contentHash: string;
  name: string;
  currency: string;
  /** IANA name; calendars and months are counted in it */
  timeZone: string;
  mode: Mode;
  startsAt: Date;
  enrolment: Enrolment;
  productScope: 'all' | 'designated';
  holdStartsAt: 'paid' | 'received';
  holdDays: number;
  assumeReceivedAfterDays: number;
  settlementCalendar: 'weekly' | 'halfMonthly' | 'monthly' | 'onRequest';
  payoutMode: 'auto' | 'request';
  minimumPayoutAmount: bigint;
  reviewAboveAmount: bigint;
  feeFixedAmount: bigint;
  feeBps: number;
  bindingTouch: 'first' | 'last';
  /** null: for good */
  bindingWindowDays: number | null;
  bindingProtectDays: number;
  /** how long both sides may object to the transfer of a customer */
  transferObjectionDays: number;
  /** how long a click on a short link counts */
  clickWindowDays: number;
  /** hosts of the shop to which short links may lead */
  linkHosts: string[];
  /** where a short link leads that names no page */
  landingUrl: string | null;
  warnAfterDays: number;
  evictAfterDays: number;
  appealWindowDays: number;
  /** how long a departure may be taken back */
  coolingOffDays: number;
  /** how long after an eviction somebody may come back */
  returnAfterDays: number;
  /** who gets the downlines of whom is out */
  downlinePolicy: 'nearestActiveUpline' | 'none';
  /** what becomes of the customers of whom is out */
  customerPolicy: 'release' | 'nearestActiveUpline';
  payerId: string;
  /** how far the clock is ahead of real time; live programs: always 0 */
  clockOffsetMs: bigint;
  createdAt: Date;
}

/**
 * What a caller may reach: programs of its store, and of its mode when it is an API key; with a
 * distributor's token only what is that distributor's own.
 */
export type Reach = Pick<Caller, 'storeId' | 'mode' | 'distributorId'>;

/**
 * The program that a caller names.
 * @throws Refusal `not_found`, also for another store's program and for one of the other mode
 */
export async function findProgram(read: Tx, caller: Reach, id: string): Promise<ProgramRow> {
  const program = await read.first<ProgramRow>(
    `SELECT * FROM program WHERE id = $1 AND store_id = $2 AND ($3 = 'both' OR mode = $3)`,
    [id, caller.storeId, caller.mode],
  );
  if (program === undefined) throw new Refusal('not_found', 'There is no such program.');
  return program;
}

/** A program by its id alone, for work that no caller asked for. */
export async function programById(read: Tx, id: string): Promise<ProgramRow> {
  const program = await read.first<ProgramRow>('SELECT * FROM program WHERE id = $1', [id]);
  if (program === undefined) throw new Refusal('not_found', 'There is no such program.');
  return program;
}

/** Locks a program's row until the end of the transaction: settings and clock change one at a time. */
export async function lockProgram(tx: Tx, program: ProgramRow): Promise<ProgramRow> {
  const locked = await tx.first<ProgramRow>(
    'SELECT * FROM program WHERE id = $1 FOR NO KEY UPDATE',
    [program.id],
  );
  return locked ?? program;
}
