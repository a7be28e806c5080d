import { createHash } from 'node:crypto';
import { baseAmounts } from '../domain/commission/base';
import type { Caller } from '../domain/kernel/access';
import type { Language } from '../domain/kernel/language';
import { Refusal } from '../domain/kernel/refusal';
import { type OrderInput, orderContent, whyRefused } from '../domain/order/order';
import type { ReadClickId } from '../domain/referral/click';
import type { Tx } from './database';
import { loadOrderViews, type OrderView, viewOfBooked } from './order';
import {
  bookFresh,
  factsOf,
  type FreshOrder,
  groundsOf,
  type OrderGrounds,
  readGrounds,
  whyUnbookable,
} from './order-booking';
import { writeOrders } from './order-write';
import type { ProgramRow } from './program';
import { sharedProgramLock } from './program-lock';
import { returnBySale } from './sale-return';

/** What became of one order of a batch. */
export type OrderOutcome =
  { status: 201 | 200; order: OrderView } | { status: 'refused'; refusal: Refusal };

export interface IntakeContext {
  caller: Pick<Caller, 'storeId' | 'mode' | 'actor'>;
  /** real time */
  now: Date;
  language: Language;
  /** reads the click ids of orders; left out: no click id is ours */
  readClickId?: ReadClickId;
}

/** An order that passed every check and is new. */
interface Accepted extends FreshOrder {
  index: number;
}

/** What is known of an order before anything is written. */
type Verdict =
  | { kind: 'new'; accepted: Accepted }
  | { kind: 'stored'; orderId: string }
  /** the same order stands earlier in this batch */
  | { kind: 'repeat'; of: number }
  | { kind: 'refused'; refusal: Refusal };

/**
 * Takes in 1 to 1000 orders in one transaction with a fixed number of statements. A refusal is the
 * answer of its own order and touches no other. The same externalId with the same content answers
 * the stored order; with other content it is refused, inside one batch too.
 * @throws ExternalIdRace, after which the transaction runs again
 */
export async function acceptOrders(
  tx: Tx,
  context: IntakeContext,
  orders: readonly OrderInput[],
): Promise<OrderOutcome[]> {
  const keyed = orders.map((order) => ({ order, program: { id: order.programId } }));
  // The lock is sent first: what is read behind it stays as it is read.
  const [programs, stored, grounds] = await Promise.all([
    lockPrograms(tx, context.caller, orders),
    storedOrders(tx, context.caller.storeId, orders),
    readGrounds(tx, keyed, context.readClickId),
  ]);
  const verdicts = judge(orders, { programs, stored, now: context.now });
  const { booked, attribution } = await bookNew(tx, verdicts, grounds);
  const [returning, views] = await Promise.all([
    writeOrders(tx, booked, attribution, { actor: context.caller.actor, now: context.now }),
    // Made while the database writes: for a small group that is most of its time.
    onceSent(() => booked.map((order) => viewOfBooked(order, context.language))),
  ]);
  await returnBySale(tx, returning, context.now);
  return answer(tx, verdicts, views, context.language);
}

/**
 * Books what is new. An order that cannot be booked is refused in `verdicts`, and so are its repeats;
 * the others are then booked as if it had not come.
 */
async function bookNew(
  tx: Tx,
  verdicts: Verdict[],
  grounds: OrderGrounds,
): ReturnType<typeof bookFresh> {
  for (;;) {
    const fresh = verdicts.flatMap((verdict) => (verdict.kind === 'new' ? [verdict.accepted] : []));
    const positions = fresh.map(({ index }) => index);
    const result = await bookFresh(tx, fresh, 'lock', groundsOf(grounds, positions));
    const refusals = new Map(
      result.booked.flatMap((order, i) => {
        const refusal = whyUnbookable(order);
        return refusal === undefined ? [] : [[positions[i]!, refusal] as const];
      }),
    );
    if (refusals.size === 0) return result;
    verdicts.forEach((verdict, index) => {
      const refusal = refusals.get(verdict.kind === 'repeat' ? verdict.of : index);
      if (refusal !== undefined) verdicts[index] = refused(refusal);
    });
  }
}

/** Works once the statements of this turn have left. */
function onceSent<T>(work: () => T): Promise<T> {
  return new Promise<void>((sent) => setImmediate(sent)).then(work);
}

/** Also keeps plans from being published until the orders are in: they would be the wrong ones. */
async function lockPrograms(
  tx: Tx,
  { storeId, mode }: IntakeContext['caller'],
  orders: readonly OrderInput[],
): Promise<Map<string, ProgramRow>> {
  const ids = [...new Set(orders.map(({ programId }) => programId))];
  const rows = await tx.rows<ProgramRow>(
    `SELECT p.*, ${sharedProgramLock} AS held FROM program p
     WHERE p.id = ANY($1) AND p.store_id = $2 AND ($3 = 'both' OR p.mode = $3) ORDER BY p.id`,
    [ids, storeId, mode],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

interface StoredOrder {
  id: string;
  externalId: string;
  contentHash: string;
}

async function storedOrders(
  tx: Tx,
  storeId: string,
  orders: readonly OrderInput[],
): Promise<Map<string, StoredOrder>> {
  const rows = await tx.rows<StoredOrder>(
    'SELECT id, external_id, content_hash FROM orders WHERE store_id = $1 AND external_id = ANY($2)',
    [storeId, orders.map(({ externalId }) => externalId)],
  );
  return new Map(rows.map((row) => [row.externalId, row]));
}

function judge(
  orders: readonly OrderInput[],
  known: { programs: Map<string, ProgramRow>; stored: Map<string, StoredOrder>; now: Date },
): Verdict[] {
  const seen = new Map<string, Accepted>();
  return orders.map((order, index): Verdict => {
    const contentHash = createHash('sha256').update(orderContent(order)).digest('hex');
    const program = known.programs.get(order.programId);
    if (program === undefined) return refused(noSuchProgram());
    const before = known.stored.get(order.externalId);
    const earlier = seen.get(order.externalId);
    if ((before ?? earlier ?? { contentHash }).contentHash !== contentHash) {
      return refused(
        new Refusal('external_id_conflict', 'This externalId was used for another order.'),
      );
    }
    if (before !== undefined) return { kind: 'stored', orderId: before.id };
    if (earlier !== undefined) return { kind: 'repeat', of: earlier.index };
    const refusal = whyRefused(order, program, known.now) ?? discountRefusal(order);
    if (refusal !== undefined) return refused(refusal);
    const accepted = { index, order, program, contentHash };
    seen.set(order.externalId, accepted);
    return { kind: 'new', accepted };
  });
}

function refused(refusal: Refusal): Verdict {
  return { kind: 'refused', refusal };
}

function noSuchProgram(): Refusal {
  const message = 'There is no such program.';
  return new Refusal('not_found', message, {
    errors: [{ pointer: '/programId', code: 'not_found', message }],
  });
}

function discountRefusal(order: OrderInput): Refusal | undefined {
  try {
    baseAmounts(factsOf(order, undefined));
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

async function answer(
  tx: Tx,
  verdicts: readonly Verdict[],
  views: readonly OrderView[],
  language: Language,
): Promise<OrderOutcome[]> {
  const storedIds = verdicts.flatMap((v) => (v.kind === 'stored' ? [v.orderId] : []));
  const stored = await loadOrderViews(tx, storedIds, language);
  const made = new Map<number, OrderView>();
  let next = 0;
  verdicts.forEach((verdict, index) => {
    if (verdict.kind !== 'new') return;
    made.set(index, views[next]!);
    next += 1;
  });
  return verdicts.map((verdict, index): OrderOutcome => {
    switch (verdict.kind) {
      case 'new':
        return { status: 201, order: made.get(index)! };
      case 'repeat':
        return { status: 200, order: made.get(verdict.of)! };
      case 'stored':
        return { status: 200, order: stored.get(verdict.orderId)! };
      case 'refused':
        return { status: 'refused', refusal: verdict.refusal };
    }
  });
}
