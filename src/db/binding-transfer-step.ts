import { earns } from '../domain/distributor/state';
import { programNow } from '../domain/kernel/clock';
import { bindingAt, type BindingSpan, handOver } from '../domain/referral/binding';
import { whyNotEffective } from '../domain/referral/transfer';
import type { Decision } from '../domain/review/kind';
import {
  lockTransfer,
  mustMove,
  tellSides,
  type TransferRow,
  waitForEffect,
} from './binding-transfer';
import { closeDueMoments } from './clock';
import type { Tx } from './database';
import { recordEvents } from './event';
import { newId } from './id';
import { bindingRules } from './order-attribution';
import { programById, type ProgramRow } from './program';
import { customerKey, loadBindings } from './referral';
import { latestReview } from './review';
import { escalateWhenDue } from './review-due';

/** For what a transfer waits. */
export interface TransferProgress {
  /** nothing is left to wait for */
  over: boolean;
  /** milliseconds until something falls due; null: only for a person */
  leftMs: number | null;
  /** the review that decides about an objection */
  reviewId: string | null;
}

const over: TransferProgress = { over: true, leftMs: null, reviewId: null };

/**
 * Does what has fallen due for a transfer: it takes effect at the end of its window, or the review
 * of an objection reminds or is escalated. Safe to repeat.
 */
export async function advanceTransfer(
  tx: Tx,
  id: string,
  realNow: Date,
): Promise<TransferProgress> {
  const transfer = await lockTransfer(tx, id);
  const program = await programById(tx, transfer.programId);
  const at = programNow(program, realNow);
  switch (transfer.status) {
    case 'open': {
      const leftMs = transfer.effectiveAt.getTime() - at.getTime();
      if (leftMs > 0) return { over: false, leftMs, reviewId: null };
      // The moment that was promised, also when the worker was late.
      await takeEffect(tx, { program, transfer, at: transfer.effectiveAt, realNow });
      return over;
    }
    case 'objected': {
      const review = await latestReview(tx, 'bindingTransfer', id);
      if (review?.status !== 'open') throw new Error(`${id} is objected to without a review`);
      const leftMs = await escalateWhenDue(tx, review.id, { at, realNow });
      return { over: false, leftMs, reviewId: review.id };
    }
    case 'effective':
    case 'rejected':
    case 'withdrawn':
      return over;
  }
}

/**
 * What an admin's decision about objections does, in its transaction. An approval takes effect at
 * the decision, but never before the moment that both sides were told.
 */
export async function decideTransfer(
  tx: Tx,
  decided: { transferId: string; outcome: Decision; at: Date; realNow: Date },
): Promise<{ id: string; status: string }> {
  const { transferId: id, outcome, at, realNow } = decided;
  const transfer = await lockTransfer(tx, id);
  const program = await programById(tx, transfer.programId);
  if (outcome === 'reject') return end(tx, transfer, { at, why: 'objection_upheld' });
  if (at >= transfer.effectiveAt) return takeEffect(tx, { program, transfer, at, realNow });
  const status = mustMove(transfer, 'approved_early');
  await tx.run('UPDATE binding_transfer SET status = $2, decided_at = $3 WHERE id = $1', [
    ...[id, status, at],
  ]);
  await waitForEffect(tx, transfer);
  return { id, status };
}

interface Effect {
  program: ProgramRow;
  transfer: TransferRow;
  at: Date;
  realNow: Date;
}

/** Past orders keep their owner: only the bindings change, and only from this moment on. */
async function takeEffect(tx: Tx, effect: Effect): Promise<{ id: string; status: string }> {
  const { program, transfer, at } = effect;
  const spans = (await loadBindings(tx, [transfer])).get(customerKey(transfer)) ?? [];
  const to = await tx.first<{ status: Parameters<typeof earns>[0] }>(
    'SELECT status FROM distributor WHERE id = $1',
    [transfer.toDistributorId],
  );
  const holder = bindingAt(spans, at);
  const holderId = holder?.distributorId ?? null;
  const toEarns = to !== undefined && earns(to.status);
  const why = whyNotEffective(transfer, { holderId, toEarns });
  if (why !== undefined) return end(tx, transfer, { at, why });
  const touch = { distributorId: transfer.toDistributorId, at };
  const bindingId =
    holder?.distributorId === transfer.toDistributorId
      ? holder.id // an order made it in the meantime
      : await writeBinding(tx, effect, handOver(bindingRules(program), spans, touch));
  const status = mustMove(transfer, 'took_effect');
  await tx.run(
    `UPDATE binding_transfer SET status = $2, binding_id = $3, decided_at = coalesce(decided_at, $4)
     WHERE id = $1`,
    [transfer.id, status, bindingId, at],
  );
  await closeDueMoments(tx, transfer.id, 'done');
  await recordEvents(tx, [transferredEvent(transfer, bindingId, at)]);
  return { id: transfer.id, status };
}

async function writeBinding(
  tx: Tx,
  { transfer, realNow }: Effect,
  { span, follows }: { span: Omit<BindingSpan, 'id'>; follows: BindingSpan | undefined },
): Promise<string> {
  const { id: causeId, programId, customerExternalId, requestedBy: actor } = transfer;
  const id = newId('binding');
  if (follows !== undefined) {
    await tx.run('UPDATE binding SET ends_at = $2 WHERE id = $1', [follows.id, span.startsAt]);
  }
  const cause = { cause: 'transfer', causeId, actor, createdAt: realNow };
  await tx.insert('binding', { id, programId, customerExternalId, ...span, ...cause });
  return id;
}

function transferredEvent(transfer: TransferRow, bindingId: string, occurredAt: Date) {
  const { id: transferId, storeId, programId, fromDistributorId, toDistributorId } = transfer;
  return {
    ...{ storeId, programId, subjectId: bindingId, occurredAt },
    type: 'binding.transferred' as const,
    payload: { transferId, fromDistributorId, distributorId: toDistributorId },
  };
}

async function end(
  tx: Tx,
  transfer: TransferRow,
  { at, why }: { at: Date; why: string },
): Promise<{ id: string; status: string }> {
  const status = mustMove(transfer, 'rejected');
  await tx.run('UPDATE binding_transfer SET status = $2, decided_at = $3 WHERE id = $1', [
    ...[transfer.id, status, at],
  ]);
  await closeDueMoments(tx, transfer.id, 'done');
  await tellSides(tx, { ...transfer, status }, 'rejected', at, { why });
  return { id: transfer.id, status };
}
