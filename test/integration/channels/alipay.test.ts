import { randomBytes } from 'node:crypto';
import type { ChannelAdapter } from '../../../src/channels/channel';
import { alipayAdapter } from '../../../src/channels/alipay/adapter';
import { AlipaySettings } from '../../../src/channels/alipay/settings';
import { alipayKeys } from '../../support/alipay/keys';
import { AlipaySimulator, type Fault } from '../../support/alipay/provider';
import { alipaySettings } from '../../support/alipay/settings';

const number = () => `pyt${randomBytes(13).toString('hex')}`;
const dayOf = (at: Date) => new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 10);

describe('Alipay, against its own wire format', () => {
  let alipay: AlipaySimulator;
  let channel: ChannelAdapter;

  const open = (change: Partial<AlipaySettings> = {}) =>
    alipayAdapter(
      AlipaySettings.parse({
        ...alipaySettings(alipay),
        timeoutMs: 1000,
        ...change,
      }),
    );
  const order = (change: object = {}) => ({
    channelNumber: number(),
    account: 'li@example.com',
    holderName: '李雷·阿不都',
    amount: 12_345n,
    ...change,
  });
  const verify = (body: string, to: ChannelAdapter = channel) =>
    to.verifyCallback({}, Buffer.from(body), new Date());

  beforeEach(async () => {
    alipay = await new AlipaySimulator().start();
    channel = open();
  });
  afterEach(() => alipay.close());

  test('a transfer to an account is paid at once, in yuan to the fen', async () => {
    for (const [amount, text] of [
      [10n, '0.10'],
      [100n, '1.00'],
      [12_345n, '123.45'],
      [10_000_000_000n, '100000000.00'],
    ] as const) {
      alipay.balanceFen = 10_000_000_000;
      const asked = order({ amount });
      expect(await channel.submit(asked)).toMatchObject({ kind: 'paid' });
      const payment = alipay.payments.get(asked.channelNumber);
      expect(JSON.parse(payment?.request ?? '')).toMatchObject({ trans_amount: text });
    }
    expect(alipay.complaints).toEqual([]);
  });

  test('the same order sent again moves nothing twice', async () => {
    const asked = order();
    await channel.submit(asked);
    expect(await channel.submit(asked)).toMatchObject({ kind: 'paid' });
    expect(alipay.payments.get(asked.channelNumber)).toMatchObject({ submissions: 2 });
    expect(alipay.payments.size).toBe(1);
    // The same number for something else is asked about, never called a failure.
    expect((await channel.submit({ ...asked, amount: 1n })).kind).toBe('unknown');
  });

  const silent: [Fault, boolean][] = [
    ['execute-then-silence', true],
    ['silence', false],
    ['status-500', false],
    ['status-429', false],
    ['html', false],
    ['unsigned', true],
    ['other-signature', true],
    ['unknown-status', true],
    ['other-number', true],
    [{ refuse: 'SYSTEM_ERROR' }, false],
    [{ refuse: 'A_CODE_OF_TOMORROW' }, false],
  ];
  test.each(silent)(
    'a submission that meets %j is unknown, and a query tells',
    async (fault, moved) => {
      const asked = order();
      alipay.fault(fault);
      expect((await channel.submit(asked)).kind).toBe('unknown');
      const said = await channel.query(asked.channelNumber);
      expect(said.kind).toBe(moved ? 'paid' : 'not_found');
    },
  );

  test.each(silent)('a query that meets %j is unknown', async (fault) => {
    const asked = order();
    await channel.submit(asked);
    alipay.fault(fault);
    expect((await channel.query(asked.channelNumber)).kind).toBe('unknown');
  });

  test('an answer that was changed on its way is not believed', async () => {
    const cards = open({ product: 'bankCard' });
    const asked = order();
    await cards.submit(asked);
    alipay.settle(asked.channelNumber, 'FAIL', 'CARD_BIN_ERROR');
    alipay.fault('changed-after-signing');
    const said = await cards.query(asked.channelNumber);
    expect(said).toEqual({
      kind: 'unknown',
      detail: 'the signature of the answer does not match',
    });
  });

  test.each([
    ['PAYER_BALANCE_NOT_ENOUGH', { kind: 'not_taken', cause: 'balance_short' }],
    ['BALANCE_IS_NOT_ENOUGH', { kind: 'not_taken', cause: 'balance_short' }],
    ['RESOURCE_LIMIT_EXCEED', { kind: 'not_taken', cause: 'throttled' }],
    ['EXCEED_LIMIT_DM_AMOUNT', { kind: 'not_taken', cause: 'limit' }],
    ['EXCEED_LIMIT_MM_AMOUNT', { kind: 'not_taken', cause: 'limit' }],
    ['PRODUCT_NOT_SIGN', { kind: 'not_taken', cause: 'setup' }],
    ['PAYEE_NOT_EXIST', { kind: 'failed', code: 'PAYEE_NOT_EXIST' }],
    ['PAYEE_USER_INFO_ERROR', { kind: 'failed', code: 'PAYEE_USER_INFO_ERROR' }],
    ['EXCEED_LIMIT_SM_AMOUNT', { kind: 'failed', code: 'EXCEED_LIMIT_SM_AMOUNT' }],
    ['SECURITY_CHECK_FAILED', { kind: 'failed', code: 'SECURITY_CHECK_FAILED' }],
    ['PAYMENT_INFO_INCONSISTENCY', { kind: 'unknown' }],
  ])('%s to a submission', async (code, outcome) => {
    alipay.fault({ refuse: code });
    expect(await channel.submit(order())).toMatchObject(outcome);
  });

  test('what a query is refused for says nothing about the transfer', async () => {
    const asked = order();
    await channel.submit(asked);
    for (const code of ['PAYEE_NOT_EXIST', 'PAYER_BALANCE_NOT_ENOUGH', 'INVALID_PARAMETER']) {
      alipay.fault({ refuse: code });
      expect((await channel.query(asked.channelNumber)).kind).toBe('unknown');
    }
  });

  test('a card takes its time, can fail, and can come back after success', async () => {
    const cards = open({ product: 'bankCard' });
    const asked = order({ account: '6222021234567890128' });
    const { channelNumber } = asked;
    expect(await cards.submit(asked)).toEqual({ kind: 'processing' });
    alipay.settle(channelNumber, 'SUCCESS');
    expect(await cards.query(channelNumber)).toMatchObject({ kind: 'paid' });
    alipay.settle(channelNumber, 'REFUND');
    expect(await cards.query(channelNumber)).toMatchObject({ kind: 'returned' });
    const other = order({ account: '6222021234567890124' });
    await cards.submit(other);
    alipay.settle(other.channelNumber, 'FAIL', 'CARD_BIN_ERROR');
    expect(await cards.query(other.channelNumber)).toMatchObject({
      kind: 'failed',
      code: 'CARD_BIN_ERROR',
    });
  });

  test('while Alipay changes its certificate both count; a third one does not', async () => {
    const both = open({
      alipayCertificates: [alipayKeys.alipay.certificate, alipayKeys.next.certificate],
    });
    alipay.signer = alipayKeys.next;
    expect((await both.submit(order())).kind).toBe('paid');
    expect((await channel.submit(order())).kind).toBe('unknown');
    alipay.signer = alipayKeys.stranger;
    expect((await both.submit(order())).kind).toBe('unknown');
  });

  describe('a message', () => {
    const paid = async () => {
      const asked = order();
      await channel.submit(asked);
      return asked.channelNumber;
    };

    test('is taken when it is signed, with and without sign_type in the text', async () => {
      const channelNumber = await paid();
      const news = {
        kind: 'news',
        callback: { channelNumber, amount: 12_345n, news: { kind: 'paid' } },
      };
      expect(verify(alipay.message(channelNumber))).toMatchObject(news);
      const params = Object.fromEntries(new URLSearchParams(alipay.message(channelNumber)));
      const { sign: _dropped, ...unsigned } = params;
      expect(verify(alipay.signedForm(unsigned, true))).toMatchObject(news);
    });

    test('is refused when anything in it was changed, or another key or method signed it', async () => {
      const body = alipay.message(await paid());
      const params = () => new URLSearchParams(body);
      const changed = params();
      changed.set('biz_content', (changed.get('biz_content') ?? '').replace('123.45', '999.45'));
      const repeated = params();
      repeated.append('app_id', 'another');
      const unsigned = params();
      unsigned.delete('sign');
      const sha1 = Object.fromEntries(params());
      delete sha1['sign'];
      const cases = {
        changed: changed.toString(),
        repeated: repeated.toString(),
        unsigned: unsigned.toString(),
        sha1: alipay.signedForm({ ...sha1, sign_type: 'RSA' }, false, 'RSA-SHA1'),
        typeMissing: alipay.signedForm({ ...sha1, sign_type: '' }),
        empty: '',
        json: JSON.stringify(sha1),
      };
      for (const [name, text] of Object.entries(cases)) {
        expect([name, verify(text).kind]).toEqual([name, 'bad_signature']);
      }
      alipay.signer = alipayKeys.stranger;
      const [known] = alipay.payments.keys();
      expect(verify(alipay.message(known ?? '')).kind).toBe('bad_signature');
    });

    test.each([
      ['for another app', { app_id: '2021000000000009' }],
      ['of another kind', { msg_method: 'alipay.trade.something' }],
      ['without a content', { biz_content: 'no JSON' }],
      ['with a broken amount', { biz_content: content({ trans_amount: '1e3' }) }],
      ['with an unknown status', { biz_content: content({ status: 'NEW' }) }],
    ])('%s is signed, but none of ours', async (_name, change) => {
      expect(verify(alipay.message(await paid(), change)).kind).toBe('not_understood');
    });

    function content(change: object): string {
      return JSON.stringify({
        ...{ out_biz_no: 'N1', status: 'SUCCESS', trans_amount: '1.00' },
        ...change,
      });
    }

    test('is answered in its own word', () => {
      expect(channel.callbackReply?.(true)).toMatchObject({ body: 'success' });
      expect(channel.callbackReply?.(false)).toMatchObject({ body: 'fail' });
    });
  });

  test('the bill of a day has what left and what came back, of all pages; today has none yet', async () => {
    const cards = open({ product: 'bankCard' });
    const [kept, back, failed] = [order(), order({ amount: 100n }), order()];
    for (const asked of [kept, back, failed]) await cards.submit(asked);
    alipay.settle(kept.channelNumber, 'SUCCESS');
    alipay.settle(back.channelNumber, 'REFUND');
    alipay.settle(failed.channelNumber, 'FAIL', 'CARD_BIN_ERROR');
    const yesterday = new Date(Date.now() - 86_400_000);
    for (const payment of alipay.payments.values()) payment.at = yesterday;
    const returned = alipay.payments.get(back.channelNumber);
    if (returned !== undefined) returned.returnedAt = yesterday;
    const bill = await cards.bill?.(dayOf(yesterday));
    const rows = bill?.kind === 'bill' ? bill.rows : [];
    expect(rows.map(({ channelNumber, amount, kind }) => [channelNumber, amount, kind])).toEqual([
      [kept.channelNumber, 12_345n, 'paid'],
      [back.channelNumber, 100n, 'paid'],
      [back.channelNumber, 100n, 'returned'],
    ]);
    expect(await cards.bill?.(dayOf(new Date()))).toEqual({ kind: 'not_ready' });
    alipay.fault('html');
    expect((await cards.bill?.(dayOf(yesterday)))?.kind).toBe('unknown');
  });

  test('settings that cannot work are refused with their place', () => {
    const bad = AlipaySettings.safeParse({
      appId: '12',
      appPrivateKey: 'no key',
      appCertificate: 'no certificate',
      alipayCertificates: [],
      alipayRootCertificate: alipayKeys.root,
    });
    const places = bad.error?.issues.map(({ path }) => path.join('.'));
    expect(places).toEqual(['appId', 'appPrivateKey', 'appCertificate', 'alipayCertificates']);
  });
});
