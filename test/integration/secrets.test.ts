import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { temporal as proto } from '@temporalio/proto';
import { workflowIds } from '../../src/contracts/workflow';
import { testDatabase, type TestDatabase } from '../support/database';
import { testClient, type TestClient } from '../support/http';
import { anyPort, startProcess, type TestProcess } from '../support/processes';
import { postProgram, unique } from '../support/program';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox-process';
import { testFolder } from '../support/servers';
import { testSandboxSecret, testSettings } from '../support/settings';
import { type TestStore, testStore } from '../support/store';
import { type TestTemporal, testTemporal } from '../support/temporal';
import { until } from '../support/until';
import { orderBody, planBody } from '../support/world';

jest.setTimeout(180_000);

const people = 12;

/** What must be found nowhere: one person's phone, ID number and account number. */
interface Person {
  phone: string;
  idNumber: string;
  account: string;
}

const digits = (count: number) =>
  Array.from(randomBytes(count), (byte) => String(byte % 10)).join('');

function person(): Person {
  const body = `110105${1960 + (Number(digits(3)) % 40)}0${1 + (Number(digits(2)) % 9)}1${digits(1)}${digits(3)}`;
  return {
    phone: `139${digits(8)}`,
    idNumber: body + checkDigit(body),
    account: `6222${digits(15)}`,
  };
}

/** GB 11643-1999: weights and the check character of an ID number. */
function checkDigit(body: string): string {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, index) => total + weight * Number(body[index]), 0);
  return '10X98765432'[sum % 11]!;
}

describe('personal numbers of a whole run: applications, orders, settlement, payouts', () => {
  const seeded = Array.from({ length: people }, person);
  const secrets = seeded.flatMap(({ phone, idNumber, account }) => [phone, idNumber, account]);
  let db: TestDatabase;
  let temporal: TestTemporal;
  let sandbox: SandboxProcess;
  let store: TestStore;
  let shop: TestClient;
  let admin: TestClient;
  let secondAdmin: TestClient;
  const processes: TestProcess[] = [];

  beforeAll(async () => {
    [db, temporal] = await Promise.all([testDatabase(), testTemporal()]);
    sandbox = await startSandboxProcess({
      dataDir: join(testFolder, 'sandbox', randomBytes(6).toString('hex')),
      secret: testSandboxSecret,
    });
    const port = await anyPort();
    const settings = testSettings({
      DATABASE_URL: db.url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      SANDBOX_URL: sandbox.url,
      PORT: String(port),
      LOG_LEVEL: 'debug',
    });
    store = await testStore(db);
    processes.push(
      ...(await Promise.all([startProcess('api', settings), startProcess('worker', settings)])),
    );
    const url = `http://127.0.0.1:${port}`;
    shop = testClient(url, store.apiKey);
    admin = testClient(url, store.admin.token);
    secondAdmin = testClient(url, store.secondAdmin.token);
    await run();
  });
  afterAll(async () => {
    await Promise.all(processes.map((part) => part.stop()));
    await sandbox.kill();
    await temporal.close();
    await db.drop();
  });

  /** The main path with every person, and every way in which a number can be refused. */
  async function run(): Promise<void> {
    const programId = await postProgram(shop, { enrolment: 'review' });
    const plan = await shop.post(`/v1/programs/${programId}/plans`, { plan: planBody, note: 'x' });
    await shop.post(`/v1/plans/${(plan.body as { id: string }).id}/publication`);
    const channel = await admin.post('/v1/channels', {
      kind: 'sandbox',
      name: 'Sandbox',
      settings: {},
    });
    const channelId = (channel.body as { id: string }).id;
    for (const one of seeded) await apply(programId, channelId, one);
    await refuse(programId, channelId);
    const clock = new Date(Date.now() + 40 * 86_400_000).toISOString();
    expect((await shop.post(`/v1/programs/${programId}/clock`, { now: clock })).status).toBe(200);
    const opened = await admin.post(`/v1/programs/${programId}/settlements`);
    const settlementId = (opened.body as { id: string }).id;
    const status = async () =>
      (await admin.get(`/v1/settlements/${settlementId}`)).body as {
        status: string;
        reviewId: string;
      };
    await until(async () => (await status()).status === 'review', 'a settlement review', 60_000);
    const { reviewId } = await status();
    for (const decider of [admin, secondAdmin]) {
      await decider.post(`/v1/reviews/${reviewId}/decisions`, {
        decision: 'approve',
        reason: 'ok',
      });
    }
    await until(async () => (await status()).status === 'closed', 'a closed settlement', 60_000);
  }

  /** Applies, is approved, gives account and tax profile, and sells once. */
  async function apply(programId: string, channelId: string, one: Person): Promise<void> {
    const applied = await shop.post('/v1/distributors', {
      programId,
      externalId: unique('u'),
      name: '王芳',
      phone: `+86 ${one.phone}`,
    });
    const { id, code } = applied.body as { id: string; code: string };
    const open = async () =>
      (await admin.get(`/v1/reviews?subjectId=${id}&status=open`)).body as {
        data: { id: string }[];
      };
    await until(async () => (await open()).data.length > 0, 'an application review');
    const [review] = (await open()).data;
    const decision = { decision: 'approve', reason: 'welcome' };
    const decided = await admin.post(`/v1/reviews/${review?.id}/decisions`, decision);
    expect(decided.status).toBe(200);
    const path = `/v1/distributors/${id}`;
    const account = { channelId, account: one.account, holderName: '王芳' };
    const profile = { kind: 'individual', name: '王芳', idNumber: one.idNumber };
    expect((await shop.put(`${path}/payout-account`, account)).status).toBeLessThan(300);
    expect((await shop.put(`${path}/tax-profile`, profile)).status).toBeLessThan(300);
    const sold = await shop.post(
      '/v1/orders',
      orderBody(programId, {
        paidAt: new Date(Date.now() + 1000).toISOString(),
        attribution: { distributorCode: code },
        lines: [{ externalId: '1', sku: 'TEA-1', quantity: 1, unitPriceAmount: 2_000_000 }],
      }),
      { headers: { 'Idempotency-Key': unique('key') } },
    );
    expect([sold.status, (sold.body as { commissions: unknown[] }).commissions.length]).toEqual([
      201, 1,
    ]);
    for (const view of ['', '/payout-account', '/tax-profile', '/history']) {
      expect(leaks((await shop.get(path + view)).text)).toEqual([]);
    }
  }

  /** Requests that are refused while they carry a secret, in every place where one can stand. */
  async function refuse(programId: string, channelId: string): Promise<void> {
    const [one] = seeded;
    if (one === undefined) return;
    const wrong = { programId, externalId: unique('u'), name: '王芳', phone: one.phone };
    const asks = [
      shop.post('/v1/distributors', { ...wrong, [one.idNumber]: one.account }),
      shop.post('/v1/distributors', { ...wrong, sponsorCode: 'NOBODY' }),
      shop.post('/v1/distributors', { ...wrong, programId: one.idNumber }),
      shop.get(`/v1/distributors/${one.idNumber}`),
      shop.get(`/v1/distributors?phone=${one.phone}`),
      shop.get(`/v1/payouts?status=${one.account}`),
      shop.put(`/v1/channels/${channelId}`, { account: one.account }),
      shop.as(one.account).get('/v1/programs'),
    ];
    for (const reply of await Promise.all(asks)) expect(reply.status).toBeGreaterThanOrEqual(400);
  }

  const leaks = (text: string | Buffer) => secrets.filter((secret) => text.includes(secret));

  it('are in no row of any table', async () => {
    const dump = await dumpOf(db);
    // What the dump does have shows that it would have the rest.
    expect(dump).toContain('139****');
    expect(dump).toContain('王芳');
    expect(dump.length).toBeGreaterThan(50_000);
    expect(leaks(dump)).toEqual([]);
  });

  it('are in no line that API and worker wrote', () => {
    const log = processes.map((part) => part.output()).join('\n');
    expect(log.split('\n').filter((line) => line.includes('"route"')).length).toBeGreaterThan(60);
    expect(leaks(log)).toEqual([]);
    for (const token of [store.apiKey, store.admin.token]) expect(log.includes(token)).toBe(false);
  });

  it('are in no history, and no payload of any history can be read', async () => {
    await untilScheduled(temporal, workflowIds.release());
    const histories = await rawHistories(temporal);
    expect(histories.length).toBeGreaterThanOrEqual(people * 2 + 1);
    for (const { workflowId, whole, ours } of histories) {
      expect({ workflowId, leaks: leaks(whole) }).toEqual({ workflowId, leaks: [] });
      expect({ workflowId, plain: ours.includes('json/plain') }).toEqual({
        workflowId,
        plain: false,
      });
    }
    const sealed = histories.filter(({ ours }) => ours.includes('binary/encrypted'));
    expect(sealed.length).toBeGreaterThanOrEqual(people * 2 + 1);
  });
});

/** Every row of every table as text. */
async function dumpOf(db: TestDatabase): Promise<string> {
  const tables = await db.read.rows<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  const rows: string[] = [];
  for (const { name } of tables) {
    const found = await db.read.rows<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    rows.push(...found.map(({ row }) => `${name} ${row}`));
  }
  return rows.join('\n');
}

/** A run that a schedule has begun is among the histories: the server writes its own words into it. */
async function untilScheduled({ client }: TestTemporal, scheduleId: string): Promise<void> {
  await client.schedule.getHandle(scheduleId).trigger();
  const isListed = async () => {
    for await (const { workflowId } of client.workflow.list()) {
      if (workflowId.startsWith(scheduleId)) return true;
    }
    return false;
  };
  await until(isListed, 'a run of the schedule is listed', 60_000);
}

/** Search attributes that server and SDK write themselves, in the clear by their design. */
const theirAttributes = [
  'TemporalChangeVersion',
  'TemporalScheduledById',
  'TemporalScheduledStartTime',
];

/** What the SDK notes in markers: names of changes; number and type of an activity, not its result. */
const theirDetails: Readonly<Record<string, string>> = {
  core_patch: 'patch-data',
  core_local_activity: 'data',
};

/** An event without what server and SDK note in it themselves: that is no payload of ours. */
function withoutTheirNotes(event: proto.api.history.v1.IHistoryEvent) {
  const { HistoryEvent } = proto.api.history.v1;
  const copy = HistoryEvent.decode(HistoryEvent.encode(event).finish());
  for (const attributes of [
    copy.workflowExecutionStartedEventAttributes?.searchAttributes,
    copy.workflowExecutionContinuedAsNewEventAttributes?.searchAttributes,
    copy.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes,
  ]) {
    for (const name of theirAttributes) delete attributes?.indexedFields?.[name];
  }
  const marker = copy.markerRecordedEventAttributes;
  const detail = theirDetails[marker?.markerName ?? ''];
  if (detail !== undefined) delete marker?.details?.[detail];
  return copy;
}

/** Every history of the namespace as the server keeps it, nothing decoded; and what of it is ours. */
async function rawHistories({ client, namespace }: TestTemporal) {
  const { workflowService } = client.connection;
  const histories: { workflowId: string; whole: Buffer; ours: Buffer }[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const { history } = await workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId, runId },
    });
    if (history == null) continue;
    const { History } = proto.api.history.v1;
    const events = (history.events ?? []).map(withoutTheirNotes);
    histories.push({
      workflowId,
      whole: Buffer.from(History.encode(history).finish()),
      ours: Buffer.from(History.encode({ events }).finish()),
    });
  }
  return histories;
}
