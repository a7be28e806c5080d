import { sqlState } from './database';

/** Too many wait already; the caller should come again in a moment. */
export class QueueFull extends Error {
  constructor() {
    super('too many requests wait for their turn');
    this.name = 'QueueFull';
  }
}

/** What became of one item of a group. */
export type Settled<O> = PromiseSettledResult<O>;

export interface GroupQueueOptions<I, O> {
  /** Commits a group and answers what became of each item, in the order of the items. */
  readonly commit: (items: readonly I[]) => Promise<readonly Settled<O>[]>;
  /** groups of one lane that are written at the same time */
  readonly writersPerLane: number;
  /** groups of all lanes that are written at the same time */
  readonly writers: number;
  /** how long the next group of a lane waits at most for those who were just answered, ms; 0: never */
  readonly gatherMs: number;
  readonly groupAtMost: number;
  readonly waitingAtMost: number;
  /** bytes of an item; a group, and all that wait, have limits of bytes too */
  readonly bytesOf: (item: I) => number;
  readonly groupBytesAtMost: number;
  readonly waitingBytesAtMost: number;
}

export interface GroupQueue<I, O> {
  /**
   * Resolves when the item's group is committed. Items of one lane are taken in the order in which
   * they came; lanes take turns. @throws QueueFull
   */
  submit(lane: string, item: I): Promise<O>;
  /** items that no writer has taken yet */
  waiting(): number;
}

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (value: O) => void;
  readonly reject: (reason: unknown) => void;
}

interface Lane<I, O> {
  waiting: Waiting<I, O>[];
  writers: number;
  /** how many were answered a moment ago and are waited for */
  expected: number;
  /** how many groups were answered */
  round: number;
}

/**
 * Lets requests that arrive together share a transaction. While a writer is idle an item goes at
 * once, and what comes meanwhile is the next group. Callers who were answered together send their
 * next requests together: without waiting a moment for them the first one would be a group alone,
 * which costs nearly as much as all of them.
 */
export function createGroupQueue<I, O>(options: GroupQueueOptions<I, O>): GroupQueue<I, O> {
  const lanes = new Map<string, Lane<I, O>>();
  let waitingInAll = 0;
  let bytesInAll = 0;
  let writersInAll = 0;

  const take = (waiting: Waiting<I, O>[]): Waiting<I, O>[] => {
    const group = waiting.splice(0, fitting(waiting, options));
    waitingInAll -= group.length;
    for (const { item } of group) bytesInAll -= options.bytesOf(item);
    return group;
  };

  const start = (): void => {
    // A lane that was served goes behind the others.
    for (const [name, lane] of lanes) {
      if (writersInAll >= options.writers) return;
      if (lane.waiting.length === 0 || lane.writers >= options.writersPerLane) continue;
      if (lane.waiting.length < lane.expected) continue;
      const group = take(lane.waiting);
      writersInAll += 1;
      lane.writers += 1;
      lanes.delete(name);
      lanes.set(name, lane);
      void write(group).finally(() => {
        writersInAll -= 1;
        lane.writers -= 1;
        gather(name, lane, group.length);
        start();
      });
    }
  };

  /** After it what is there goes, and a lane that nobody came back to is forgotten. */
  const gather = (name: string, lane: Lane<I, O>, expected: number): void => {
    const round = (lane.round += 1);
    lane.expected = options.gatherMs > 0 ? expected : 0;
    setTimeout(() => {
      if (lane.round !== round) return;
      lane.expected = 0;
      if (lane.writers === 0 && lane.waiting.length === 0) lanes.delete(name);
      start();
    }, options.gatherMs);
  };

  const write = async (group: readonly Waiting<I, O>[]): Promise<void> => {
    try {
      const settled = await options.commit(group.map(({ item }) => item));
      group.forEach(({ resolve, reject }, index) => {
        const result = settled[index];
        if (result?.status === 'fulfilled') resolve(result.value);
        else reject(result?.reason ?? new Error('an item of a group has no outcome'));
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  return {
    waiting: () => waitingInAll,
    submit: (name, item) =>
      new Promise<O>((resolve, reject) => {
        const bytes = bytesInAll + options.bytesOf(item);
        if (waitingInAll >= options.waitingAtMost || bytes > options.waitingBytesAtMost) {
          reject(new QueueFull());
          return;
        }
        const lane = lanes.get(name) ?? { waiting: [], writers: 0, expected: 0, round: 0 };
        lanes.set(name, lane);
        lane.waiting.push({ item, resolve, reject });
        waitingInAll += 1;
        bytesInAll = bytes;
        // What has arrived already is read before the group is closed; nothing is waited for.
        setImmediate(start);
      }),
  };
}

/** How many of those that wait are a group. At least one: an item above the limit goes alone. */
function fitting<I, O>(
  waiting: readonly Waiting<I, O>[],
  { groupAtMost, groupBytesAtMost, bytesOf }: GroupQueueOptions<I, O>,
): number {
  let count = 0;
  let bytes = 0;
  for (const { item } of waiting.slice(0, groupAtMost)) {
    bytes += bytesOf(item);
    if (count > 0 && bytes > groupBytesAtMost) break;
    count += 1;
  }
  return count;
}

/** The database is away, stops, is full or too slow: smaller groups would fare no better. */
const unavailable = /^(08...|53...|57...|25006|55P03|ECONN.*|ETIMEDOUT|EPIPE)$/;

/**
 * Commits items together. When the shared transaction fails, it is tried again in halves, so that
 * in the end only the item that is to blame has the error, and it has its own.
 */
export async function commitTogether<I, O>(
  items: readonly I[],
  transact: (items: readonly I[]) => Promise<readonly Settled<O>[]>,
): Promise<readonly Settled<O>[]> {
  try {
    return await transact(items);
  } catch (reason) {
    if (items.length === 1 || unavailable.test(sqlState(reason))) {
      return items.map(() => ({ status: 'rejected', reason }));
    }
  }
  const half = Math.ceil(items.length / 2);
  // One after the other: who came first is written first.
  const first = await commitTogether(items.slice(0, half), transact);
  const second = await commitTogether(items.slice(half), transact);
  return [...first, ...second];
}
