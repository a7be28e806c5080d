import { earns } from '../domain/distributor/state';
import { normalizeCode } from '../domain/distributor/code';
import type { Caller } from '../domain/kernel/access';
import { floorToSecond, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { isInTheFuture } from '../domain/order/order';
import { type BindingSpan, touch, type TouchOutcome } from '../domain/referral/binding';
import { type DistributorHistory, standingAt } from '../domain/referral/upline';
import type { Tx } from './database';
import { recordEvents } from './event';
import { newId } from './id';
import { bindingRules } from './order-attribution';
import type { ProgramRow, Reach } from './program';
import { customerKey, loadBindings, loadHistories, lockCustomers } from './referral';

/** A binding as it is stored and shown. */
export interface BindingRow extends BindingSpan {
  programId: string;
  customerExternalId: string;
  /** order | request | transfer */
  cause: string;
  causeId: string | null;
}

const bindingSelect = `
  SELECT b.id, b.program_id, b.customer_external_id, b.distributor_id, b.starts_at, b.ends_at,
    b.protected_until, b.cause, b.cause_id
  FROM binding b JOIN program p ON p.id = b.program_id`;

export interface NewBindingInput {
  program: ProgramRow;
  customerExternalId: string;
  distributorCode: string;
  /** a past moment, for customers who are brought in; undefined: now */
  boundAt?: Date | undefined;
}

/**
 * Ties a customer to a distributor by the program's rules. When the customer belongs to the
 * distributor already, that binding is the answer.
 * @throws Refusal unknown_distributor_code, scope_required, in_the_future, before_program_start,
 *   not_joined, distributor_inactive, binding_conflict
 */
export async function createBinding(
  tx: Tx,
  context: { caller: Caller; now: Date },
  input: NewBindingInput,
): Promise<{ binding: BindingRow; created: boolean }> {
  const { program, customerExternalId } = input;
  const at = momentOf(context, input);
  const distributorId = await eligibleDistributor(tx, input, at);
  const customer = { programId: program.id, customerExternalId };
  await lockCustomers(tx, [customer]);
  const spans = (await loadBindings(tx, [customer])).get(customerKey(customer)) ?? [];
  const outcome = touch(bindingRules(program), spans, { distributorId, at });
  switch (outcome.kind) {
    case 'same':
      return { binding: await bindingById(tx, outcome.current.id), created: false };
    case 'kept':
      throw conflict(outcome);
    case 'made':
      return { binding: await write(tx, context, input, outcome), created: true };
  }
}

function momentOf(
  { caller, now }: { caller: Caller; now: Date },
  { program, boundAt }: NewBindingInput,
): Date {
  if (boundAt === undefined) {
    const second = floorToSecond(programNow(program, now));
    return second < program.startsAt ? program.startsAt : second;
  }
  if (caller.kind === 'apiKey' && !caller.scopes.includes('distributors:import')) {
    throw new Refusal('scope_required', 'boundAt needs the scope distributors:import.');
  }
  if (isInTheFuture(boundAt, program, now))
    throw atBoundAt('in_the_future', 'later than the clock');
  if (boundAt < program.startsAt) {
    throw atBoundAt('before_program_start', 'before the program started');
  }
  return boundAt;
}

function atBoundAt(code: 'in_the_future' | 'before_program_start', what: string): Refusal {
  const message = `boundAt is ${what}.`;
  return new Refusal(code, message, { errors: [{ pointer: '/boundAt', code, message }] });
}

async function eligibleDistributor(
  tx: Tx,
  { program, distributorCode }: NewBindingInput,
  at: Date,
): Promise<string> {
  const found = await tx.first<{ id: string }>(
    'SELECT id FROM distributor WHERE program_id = $1 AND code = $2',
    [program.id, normalizeCode(distributorCode)],
  );
  if (found === undefined) {
    throw new Refusal('unknown_distributor_code', 'No distributor of this program has this code.');
  }
  const histories = new Map<string, DistributorHistory>();
  await loadHistories(tx, histories, [found.id], { levelsUp: 0, from: at, to: at });
  const standing = standingAt(histories.get(found.id), at);
  if (standing === undefined) {
    throw new Refusal('not_joined', 'The distributor had not joined at that moment.');
  }
  if (!earns(standing.status)) {
    throw new Refusal('distributor_inactive', `The distributor was ${standing.status} then.`);
  }
  return found.id;
}

function conflict({ current, why }: Extract<TouchOutcome, { kind: 'kept' }>): Refusal {
  const until = why === 'protected' ? current.protectedUntil : current.endsAt;
  const words =
    why === 'protected'
      ? 'The customer belongs to another distributor, who is protected'
      : 'The customer belongs to another distributor by first touch';
  return new Refusal(
    'binding_conflict',
    `${words}${until === null ? ', for good' : ` until ${until.toISOString()}`}.`,
  );
}

async function write(
  tx: Tx,
  { caller, now }: { caller: Caller; now: Date },
  { program, customerExternalId }: NewBindingInput,
  { span, follows }: Extract<TouchOutcome, { kind: 'made' }>,
): Promise<BindingRow> {
  const cause = { cause: 'request', causeId: null };
  const owner = { programId: program.id, customerExternalId };
  const binding = { id: newId('binding'), ...owner, ...span, ...cause };
  if (follows !== undefined) {
    await tx.run('UPDATE binding SET ends_at = $2 WHERE id = $1', [follows.id, span.startsAt]);
  }
  await tx.insert('binding', { ...binding, actor: caller.actor, createdAt: now });
  await recordEvents(tx, [
    {
      storeId: program.storeId,
      programId: program.id,
      type: 'binding.created',
      subjectId: binding.id,
      payload: { distributorId: span.distributorId, orderId: null },
      occurredAt: programNow(program, now),
    },
  ]);
  return binding;
}

async function bindingById(read: Tx, id: string): Promise<BindingRow> {
  const row = await read.first<BindingRow>(`${bindingSelect} WHERE b.id = $1`, [id]);
  if (row === undefined) throw new Refusal('not_found', 'There is no such binding.');
  return row;
}

/**
 * A binding that the caller may see.
 * @throws Refusal not_found
 */
export async function findBinding(read: Tx, reach: Reach, id: string): Promise<BindingRow> {
  const row = await read.first<BindingRow>(
    `${bindingSelect} WHERE b.id = $1 AND p.store_id = $2 AND ($3 = 'both' OR p.mode = $3)`,
    [id, reach.storeId, reach.mode],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such binding.');
  return row;
}

export interface BindingQuery {
  programId?: string | undefined;
  customerExternalId?: string | undefined;
  distributorId?: string | undefined;
  cursor: string | undefined;
  limit: number;
}

/** The bindings that the caller may see, past ones too, the newest first. */
export function listBindings(read: Tx, reach: Reach, query: BindingQuery): Promise<BindingRow[]> {
  return read.rows<BindingRow>(
    `${bindingSelect}
     WHERE p.store_id = $1 AND ($2 = 'both' OR p.mode = $2)
       AND ($3::text IS NULL OR b.program_id = $3)
       AND ($4::text IS NULL OR b.customer_external_id = $4)
       AND ($5::text IS NULL OR b.distributor_id = $5)
       AND ($6::text IS NULL OR b.id < $6)
     ORDER BY b.id DESC LIMIT $7`,
    [
      ...[reach.storeId, reach.mode, query.programId ?? null, query.customerExternalId ?? null],
      ...[query.distributorId ?? null, query.cursor ?? null, query.limit],
    ],
  );
}
