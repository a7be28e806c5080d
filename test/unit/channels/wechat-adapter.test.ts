import type { ChannelAdapter, SubmitOutcome, TransferOrder } from '../../../src/channels/channel';
import { failureReasons } from '../../../src/channels/wechat/failure';
import { wechatAdapter } from '../../../src/channels/wechat/adapter';
import { WechatSettings } from '../../../src/channels/wechat/settings';
import { freePort } from '../../../src/main/servers/process';
import type { FaultRule } from '../../support/provider';
import {
  startWechatSimulator,
  type WechatOptions,
  type WechatSimulator,
} from '../../support/wechat/simulator';

const channelId = 'chn_1';
const openid = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';
let wechat: WechatSimulator;

async function start(options: WechatOptions = {}): Promise<WechatSimulator> {
  wechat = await startWechatSimulator(options);
  return wechat;
}

afterEach(() => wechat.close());

function adapter(changes: Record<string, unknown> = {}): ChannelAdapter {
  const settings = WechatSettings.parse(wechat.settings(changes));
  return wechatAdapter(channelId, settings, 'http://127.0.0.1:1');
}

const order = (changes: Partial<TransferOrder> = {}): TransferOrder => ({
  channelNumber: '01k8zv3q5tabcdefghjkmnpqrs',
  account: openid,
  holderName: '张三',
  amount: 9_000n,
  ...changes,
});
const number = order().channelNumber;

const lastRequest = () => wechat.traffic.at(-1)?.request;
const bodyOf = (body = '') => JSON.parse(body) as Record<string, unknown>;
const book = () => wechat.books().find(({ channelNumber }) => channelNumber === number);

describe('a transfer through WeChat Pay', () => {
  beforeEach(() => start({ names: new Map([[openid, '张三']]) }));

  test('is taken by a provider that checks every field, and waits for its payee', async () => {
    const outcome = await adapter({
      notifyBaseUrl: 'https://shop.example.com',
      userRecvPerception: '劳务报酬',
    }).submit(order());
    expect(outcome).toEqual({
      kind: 'awaiting_confirmation',
      until: expect.any(Date),
      confirmation: { mchId: wechat.mchid, appId: wechat.appid, package: expect.any(String) },
    });
    const until = (outcome as { until: Date }).until.getTime();
    expect(until - Date.now()).toBeGreaterThan(23.9 * 3600 * 1000);
    expect(until - Date.now()).toBeLessThan(24.1 * 3600 * 1000);
    expect(bodyOf(lastRequest()?.body)).toEqual({
      appid: wechat.appid,
      out_bill_no: number,
      transfer_scene_id: '1005',
      openid,
      user_name: expect.any(String),
      transfer_amount: 9000,
      transfer_remark: '推广佣金',
      notify_url: 'https://shop.example.com/callbacks/wechat/chn_1',
      user_recv_perception: '劳务报酬',
      transfer_scene_report_infos: [
        { info_type: '岗位类型', info_content: '推广员' },
        { info_type: '报酬说明', info_content: '推广佣金' },
      ],
    });
  });

  test('sends the name only encrypted', async () => {
    await adapter().submit(order());
    expect(lastRequest()?.body).not.toContain('张三');
    expect(wechat.bookkeeping.bills.get(number)?.user_name).toBe('张三');
  });

  test.each<[string, bigint, string, string | null]>([
    ['0.29 yuan: the name is not allowed', 29n, 'always', null],
    ['0.30 yuan: it is checked', 30n, 'always', '张三'],
    ['0.30 yuan, checked only where it must be', 30n, 'whenRequired', null],
    ['1,999.99 yuan, checked only where it must be', 199_999n, 'whenRequired', null],
    ['2,000 yuan: it is required', 200_000n, 'whenRequired', '张三'],
  ])('of %s', async (_, amount, checkName, name) => {
    wechat.bookkeeping.options.limits.perTransfer = 1_000_000;
    const outcome = await adapter({ checkName }).submit(order({ amount }));
    expect(outcome.kind).toBe('awaiting_confirmation');
    expect(wechat.bookkeeping.bills.get(number)?.user_name).toBe(name);
  });

  test('of 2,000 yuan without a name is not sent', async () => {
    const outcome = await adapter().submit(order({ amount: 200_000n, holderName: ' ' }));
    expect(outcome).toMatchObject({ kind: 'not_taken', cause: 'setup', code: 'NAME_REQUIRED' });
    expect(wechat.traffic).toHaveLength(0);
  });

  test('again under the same number is the same transfer, with the same package', async () => {
    const first = await adapter().submit(order());
    const second = await adapter().submit(order());
    expect(second).toEqual(first);
    expect(wechat.books()).toHaveLength(1);
    expect(book()?.submissions).toBe(2);
  });

  test('is paid only when the provider says so', async () => {
    const channel = adapter();
    await channel.submit(order());
    expect((await channel.query(number)).kind).toBe('awaiting_confirmation');
    wechat.confirm(number);
    expect(await channel.query(number)).toEqual({ kind: 'paid', paidAt: expect.any(Date) });
    expect(book()?.paidAt).not.toBeNull();
  });

  test('to somebody of another name fails, and says that the payee can mend it', async () => {
    const channel = adapter();
    await channel.submit(order({ holderName: '李四' }));
    wechat.confirm(number);
    expect(await channel.query(number)).toEqual({
      kind: 'failed',
      code: 'NAME_NOT_CORRECT',
      message: "the name is not that of the payee's account. The payee can mend it.",
    });
  });

  test('that nobody confirms within 24 h is closed, and the money is back', async () => {
    const channel = adapter();
    await channel.submit(order());
    wechat.advance(24 * 3600 * 1000 - 1000);
    expect((await channel.query(number)).kind).toBe('awaiting_confirmation');
    wechat.advance(1000);
    expect(await channel.query(number)).toMatchObject({ kind: 'failed', code: 'OVERDUE_CLOSE' });
    expect(book()?.paidAt).toBeNull();
  });

  test('is stopped: an accepted cancellation is not believed before the bill says so', async () => {
    const channel = adapter();
    await channel.submit(order());
    expect(await channel.cancel?.(number)).toEqual({ kind: 'canceled' });
    expect(book()).toMatchObject({ state: 'CANCELLED', paidAt: null });
  });

  test('that is paid cannot be stopped any more', async () => {
    const channel = adapter();
    await channel.submit(order());
    wechat.confirm(number);
    expect((await channel.cancel?.(number))?.kind).toBe('paid');
  });

  test('whose answer was lost gets its package for the payee by the same order again', async () => {
    wechat.fault({ kind: 'executeThenTimeout', operation: 'submit', times: 1 });
    const channel = adapter();
    expect((await channel.submit(order())).kind).toBe('unknown');
    const asked = await channel.query(number, { order: order(), lacksConfirmation: true });
    expect(asked).toMatchObject({
      kind: 'awaiting_confirmation',
      confirmation: { package: wechat.bookkeeping.bills.get(number)?.package_info },
    });
    expect(wechat.books()).toHaveLength(1);
  });
});

describe('a state of a bill', () => {
  beforeEach(() => start());

  test.each([
    ['ACCEPTED', { kind: 'processing' }],
    ['PROCESSING', { kind: 'processing', waitsFor: 'balance' }],
    ['WAIT_USER_CONFIRM', { kind: 'awaiting_confirmation', until: expect.any(Date) }],
    ['TRANSFERING', { kind: 'awaiting_confirmation', until: expect.any(Date) }],
    ['CANCELING', { kind: 'canceled' }], // the simulator ends it with the next question
    ['SUCCESS', { kind: 'paid', paidAt: expect.any(Date) }],
    ['CANCELLED', { kind: 'canceled' }],
    ['FAIL', { kind: 'failed', code: 'UNSPECIFIED', message: expect.any(String) }],
  ] as const)('%s is understood', async (state, news) => {
    const channel = adapter();
    await channel.submit(order());
    wechat.force(number, state);
    expect(await channel.query(number)).toEqual(news);
  });

  test.each(failureReasons)('FAIL with %s is final and says who can mend it', async (reason) => {
    const channel = adapter();
    await channel.submit(order({ account: `fail_${reason}` }));
    wechat.confirm(number);
    expect(await channel.query(number)).toEqual({
      kind: 'failed',
      code: reason,
      message: expect.stringMatching(/\. (The|It|Look|Ask)/),
    });
  });

  test('FAIL with a reason of a later time is final and kept as it is', async () => {
    const channel = adapter();
    await channel.submit(order({ account: 'fail_SOMETHING_NEW' }));
    wechat.confirm(number);
    expect(await channel.query(number)).toMatchObject({
      kind: 'failed',
      code: 'SOMETHING_NEW',
    });
  });
});

describe('an order that WeChat Pay does not take', () => {
  const notTaken = (cause: string, code: string) => ({ kind: 'not_taken', cause, code });

  test.each<[string, object, Partial<TransferOrder>, Record<string, unknown>]>([
    [
      'of an unknown app',
      notTaken('setup', 'INVALID_REQUEST'),
      {},
      { appid: 'wx0000000000000000' },
    ],
    [
      'in a scene that the merchant has not got',
      notTaken('setup', 'INVALID_REQUEST'),
      {},
      { transferSceneId: '1000' },
    ],
    [
      'under a number with a hyphen',
      notTaken('setup', 'PARAM_ERROR'),
      { channelNumber: 'a-b' },
      {},
    ],
    [
      'to something that is no openid',
      notTaken('setup', 'PARAM_ERROR'),
      { account: '13800000000@x' },
      {},
    ],
    ['of 9 fen', notTaken('setup', 'INVALID_REQUEST'), { amount: 9n, holderName: '' }, {}],
    ['of 200.01 yuan', notTaken('setup', 'INVALID_REQUEST'), { amount: 20_001n }, {}],
  ])('%s has its cause and is in no book', async (_, outcome, part, changes) => {
    await start();
    expect(await adapter(changes).submit(order(part))).toMatchObject(outcome);
    expect(wechat.books()).toEqual([]);
  });

  test('for want of money is taken under the same number when there is some', async () => {
    await start({ balance: 0n, whenShort: 'refuse' });
    const channel = adapter();
    expect(await channel.submit(order())).toMatchObject(notTaken('balance_short', 'NOT_ENOUGH'));
    wechat.topUp(10_000n);
    expect((await channel.submit(order())).kind).toBe('awaiting_confirmation');
    expect(book()?.submissions).toBe(1);
  });

  test('but holds for want of money goes on by itself when there is some', async () => {
    await start({ balance: 0n, whenShort: 'hold' });
    const channel = adapter();
    expect(await channel.submit(order())).toEqual({ kind: 'processing', waitsFor: 'balance' });
    wechat.topUp(10_000n);
    expect((await channel.query(number)).kind).toBe('awaiting_confirmation');
  });

  test('because there are too many at once is throttled', async () => {
    await start();
    wechat.fault({ kind: 'throttled', times: 1 });
    expect(await adapter().submit(order())).toMatchObject(
      notTaken('throttled', 'FREQUENCY_LIMITED'),
    );
    expect(wechat.books()).toEqual([]);
  });

  test('by the day limit of the payee fails as a limit', async () => {
    await start({ limits: { perPayeeDay: 10_000 } });
    const channel = adapter();
    await channel.submit(order({ channelNumber: 'other' }));
    expect(await channel.submit(order())).toMatchObject({
      kind: 'failed',
      code: 'DAY_RECEIVED_QUOTA_EXCEED',
      message: expect.stringContaining('once the limit is free'),
    });
  });

  test('under a number that is held for another amount is unknown, never failed', async () => {
    await start();
    const channel = adapter();
    await channel.submit(order({ amount: 8_999n }));
    expect(await channel.submit(order())).toEqual({
      kind: 'unknown',
      detail: 'the answer is about another amount',
    });
    expect(book()?.amount).toBe(8_999n);
  });

  test('under a number that is held for another payee is unknown, never failed', async () => {
    await start();
    const channel = adapter();
    await channel.submit(order({ account: 'oSomebodyElse' }));
    expect(await channel.submit(order())).toEqual({
      kind: 'unknown',
      detail: 'the answer is about another payee',
    });
  });

  test('though an earlier one was: the bill that exists is what counts', async () => {
    await start();
    const channel = adapter();
    await channel.submit(order());
    wechat.confirm(number);
    // Since then the merchant wrote another remark: the same number with other words is refused.
    const outcome = await adapter({ remark: '另一个备注' }).submit(order());
    expect(outcome.kind).toBe('paid');
  });
});

describe('an answer that says nothing about the transfer', () => {
  beforeEach(() => start());

  test.each<[FaultRule['kind'], string, boolean]>([
    ['executeThenTimeout', 'no answer in time', true],
    ['timeout', 'no answer in time', false],
    ['executeThenServerError', 'WeChat Pay answered 500', true],
    ['serverError', 'WeChat Pay answered 500', false],
    ['html', 'WeChat Pay answered 502', false],
    ['empty', 'the answer could not be read', true],
    ['unsigned', 'the answer is not signed by WeChat Pay', true],
    ['wrongSignature', 'the answer is not signed by WeChat Pay', true],
    ['unknownState', 'the answer could not be read', true],
  ])('%s leaves a submission unknown; asked later, the truth comes', async (kind, detail, done) => {
    const channel = adapter();
    wechat.fault({ kind, operation: 'submit', times: 1 });
    expect(await channel.submit(order())).toEqual({ kind: 'unknown', detail });
    expect((await channel.query(number)).kind).toBe(done ? 'awaiting_confirmation' : 'not_found');
  });

  test.each<[FaultRule['kind'], string]>([
    ['timeout', 'no answer in time'],
    ['serverError', 'WeChat Pay answered 500'],
    ['throttled', 'WeChat Pay answered 429'],
    ['html', 'WeChat Pay answered 502'],
    ['empty', 'the answer could not be read'],
    ['unsigned', 'the answer is not signed by WeChat Pay'],
    ['wrongSignature', 'the answer is not signed by WeChat Pay'],
    ['amountAsText', 'the answer could not be read'],
    ['unknownState', 'the answer could not be read'],
  ])('%s leaves a question unanswered', async (kind, detail) => {
    const channel = adapter();
    await channel.submit(order());
    wechat.confirm(number);
    wechat.fault({ kind, operation: 'query', times: 1 });
    expect(await channel.query(number)).toEqual({ kind: 'unknown', detail });
    expect((await channel.query(number)).kind).toBe('paid');
  });

  test('a number that is not found right after it was made is not a failure', async () => {
    const channel = adapter();
    wechat.fault({ kind: 'executeThenTimeout', operation: 'submit', times: 1 });
    wechat.fault({ kind: 'notFound', operation: 'query', times: 1 });
    await channel.submit(order());
    expect(await channel.query(number)).toEqual({ kind: 'not_found' });
    expect((await channel.submit(order())).kind).toBe('awaiting_confirmation');
    expect(wechat.books()).toHaveLength(1);
  });

  test('a refusal whose number cannot be asked about stays unknown', async () => {
    wechat.fault({ kind: 'timeout', operation: 'query', times: 1 });
    const outcome = await adapter({ transferSceneId: '1000' }).submit(order());
    expect(outcome).toEqual({ kind: 'unknown', detail: 'no answer in time' });
  });

  test('a bill that is older than 30 days is not taken for one that never was', async () => {
    const channel = adapter();
    await channel.submit(order());
    wechat.confirm(number);
    const days = 31 * 24 * 3600 * 1000;
    wechat.advance(days);
    const submittedAt = new Date(Date.now() - days);
    const hints = { order: order(), submittedAt, lacksConfirmation: false };
    const forgotten = { kind: 'unknown', detail: expect.stringContaining('bill file') };
    expect(await channel.query(number, hints)).toEqual(forgotten);
    expect(await channel.cancel?.(number, hints)).toEqual(forgotten);
    expect(book()).toMatchObject({ submissions: 1, state: 'SUCCESS' });
  });

  test.each<[string, object, string]>([
    ['another amount', { amount: 9_001n }, 'amount'],
    ['another payee', { account: 'oSomebodyElse' }, 'payee'],
  ])('about %s than was ordered is not believed', async (_, changes, what) => {
    const channel = adapter();
    await channel.submit(order());
    const outcome = await channel.query(number, {
      order: order(changes),
      lacksConfirmation: false,
    });
    expect(outcome).toEqual({ kind: 'unknown', detail: `the answer is about another ${what}` });
  });
});

describe('keys change without a pause', () => {
  beforeEach(() => start());
  const isTaken = (outcome: SubmitOutcome) => expect(outcome.kind).toBe('awaiting_confirmation');

  test('ours: the new one signs; until WeChat knows it, the old one does', async () => {
    const [old] = wechat.settings()['merchantKeys'] as unknown[];
    const fresh = wechat.addMerchantKey();
    const both = [{ serial: fresh.serial, privateKey: fresh.privateKey }, old];
    isTaken(await adapter({ merchantKeys: both }).submit(order()));
    wechat.endOldMerchantKeys();
    isTaken(await adapter({ merchantKeys: both }).submit(order({ channelNumber: 'second' })));
    expect(await adapter({ merchantKeys: [old] }).submit(order())).toMatchObject({
      kind: 'not_taken',
      cause: 'setup',
      code: 'SIGN_ERROR',
    });
  });

  test('ours, before WeChat knows the new one', async () => {
    const [old] = wechat.settings()['merchantKeys'] as { serial: string; privateKey: string }[];
    const early = { serial: 'ABCDEF0123456789', privateKey: old?.privateKey };
    isTaken(await adapter({ merchantKeys: [early, old] }).submit(order()));
    expect(wechat.traffic.map(({ status }) => status)).toEqual([401, 200]);
  });

  test("WeChat's: answers by either key are believed, a third is not", async () => {
    const before = wechat.settings()['platformKeys'] as object[];
    const fresh = wechat.rotatePlatformKey();
    const both = [...before, { serial: fresh.serial, publicKey: fresh.publicKey }];
    isTaken(await adapter({ platformKeys: both }).submit(order()));
    expect((await adapter({ platformKeys: before }).query(number)).kind).toBe('unknown');
  });
});

describe('the access points', () => {
  beforeEach(() => start());

  test('the backup is taken when the first cannot be reached', async () => {
    const gatewayUrls = [`http://127.0.0.1:${await freePort()}`, wechat.url];
    expect((await adapter({ gatewayUrls }).submit(order())).kind).toBe('awaiting_confirmation');
  });

  test('the backup is not asked when the first got the order but did not answer', async () => {
    const other = await startWechatSimulator();
    wechat.fault({ kind: 'timeout' });
    const gatewayUrls = [wechat.url, other.url];
    expect((await adapter({ gatewayUrls }).submit(order())).kind).toBe('unknown');
    expect(other.traffic).toEqual([]);
    await other.close();
  });
});
