import type { Caller } from '../domain/kernel/access';
import { addDays, daysBetween, floorToSecond, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import {
  afterSaleContent,
  type AfterSaleInput,
  linesOfCase,
  openDaysAtMost,
} from '../domain/order/after-sale';
import { isInTheFuture } from '../domain/order/order';
import { checkMoment } from '../domain/order/refund';
import { closeDueMoments, type DueMoment, openDueMoment } from './clock';
import { contentHash } from './content-hash';
import type { Tx } from './database';
import { storedUnder } from './external-id';
import { moveReleases } from './hold';
import { newId } from './id';
import { externalIdPrefix, findOrder, type OrderRow } from './order';
import type { ProgramRow } from './program';
import { endMootReview, openReview } from './review';

/** An after-sale case as answers show it. */
export interface AfterSaleView {
  id: string;
  orderId: string;
  externalId: string;
  status: 'open' | 'closed';
  openedAt: Date;
  closedAt: Date | null;
  /** externalIds of its lines */
  lines: string[];
}

interface AfterSaleRow extends Omit<AfterSaleView, 'status' | 'lines'> {
  storeId: string;
  contentHash: string;
  lineExternalIds: string[];
}

interface Context {
  caller: Pick<Caller, 'storeId' | 'mode'>;
  /** real time */
  now: Date;
}

/** The duty that puts a case which is open for long before an admin. */
export const longCaseMoment = 'after-sale.open-long';

const reviewDays = 7;

/**
 * Opens a case: while it is open, the hold of its lines stands still. What was released stays
 * released. The same externalId with the same content answers the first case.
 * @throws Refusal not_found, external_id_conflict, unknown_order_line, after_sale_before_payment,
 *   in_the_future
 */
export async function openAfterSale(
  tx: Tx,
  context: Context,
  reference: string,
  input: AfterSaleInput,
): Promise<{ afterSale: AfterSaleView; created: boolean }> {
  const { order, program } = await findOrder(tx, context.caller, reference, 'lock');
  const hash = contentHash(afterSaleContent(order.id, input));
  const before = await storedUnder<AfterSaleRow>(tx, 'after-sale', {
    ...{ storeId: order.storeId, externalId: input.externalId, contentHash: hash },
  });
  if (before !== undefined) return { afterSale: viewOf(before), created: false };
  const at = { paidAt: order.paidAt, program, realNow: context.now };
  checkMoment(input.openedAt, at, { code: 'after_sale_before_payment', pointer: '/openedAt' });
  const lines = linesOfCase(await lineNames(tx, order.id), input);
  const id = await insertCase(tx, order, { input, hash, lines, now: context.now });
  await moveReleases(tx, order);
  return { afterSale: viewOf(await caseById(tx, id)), created: true };
}

async function lineNames(tx: Tx, orderId: string): Promise<string[]> {
  const rows = await tx.rows<{ externalId: string }>(
    'SELECT external_id FROM order_line WHERE order_id = $1 ORDER BY position',
    [orderId],
  );
  return rows.map(({ externalId }) => externalId);
}

async function insertCase(
  tx: Tx,
  order: OrderRow,
  { input, hash, lines, now }: { input: AfterSaleInput; hash: string; lines: string[]; now: Date },
): Promise<string> {
  const id = newId('afterSale');
  await tx.insert('after_sale', {
    id,
    storeId: order.storeId,
    orderId: order.id,
    externalId: input.externalId,
    contentHash: hash,
    openedAt: input.openedAt,
    closedAt: null,
    lineExternalIds: lines,
    createdAt: now,
  });
  await openDueMoment(tx, {
    programId: order.programId,
    dueAt: addDays(input.openedAt, openDaysAtMost),
    subjectId: id,
    name: longCaseMoment,
  });
  return id;
}

/**
 * Opens the review of a case that is still open on its thirtieth day, and again every thirty days
 * for as long as nobody closes it: money that is held must not be forgotten.
 */
export async function reviewLongCase(tx: Tx, moment: DueMoment): Promise<void> {
  const { subjectId, dueAt } = moment;
  const found = await tx.first<AfterSaleRow & { programId: string; isUnderReview: boolean }>(
    `SELECT a.*, o.program_id, EXISTS (SELECT 1 FROM review_task r
       WHERE r.kind = 'dispute' AND r.subject_id = a.id AND r.status = 'open') AS is_under_review
     FROM after_sale a JOIN orders o ON o.id = a.order_id
     WHERE a.id = $1 AND a.closed_at IS NULL`,
    [subjectId],
  );
  if (found === undefined) return;
  const { programId } = found;
  const next = { programId, dueAt: addDays(dueAt, openDaysAtMost), subjectId };
  await openDueMoment(tx, { ...next, name: longCaseMoment });
  if (found.isUnderReview) return;
  await openReview(tx, {
    storeId: found.storeId,
    programId: found.programId,
    kind: 'dispute',
    subjectId: found.id,
    dueAt: addDays(dueAt, reviewDays),
    facts: {
      about: 'after_sale',
      orderId: found.orderId,
      openedAt: found.openedAt.toISOString(),
      lines: found.lineExternalIds,
      openDays: daysBetween(found.openedAt, dueAt),
    },
    createdAt: dueAt,
  });
}

/** Which case a caller means: by id or `ext:<externalId>`; with an order, one of that order. */
export interface AfterSaleReference {
  id: string;
  order?: string | undefined;
}

/**
 * Closes a case: the hold goes on with what was left of it, and a review that asked why it was open
 * for long ends. Without a moment it is closed now; the same closure again changes nothing.
 * @throws Refusal not_found, after_sale_closed, closure_before_opening, in_the_future
 */
export async function closeAfterSale(
  tx: Tx,
  context: Context,
  reference: AfterSaleReference,
  closedAt: Date | undefined,
): Promise<{ afterSale: AfterSaleView; closed: boolean }> {
  const { id, orderId } = await findCase(tx, context.caller, reference);
  // Like everything else that moves an order's money, it takes the order's row first.
  const { order, program } = await findOrder(tx, context.caller, orderId, 'lock');
  const before = await caseById(tx, id);
  if (before.closedAt !== null) {
    if (closedAt === undefined || closedAt.getTime() === before.closedAt.getTime()) {
      return { afterSale: viewOf(before), closed: false };
    }
    const detail = `The case was closed as of ${before.closedAt.toISOString()}.`;
    throw new Refusal('after_sale_closed', detail);
  }
  const at = closedAt ?? momentOfClosure(before, program, context.now);
  checkClosure(at, before, program, context.now);
  // Its moment first: whoever asks about the case right now has it, and is done before the case ends.
  await closeDueMoments(tx, id, 'canceled');
  await tx.run('UPDATE after_sale SET closed_at = $2 WHERE id = $1', [id, at]);
  const now = floorToSecond(programNow(program, context.now));
  await endMootReview(tx, {
    ...{ kind: 'dispute', subjectId: id, at: now, actor: 'system:after-sale' },
    why: 'The case was closed.',
  });
  await moveReleases(tx, order);
  return { afterSale: viewOf({ ...before, closedAt: at }), closed: true };
}

/** Now, but never before a case that was opened a little ahead of our clock. */
function momentOfClosure({ openedAt }: AfterSaleRow, program: ProgramRow, realNow: Date): Date {
  const now = floorToSecond(programNow(program, realNow));
  return now < openedAt ? openedAt : now;
}

function checkClosure(
  closedAt: Date,
  { openedAt }: AfterSaleRow,
  program: ProgramRow,
  realNow: Date,
): void {
  const pointer = '/closedAt';
  if (closedAt < openedAt) {
    const message = 'This is before the case was opened.';
    throw new Refusal('closure_before_opening', message, {
      errors: [{ pointer, code: 'closure_before_opening', message }],
    });
  }
  if (isInTheFuture(closedAt, program, realNow)) {
    const message = 'This is later than the clock.';
    throw new Refusal('in_the_future', message, {
      errors: [{ pointer, code: 'in_the_future', message }],
    });
  }
}

/** @throws Refusal not_found, also for another store's case and one of the other mode */
export async function findAfterSale(
  read: Tx,
  caller: Context['caller'],
  reference: AfterSaleReference,
): Promise<AfterSaleView> {
  return viewOf(await findCase(read, caller, reference));
}

async function findCase(
  read: Tx,
  caller: Context['caller'],
  reference: AfterSaleReference,
): Promise<AfterSaleRow> {
  const external = reference.id.startsWith(externalIdPrefix);
  const order = reference.order;
  const orderId = order === undefined ? null : (await findOrder(read, caller, order)).order.id;
  const row = await read.first<AfterSaleRow>(
    `SELECT a.* FROM after_sale a
     JOIN orders o ON o.id = a.order_id JOIN program p ON p.id = o.program_id
     WHERE ${external ? 'a.external_id' : 'a.id'} = $1 AND a.store_id = $2
       AND ($3 = 'both' OR p.mode = $3) AND ($4::text IS NULL OR a.order_id = $4)`,
    [
      external ? reference.id.slice(externalIdPrefix.length) : reference.id,
      caller.storeId,
      caller.mode,
      orderId,
    ],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such case.');
  return row;
}

async function caseById(read: Tx, id: string): Promise<AfterSaleRow> {
  const row = await read.first<AfterSaleRow>('SELECT * FROM after_sale WHERE id = $1', [id]);
  if (row === undefined) throw new Error(`after-sale case ${id} is gone`);
  return row;
}

/** Cases of an order, the newest first, up to `limit` after the cursor. */
export async function listAfterSales(
  read: Tx,
  orderId: string,
  query: { cursor: string | undefined; limit: number },
): Promise<AfterSaleView[]> {
  const rows = await read.rows<AfterSaleRow>(
    `SELECT * FROM after_sale
     WHERE order_id = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [orderId, query.cursor ?? null, query.limit],
  );
  return rows.map(viewOf);
}

function viewOf(row: AfterSaleRow): AfterSaleView {
  const { id, orderId, externalId, openedAt, closedAt, lineExternalIds } = row;
  const status = closedAt === null ? 'open' : 'closed';
  return { id, orderId, externalId, status, openedAt, closedAt, lines: lineExternalIds };
}
