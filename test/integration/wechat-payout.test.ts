import { type TestHouse, testHouse } from '../support/app';
import { givenPayingSettlement, givenQueuedPayout, statusOf } from '../support/payout';
import { approvedSettlement, givenChannelOf, givenDuePayee, payoutThat } from '../support/paying';
import { unique } from '../support/program';
import { until } from '../support/until';
import { finishedByOthers } from '../support/wechat/others';
import {
  startWechatSimulator,
  type WechatOptions,
  type WechatSimulator,
} from '../support/wechat/simulator';

jest.setTimeout(180_000);

let house: TestHouse;
let wechat: WechatSimulator;

beforeAll(async () => {
  [house, wechat] = await Promise.all([testHouse(), startWechatSimulator()]);
}, 180_000);
afterAll(async () => {
  await wechat.close();
  await house.close();
});

const openid = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';

const givenWechatChannel = () =>
  givenChannelOf(house, 'wechat', wechat.settings({ notifyBaseUrl: house.url }), {
    perDayAmount: 5_000_000,
  });

test('a commission reaches its distributor through WeChat Pay: approved, confirmed, called back, paid', async () => {
  const channelId = await givenWechatChannel();
  const payee = { channelId, account: openid, holderName: '李明' };
  const { programId, distributorId } = await givenDuePayee(house, payee);
  const settlementId = await approvedSettlement(house, programId);

  const { id, channelNumber } = await payoutThat(house, settlementId, 'awaiting_confirmation');
  const shown = await house.shop.get(`/v1/payouts/${id}`);
  expect(shown.body).toMatchObject({ channelId, distributorId, amount: 6000 });
  expect(shown.body.whyNotYet.text).toMatch(/confirm/);
  // What the payee's page opens WeChat with, word for word as WeChat gave it.
  expect(shown.body.confirmation).toEqual({
    mchId: wechat.mchid,
    appId: wechat.appid,
    package: wechat.bookkeeping.bills.get(channelNumber)?.package_info,
  });
  expect(wechat.books()).toMatchObject([{ account: openid, amount: 6000n, paidAt: null }]);

  wechat.confirm(channelNumber);
  const paid = await payoutThat(house, settlementId, 'paid');
  expect(paid.confirmation).toBeNull();
  await wechat.idle();
  expect(wechat.notices.sent).toMatchObject([
    { url: `${house.url}/callbacks/wechat/${channelId}`, status: 200, answer: '' },
  ]);
  expect(wechat.books()).toMatchObject([{ submissions: 1, paidAt: expect.any(String) }]);
  const balance = await house.shop.get(`/v1/distributors/${distributorId}/balance`);
  expect(balance.body).toMatchObject({ settlingAmount: 0, paidAmount: 6000 });
  const trial = await house.shop.get(`/v1/ledger/trial-balance?programId=${programId}`);
  expect(trial.body.balanced).toBe(true);
});

test("a payee's day: what WeChat would refuse today waits with a date, and goes on when the limit is raised", async () => {
  const today = wechat.bookkeeping.options.limits;
  const before = { ...today };
  const payee = { account: 'oPayeeWithALimit', holderName: '李明' };
  const limits = { perTransferAmount: 2000, perPayeeDayAmount: 4000 };
  Object.assign(today, { perTransfer: 2000, perPayeeDay: 4000 });
  const settings = wechat.settings({ notifyBaseUrl: house.url });
  const channelId = await givenChannelOf(house, 'wechat', settings, limits);
  const { programId } = await givenDuePayee(house, { channelId, ...payee });
  // 60.00 yuan in three parts of 20.00, of which the day has room for two.
  const settlementId = await approvedSettlement(house, programId);
  const statuses = async () => {
    const page = await house.shop.get(`/v1/payouts?settlementId=${settlementId}`);
    return page.body.data as { id: string; status: string; whyNotYet: { text: string } | null }[];
  };
  const isWaiting = ({ whyNotYet }: { whyNotYet: { text: string } | null }) =>
    /limit for a day to this payee.*next try is at \d{4}-\d\d-\d\d 00:05/.test(
      whyNotYet?.text ?? '',
    );
  await until(
    async () => {
      const all = await statuses();
      const sent = all.filter(({ status }) => status === 'awaiting_confirmation');
      return sent.length === 2 && all.filter(isWaiting).length === 1;
    },
    'two are sent and one waits for tomorrow',
    60_000,
  );
  const bills = () => wechat.books().filter(({ account }) => account === payee.account);
  expect(bills().map(({ state }) => state)).toEqual(['WAIT_USER_CONFIRM', 'WAIT_USER_CONFIRM']);

  Object.assign(today, { perPayeeDay: 6000 });
  const raised = { ...limits, perPayeeDayAmount: 6000 };
  expect((await house.admin.put(`/v1/channels/${channelId}/limits`, raised)).status).toBe(200);
  await until(() => bills().length === 3, 'the third is sent today', 60_000);
  for (const { channelNumber } of bills()) wechat.confirm(channelNumber);
  const arePaid = async () => (await statuses()).every(({ status }) => status === 'paid');
  await until(arePaid, 'all are paid', 60_000);
  await wechat.idle();
  expect(bills().map(({ state, submissions }) => [state, submissions])).toEqual(
    [1, 2, 3].map(() => ['SUCCESS', 1]),
  );
  Object.assign(today, before);
});

describe('a transfer on its way, at a WeChat Pay of its own', () => {
  let own: WechatSimulator;
  afterEach(() => own.close());

  async function givenTransfer(status: string, options: WechatOptions = {}) {
    own = await startWechatSimulator(options);
    const settings = own.settings({ notifyBaseUrl: house.url });
    const channelId = await givenChannelOf(house, 'wechat', settings);
    const payee = { channelId, account: openid, holderName: '李明' };
    const { programId, distributorId } = await givenDuePayee(house, payee);
    const settlementId = await approvedSettlement(house, programId);
    const payout = await payoutThat(house, settlementId, status);
    return { ...payout, channelId, programId, distributorId, settlementId };
  }
  type Transfer = Awaited<ReturnType<typeof givenTransfer>>;

  const read = async ({ id }: Transfer) =>
    (await house.shop.get(`/v1/payouts/${id}`, { headers: { 'accept-language': 'en' } })).body;
  const asked = async (transfer: Transfer) =>
    ((await read(transfer))['attempts'] as { operation: string }[]).filter(
      ({ operation }) => operation === 'query',
    ).length;
  async function expectMoney({ distributorId, programId }: Transfer, money: object) {
    const balance = await house.shop.get(`/v1/distributors/${distributorId}/balance`);
    expect(balance.body).toMatchObject(money);
    const trial = await house.shop.get(`/v1/ledger/trial-balance?programId=${programId}`);
    expect(trial.body.balanced).toBe(true);
  }
  const back = { availableAmount: 6000, settlingAmount: 0, paidAmount: 0 };

  test('is stopped while its payee has not confirmed: the money is available again', async () => {
    const transfer = await givenTransfer('awaiting_confirmation');
    const stopped = await house.admin.post(`/v1/payouts/${transfer.id}/cancellations`);
    expect(stopped.status).toBe(202);
    await payoutThat(house, transfer.settlementId, 'canceled');
    expect(own.books()).toMatchObject([{ state: 'CANCELLED', submissions: 1, paidAt: null }]);
    await expectMoney(transfer, back);
  });

  test('cannot be stopped once its payee has confirmed: it is paid', async () => {
    const transfer = await givenTransfer('awaiting_confirmation');
    own.confirm(transfer.channelNumber);
    await house.admin.post(`/v1/payouts/${transfer.id}/cancellations`);
    await payoutThat(house, transfer.settlementId, 'paid');
    expect(own.books()).toMatchObject([{ state: 'SUCCESS', submissions: 1 }]);
    await expectMoney(transfer, { availableAmount: 0, paidAmount: 6000 });
  });

  test('that nobody confirms for 24 hours gives the money back', async () => {
    const transfer = await givenTransfer('awaiting_confirmation');
    own.advance(24 * 3600 * 1000);
    const failed = await payoutThat(house, transfer.settlementId, 'failed');
    expect(await read(transfer)).toMatchObject({ failure: { code: 'OVERDUE_CLOSE' } });
    expect(failed.confirmation).toBeNull();
    await expectMoney(transfer, back);
  });

  test.each([
    ['SUCCESS, after it was closed', 'FAIL', 'failed', 'SUCCESS', back],
    [
      'FAIL, after it was paid',
      'SUCCESS',
      'paid',
      'FAIL',
      { availableAmount: 0, paidAmount: 6000 },
    ],
  ] as const)('that is said to be %s: nothing is booked, a person is called', async (...each) => {
    const [, ends, status, later, money] = each;
    const transfer = await givenTransfer('awaiting_confirmation');
    own.force(transfer.channelNumber, ends);
    await payoutThat(house, transfer.settlementId, status);
    await own.idle();
    const bill = own.bookkeeping.bills.get(transfer.channelNumber)!;
    const url = `${house.url}/callbacks/wechat/${transfer.channelId}`;
    const body = own.notices.messageOf(bill, { state: later });
    for (let n = 0; n < 2; n += 1) expect((await own.notices.post(url, body)).status).toBe(200);
    const tasks = async () =>
      (
        (await house.admin.get(`/v1/reviews?kind=payout&subjectId=${transfer.id}`)).body as {
          data: { facts: Record<string, string> }[];
        }
      ).data.map(({ facts }) => facts['why']);
    await until(async () => (await tasks()).length > 0, 'a person is called', 60_000);
    expect(await tasks()).toEqual(['contradiction']);
    expect(await read(transfer)).toMatchObject({ status });
    await expectMoney(transfer, money);
  });

  test('whose payee tries in vain may be confirmed once more, by the same package', async () => {
    const transfer = await givenTransfer('awaiting_confirmation');
    const { confirmation } = await read(transfer);
    own.force(transfer.channelNumber, 'TRANSFERING');
    const before = await asked(transfer);
    await until(async () => (await asked(transfer)) > before, 'it is asked about', 60_000);
    expect(await read(transfer)).toMatchObject({ status: 'awaiting_confirmation', confirmation });
    own.confirm(transfer.channelNumber);
    await payoutThat(house, transfer.settlementId, 'paid');
    await expectMoney(transfer, { availableAmount: 0, paidAmount: 6000 });
  });

  test('for which there is no money waits, calls finance, and goes on after a top-up', async () => {
    const transfer = await givenTransfer('processing', { balance: 0n });
    const says = async () =>
      ((await read(transfer))['whyNotYet'] as { text: string } | null)?.text ?? '';
    await until(async () => /balance at the channel is too low/.test(await says()), 'says why');
    const { data } = (
      await house.admin.get(`/v1/reviews?kind=reconciliation&subjectId=${transfer.channelId}`)
    ).body as { data: { facts: { why: string } }[] };
    expect(data.map(({ facts }) => facts.why)).toEqual(['balance_short']);
    own.topUp(1_000_000n);
    await payoutThat(house, transfer.settlementId, 'awaiting_confirmation');
    expect((await read(transfer))['confirmation']).not.toBeNull();
    own.confirm(transfer.channelNumber);
    await payoutThat(house, transfer.settlementId, 'paid');
    expect(own.books()).toHaveLength(1);
    await expectMoney(transfer, { availableAmount: 0, paidAmount: 6000 });
  });
});

describe('a WeChat Pay channel', () => {
  const post = (changes: object, settings = wechat.settings()) =>
    house.admin.post('/v1/channels', { kind: 'wechat', name: 'W', settings, ...changes });

  test('never shows its keys', async () => {
    const made = await post({});
    expect(made.status).toBe(201);
    expect(made.body.settings).toMatchObject({ merchantKeys: 'set', apiV3Keys: 'set' });
    const read = await house.admin.get(`/v1/channels/${made.body.id}`);
    const row = await house.db.read.first<{ text: string }>(
      'SELECT channel::text AS text FROM channel WHERE id = $1',
      [made.body.id],
    );
    for (const text of [made.text, read.text, row?.text]) {
      expect(text).not.toContain('PRIVATE KEY');
      expect(text).not.toContain(wechat.mchid);
    }
  });

  test('with wrong settings is refused, and every fault is named without its value', async () => {
    const settings = { ...wechat.settings(), apiV3Keys: ['short'], remark: '', nickname: 'x' };
    const refused = await post({}, settings);
    expect(refused.status).toBe(400);
    expect(refused.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/settings/apiV3Keys/0',
      '/settings/nickname',
      '/settings/remark',
    ]);
    expect(refused.text).not.toContain('short');
  });

  test('gets new keys beside the old ones, and callbacks by either are taken', async () => {
    const channelId = await givenWechatChannel();
    const path = `/v1/channels/${channelId}/settings`;
    const before = wechat.settings({ notifyBaseUrl: house.url });
    const fresh = wechat.rotatePlatformKey();
    const send = () =>
      wechat.notices.post(`${house.url}/callbacks/wechat/${channelId}`, '{}', fresh);
    expect((await send()).status).toBe(401);
    const { serial, publicKey } = fresh;
    const platformKeys = [...(before['platformKeys'] as object[]), { serial, publicKey }];
    const put = await house.admin.put(path, { settings: { ...before, platformKeys } });
    expect(put.status).toBe(204);
    // Signed right, and then not understood.
    expect((await send()).status).toBe(400);
  });

  test('stays the account that it is', async () => {
    const channelId = await givenWechatChannel();
    const settings = wechat.settings({ mchid: '1900009999' });
    const refused = await house.admin.put(`/v1/channels/${channelId}/settings`, { settings });
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toMatchObject([{ pointer: '/settings/mchid', code: 'fixed' }]);
  });

  describe('answers callbacks in the words of WeChat Pay', () => {
    const inbox = async (channelId: string) =>
      (await house.db.read.rows('SELECT 1 FROM channel_inbox WHERE channel_id = $1', [channelId]))
        .length;
    const ended = () =>
      finishedByOthers(wechat, { number: unique('N').replaceAll('-', ''), openid });

    test('a wrong signature is a 401 with FAIL, and nothing is kept', async () => {
      const channelId = await givenWechatChannel();
      const url = `${house.url}/callbacks/wechat/${channelId}`;
      const probe = { 'Wechatpay-Signature': `WECHATPAY/SIGNTEST/${'A'.repeat(300)}` };
      const body = wechat.notices.messageOf(ended());
      const sent = await wechat.notices.post(url, body, undefined, probe);
      expect(sent.status).toBe(401);
      expect(JSON.parse(sent.answer)).toMatchObject({ code: 'FAIL' });
      expect(await inbox(channelId)).toBe(0);
    });

    test('one about another merchant is a 400 with FAIL, and nothing is kept', async () => {
      const channelId = await givenWechatChannel();
      const url = `${house.url}/callbacks/wechat/${channelId}`;
      const body = wechat.notices.messageOf(ended(), { mch_id: '1900009999' });
      const sent = await wechat.notices.post(url, body);
      expect(sent.status).toBe(400);
      expect(JSON.parse(sent.answer)).toMatchObject({ code: 'FAIL' });
      expect(await inbox(channelId)).toBe(0);
    });

    test.each<[string, object, string]>([
      ['another payee', { openid: 'oSomebodyElse' }, 'other_payee'],
      ['another amount', { transfer_amount: 9001 }, 'other_amount'],
    ])('one about %s than ours changes nothing and calls a person', async (_, changes, why) => {
      const channelId = await givenWechatChannel();
      const scene = await givenPayingSettlement(house.db, house.vault, {}, house.store.id);
      const payout = await givenQueuedPayout(
        house.db,
        house.vault,
        { ...scene, channelId },
        openid,
      );
      const url = `${house.url}/callbacks/wechat/${channelId}`;
      const facts = { out_bill_no: payout.channelNumber, transfer_amount: 9000, ...changes };
      const body = wechat.notices.messageOf(ended(), facts);
      expect((await wechat.notices.post(url, body)).status).toBe(200);
      expect(await statusOf(house.db, payout.id)).toBe('queued');
      const reviews = await house.admin.get(`/v1/reviews?kind=payout&subjectId=${payout.id}`);
      expect(reviews.body.data).toMatchObject([{ status: 'open', facts: { why } }]);
      expect(reviews.text).not.toContain('oSomebodyElse');
    });

    test('one about a bill that we never made is kept once and opens a review', async () => {
      const channelId = await givenWechatChannel();
      const url = `${house.url}/callbacks/wechat/${channelId}`;
      const body = wechat.notices.messageOf(ended());
      const sent = await Promise.all([1, 2, 3].map(() => wechat.notices.post(url, body)));
      expect(sent.map(({ status, answer }) => [status, answer])).toEqual(
        Array.from({ length: 3 }, () => [200, '']),
      );
      expect(await inbox(channelId)).toBe(1);
    });
  });
});
