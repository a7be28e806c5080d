import { settlementById } from '../../src/db/settlement';
import { AlipaySimulator } from '../support/alipay/provider';
import { type KindOfChannel, settingsOfKinds } from '../support/channel-settings';
import { type TestApp, testApp } from '../support/app';
import { givenProgram } from '../support/given';
import { givenPayingSettlement, givenQueuedPayout, submitted } from '../support/payout';
import {
  decideAndBook,
  givenEarning,
  givenOpenSettlement,
  givenPayable,
  lockAndCompute,
  moneyOf,
} from '../support/settlement';
import { snapshot } from '../support/snapshot';
import { startWechatSimulator, type WechatSimulator } from '../support/wechat/simulator';

jest.setTimeout(120_000);

let app: TestApp;
let wechat: WechatSimulator;
let alipay: AlipaySimulator;

beforeAll(async () => {
  [app, wechat, alipay] = await Promise.all([
    testApp(),
    startWechatSimulator(),
    new AlipaySimulator().start(),
  ]);
}, 120_000);
afterAll(async () => {
  await Promise.all([app.close(), wechat.close(), alipay.close()]);
});

const create = (kind: KindOfChannel, limits?: object) =>
  app.admin.post('/v1/channels', {
    ...{ kind, name: kind, settings: settingsOfKinds(wechat, alipay)[kind] },
    ...(limits === undefined ? {} : { limits }),
  });
const replace = (id: string, limits: object) => app.admin.put(`/v1/channels/${id}/limits`, limits);

const none = { perTransferAmount: null, perDayAmount: null, perPayeeDayAmount: null };
const split = { ...none, overTransfer: 'split' };
const wechatLimits = {
  ...split,
  perTransferAmount: 20_000,
  perDayAmount: 5_000_000,
  perPayeeDayAmount: 200_000,
};

describe('the limits of a channel', () => {
  test.each<[KindOfChannel, object]>([
    ['sandbox', split],
    ['bankFile', split],
    ['wechat', wechatLimits],
    ['alipay', { ...split, perTransferAmount: 5_000_000, perDayAmount: 100_000_000 }],
  ])('that names none are those of its kind: %s', async (kind, limits) => {
    const made = await create(kind);
    expect([made.status, made.body.limits]).toEqual([201, limits]);
    expect((await app.shop.get(`/v1/channels/${made.body.id}`)).body.limits).toEqual(limits);
  });

  test('that names some are these, and the kind’s where it is silent; null is none', async () => {
    const raised = await create('wechat', { perPayeeDayAmount: 500_000, overTransfer: 'refuse' });
    expect(raised.body.limits).toEqual({
      perTransferAmount: 20_000,
      perDayAmount: 5_000_000,
      perPayeeDayAmount: 500_000,
      overTransfer: 'refuse',
    });
    const open = await create('wechat', none);
    expect(open.body.limits).toEqual(split);
  });

  test('are replaced as a whole, on record; what waits for them looks again, and nothing else', async () => {
    const { id } = (await create('wechat', { perDayAmount: 1_000_000 })).body as { id: string };
    const scene = await givenPayingSettlement(app.db, app.vault, {}, app.store.id);
    const here = { ...scene, channelId: id };
    const [full, sent, fresh] = [
      await givenQueuedPayout(app.db, app.vault, here),
      await givenQueuedPayout(app.db, app.vault, here),
      await givenQueuedPayout(app.db, app.vault, here),
    ];
    const elsewhere = await givenQueuedPayout(app.db, app.vault, scene);
    await app.db.read.run(`UPDATE payout SET waiting_text = 'payeeDayLimit' WHERE id = ANY($1)`, [
      [full.id, elsewhere.id],
    ]);
    await submitted(app.db, sent.id, new Date());
    const replaced = await replace(id, { perTransferAmount: 30_000 });
    const limits = { ...wechatLimits, perTransferAmount: 30_000 };
    expect([replaced.status, replaced.body.limits]).toEqual([200, limits]);
    const woken = await app.db.read.rows<{ workflowId: string }>(
      'SELECT workflow_id FROM outbox WHERE workflow_id = ANY($1)',
      [[full, sent, fresh, elsewhere].map((payout) => `payout:${payout.id}`)],
    );
    expect(woken).toEqual([{ workflowId: `payout:${full.id}` }]);
    const [record] = await app.db.read.rows(
      `SELECT before, after FROM audit_record
       WHERE subject_id = $1 AND action = 'channel.limits_changed'`,
      [id],
    );
    expect(record).toMatchObject({
      before: { perDayAmount: '1000000' },
      after: { perDayAmount: '5000000', perTransferAmount: '30000' },
    });
  });

  test.each<[string, object, string]>([
    ['of 0', { perPayeeDayAmount: 0 }, '/perPayeeDayAmount'],
    ['below 0', { perTransferAmount: -1 }, '/perTransferAmount'],
    ['of half a fen', { perDayAmount: 0.5 }, '/perDayAmount'],
    ['as text', { perPayeeDayAmount: '200000' }, '/perPayeeDayAmount'],
    ['above 2^53', { perPayeeDayAmount: 2 ** 53 }, '/perPayeeDayAmount'],
    ['of another name', { perMonthAmount: 1 }, '/perMonthAmount'],
    ['with a third way', { overTransfer: 'maybe' }, '/overTransfer'],
  ])('%s are refused, and the fault is named', async (_, limits, pointer) => {
    const { id } = (await create('sandbox')).body as { id: string };
    const before = await snapshot(app.db);
    const replaced = await replace(id, limits);
    expect([replaced.status, replaced.body.errors]).toMatchObject([400, [{ pointer }]]);
    const created = await create('sandbox', limits);
    expect([created.status, created.body.errors]).toMatchObject([
      400,
      [{ pointer: `/limits${pointer}` }],
    ]);
    expect(await snapshot(app.db)).toEqual(before);
  });
});

describe('a net that one transfer cannot carry', () => {
  async function givenOwed(limits: object, settings: Record<string, unknown> = {}) {
    const storeId = app.store.id;
    const programId = await givenProgram(app.db, storeId, settings);
    const { id: channelId } = (await create('sandbox', limits)).body as { id: string };
    const owner = { storeId, programId, channelId };
    const distributorId = await givenPayable(app.db, app.vault, owner);
    // 1,000.00 of which 40.00 is tax: 960.00 net.
    await givenEarning(app.db, programId, distributorId, 100_000n);
    return { programId, channelId, distributorId };
  }
  async function settle(programId: string) {
    const settlementId = await givenOpenSettlement(app.db, programId);
    await lockAndCompute(app.db, app.vault, settlementId);
    const { status } = await settlementById(app.db.read, settlementId);
    // With nobody to pay there is nothing to decide.
    if (status !== 'closed') await decideAndBook(app.db, app.vault, settlementId);
    const payouts = await app.db.read.rows<{ amount: bigint }>(
      'SELECT amount FROM payout WHERE settlement_id = $1 ORDER BY id',
      [settlementId],
    );
    const skipped = await app.db.read.rows<{ reason: string }>(
      'SELECT reason FROM settlement_skip WHERE settlement_id = $1',
      [settlementId],
    );
    return { payouts: payouts.map(({ amount }) => amount), skipped };
  }

  test.each([
    ['of a transfer', { perTransferAmount: 40_000 }],
    ['of the day of a payee', { perTransferAmount: 50_000, perPayeeDayAmount: 40_000 }],
    ['of the day of the channel', { perDayAmount: 40_000 }],
  ])('is split where the channel says so, by the limit %s', async (_, limits) => {
    const { programId } = await givenOwed(limits);
    expect(await settle(programId)).toEqual({ payouts: [32_000n, 32_000n, 32_000n], skipped: [] });
  });

  test('is refused where the channel says so: carried over, until the limit is raised', async () => {
    const refuse = { perTransferAmount: 95_999, overTransfer: 'refuse' };
    const { programId, channelId, distributorId } = await givenOwed(refuse);
    const skipped = [{ reason: 'above_channel_maximum' }];
    expect(await settle(programId)).toEqual({ payouts: [], skipped });
    expect(await moneyOf(app.db, programId, distributorId)).toMatchObject({
      available: 100_000n,
      settling: 0n,
      trialBalance: 0n,
    });
    await replace(channelId, { ...refuse, perTransferAmount: 96_000 });
    expect(await settle(programId)).toEqual({ payouts: [96_000n], skipped: [] });
  });

  test('is no withdrawal where the channel refuses it; a smaller one is', async () => {
    const refuse = { perTransferAmount: 50_000, overTransfer: 'refuse' };
    const { distributorId } = await givenOwed(refuse, { payoutMode: 'request' });
    const path = `/v1/distributors/${distributorId}/withdrawals`;
    const refused = await app.shop.post(path, { amount: 100_000 });
    expect([refused.status, refused.body]).toMatchObject([
      422,
      { code: 'not_payable', errors: [{ pointer: '/amount', code: 'above_channel_maximum' }] },
    ]);
    expect((await app.shop.post(path, { amount: 50_000 })).status).toBe(202);
  });
});
