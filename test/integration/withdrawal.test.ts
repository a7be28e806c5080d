import { openDatabase } from '../../src/db/database';
import { serve } from '../../src/http/server';
import { freePort } from '../../src/main/servers/process';
import { unlockChunk } from '../../src/db/settlement-unlock';
import { type TestApp, testApp } from '../support/app';
import { givenDistributor, givenProgram } from '../support/given';
import { testClient } from '../support/http';
import { givenChannel } from '../support/payout';
import { unique } from '../support/program';
import {
  decideAndBook,
  givenAccount,
  givenEarning,
  givenOpenSettlement,
  givenPayable,
  lockAndCompute,
  moneyOf,
} from '../support/settlement';
import { snapshot } from '../support/snapshot';

jest.setTimeout(180_000);

let app: TestApp;
/** another API process over the same database */
let second: Awaited<ReturnType<typeof secondNode>>;

beforeAll(async () => {
  app = await testApp();
  second = await secondNode();
});
afterAll(async () => {
  await second.close();
  await app.close();
});

async function secondNode() {
  const db = openDatabase(app.db.url);
  const server = await serve(
    { ...app.deps, db },
    {
      port: await freePort(),
      host: '127.0.0.1',
    },
  );
  return {
    client: testClient(`http://127.0.0.1:${server.port}`, app.store.apiKey),
    close: async () => {
      await server.close(1000);
      await db.close();
    },
  };
}

const early = new Date('2026-03-01T00:00:00Z');
const later = new Date('2026-03-02T00:00:00Z');

async function givenScene(settings: Record<string, unknown> = {}) {
  const storeId = app.store.id;
  const programId = await givenProgram(app.db, storeId, { payoutMode: 'request', ...settings });
  const channelId = await givenChannel(app.db, app.vault, storeId);
  const owner = { storeId, programId, channelId };
  return { ...owner, distributorId: await givenPayable(app.db, app.vault, owner) };
}

async function givenPlan(programId: string, privileges: object): Promise<void> {
  const body = {
    ...{ levels: 1, rounding: 'floor', onIneligible: 'skip', selfPurchase: 'deny', caps: {} },
    rules: [],
    bonuses: [],
    tiers: [{ code: 'bronze', rank: 1, privileges }],
  };
  await app.db.read.insert('plan', {
    ...{ id: `pln_${programId.slice(4)}`, programId, version: 1, status: 'published', note: '' },
    body: JSON.stringify(body),
    findings: '[]',
    authorId: 'test',
    effectiveAt: early,
    publishedAt: early,
    createdAt: early,
  });
}

const withdraw = (distributorId: string, amount: unknown, client = app.shop) =>
  client.post(`/v1/distributors/${distributorId}/withdrawals`, { amount });

const linesOf = async (statementId: string) =>
  (await app.shop.get(`/v1/statements/${statementId}/lines`)).body['data'] as {
    id: string;
    kind: string;
    amount: number;
  }[];

test('a withdrawal says in one sentence with a date why it has not arrived, until it has', async () => {
  const { programId, distributorId } = await givenScene();
  await givenEarning(app.db, programId, distributorId, 5000n, early);
  const { id } = (await withdraw(distributorId, 4500)).body as { id: string };
  const why = async (language: string) => {
    const path = `/v1/distributors/${distributorId}/withdrawals/${id}`;
    const read = await app.shop.get(path, { headers: { 'accept-language': language } });
    return [read.body['status'], read.body['whyNotYet']];
  };
  const says = (status: string, text: RegExp, until: unknown = null) => [
    status,
    { text: expect.stringMatching(text), until },
  ];
  const date = String.raw`20\d\d-\d\d-\d\d \d\d:\d\d \(Asia/Shanghai\)`;
  expect(await why('en')).toEqual(says('computing', new RegExp(`asked for at ${date}\\.$`)));
  expect(await why('zh-CN')).toEqual(says('computing', new RegExp(`申请时间：${date}。$`)));

  await lockAndCompute(app.db, app.vault, id);
  const byFinance = new RegExp(`^Finance has to decide, by ${date}\\.$`);
  expect(await why('en')).toEqual(says('review', byFinance, expect.stringMatching(/Z$/)));
  expect(await why('zh-CN')).toEqual(
    says('review', new RegExp(`审核期限：${date}。$`), expect.stringMatching(/Z$/)),
  );

  await decideAndBook(app.db, app.vault, id, 'approve', { at: new Date() });
  expect(await why('en')).toEqual(says('paying', new RegExp(`^Queued; .*made at ${date}\\.$`)));
  expect(await why('zh-CN')).toEqual(says('paying', new RegExp(`^排队中.*创建于 ${date}。$`)));
  await app.db.read.run(
    `UPDATE payout SET waiting_text = 'balance', waiting_until = '2026-12-01T02:00:00Z'
     WHERE settlement_id = $1`,
    [id],
  );
  const balance = /too low.*2026-12-01 10:00 \(Asia\/Shanghai\)\.$/;
  expect(await why('en')).toEqual(says('paying', balance, '2026-12-01T02:00:00.000Z'));

  await app.db.read.run(`UPDATE settlement SET status = 'closed' WHERE id = $1`, [id]);
  expect(await why('en')).toEqual(['closed', null]);
});

test('the gross is in settling when the answer comes; the rest of the last line stays', async () => {
  const { programId, distributorId } = await givenScene();
  const newer = await givenEarning(app.db, programId, distributorId, 5000n, later);
  const oldest = await givenEarning(app.db, programId, distributorId, 3000n, early);
  const made = await withdraw(distributorId, 4500);
  expect(made).toMatchObject({
    status: 202,
    body: { status: 'computing', amount: 4500, payoutIds: [], distributorId },
  });
  expect(await moneyOf(app.db, programId, distributorId)).toMatchObject({
    available: 3500n,
    settling: 4500n,
    trialBalance: 0n,
  });
  const { id, statementId } = made.body as { id: string; statementId: string };
  expect((await linesOf(statementId)).map(({ id: line, amount }) => [line, amount])).toEqual([
    [oldest, 3000],
    [newer, 5000],
    [expect.stringMatching(/^ern_/), -3500],
  ]);

  await lockAndCompute(app.db, app.vault, id);
  const path = `/v1/distributors/${distributorId}/withdrawals/${id}`;
  expect((await app.shop.get(path)).body).toMatchObject({
    status: 'review',
    reviewId: expect.stringMatching(/^rev_/),
    netAmount: 4500,
    taxAmount: 0,
  });
  await decideAndBook(app.db, app.vault, id, 'approve', { at: new Date() });
  const paying = (await app.shop.get(path)).body;
  expect(paying).toMatchObject({ status: 'paying', payoutIds: [expect.stringMatching(/^pyt_/)] });
  expect((await app.shop.get(`/v1/distributors/${distributorId}/withdrawals`)).body).toEqual({
    data: [paying],
    nextCursor: null,
  });
  expect((await app.shop.post(`/v1/settlements/${id}/verification`)).body).toMatchObject({
    matches: true,
    differences: [],
  });
  // What stayed is withdrawn by the next one.
  expect((await withdraw(distributorId, 3500)).status).toBe(202);
  expect((await moneyOf(app.db, programId, distributorId)).available).toBe(0n);
});

test('50 at once over two nodes never take more than there is, and beside them a cycle runs', async () => {
  for (let time = 0; time < 4; time += 1) {
    const { programId, distributorId } = await givenScene();
    for (let i = 0; i < 10; i += 1) {
      await givenEarning(app.db, programId, distributorId, 1000n + BigInt(i), early);
    }
    const cycle = await givenOpenSettlement(app.db, programId, new Date());
    const requests = Array.from({ length: 50 }, (_, index) =>
      withdraw(distributorId, 777, index % 2 === 0 ? app.shop : second.client),
    );
    const [replies] = await Promise.all([
      Promise.all(requests),
      lockAndCompute(app.db, app.vault, cycle, 1),
    ]);
    const taken = replies.filter(({ status }) => status === 202);
    const refused = replies.filter(({ status }) => status !== 202);
    expect(taken.length).toBeLessThanOrEqual(12);
    for (const reply of refused) {
      expect(reply).toMatchObject({ status: 422, body: { code: 'insufficient_available' } });
    }
    const open = await app.db.read.first<{ open: bigint }>(
      `SELECT coalesce(sum(amount), 0)::bigint AS open FROM earning
       WHERE distributor_id = $1 AND statement_id IS NULL`,
      [distributorId],
    );
    const money = await moneyOf(app.db, programId, distributorId);
    expect(money.available).toBe(open?.open);
    expect(money.available + money.settling).toBe(10_045n);
    expect(money.settling).toBeGreaterThanOrEqual(BigInt(taken.length) * 777n);
    expect(money.trialBalance).toBe(0n);
  }
});

test('50 at once on one balance: as many as fit, the others are refused', async () => {
  const { programId, distributorId } = await givenScene();
  await givenEarning(app.db, programId, distributorId, 10_000n, early);
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      withdraw(distributorId, 300, index % 2 === 0 ? app.shop : second.client),
    ),
  );
  expect(replies.filter(({ status }) => status === 202)).toHaveLength(33);
  expect(await moneyOf(app.db, programId, distributorId)).toMatchObject({
    available: 100n,
    settling: 9900n,
  });
});

test('a rejection gives everything back, and it can be withdrawn again', async () => {
  const { programId, distributorId } = await givenScene();
  await givenEarning(app.db, programId, distributorId, 5000n, early);
  const { id } = (await withdraw(distributorId, 1200)).body as { id: string };
  await lockAndCompute(app.db, app.vault, id);
  await decideAndBook(app.db, app.vault, id, 'reject', { at: new Date() });
  await app.db.transaction((tx) => unlockChunk(tx, id, ''));
  expect((await moneyOf(app.db, programId, distributorId)).available).toBe(5000n);
  const again = await withdraw(distributorId, 5000);
  expect(again.status).toBe(202);
  const lines = await linesOf((again.body as { statementId: string }).statementId);
  expect(lines.reduce((sum, { amount }) => sum + amount, 0)).toBe(5000);
});

describe('limits of the tier', () => {
  test('of one withdrawal and of a day in the zone of the program; a rejected one does not count', async () => {
    const { programId, distributorId } = await givenScene();
    await givenPlan(programId, {
      withdrawalPerDayAmount: 2000,
      withdrawalPerTransferAmount: 1500,
    });
    await givenEarning(app.db, programId, distributorId, 50_000n, early);
    const refused = (left: number, code: string) => ({
      status: 422,
      body: {
        code: 'withdrawal_limit_exceeded',
        errors: [{ pointer: '/amount', code, message: `at most ${left}` }],
      },
    });
    expect(await withdraw(distributorId, 1501)).toMatchObject(refused(1500, 'per_transfer_limit'));
    const { id } = (await withdraw(distributorId, 1500)).body as { id: string };
    const over = await withdraw(distributorId, 501);
    expect(over).toMatchObject(refused(500, 'per_day_limit'));
    expect(over.body['detail']).toContain('500 fen are left today');
    await lockAndCompute(app.db, app.vault, id);
    await decideAndBook(app.db, app.vault, id, 'reject', { at: new Date() });
    expect((await withdraw(distributorId, 1400)).status).toBe(202);
    const moved = await app.shop.post(`/v1/programs/${programId}/clock`, {
      now: new Date(Date.now() + 86_400_000).toISOString(),
    });
    expect(moved.status).toBe(200);
    expect((await withdraw(distributorId, 1500)).status).toBe(202);
  });

  test('20 at once never pass the limit of a day', async () => {
    const { programId, distributorId } = await givenScene();
    await givenPlan(programId, { withdrawalPerDayAmount: 1000 });
    await givenEarning(app.db, programId, distributorId, 50_000n, early);
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => withdraw(distributorId, 300)),
    );
    expect(replies.filter(({ status }) => status === 202)).toHaveLength(3);
  });
});

describe('what is refused changes nothing', () => {
  test.each([
    ['0', 0, 400],
    ['less than 0', -1, 400],
    ['a fraction', 1.5, 400],
    ['a text', '100', 400],
    ['more than a number holds', 2 ** 53, 400],
    ['more than is available', 5001, 422],
    ['below the minimum of the program', 99, 422],
  ])('%s', async (_, amount, status) => {
    const { programId, distributorId } = await givenScene();
    await givenEarning(app.db, programId, distributorId, 5000n, early);
    expect((await withdraw(distributorId, amount)).status).toBe(status);
    expect(await moneyOf(app.db, programId, distributorId)).toMatchObject({
      available: 5000n,
      settling: 0n,
    });
    const page = await app.shop.get(`/v1/distributors/${distributorId}/withdrawals`);
    expect(page.body['data']).toEqual([]);
  });

  test('who cannot be paid is told why', async () => {
    const scene = await givenScene();
    const poor = await givenDistributor(app.db, scene);
    await givenEarning(app.db, scene.programId, poor, 5000n, early);
    const reasons = async () =>
      ((await withdraw(poor, 1000)).body['errors'] as { code: string }[])[0]?.code;
    expect(await reasons()).toBe('no_payout_account');
    await givenAccount(app.db, app.vault, poor, scene.channelId);
    expect(await reasons()).toBe('no_tax_profile');
  });
});

describe('a withdrawal whose tax is not computed here', () => {
  const tasksOf = (distributorId: string) =>
    app.db.read.rows<{ id: string; kind: string; status: string; facts: object }>(
      `SELECT id, kind, status, facts FROM review_task WHERE facts->>'distributorId' = $1`,
      [distributorId],
    );
  const refusal = (code: string) => ({
    status: 422,
    body: { code: 'not_payable', errors: [{ pointer: '/amount', code }] },
  });
  const approve = (reviewId: string) =>
    app.db.read.run(
      `UPDATE review_task SET status = 'decided', outcome = 'approve' WHERE id = $1`,
      [reviewId],
    );
  /** Somebody with 100,000.01 yuan, which is above the VAT exemption of a month. */
  async function givenTaxpayer(idNumber: string, residency = 'mainland') {
    const scene = await givenScene();
    const who = { ...scene, person: unique('person'), idNumber };
    const distributorId = await givenPayable(app.db, app.vault, who);
    await app.db.read.run('UPDATE tax_profile SET residency = $2 WHERE distributor_id = $1', [
      distributorId,
      residency,
    ]);
    await givenEarning(app.db, scene.programId, distributorId, 10_000_001n, early);
    return { ...scene, distributorId };
  }

  test.each([
    ['a minor', 'minor', '110105201006150012', 'mainland', 1000],
    ['a non-resident', 'non_resident', 'E12345678', 'nonResident', 1000],
    ['above the VAT exemption', 'vat_exemption', '11010519491231002X', 'mainland', 10_000_001],
  ])(
    'is refused, and one review asks finance: %s',
    async (_, reason, idNumber, residency, amount) => {
      const { programId, distributorId } = await givenTaxpayer(idNumber, residency);
      const key = { headers: { 'Idempotency-Key': unique('key') } };
      const path = `/v1/distributors/${distributorId}/withdrawals`;
      expect(await app.shop.post(path, { amount }, key)).toMatchObject(refusal(reason));
      const tasks = await tasksOf(distributorId);
      expect(tasks).toMatchObject([
        {
          kind: 'reconciliation',
          status: 'open',
          facts: { about: 'tax_stop', reason, grossAmount: String(amount) },
        },
      ]);
      // Asked again, by the same key and by another, at once on two nodes: the same review.
      const again = await Promise.all([
        app.shop.post(path, { amount }, key),
        ...[app.shop, second.client, app.shop].map((node) => withdraw(distributorId, amount, node)),
      ]);
      for (const reply of again) expect(reply).toMatchObject(refusal(reason));
      expect(await tasksOf(distributorId)).toEqual(tasks);
      expect(await moneyOf(app.db, programId, distributorId)).toMatchObject({
        available: 10_000_001n,
        settling: 0n,
        trialBalance: 0n,
      });
      const page = await app.shop.get(path);
      expect(page.body['data']).toEqual([]);
      const open = await app.shop.get(`/v1/reviews?programId=${programId}&status=open`);
      expect(open.body['data']).toMatchObject([{ id: tasks[0]?.id }]);
    },
  );

  test('goes on once finance has approved, a smaller one even before', async () => {
    const { distributorId } = await givenTaxpayer('11010519491231002X');
    expect(await withdraw(distributorId, 10_000_001)).toMatchObject(refusal('vat_exemption'));
    const [task] = await tasksOf(distributorId);
    await approve(task?.id ?? '');
    expect((await withdraw(distributorId, 10_000_001)).status).toBe(202);
    const other = await givenTaxpayer('11010519491231002X');
    expect(await withdraw(other.distributorId, 10_000_001)).toMatchObject(refusal('vat_exemption'));
    expect((await withdraw(other.distributorId, 10_000_000)).status).toBe(202);
  });

  test('one that is refused for another reason asks nobody', async () => {
    const { distributorId } = await givenTaxpayer('11010519491231002X');
    await app.db.read.run(`UPDATE distributor SET status = 'suspended' WHERE id = $1`, [
      distributorId,
    ]);
    const before = await snapshot(app.db);
    expect(await withdraw(distributorId, 1000)).toMatchObject(refusal('suspended'));
    expect(await snapshot(app.db)).toEqual(before);
  });
});
