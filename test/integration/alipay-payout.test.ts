import { alipayKeys } from '../support/alipay/keys';
import { AlipaySimulator } from '../support/alipay/provider';
import { alipaySettings } from '../support/alipay/settings';
import { type TestHouse, testHouse } from '../support/app';
import { approvedSettlement, givenChannelOf, givenDuePayee, payoutThat } from '../support/paying';

jest.setTimeout(180_000);

let house: TestHouse;
let alipay: AlipaySimulator;

beforeAll(async () => {
  house = await testHouse();
}, 180_000);
afterAll(() => house.close());
beforeEach(async () => {
  alipay = await new AlipaySimulator().start();
});
afterEach(() => alipay.close());

const login = { account: 'li@example.com', holderName: '李明' };
const card = { account: '6222021234567890128', holderName: '李明' };

/** From the order to the payout, through a channel that the API made. */
async function givenPayout(payee: { account: string; holderName: string }, settings: object = {}) {
  const channelId = await givenChannelOf(
    house,
    'alipay',
    alipaySettings(alipay, { timeoutMs: 1000, ...settings }),
  );
  const owed = await givenDuePayee(house, { channelId, ...payee });
  const settlementId = await approvedSettlement(house, owed.programId);
  return { ...owed, channelId, settlementId };
}

type Made = Awaited<ReturnType<typeof givenPayout>>;

/** What Alipay does: a form to the app's gateway; whatever is not `success` is sent again. */
async function post({ channelId }: Made, form: string) {
  const reply = await fetch(`${house.url}/callbacks/alipay/${channelId}`, {
    method: 'POST',
    body: form,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
  });
  return [reply.status, await reply.text()];
}
const taken = [200, 'success'];

const shown = async (id: string) => (await house.shop.get(`/v1/payouts/${id}`)).body;
const balanceOf = async ({ distributorId }: Made) =>
  (await house.shop.get(`/v1/distributors/${distributorId}/balance`)).body;
const inbox = async ({ channelId }: Made) =>
  (await house.db.read.rows('SELECT 1 FROM channel_inbox WHERE channel_id = $1', [channelId]))
    .length;
async function expectBalanced({ programId }: Made) {
  const trial = await house.shop.get(`/v1/ledger/trial-balance?programId=${programId}`);
  expect(trial.body.balanced).toBe(true);
}

test('a commission reaches its distributor through Alipay in the answer to the order', async () => {
  const made = await givenPayout(login);
  const { id, channelNumber } = await payoutThat(house, made.settlementId, 'paid');
  expect(await shown(id)).toMatchObject({
    ...{ channelId: made.channelId, amount: 6000, whyNotYet: null, confirmation: null },
    account: expect.not.stringContaining('li@example'),
  });
  const payment = alipay.payments.get(channelNumber);
  expect(payment).toMatchObject({ identity: login.account, fen: 6000, submissions: 1 });
  expect(JSON.parse(payment?.request ?? '')).toMatchObject({
    trans_amount: '60.00',
    payee_info: { identity_type: 'ALIPAY_LOGON_ID', name: login.holderName },
  });
  expect(alipay.complaints).toEqual([]);
  expect(await balanceOf(made)).toMatchObject({ settlingAmount: 0, paidAmount: 6000 });
  await expectBalanced(made);
  // The message that comes after the answer says what is known: taken once, and nothing moves.
  const form = alipay.message(channelNumber);
  expect(await Promise.all([1, 2, 3].map(() => post(made, form)))).toEqual([taken, taken, taken]);
  expect(await inbox(made)).toBe(1);
  expect((await shown(id)).status).toBe('paid');
});

test('an order whose answer is lost is paid by the form that calls back, and never sent again', async () => {
  // The order is executed and says nothing; questions about it say nothing either.
  alipay.fault('execute-then-silence', 'silence', 'status-500', 'html', 'unsigned');
  const made = await givenPayout(login);
  const { id, channelNumber } = await payoutThat(house, made.settlementId, 'unknown');
  expect((await shown(id)).whyNotYet.text).toMatch(/nothing is paid twice/);
  expect(await post(made, alipay.message(channelNumber))).toEqual(taken);
  const paid = await payoutThat(house, made.settlementId, 'paid');
  expect(paid.attempts).toContainEqual(
    expect.objectContaining({ operation: 'callback', outcome: 'paid' }),
  );
  expect(alipay.payments.get(channelNumber)).toMatchObject({ submissions: 1, status: 'SUCCESS' });
  expect(alipay.payments.size).toBe(1);
  expect(await balanceOf(made)).toMatchObject({ settlingAmount: 0, paidAmount: 6000 });
  await expectBalanced(made);
});

test('a card takes its time (DEALING), is paid, and comes back (REFUND): the money is available again', async () => {
  const made = await givenPayout(card, { product: 'bankCard' });
  const { id, channelNumber } = await payoutThat(house, made.settlementId, 'processing');
  expect((await shown(id)).whyNotYet.text).toMatch(/processing/);
  expect(alipay.payments.get(channelNumber)).toMatchObject({ status: 'DEALING' });
  expect(await balanceOf(made)).toMatchObject({ settlingAmount: 0, paidAmount: 0 });

  alipay.settle(channelNumber, 'SUCCESS');
  expect(await post(made, alipay.message(channelNumber))).toEqual(taken);
  await payoutThat(house, made.settlementId, 'paid');
  expect(await balanceOf(made)).toMatchObject({ availableAmount: 0, paidAmount: 6000 });

  alipay.settle(channelNumber, 'REFUND');
  expect(await post(made, alipay.message(channelNumber))).toEqual(taken);
  const returned = await payoutThat(house, made.settlementId, 'returned');
  expect([...new Set(returned.attempts.map(({ outcome }) => outcome))]).toEqual([
    ...['sent', 'processing', 'paid', 'returned'],
  ]);
  expect(await balanceOf(made)).toMatchObject({ availableAmount: 6000 });
  expect(alipay.payments.get(channelNumber)?.submissions).toBe(1);
  await expectBalanced(made);
});

test('a card that its bank refuses gives the money back', async () => {
  const made = await givenPayout(card, { product: 'bankCard' });
  const { id, channelNumber } = await payoutThat(house, made.settlementId, 'processing');
  alipay.settle(channelNumber, 'FAIL', 'CARD_BIN_ERROR');
  expect(await post(made, alipay.message(channelNumber))).toEqual(taken);
  await payoutThat(house, made.settlementId, 'failed');
  expect((await shown(id)).failure).toMatchObject({ code: 'CARD_BIN_ERROR' });
  expect(await balanceOf(made)).toMatchObject({ availableAmount: 6000, paidAmount: 0 });
  await expectBalanced(made);
});

test('a message with a wrong signature is refused and kept nowhere; one about another amount calls a person', async () => {
  const made = await givenPayout(card, { product: 'bankCard' });
  const { id, channelNumber } = await payoutThat(house, made.settlementId, 'processing');
  const reviews = async () =>
    (await house.admin.get(`/v1/reviews?kind=payout&subjectId=${id}`)).body.data;
  // The bank has not decided yet: whatever says that it is paid is wrong.
  const content = { out_biz_no: channelNumber, status: 'SUCCESS', trans_amount: '60.00' };
  const message = (part: object, envelope: Record<string, string> = {}) => {
    const biz_content = JSON.stringify({ ...content, ...part });
    return alipay.message(channelNumber, { biz_content, ...envelope });
  };
  const expectNothingMoved = async () => {
    expect((await shown(id)).status).toBe('processing');
    expect(await balanceOf(made)).toMatchObject({ paidAmount: 0 });
  };

  const changed = new URLSearchParams(message({}));
  changed.set('biz_content', (changed.get('biz_content') ?? '').replace('60.00', '61.00'));
  const unsigned = new URLSearchParams(message({}));
  unsigned.delete('sign');
  alipay.signer = alipayKeys.stranger;
  const forms = [message({}), changed.toString(), unsigned.toString()];
  alipay.signer = alipayKeys.alipay;
  for (const form of forms) expect(await post(made, form)).toEqual([401, 'fail']);
  const toOther = message({}, { app_id: '2021000000000009' });
  expect(await post(made, toOther)).toEqual([400, 'fail']);
  expect([await inbox(made), await reviews()]).toEqual([0, []]);
  await expectNothingMoved();

  const otherAmount = message({ trans_amount: '61.00' }, { notify_id: 'N-other-amount' });
  expect(await post(made, otherAmount)).toEqual(taken);
  expect(await reviews()).toMatchObject([
    { status: 'open', facts: { why: 'other_amount', amount: '6000', saidAmount: '6100' } },
  ]);
  const strange = message({ out_biz_no: 'pytsomebodyelses' }, { notify_id: 'N-strange' });
  expect(await post(made, strange)).toEqual(taken);
  const unknown = await house.admin.get(`/v1/reviews?subjectId=${made.channelId}`);
  expect(unknown.body.data).toMatchObject([{ facts: { why: 'unknown_bill' } }]);
  await expectNothingMoved();
  await expectBalanced(made);
});

test('what a channel of Alipay is made of is never shown', async () => {
  const channelId = await givenChannelOf(house, 'alipay', alipaySettings(alipay));
  const read = await house.admin.get(`/v1/channels/${channelId}`);
  const row = await house.db.read.first<{ text: string }>(
    'SELECT channel::text AS text FROM channel WHERE id = $1',
    [channelId],
  );
  for (const text of [read.text, row?.text]) {
    expect(text).not.toContain('PRIVATE KEY');
    expect(text).not.toContain(alipay.appId);
  }
});
