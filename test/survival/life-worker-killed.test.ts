import { doAllDue } from '../../src/db/duty';
import { planWarnings } from '../../src/db/inactivity';
import { type TestApp, testApp } from '../support/app';
import { postDistributor, postProgram } from '../support/program';
import { startProcess, type TestProcess } from '../support/processes';
import { testSettings } from '../support/settings';
import { type TestTemporal, testTemporal } from '../support/temporal';
import { until } from '../support/until';

jest.setTimeout(300_000);

const dayMs = 86_400_000;
const patienceMs = 90_000;

let temporal: TestTemporal;
let app: TestApp;
let running: TestProcess | undefined;

beforeAll(async () => {
  temporal = await testTemporal();
  app = await testApp({ temporal });
}, 120_000);
afterAll(async () => {
  await running?.kill();
  await app.close();
  await temporal.close();
});

const settings = () =>
  testSettings({
    DATABASE_URL: app.db.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    LOG_LEVEL: 'info',
  });

/** A worker that kills itself when it comes to a point. */
async function dieAt(point: string): Promise<void> {
  const crash = { ...settings(), TRIBUTARY_CRASH_AT: point };
  running = await startProcess('worker', crash, { untilReady: false });
  expect(await running.ended).toBe('SIGKILL');
}

test('workers killed before and after each commit of a life: every step is taken, told and decided once', async () => {
  const programId = await postProgram(app.shop);
  const { id } = (await postDistributor(app.shop, programId)).body as { id: string };
  const status = async () => (await app.shop.get(`/v1/distributors/${id}`)).body.status as string;
  const goTo = async (days: number) => {
    await app.db.read.run('UPDATE program SET clock_offset_ms = $2 WHERE id = $1', [
      programId,
      days * dayMs,
    ]);
    await planWarnings(app.db.read, programId, new Date(Date.now() + days * dayMs));
    await doAllDue(app.db, new Date());
  };
  /** What falls due is tried by a worker that dies before its commit, then by one that dies after it. */
  const stepTo = async (days: number, from: string, to: string) => {
    await goTo(days);
    await dieAt('life.beforeCommit');
    expect(await status()).toBe(from);
    await dieAt('life.afterCommit');
    expect(await status()).toBe(to);
  };

  await stepTo(62, 'active', 'warned');
  await stepTo(93, 'warned', 'eviction_proposed');

  const { body } = await app.admin.get(`/v1/reviews?subjectId=${id}&kind=eviction`);
  const path = `/v1/reviews/${body.data[0].id as string}/decisions`;
  const decision = { decision: 'approve', reason: 'Seen.' };
  const keyed = { headers: { 'idempotency-key': `eviction-of-${id}` } };
  const asked = app.admin.post(path, decision, keyed);
  await dieAt('review.beforeCommit');
  expect(await status()).toBe('eviction_proposed');
  await dieAt('review.afterCommit');
  expect(await status()).toBe('appeal_window');
  // The admin was answered that nobody knows yet, or with the decision; asked again, it is made.
  expect([200, 503]).toContain((await asked).status);
  running = await startProcess('worker', settings());
  const again = await app.admin.post(path, decision, keyed);
  expect([again.status, again.body.status]).toEqual([200, 'appeal_window']);
  await goTo(105);
  const isReminded = async () =>
    (
      await app.db.read.rows(
        `SELECT 1 FROM notice WHERE distributor_id = $1 AND template = 'appeal_reminder'`,
        [id],
      )
    ).length > 0;
  await until(isReminded, 'the end of the window was pointed out', patienceMs);
  await running.kill();

  await stepTo(108, 'appeal_window', 'evicted');
  running = await startProcess('worker', settings());
  const handle = temporal.client.workflow.getHandle(`distributor:${id}`);
  await until(
    async () => (await handle.describe()).status.name === 'COMPLETED',
    'the workflow of the life is over',
    patienceMs,
  );

  const rows = await app.db.read.first<Record<string, string[]>>(
    `SELECT
       (SELECT array_agg(type ORDER BY sequence) FROM event
        WHERE subject_id = $1 AND type LIKE 'distributor.%') AS events,
       (SELECT array_agg(template ORDER BY id) FROM notice WHERE distributor_id = $1) AS notices,
       (SELECT array_agg(cause ORDER BY id) FROM distributor_standing
        WHERE distributor_id = $1) AS causes,
       (SELECT array_agg(d.decision) FROM review_decision d JOIN review_task r ON r.id = d.review_id
        WHERE r.subject_id = $1) AS decisions,
       (SELECT array_agg(kind || ' ' || outcome) FROM life_case WHERE distributor_id = $1) AS cases`,
    [id],
  );
  const { causes, ...once } = rows ?? {};
  expect(causes?.slice(1)).toEqual([
    ...['inactivity_seen', 'eviction_proposed', 'eviction_approved', 'window_closed'],
  ]);
  expect(once).toEqual({
    events: [
      ...['distributor.activated', 'distributor.warned'],
      ...['distributor.eviction_proposed', 'distributor.evicted'],
    ],
    notices: [
      ...['activated', 'warned', 'eviction_proposed', 'eviction_notice'],
      ...['appeal_reminder', 'evicted'],
    ],
    decisions: ['approve'],
    cases: ['eviction evicted'],
  });
  console.info('killed 8 times with SIGKILL: 4 steps of a life, each taken and told once');
});
