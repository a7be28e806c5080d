import { providerDay } from '../../src/domain/payout/asking';
import { taskQueue } from '../../src/contracts/workflow';
import { AlipaySimulator } from '../support/alipay/provider';
import { alipaySettings } from '../support/alipay/settings';
import { type TestHouse, testHouse } from '../support/app';
import { approvedSettlement, givenChannelOf, givenDuePayee, payoutThat } from '../support/paying';
import { unique } from '../support/program';
import { startWechatSimulator, type WechatSimulator } from '../support/wechat/simulator';

jest.setTimeout(240_000);

let house: TestHouse;
let wechat: WechatSimulator;
let alipay: AlipaySimulator;

beforeAll(async () => {
  house = await testHouse();
}, 180_000);
afterAll(() => house.close());
beforeEach(async () => {
  [wechat, alipay] = await Promise.all([startWechatSimulator(), new AlipaySimulator().start()]);
});
afterEach(() => Promise.all([wechat.close(), alipay.close()]));

const dayMs = 86_400_000;

/** Two commissions of 60.00 yuan, one through each provider, both paid. */
async function givenPaid() {
  const ofWechat = wechat.settings({ notifyBaseUrl: house.url });
  const channels = {
    wechat: await givenChannelOf(house, 'wechat', ofWechat),
    alipay: await givenChannelOf(house, 'alipay', alipaySettings(alipay, { timeoutMs: 2000 })),
  };
  const pay = async (channelId: string, account: string, status: string) => {
    const payee = { channelId, account, holderName: '李明' };
    const { programId } = await givenDuePayee(house, payee);
    const settlementId = await approvedSettlement(house, programId);
    return { ...(await payoutThat(house, settlementId, status)), settlementId };
  };
  const first = await pay(channels.wechat, 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', 'awaiting_confirmation');
  wechat.confirm(first.channelNumber);
  await payoutThat(house, first.settlementId, 'paid');
  const second = await pay(channels.alipay, 'li@example.com', 'paid');
  return { channels, numbers: { wechat: first.channelNumber, alipay: second.channelNumber } };
}

/** All that happened today happened yesterday, in our books and in the providers'. */
async function letADayPass(channelIds: readonly string[]): Promise<string> {
  const back = (moment: Date) => new Date(moment.getTime() - dayMs);
  for (const flow of wechat.bookkeeping.flows) Object.assign(flow, { at: back(flow.at) });
  for (const payment of alipay.payments.values()) payment.at = back(payment.at);
  const [row] = await house.db.read.rows<{ paidAt: Date }>(
    `UPDATE payout SET paid_at = paid_at - interval '1 day' WHERE channel_id = ANY($1)
     RETURNING paid_at`,
    [channelIds],
  );
  return providerDay(row!.paidAt);
}

/** The daily workflow, by the house's own worker. */
const reconcile = () =>
  house.temporal.client.workflow.execute('reconciliation', {
    taskQueue,
    workflowId: unique('reconciliation'),
  });

const dayOf = async (channelId: string, day: string) =>
  (await house.admin.get(`/v1/channels/${channelId}/reconciliations/${day}`)).body;
const through = async (channelId: string) =>
  (await house.admin.get(`/v1/channels/${channelId}`)).body['reconciledThrough'] as string | null;
const tasksOf = async (channelId: string) =>
  (
    (await house.admin.get(`/v1/reviews?kind=reconciliation&subjectId=${channelId}`)).body as {
      data: { id: string; facts: Record<string, string> }[];
    }
  ).data;

test("the files of both providers' own books say what ours say: the day is done", async () => {
  const { channels } = await givenPaid();
  const ids = Object.values(channels);
  const day = await letADayPass(ids);
  for (const id of ids) expect(await through(id)).toBeNull();
  await reconcile();
  await reconcile();
  for (const id of ids) {
    expect(await dayOf(id, day)).toMatchObject({ status: 'done', rows: 1, matched: 1 });
    expect((await through(id))! >= day).toBe(true);
    expect(await tasksOf(id)).toEqual([]);
  }
});

test('a fen more in one file and a strange line in the other are tasks, and hold the figures back', async () => {
  const { channels, numbers } = await givenPaid();
  const day = await letADayPass(Object.values(channels));
  wechat.tamperBill((text) => text.replaceAll('60.00', '60.01'));
  alipay.payments.set('neverOurs', {
    ...alipay.payments.get(numbers.alipay)!,
    ...{ number: 'neverOurs', fen: 1 },
  });
  await reconcile();
  const [differs, ...others] = await tasksOf(channels.wechat);
  expect(others).toEqual([]);
  expect(differs!.facts).toMatchObject({
    ...{ why: 'bill_amount', day, channelNumber: numbers.wechat },
    ...{ amount: '6000', saidAmount: '6001' },
  });
  const [extra, ...none] = await tasksOf(channels.alipay);
  expect(none).toEqual([]);
  expect(extra!.facts).toMatchObject({ why: 'bill_extra', day, channelNumber: 'neverOurs' });
  for (const id of Object.values(channels)) expect(await through(id)).toBeNull();
  // Decided, the day counts as compared; nothing of a payout was changed by it.
  for (const { id } of [differs!, extra!]) {
    const decision = { decision: 'approve', reason: 'asked the provider' };
    expect((await house.admin.post(`/v1/reviews/${id}/decisions`, decision)).status).toBe(200);
  }
  for (const id of Object.values(channels)) expect((await through(id))! >= day).toBe(true);
});
