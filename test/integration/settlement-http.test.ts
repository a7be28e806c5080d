import { type Credentials, givenShop, startApi, call, type TestApi } from '../support/api';
import { type TestDatabase, testDatabase } from '../support/database';
import { givenDistributor, givenProgram } from '../support/given';
import { givenChannel } from '../support/payout';
import {
  decideAndBook,
  earlier,
  givenEarning,
  givenPayable,
  lockAndCompute,
  reviewOf,
} from '../support/settlement';

let db: TestDatabase;
let api: TestApi;
let shop: Credentials;
let other: Credentials;

beforeAll(async () => {
  db = await testDatabase();
  api = await startApi(db);
  [shop, other] = [await givenShop(db), await givenShop(db)];
}, 120_000);
afterAll(async () => {
  await api.close();
  await db.drop();
});

const ask = (path: string, token = shop.apiKey, headers: Record<string, string> = {}) =>
  call(`${api.url}${path}`, { token, headers });
const post = (path: string, body: unknown = {}, token = shop.apiKey) =>
  call(`${api.url}${path}`, { token, body });

async function givenScene() {
  const { storeId } = shop;
  const programId = await givenProgram(db, storeId);
  const channelId = await givenChannel(db, api.deps.vault, storeId);
  const distributorId = await givenPayable(db, api.deps.vault, { storeId, programId, channelId });
  const earningId = await givenEarning(db, programId, distributorId, 300_000n);
  const poor = await givenDistributor(db, { storeId, programId });
  await givenEarning(db, programId, poor, 500n);
  return { programId, distributorId, earningId };
}

test('from the request to the verified result, as the contract has it', async () => {
  const { programId, distributorId, earningId } = await givenScene();
  const opened = await post(`/v1/programs/${programId}/settlements`);
  expect(opened).toMatchObject({ status: 202, json: { status: 'locking' } });
  const id = opened.json['id'] as string;
  const again = await post(`/v1/programs/${programId}/settlements`);
  expect(again).toMatchObject({ status: 409, json: { code: 'settlement_already_open' } });
  expect(await post(`/v1/settlements/${id}/verification`)).toMatchObject({
    status: 409,
    json: { code: 'settlement_not_approved' },
  });

  await lockAndCompute(db, api.deps.vault, id);
  expect((await ask(`/v1/settlements/${id}`)).json).toMatchObject({
    status: 'review',
    totals: {
      distributors: 1,
      grossAmount: 300_000,
      taxAmount: 44_000,
      feeAmount: 0,
      netAmount: 256_000,
    },
    skipped: [{ reason: 'no_payout_account', count: 1 }],
    resultHash: null,
    progress: { stage: 'review', done: 1, total: 1 },
    reviewId: (await reviewOf(db, id)).id,
  });

  await decideAndBook(db, api.deps.vault, id, 'approve', { at: new Date() });
  const paying = await ask(`/v1/settlements/${id}`);
  expect(paying.json).toMatchObject({
    status: 'paying',
    resultHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect((await ask(`/v1/programs/${programId}/settlements`)).json).toEqual({
    data: [paying.json],
    nextCursor: null,
  });

  const statements = await ask(`/v1/settlements/${id}/statements`);
  const [statement] = statements.json['data'] as Record<string, unknown>[];
  expect(statement).toMatchObject({
    distributorId,
    grossAmount: 300_000,
    taxAmount: 44_000,
    feeAmount: 0,
    netAmount: 256_000,
    taxMethod: 'general',
    taxTrace: {
      rateBps: 2000,
      quickDeductionAmount: 0,
      runningTaxAmount: 44_000,
      source: expect.stringContaining('61'),
    },
    payoutIds: [expect.stringMatching(/^pyt_/)],
  });
  const one = await ask(`/v1/statements/${String(statement?.['id'])}`, shop.apiKey, {
    'Accept-Language': 'zh-CN',
  });
  expect(one.json).toMatchObject({
    lineCount: 1,
    lines: [{ id: earningId, kind: 'commission', amount: 300_000 }],
  });
  expect(one.text).toContain('本次应扣税额');
  expect((await ask(`/v1/statements/${String(statement?.['id'])}/lines`)).json).toMatchObject({
    data: [{ id: earningId }],
    nextCursor: null,
  });
  expect((await ask(`/v1/distributors/${distributorId}/statements`)).json).toEqual(statements.json);
  expect(await post(`/v1/settlements/${id}/verification`)).toMatchObject({
    status: 200,
    json: { matches: true, differences: [], resultHash: paying.json['resultHash'] },
  });

  for (const path of [
    `/v1/settlements/${id}`,
    `/v1/settlements/${id}/statements`,
    `/v1/statements/${String(statement?.['id'])}`,
    `/v1/programs/${programId}/settlements`,
  ]) {
    expect((await ask(path, other.apiKey)).status).toBe(404);
  }
  expect((await post(`/v1/programs/${programId}/settlements`, {}, other.apiKey)).status).toBe(404);
});

test.each([
  ['a cutoff after the clock', { cutoffAt: '2199-01-01T00:00:00Z' }, 422, 'in_the_future'],
  [
    'a cutoff before the program',
    { cutoffAt: '2020-01-01T00:00:00Z' },
    422,
    'before_program_start',
  ],
  ['a cutoff without a zone', { cutoffAt: '2026-11-01T00:00:00' }, 400, 'invalid_request'],
  ['an unknown field', { cutoff: earlier.toISOString() }, 400, 'invalid_request'],
])('%s is refused, and nothing is opened', async (_, body, status, code) => {
  const { programId } = await givenScene();
  const refused = await post(`/v1/programs/${programId}/settlements`, body);
  expect(refused).toMatchObject({ status, json: { code } });
  expect((await ask(`/v1/programs/${programId}/settlements`)).json).toEqual({
    data: [],
    nextCursor: null,
  });
});

test('twenty requests at once open one settlement', async () => {
  const { programId } = await givenScene();
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => post(`/v1/programs/${programId}/settlements`)),
  );
  const statuses = replies.map(({ status }) => status).sort();
  expect(statuses).toEqual([202, ...Array.from({ length: 19 }, () => 409)]);
});
