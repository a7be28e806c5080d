import {
  commitTogether,
  createGroupQueue,
  type GroupQueueOptions,
  QueueFull,
  type Settled,
} from '../../../src/db/group-commit';

/** A queue whose groups are written when the test says so. */
function queueOf(change: Partial<GroupQueueOptions<string, string>> = {}) {
  const groups: (readonly string[])[] = [];
  const open: (() => void)[] = [];
  const queue = createGroupQueue<string, string>({
    commit: (items) => {
      groups.push(items);
      return new Promise((resolve) => {
        open.push(() => resolve(items.map((item) => ({ status: 'fulfilled', value: `${item}!` }))));
      });
    },
    writersPerLane: 2,
    writers: 3,
    shareFrom: 100,
    gatherMs: 0,
    patienceMs: 60_000,
    groupAtMost: 3,
    waitingAtMost: 10,
    bytesOf: (item) => item.length,
    groupBytesAtMost: 100,
    waitingBytesAtMost: 1000,
    ...change,
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const commitNext = async () => {
    open.shift()?.();
    await turn();
  };
  return { queue, groups, turn, commitNext };
}

const fulfilled = (items: readonly string[]): Settled<string>[] =>
  items.map((item) => ({ status: 'fulfilled', value: `${item}!` }));

describe('a group queue', () => {
  test('writes at once while a writer is idle; what comes meanwhile is the next group', async () => {
    const { queue, groups, turn, commitNext } = queueOf();
    const answers = [queue.submit('lane', 'a')];
    await turn();
    answers.push(queue.submit('lane', 'b'), queue.submit('lane', 'c'));
    await turn();
    expect(groups).toEqual([['a'], ['b', 'c']]);
    answers.push(...['d', 'e', 'f', 'g'].map((item) => queue.submit('lane', item)));
    await turn();
    expect(groups).toHaveLength(2);
    await commitNext();
    expect(groups).toEqual([['a'], ['b', 'c'], ['d', 'e', 'f']]);
    for (let n = 0; n < 3; n += 1) await commitNext();
    expect(await Promise.all(answers)).toEqual(['a!', 'b!', 'c!', 'd!', 'e!', 'f!', 'g!']);
    expect(queue.waiting()).toBe(0);
  });

  test('keeps lanes apart, and they take turns', async () => {
    const { queue, groups, commitNext } = queueOf({ writersPerLane: 1, writers: 1 });
    const answers = ['a1', 'a2', 'a3', 'a4', 'a5'].map((item) => queue.submit('a', item));
    answers.push(queue.submit('b', 'b1'));
    for (let n = 0; n < 5; n += 1) await commitNext();
    await Promise.all(answers);
    expect(groups).toEqual([['a1', 'a2', 'a3'], ['b1'], ['a4', 'a5']]);
  });

  test('refuses when too many, or too much, wait', async () => {
    const few = queueOf({ waitingAtMost: 2 });
    const taken = ['a', 'b'].map((item) => few.queue.submit('lane', item));
    await expect(few.queue.submit('lane', 'c')).rejects.toThrow(QueueFull);
    for (let n = 0; n < 2; n += 1) await few.commitNext();
    await Promise.all(taken);

    const small = queueOf({ waitingBytesAtMost: 9, groupBytesAtMost: 5 });
    const sent = ['cccc', 'dddd'].map((item) => small.queue.submit('lane', item));
    await expect(small.queue.submit('lane', 'ee')).rejects.toThrow(QueueFull);
    for (let n = 0; n < 3; n += 1) await small.commitNext();
    await Promise.all(sent);
    expect(small.groups).toEqual([['cccc'], ['dddd']]);
  });

  test('a failure of the whole group reaches everybody in it, and the next group is written', async () => {
    let tries = 0;
    const { queue } = queueOf({
      writersPerLane: 1,
      commit: (items) => {
        tries += 1;
        return tries === 1 ? Promise.reject(new Error('lost')) : Promise.resolve(fulfilled(items));
      },
    });
    await expect(queue.submit('lane', 'a')).rejects.toThrow('lost');
    expect(await queue.submit('lane', 'b')).toBe('b!');
  });
});

describe('callers who were answered together', () => {
  const gathering = async (gatherMs: number) => {
    const scene = queueOf({ writersPerLane: 1, gatherMs });
    const answers = [scene.queue.submit('lane', 'first')];
    await scene.turn();
    answers.push(scene.queue.submit('lane', 'a1'), scene.queue.submit('lane', 'b1'));
    await scene.commitNext();
    await scene.commitNext();
    await Promise.all(answers);
    expect(scene.groups).toEqual([['first'], ['a1', 'b1']]);
    return scene;
  };

  test('are one group again, though one of them comes a moment later', async () => {
    const { queue, groups, turn, commitNext } = await gathering(60_000);
    const answers = [queue.submit('lane', 'a2')];
    await turn();
    expect(groups).toHaveLength(2);
    answers.push(queue.submit('lane', 'b2'));
    await turn();
    expect(groups.slice(2)).toEqual([['a2', 'b2']]);
    await commitNext();
    await Promise.all(answers);
  });

  test('are waited for only so long', async () => {
    const { queue, groups, turn, commitNext } = await gathering(20);
    const answer = queue.submit('lane', 'a2');
    while (groups.length < 3) await turn();
    expect(groups[2]).toEqual(['a2']);
    await commitNext();
    expect(await answer).toBe('a2!');
  });

  test('hold up nobody in another lane, nor somebody who comes alone again', async () => {
    const { queue, groups, turn, commitNext } = await gathering(60_000);
    const other = queue.submit('other', 'x1');
    await turn();
    await commitNext();
    await other;
    const again = queue.submit('other', 'x2');
    await turn();
    expect(groups.slice(2)).toEqual([['x1'], ['x2']]);
    await commitNext();
    await again;
  });
});

describe('many callers', () => {
  const names = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `c${from + n}`);
  const crowd = (change: Partial<GroupQueueOptions<string, string>> = {}) =>
    queueOf({ shareFrom: 4, groupAtMost: 100, gatherMs: 60_000, ...change });

  test('share the writers of their lane evenly, and a few do not', async () => {
    const many = crowd();
    const answers = names(0, 7).map((item) => many.queue.submit('lane', item));
    await many.turn();
    expect(many.groups).toEqual([names(0, 4), names(4, 7)]);
    for (let n = 0; n < 2; n += 1) await many.commitNext();
    await Promise.all(answers);

    const few = crowd();
    const other = names(0, 3).map((item) => few.queue.submit('lane', item));
    await few.turn();
    expect(few.groups).toEqual([names(0, 3)]);
    await few.commitNext();
    await Promise.all(other);
  });

  test('who comes behind a large group is not a group alone, but waits for the next share', async () => {
    const { queue, groups, turn, commitNext } = crowd({ shareFrom: 6 });
    const answers = names(0, 5).map((item) => queue.submit('lane', item));
    await turn();
    answers.push(queue.submit('lane', 'late'));
    await turn();
    expect(groups).toEqual([names(0, 5)]);
    await commitNext();
    // Six callers: two of the five are back, which makes half of them.
    answers.push(...['again 0', 'again 1'].map((item) => queue.submit('lane', item)));
    await turn();
    expect(groups.slice(1)).toEqual([['late', 'again 0', 'again 1']]);
    await commitNext();
    await Promise.all(answers);
  });

  test('nobody waits longer than the patience for a group that hangs', async () => {
    const { queue, groups, turn, commitNext } = crowd({ shareFrom: 6, patienceMs: 20 });
    const answers = names(0, 5).map((item) => queue.submit('lane', item));
    await turn();
    answers.push(queue.submit('lane', 'late'));
    while (groups.length < 2) await turn();
    expect(groups[1]).toEqual(['late']);
    for (let n = 0; n < 2; n += 1) await commitNext();
    expect((await Promise.all(answers)).at(-1)).toBe('late!');
  });
});

describe('committing together', () => {
  const items = Array.from({ length: 50 }, (_, n) => `item ${n}`);

  test.each([0, 7, 24, 25, 49])(
    'when item %i spoils the transaction, it alone fails',
    async (bad) => {
      const committed: string[] = [];
      const transact = (part: readonly string[]) => {
        if (part.includes(items[bad]!)) return Promise.reject(new Error('spoiled'));
        committed.push(...part);
        return Promise.resolve(fulfilled(part));
      };
      const settled = await commitTogether(items, transact);
      expect(settled.map(({ status }) => status)).toEqual(
        items.map((_, n) => (n === bad ? 'rejected' : 'fulfilled')),
      );
      // In their order, and each once.
      expect(committed).toEqual(items.filter((_, n) => n !== bad));
    },
  );

  test('when the database is away, smaller groups are not tried', async () => {
    let tries = 0;
    const transact = () => {
      tries += 1;
      return Promise.reject(Object.assign(new Error('stopping'), { code: '57P01' }));
    };
    const settled = await commitTogether<string, string>(items, transact);
    expect(new Set(settled.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(tries).toBe(1);
  });
});
