import { workflowIds, type WorkflowStart } from '../contracts/workflow';
import { type DistributorStatus, earns } from '../domain/distributor/state';
import type { Caller } from '../domain/kernel/access';
import { addDays, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { bindingAt } from '../domain/referral/binding';
import { mayObject, transition, type TransferStatus } from '../domain/referral/transfer';
import { closeDueMoments, openDueMoment } from './clock';
import type { Tx } from './database';
import { findDistributor } from './distributor';
import { recordEvents } from './event';
import { newId } from './id';
import { enqueueSignal, enqueueStart } from './outbox';
import type { ProgramRow, Reach } from './program';
import { customerKey, loadBindings, lockCustomers } from './referral';
import { endWithoutDecider, latestReview, openReview } from './review';

/** The transfer of a customer as it is stored. Moments are those of the program's clock. */
export interface TransferRow {
  id: string;
  storeId: string;
  programId: string;
  customerExternalId: string;
  /** null: the customer belonged to nobody */
  fromDistributorId: string | null;
  toDistributorId: string;
  reason: string;
  status: TransferStatus;
  /** the end of the objection window; before it nothing changes hands */
  effectiveAt: Date;
  requestedBy: string;
  requestedAt: Date;
  decidedAt: Date | null;
  /** the binding that it made */
  bindingId: string | null;
  createdAt: Date;
}

export interface ObjectionRow {
  id: string;
  transferId: string;
  side: 'from' | 'to';
  text: string;
  actor: string;
  createdAt: Date;
}

/** So long an admin has to decide about an objection before the task is escalated. */
const decideWithinDays = 7;

export interface TransferContext {
  caller: Caller;
  /** real time */
  now: Date;
}

/**
 * Opens the transfer of a customer and tells both sides. Nothing changes hands before the program's
 * objection window has ended.
 * @throws Refusal not_found, distributor_inactive, already_bound, transfer_already_open
 */
export async function requestTransfer(
  tx: Tx,
  { caller, now }: TransferContext,
  input: {
    program: ProgramRow;
    customerExternalId: string;
    toDistributorId: string;
    reason: string;
  },
): Promise<TransferRow> {
  const { program, customerExternalId, toDistributorId, reason } = input;
  const to = await findDistributor(tx, caller, toDistributorId);
  if (to.programId !== program.id) {
    throw new Refusal('not_found', 'There is no such distributor in this program.');
  }
  mustEarn(to.status);
  const customer = { programId: program.id, customerExternalId };
  await lockCustomers(tx, [customer]);
  const at = programNow(program, now);
  const fromDistributorId = await holderOf(tx, customer, at);
  if (fromDistributorId === toDistributorId) {
    throw new Refusal('already_bound', 'The customer belongs to this distributor already.');
  }
  await mustHaveNoOpen(tx, customer);
  const transfer: TransferRow = {
    ...{ id: newId('bindingTransfer'), storeId: program.storeId, ...customer },
    ...{ fromDistributorId, toDistributorId, reason, status: 'open' as const },
    effectiveAt: addDays(at, program.transferObjectionDays),
    ...{ requestedBy: caller.actor, requestedAt: at, decidedAt: null, bindingId: null },
    createdAt: now,
  };
  await tx.insert('binding_transfer', transfer);
  await tellSides(tx, transfer, 'requested', at);
  await waitForEffect(tx, transfer);
  await enqueueStart(tx, workflowOf(transfer.id));
  return transfer;
}

function mustEarn(status: DistributorStatus): void {
  if (earns(status)) return;
  throw new Refusal('distributor_inactive', `The distributor is ${status}.`);
}

async function holderOf(
  tx: Tx,
  customer: { programId: string; customerExternalId: string },
  at: Date,
): Promise<string | null> {
  const spans = (await loadBindings(tx, [customer])).get(customerKey(customer)) ?? [];
  return bindingAt(spans, at)?.distributorId ?? null;
}

async function mustHaveNoOpen(
  tx: Tx,
  { programId, customerExternalId }: { programId: string; customerExternalId: string },
): Promise<void> {
  const open = await tx.first<{ id: string }>(
    `SELECT id FROM binding_transfer WHERE program_id = $1 AND customer_external_id = $2
       AND status IN ('open', 'objected')`,
    [programId, customerExternalId],
  );
  if (open === undefined) return;
  throw new Refusal('transfer_already_open', `The transfer ${open.id} of this customer is open.`);
}

/** The workflow of a transfer and what it starts from. */
export function workflowOf(transferId: string) {
  return {
    workflowType: 'bindingTransfer',
    workflowId: workflowIds.bindingTransfer(transferId),
    input: { transferId },
  } as const satisfies WorkflowStart;
}

/** The moment for which an open transfer waits. */
export async function waitForEffect(tx: Tx, transfer: TransferRow): Promise<void> {
  await openDueMoment(tx, {
    programId: transfer.programId,
    dueAt: transfer.effectiveAt,
    subjectId: transfer.id,
    name: 'binding-transfer.effect',
    workflow: workflowOf(transfer.id),
  });
}

/** Tells each side of what happened to a transfer. */
export async function tellSides(
  tx: Tx,
  transfer: TransferRow,
  what: 'requested' | 'objected' | 'rejected' | 'withdrawn',
  occurredAt: Date,
  more: Record<string, string> = {},
): Promise<void> {
  const { id, storeId, programId, fromDistributorId, toDistributorId, effectiveAt } = transfer;
  const sides = [
    ...(fromDistributorId === null ? [] : [{ side: 'from', distributorId: fromDistributorId }]),
    { side: 'to', distributorId: toDistributorId },
  ];
  await recordEvents(
    tx,
    sides.map((side) => ({
      ...{ storeId, programId, subjectId: id, occurredAt },
      type: `binding.transfer_${what}` as const,
      payload: { transferId: id, ...side, effectiveAt: effectiveAt.toISOString(), ...more },
    })),
  );
}

/**
 * Objects to a transfer within its window. The first objection opens a review; until it is decided
 * nothing changes hands.
 * @throws Refusal not_found, no_such_side, transfer_not_open
 */
export async function objectToTransfer(
  tx: Tx,
  { caller, now }: TransferContext,
  input: { program: ProgramRow; id: string; side: 'from' | 'to' | undefined; text: string },
): Promise<{ transfer: TransferRow; objection: ObjectionRow; before: TransferStatus }> {
  const transfer = await lockTransfer(tx, input.id);
  const at = programNow(input.program, now);
  const side = input.side ?? (transfer.fromDistributorId === null ? 'to' : 'from');
  if (side === 'from' && transfer.fromDistributorId === null) {
    throw new Refusal('no_such_side', 'The customer belonged to nobody.');
  }
  if (!mayObject(transfer, at)) throw notOpen('The objection window has ended.');
  const objection: ObjectionRow = {
    ...{ id: newId('objection'), transferId: transfer.id, side, text: input.text },
    ...{ actor: caller.actor, createdAt: at },
  };
  await tx.insert('binding_transfer_objection', objection);
  const objected = { ...transfer, status: mustMove(transfer, 'objected') };
  if (transfer.status === 'open') await openCase(tx, objected, objection);
  return { transfer: objected, objection, before: transfer.status };
}

async function openCase(
  tx: Tx,
  transfer: TransferRow,
  { side, createdAt }: ObjectionRow,
): Promise<void> {
  const { id, storeId, programId, fromDistributorId, toDistributorId, effectiveAt } = transfer;
  await tx.run(`UPDATE binding_transfer SET status = 'objected' WHERE id = $1`, [id]);
  await closeDueMoments(tx, id, 'canceled');
  await openReview(tx, {
    ...{ storeId, programId, kind: 'bindingTransfer', subjectId: id },
    workflowId: workflowIds.bindingTransfer(id),
    dueAt: addDays(createdAt, decideWithinDays),
    facts: {
      ...{ transferId: id, fromDistributorId, toDistributorId, objectedBy: side },
      effectiveAt: effectiveAt.toISOString(),
    },
    createdAt,
  });
  await tellSides(tx, transfer, 'objected', createdAt, { objectedBy: side });
  await enqueueSignal(tx, { ...workflowOf(id), signalName: 'clockMoved' });
}

/**
 * Takes a transfer back. Only who asked for it may do so; for a shop that is any of its keys.
 * @throws Refusal not_found, requester_required, transfer_not_open
 */
export async function withdrawTransfer(
  tx: Tx,
  { caller, now }: TransferContext,
  input: { program: ProgramRow; id: string },
): Promise<{ transfer: TransferRow; before: TransferStatus }> {
  const transfer = await lockTransfer(tx, input.id);
  const byShop = caller.kind === 'apiKey' && transfer.requestedBy.startsWith('key:');
  if (transfer.requestedBy !== caller.actor && !byShop) {
    throw new Refusal('requester_required', 'Only who asked for the transfer may take it back.');
  }
  const at = programNow(input.program, now);
  const status = mustMove(transfer, 'withdrawn');
  await tx.run('UPDATE binding_transfer SET status = $2 WHERE id = $1', [transfer.id, status]);
  await closeDueMoments(tx, transfer.id, 'canceled');
  await closeReview(tx, transfer.id, at);
  const withdrawn = { ...transfer, status };
  await tellSides(tx, withdrawn, 'withdrawn', at);
  await enqueueSignal(tx, { ...workflowOf(transfer.id), signalName: 'clockMoved' });
  return { transfer: withdrawn, before: transfer.status };
}

/** There is nothing left to decide: the task ends like a rejection, without a decider. */
async function closeReview(tx: Tx, transferId: string, at: Date): Promise<void> {
  const review = await latestReview(tx, 'bindingTransfer', transferId);
  if (review === undefined) return;
  await endWithoutDecider(tx, {
    ...{ reviewId: review.id, outcome: 'reject', at, actor: 'system:binding-transfer' },
    why: 'The transfer was taken back.',
  });
}

/** The status after a move. @throws Refusal transfer_not_open */
export function mustMove(
  { status }: TransferRow,
  move: Parameters<typeof transition>[1],
): TransferStatus {
  const next = transition(status, move);
  if (next === undefined) throw notOpen(`The transfer is ${status}.`);
  return next;
}

function notOpen(detail: string): Refusal {
  return new Refusal('transfer_not_open', detail);
}

/**
 * A transfer, with its customer and its row locked until the end of the transaction, in the order in
 * which orders lock: first the customer.
 * @throws Refusal not_found
 */
export async function lockTransfer(tx: Tx, id: string): Promise<TransferRow> {
  const found = await tx.first<TransferRow>('SELECT * FROM binding_transfer WHERE id = $1', [id]);
  if (found === undefined) throw noSuchTransfer();
  await lockCustomers(tx, [found]);
  const locked = await tx.first<TransferRow>(
    'SELECT * FROM binding_transfer WHERE id = $1 FOR UPDATE',
    [id],
  );
  return locked ?? found;
}

function noSuchTransfer(): Refusal {
  return new Refusal('not_found', 'There is no such transfer.');
}

const transferSelect = `
  SELECT t.* FROM binding_transfer t JOIN program p ON p.id = t.program_id
  WHERE t.store_id = $1 AND ($2 = 'both' OR p.mode = $2)`;

/**
 * A transfer that the caller may see.
 * @throws Refusal not_found
 */
export async function findTransfer(read: Tx, reach: Reach, id: string): Promise<TransferRow> {
  const row = await read.first<TransferRow>(`${transferSelect} AND t.id = $3`, [
    ...[reach.storeId, reach.mode, id],
  ]);
  if (row === undefined) throw noSuchTransfer();
  return row;
}

export interface TransferQuery {
  programId?: string | undefined;
  customerExternalId?: string | undefined;
  distributorId?: string | undefined;
  status?: TransferStatus | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** The transfers that the caller may see, the newest first; of a distributor: on either side. */
export function listTransfers(
  read: Tx,
  reach: Reach,
  query: TransferQuery,
): Promise<TransferRow[]> {
  return read.rows<TransferRow>(
    `${transferSelect}
       AND ($3::text IS NULL OR t.program_id = $3)
       AND ($4::text IS NULL OR t.customer_external_id = $4)
       AND ($5::text IS NULL OR t.from_distributor_id = $5 OR t.to_distributor_id = $5)
       AND ($6::text IS NULL OR t.status = $6)
       AND ($7::text IS NULL OR t.id < $7)
     ORDER BY t.id DESC LIMIT $8`,
    [
      ...[reach.storeId, reach.mode, query.programId ?? null, query.customerExternalId ?? null],
      ...[query.distributorId ?? null, query.status ?? null, query.cursor ?? null, query.limit],
    ],
  );
}

/** The objections to a transfer, oldest first. */
export function objectionsTo(read: Tx, transferId: string): Promise<ObjectionRow[]> {
  return read.rows<ObjectionRow>(
    'SELECT * FROM binding_transfer_objection WHERE transfer_id = $1 ORDER BY id',
    [transferId],
  );
}
