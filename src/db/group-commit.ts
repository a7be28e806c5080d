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
  /** from so many callers on the writers of a lane share them evenly; fewer are one group */
  readonly shareFrom: number;
  /** how long the next group of a lane waits at most for those who were just answered, ms; 0: never */
  readonly gatherMs: number;
  /** how long a share that is not full waits at most for the group before it, ms */
  readonly patienceMs: number;
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

interface LaneCounts {
  writers: number;
  /** how many are being written */
  inFlight: number;
  /** how many were answered last, a moment ago */
  answered: number;
  /** how many of those who were answered have not come back */
  expected: number;
  /** how many groups were answered */
  round: number;
  /** somebody has waited too long for a share to be full */
  hurried: boolean;
}

interface Lane<I, O> extends LaneCounts {
  waiting: Waiting<I, O>[];
}

/**
 * Lets requests that arrive together share a transaction. While a writer is idle an item goes at
 * once, and what comes meanwhile is the next group. Callers who were answered together send their
 * next requests together: without waiting a moment for them the first one would be a group alone,
 * which costs nearly as much as all of them. Many callers are shared evenly among the writers, so
 * that one group is read and answered while the other is written.
 */
export function createGroupQueue<I, O>(options: GroupQueueOptions<I, O>): GroupQueue<I, O> {
  const lanes = new Map<string, Lane<I, O>>();
  let waitingInAll = 0;
  let bytesInAll = 0;
  let writersInAll = 0;

  const take = (waiting: Waiting<I, O>[], count: number): Waiting<I, O>[] => {
    const group = waiting.splice(0, count);
    waitingInAll -= group.length;
    for (const { item } of group) bytesInAll -= options.bytesOf(item);
    return group;
  };

  const start = (): void => {
    for (const [name, lane] of lanes) {
      if (writersInAll >= options.writers) return;
      if (lane.waiting.length === 0 || lane.writers >= options.writersPerLane) continue;
      const { least, most } = shareOf(lane, options);
      const fit = fitting(lane.waiting, options);
      const isFull = fit < lane.waiting.length;
      if (lane.waiting.length < least && !isFull) continue;
      const group = take(lane.waiting, Math.min(most, fit));
      writersInAll += 1;
      noteBegun(lane, group.length);
      if (lane.waiting.length > 0) hurryLater(lane, options.patienceMs, start);
      // A lane that was served goes behind the others.
      lanes.delete(name);
      lanes.set(name, lane);
      void settle(group, options.commit).finally(() => {
        writersInAll -= 1;
        noteOver(lane, group.length);
        gather(name, lane, group.length);
        start();
      });
    }
  };

  /** After it what is there goes, and a lane that nobody came back to is forgotten. */
  const gather = (name: string, lane: Lane<I, O>, answered: number): void => {
    const round = (lane.round += 1);
    lane.answered = options.gatherMs > 0 ? answered : 0;
    lane.expected += lane.answered;
    setTimeout(() => {
      if (lane.round !== round) return;
      lane.answered = 0;
      lane.expected = 0;
      if (lane.writers === 0 && lane.waiting.length === 0) lanes.delete(name);
      start();
    }, options.gatherMs);
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
        const lane = lanes.get(name) ?? emptyLane();
        lanes.set(name, lane);
        lane.waiting.push({ item, resolve, reject });
        if (lane.expected > 0) lane.expected -= 1;
        if (lane.waiting.length === 1) hurryLater(lane, options.patienceMs, start);
        waitingInAll += 1;
        bytesInAll = bytes;
        // What has arrived already is read before the group is closed; nothing is waited for.
        setImmediate(start);
      }),
  };
}

async function settle<I, O>(
  group: readonly Waiting<I, O>[],
  commit: GroupQueueOptions<I, O>['commit'],
): Promise<void> {
  try {
    const settled = await commit(group.map(({ item }) => item));
    group.forEach(({ resolve, reject }, index) => {
      const result = settled[index];
      if (result?.status === 'fulfilled') resolve(result.value);
      else reject(result?.reason ?? new Error('an item of a group has no outcome'));
    });
  } catch (error) {
    for (const { reject } of group) reject(error);
  }
}

function emptyLane<I, O>(): Lane<I, O> {
  const counts = { writers: 0, inFlight: 0, answered: 0, expected: 0, round: 0 };
  return { waiting: [], hurried: false, ...counts };
}

function noteBegun(lane: LaneCounts, count: number): void {
  lane.writers += 1;
  lane.inFlight += count;
  lane.hurried = false;
}

function noteOver(lane: LaneCounts, count: number): void {
  lane.writers -= 1;
  lane.inFlight -= count;
}

/** Whoever waits first is not forgotten behind a group that takes long. */
function hurryLater<I, O>(lane: Lane<I, O>, patienceMs: number, start: () => void): void {
  const [first] = lane.waiting;
  setTimeout(() => {
    if (first === undefined || lane.waiting[0] !== first) return;
    lane.hurried = true;
    start();
  }, patienceMs).unref();
}

/** How many must wait before a group of a lane begins, and how many it takes at most. */
function shareOf<I, O>(
  { waiting, inFlight, answered, expected, hurried }: Lane<I, O>,
  { writersPerLane, shareFrom }: GroupQueueOptions<I, O>,
): { least: number; most: number } {
  if (hurried) return { least: 1, most: Infinity };
  const callers = inFlight + waiting.length + expected;
  if (callers < shareFrom) return { least: answered, most: Infinity };
  const share = callers / writersPerLane;
  return { least: Math.floor(share), most: Math.ceil(share) };
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
