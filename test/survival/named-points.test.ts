import { join } from 'node:path';
import { pause } from '../../src/main/servers/process';
import { judge } from '../support/chaos-judge';
import { House, houseFolder, isAlive, isFrozen } from '../support/house';
import type { QueuedPayout, Scene } from '../support/payout';
import type { TestProcess } from '../support/processes';
import { readBooks } from '../support/sandbox-process';
import { testFolder } from '../support/servers';
import { until } from '../support/until';

jest.setTimeout(240_000);

const patienceMs = 90_000;
const payoutsPerBlow = 3;

type Part = 'api' | 'worker';
type Victim = Part | 'PostgreSQL' | 'Temporal';

/** Who dies, and where exactly the work is at that moment. Each is killed by SIGKILL. */
const blows: [victim: Victim, part: Part, point: string, says: string][] = [
  ['worker', 'worker', 'relay.beforeTelling', 'starts are taken, Temporal knows of none'],
  ['worker', 'worker', 'relay.afterTelling', 'Temporal knows, the outbox does not'],
  ['worker', 'worker', 'payout.beforeSubmitCommit', 'the submission is not booked yet'],
  ['worker', 'worker', 'payout.beforeSubmitCall', 'booked, and the provider was not called'],
  ['worker', 'worker', 'payout.afterSubmitCall', 'called, and its answer is not booked'],
  ['worker', 'worker', 'payout.beforeCommit', 'the answer is written and not committed'],
  ['worker', 'worker', 'payout.afterCommit', 'committed, and Temporal was not told'],
  ['api', 'api', 'callback.afterRead', 'a callback is verified and not stored'],
  ['api', 'api', 'callback.beforeCommit', 'a callback is stored and not committed'],
  ['api', 'api', 'callback.afterCommit', 'committed, and the provider has no answer'],
  ['PostgreSQL', 'worker', 'payout.beforeSubmitCommit', 'the submission is not booked yet'],
  ['PostgreSQL', 'worker', 'payout.beforeSubmitCall', 'booked, and the provider was not called'],
  ['PostgreSQL', 'worker', 'payout.afterSubmitCall', 'called, and its answer is not booked'],
  ['PostgreSQL', 'worker', 'payout.beforeCommit', 'the answer is written and not committed'],
  ['PostgreSQL', 'worker', 'relay.afterTelling', 'Temporal knows, the outbox does not'],
  ['PostgreSQL', 'api', 'callback.beforeCommit', 'a callback is stored and not committed'],
  ['PostgreSQL', 'api', 'callback.afterCommit', 'committed, and the provider has no answer'],
  ['Temporal', 'worker', 'relay.beforeTelling', 'starts are taken, Temporal knows of none'],
  ['Temporal', 'worker', 'relay.afterTelling', 'Temporal knows, the outbox does not'],
  ['Temporal', 'worker', 'payout.beforeSubmitCall', 'booked, and the provider was not called'],
  ['Temporal', 'worker', 'payout.afterCommit', 'committed, and Temporal was not told'],
];

describe('payouts and callbacks while something dies at a named point', () => {
  const house = new House(houseFolder(join(testFolder, 'survival')));
  const running: Partial<Record<Part, TestProcess>> = {};
  const dealt: { row: string; payouts: QueuedPayout[] }[] = [];
  let scene: Scene;
  let reader: ReturnType<House['readBalances']>;

  beforeAll(async () => {
    await house.open();
    scene = await house.givenScene();
    running.api = await house.start('api');
    reader = house.readBalances();
  });
  afterAll(() => house.close());

  /** One that runs already goes; a worker may come to its point before it says that it is ready. */
  async function replace(part: Part, own: Record<string, string> = {}): Promise<TestProcess> {
    await running[part]?.kill();
    const mayEndFirst = part === 'worker' && Object.keys(own).length > 0;
    const started = await house.start(part, own, !mayEndFirst);
    running[part] = started;
    return started;
  }

  async function send(row: string): Promise<QueuedPayout[]> {
    const payees = Array.from({ length: payoutsPerBlow }, () => 'ok');
    const payouts = await house.givenPayouts(scene, payees);
    await house.send(payouts);
    dealt.push({ row, payouts });
    return payouts;
  }

  test.each(blows)('%s killed, %s at %s: %s', async (victim, part, point) => {
    const row = `${victim} killed, ${part} at ${point}`;
    const isItself = victim === part;
    const setting = isItself ? 'TRIBUTARY_CRASH_AT' : 'TRIBUTARY_FREEZE_AT';
    if (part === 'api' && running.worker === undefined) await replace('worker');
    const doomed = await replace(part, { [setting]: point });
    await send(row);
    if (isItself) {
      expect(await Promise.race([doomed.ended, pause(patienceMs)])).toBe('SIGKILL');
      delete running[part];
      if (part === 'api') await replace('api');
      return;
    }
    await until(() => isFrozen(doomed.pid), `the ${part} is there`, patienceMs);
    await (victim === 'PostgreSQL' ? house.killPostgres() : house.killTemporal({ lose: false }));
    process.kill(doomed.pid, 'SIGCONT');
    expect(isAlive(doomed.pid)).toBe(true);
  });

  test('worker frozen past its time-outs before the call: another pays, it calls no more', async () => {
    const frozen = await replace('worker', { TRIBUTARY_FREEZE_AT: 'payout.beforeSubmitCall' });
    const payouts = await send('worker frozen past its time-outs at payout.beforeSubmitCall');
    await until(() => isFrozen(frozen.pid), 'it is frozen', patienceMs);
    const other = await house.start('worker');
    await untilPaid(payouts);
    process.kill(frozen.pid, 'SIGCONT');
    await until(() => !isFrozen(frozen.pid), 'it goes on', patienceMs);
    // What it meant to do before it slept is done or given up by the time it has taken up new work.
    await other.kill();
    await untilPaid(await send('and the same worker after it woke'));
    const books = await readBooks(house.sandboxUrl);
    for (const { channelNumber } of payouts) {
      expect(books.get(channelNumber)?.submissions).toBe(1);
    }
  });

  test('afterwards every payout was paid once, by the provider and in our books', async () => {
    await replace('worker');
    const all = dealt.flatMap(({ payouts }) => payouts);
    await untilPaid(all);
    // A provider that had no answer comes again, later each time.
    await until(
      async () => (await callbacksRead()) === all.length,
      'callbacks are read',
      patienceMs,
    );
    const { reads, unbalancedReads } = await reader.stop();
    const [rows, books] = await Promise.all([house.rows(), readBooks(house.sandboxUrl)]);
    for (const { row, payouts } of dealt) {
      const ids = new Set(payouts.map(({ id }) => id));
      const own = rows.filter(({ id }) => ids.has(id));
      const ownBooks = new Map(
        [...books].filter(([n]) => payouts.some((p) => p.channelNumber === n)),
      );
      const verdict = judge(own, ownBooks, 0);
      expect({ row, ...verdict }).toMatchObject({
        ...{ row, paid: payouts.length, returned: 0, failed: 0 },
        ...{ paidTwice: 0, lost: 0 },
      });
      for (const { id, channelNumber } of payouts) {
        expect(await events(id)).toEqual(['payout.submitted', 'payout.paid']);
        expect(await callbacks(channelNumber)).toBe(1);
      }
    }
    // Nothing was ever moved under a number that is not ours.
    expect(books.size).toBe(rows.length);
    expect(unbalancedReads).toBe(0);
    const lines = dealt.map(
      ({ row, payouts }) => `  ${row}: n = ${payouts.length}, each paid once`,
    );
    console.info(
      [
        `n = ${blows.length} blows at named points, ${rows.length} payouts: 0 paid twice, 0 lost, 0 stuck;`,
        `trial balance 0 at ${reads} of ${reads} reads`,
        ...lines,
      ].join('\n'),
    );
  });

  const untilPaid = (payouts: readonly QueuedPayout[]) =>
    until(
      async () => {
        const open = await house.db.read
          .first(`SELECT 1 FROM payout WHERE id = ANY($1) AND status <> 'paid' LIMIT 1`, [
            payouts.map(({ id }) => id),
          ])
          .catch(() => ({}));
        return open === undefined;
      },
      'they are paid',
      patienceMs,
    );

  async function callbacksRead(): Promise<number> {
    const row = await house.db.read.first<{ count: number }>(
      'SELECT count(*)::int AS count FROM channel_inbox WHERE handled_at IS NOT NULL',
    );
    return row?.count ?? 0;
  }

  async function events(payoutId: string): Promise<string[]> {
    const rows = await house.db.read.rows<{ type: string }>(
      'SELECT type FROM event WHERE subject_id = $1 ORDER BY sequence',
      [payoutId],
    );
    return rows.map(({ type }) => type);
  }

  async function callbacks(channelNumber: string): Promise<number> {
    const row = await house.db.read.first<{ count: number }>(
      'SELECT count(*)::int AS count FROM channel_inbox WHERE channel_number = $1',
      [channelNumber],
    );
    return row?.count ?? 0;
  }
});
