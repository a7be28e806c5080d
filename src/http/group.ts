import { type AuditEntry, recordAudit } from '../db/audit';
import type { Database, Tx } from '../db/database';
import { commitTogether, createGroupQueue, QueueFull, type Settled } from '../db/group-commit';
import {
  type Claim,
  claimKeys,
  type KeptAnswer,
  keepAnswers,
  KeyTaken,
  type KeyUse,
} from '../db/idempotency';
import { ProtocolRefusal } from './problem';
import {
  type AnyContext,
  auditEntry,
  isSuccess,
  kept,
  type Reply,
  replyOf,
  storedReply,
} from './reply';
import type { GroupOutcome, Route } from './route';

/** The requests of `grouped` routes that wait for a transaction; one for each application. */
export interface Groups {
  /** @throws what the request would throw alone; ProtocolRefusal busy when too many wait */
  write(route: Route, context: AnyContext, use: KeyUse | undefined): Promise<Reply>;
}

interface Item {
  readonly route: Route;
  readonly context: AnyContext;
  readonly use: KeyUse | undefined;
}

// While the database writes one group of a lane, this process reads and answers another.
const writersPerLane = 2;
const writersAtMost = 8;
// A group costs about as much as five of its orders, whatever its size.
const shareFrom = 8;
// Callers who were just answered are back within some milliseconds.
const gatherMs = 16;
// Some groups take 30 ms, none of them 100 but for a lock or a fault.
const patienceMs = 100;
const groupAtMost = 200;
const waitingAtMost = 4000;
const groupBytesAtMost = 8 * 1024 * 1024; // as a batch
const waitingBytesAtMost = 64 * 1024 * 1024;

export function createGroups(db: Database): Groups {
  const queue = createGroupQueue<Item, Reply>({
    commit: (items) => commitTogether(items, (part) => writeOnce(db, part)),
    writersPerLane,
    writers: writersAtMost,
    shareFrom,
    gatherMs,
    patienceMs,
    groupAtMost,
    waitingAtMost,
    bytesOf: ({ context }) => context.rawBody.length,
    groupBytesAtMost,
    waitingBytesAtMost,
  });
  return {
    write: async (route, context, use) => {
      try {
        const lane = route.grouped?.lane(context) ?? '';
        return await queue.submit(`${route.path}\n${lane}`, { route, context, use });
      } catch (error) {
        if (!(error instanceof QueueFull)) throw error;
        throw new ProtocolRefusal('busy', 'too many requests wait for their turn', {
          headers: { 'Retry-After': '1' },
        });
      }
    },
  };
}

/** Effects, answers, keys and audit of a group are committed together, or not at all. */
async function writeOnce(db: Database, items: readonly Item[]): Promise<Settled<Reply>[]> {
  const attempt = () => db.transaction((tx) => writeIn(tx, items));
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof KeyTaken)) throw error;
    return attempt();
  }
}

async function writeIn(tx: Tx, items: readonly Item[]): Promise<Settled<Reply>[]> {
  const settled = await answeredByKeys(tx, items);
  const open = items.filter((_, index) => settled[index] === undefined);
  const write = open[0]?.route.grouped?.write;
  const outcomes =
    write === undefined
      ? []
      : await write(
          tx,
          open.map(({ context }) => context),
        );
  const results = open.map((item, index) => resultOf(item, outcomes[index]));
  await Promise.all([
    recordAudit(tx, ...results.flatMap(({ audit }) => (audit === undefined ? [] : [audit]))),
    keepAnswers(
      tx,
      results.flatMap(({ keep }) => (keep === undefined ? [] : [keep])),
    ),
  ]);
  items[0]?.context.deps.crashPoint?.('api.beforeCommit');
  let next = 0;
  return settled.map((known) => known ?? results[next++]!.settled);
}

/** What the keys of some items answer by themselves; undefined for those that are to be written. */
async function answeredByKeys(
  tx: Tx,
  items: readonly Item[],
): Promise<(Settled<Reply> | undefined)[]> {
  const uses = items.flatMap(({ use }) => (use === undefined ? [] : [use]));
  const claims = new Map<KeyUse, Claim>();
  (await claimKeys(tx, uses)).forEach((claim, index) => claims.set(uses[index]!, claim));
  return items.map(({ route, context, use }) => {
    const claim = use === undefined ? undefined : claims.get(use);
    if (use === undefined || claim === undefined) return undefined;
    try {
      const reply = storedReply(claim, route, context.deps, use);
      return reply === undefined ? undefined : { status: 'fulfilled', value: reply };
    } catch (reason) {
      return { status: 'rejected', reason };
    }
  });
}

interface Result {
  readonly settled: Settled<Reply>;
  readonly audit?: AuditEntry | undefined;
  readonly keep?: KeptAnswer | undefined;
}

/** @throws RangeError for an answer that JSON cannot hold, which undoes the transaction */
function resultOf({ route, context, use }: Item, outcome: GroupOutcome | undefined): Result {
  if (outcome === undefined) throw new Error(`${route.path}: a request has no outcome`);
  if ('refusal' in outcome) {
    return { settled: { status: 'rejected', reason: outcome.refusal } };
  }
  const reply = replyOf(outcome.answer);
  return {
    settled: { status: 'fulfilled', value: reply },
    audit: outcome.audit && auditEntry(outcome.audit, context),
    keep:
      use === undefined || !isSuccess(reply)
        ? undefined
        : { createdAt: context.now, ...use, ...kept(reply, route, context.deps, use) },
  };
}
