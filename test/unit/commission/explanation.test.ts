import {
  baseAmounts,
  computeLine,
  freezeTerms,
  type UplineMember,
} from '../../../src/domain/commission/calculation';
import { explain } from '../../../src/domain/commission/explanation';
import type { CommissionFacts } from '../../../src/domain/commission/explanation-facts';
import type { PlanBody } from '../../../src/domain/commission/plan';
import type { LineRefund, StoredLine } from '../../../src/domain/commission/recompute';
import { commissionStatus } from '../../../src/domain/commission/view';
import { addDays } from '../../../src/domain/kernel/clock';

const paidAt = new Date('2026-11-01T02:00:00Z');

const plan: PlanBody = {
  levels: 2,
  rounding: 'floor',
  onIneligible: 'compress',
  selfPurchase: 'deny',
  caps: { totalBps: 1000, marginBps: 9000 },
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: 1000 }, priority: 0 },
    { id: 'gold', level: 1, match: { tier: 'gold' }, rate: { bps: 1200 }, priority: 0 },
    { id: 'cup', level: 1, match: { sku: 'CUP' }, rate: { amountPerUnit: 5 }, priority: 0 },
    { id: 'upline', level: 2, match: {}, rate: { bps: 500 }, priority: 0 },
  ],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
  bonuses: [],
};

const member = (distributorId: string, facts: Partial<UplineMember> = {}): UplineMember => ({
  distributorId,
  tier: 'bronze',
  earns: true,
  isBuyer: false,
  since: '2026-01-01T00:00:00.000Z',
  status: 'active',
  ...facts,
});

const upline = [
  member('d1', { tier: 'gold' }),
  member('d2', { earns: false, status: 'evicted' }),
  member('d3'),
  member('d4'),
];

const refund: LineRefund = {
  refundId: 'r1',
  externalId: 'RF-1',
  refundedAt: addDays(paidAt, 1),
  quantity: 1,
  amount: 5_000n,
};

/** What is stored about an order of two lines, and a commission on the first of them. */
function stored(level: 1 | 2, refunds: LineRefund[] = []): CommissionFacts {
  const line = (externalId: string) => ({
    externalId,
    sku: `TEA-${externalId}`,
    tags: ['new'],
    quantity: 2,
    unitPriceAmount: 6_000n,
    discountAmount: 0n,
    unitCostAmount: 2_500n,
    inScope: true,
  });
  const order = { lines: [line('1'), line('2')], orderDiscountAmount: 501n };
  const bases = baseAmounts(order);
  const lines: StoredLine[] = order.lines.map((facts, index) => ({
    ...facts,
    id: `line-${facts.externalId}`,
    baseAmount: bases[index]!,
    terms: freezeTerms(plan, upline, order.lines[index]!),
    refundedQuantity: index === 0 ? refunds.reduce((sum, one) => sum + one.quantity, 0) : 0,
    refundedAmount: index === 0 ? refunds.reduce((sum, one) => sum + one.amount, 0n) : 0n,
  }));
  const { terms, baseAmount, quantity, unitCostAmount } = lines[0]!;
  const earned = (base: bigint, units: number) =>
    computeLine(plan, terms, { baseAmount: base, quantity: units, unitCostAmount }).find(
      (one) => one.level === level,
    )!;
  const booked = earned(baseAmount, quantity);
  const left = earned(baseAmount - lines[0]!.refundedAmount, quantity - lines[0]!.refundedQuantity);
  const common = { releaseAt: addDays(paidAt, 7), availableAt: null, statementId: null };
  return {
    commission: {
      id: 'com',
      kind: 'sale',
      level,
      distributorId: booked.distributorId,
      baseAmount,
      rateBps: booked.rateBps,
      ruleId: booked.ruleId,
      amount: left.amount,
      originalAmount: booked.amount,
    },
    plan: { id: 'pln', version: 3, body: plan },
    order: {
      id: 'ord',
      externalId: 'SO-1',
      paidAt,
      receivedAt: null,
      hold: { startsAt: 'paid', days: 7, assumeReceivedAfterDays: 15 },
      currency: 'CNY',
      orderDiscountAmount: 501n,
      shippingAmount: 800n,
      taxAmount: 0n,
      upline,
      lines,
    },
    lineId: 'line-1',
    campaigns: [],
    pauses: [],
    refunds,
    reversals: [],
    earnings: [
      { ...common, id: 'e1', kind: 'commission', refundId: null, amount: booked.amount },
      ...refunds.map((one) => ({
        ...common,
        id: 'e2',
        kind: 'adjustment' as const,
        refundId: one.refundId,
        amount: left.amount - booked.amount,
      })),
    ],
    posted: { ledgerAmount: booked.amount, earningsAmount: booked.amount },
    statements: [],
    payouts: [],
    timeZone: 'Asia/Shanghai',
  };
}

describe('a commission explains itself', () => {
  const explanation = explain(stored(1), 'en');

  it('with its base and the parts of it', () => {
    expect(explanation.verified).toBe(true);
    expect(explanation.base).toMatchObject({
      amount: 11_749n,
      listAmount: 12_000n,
      lineDiscountAmount: 0n,
      orderDiscountShareAmount: 251n,
      outside: { shippingAmount: 800n, taxAmount: 0n },
      remaining: { amount: 11_749n, quantity: 2 },
    });
  });

  it('with every rule of the level and why it lost', () => {
    expect(
      explanation.candidates.map(({ ruleId, chosen, reason }) => [ruleId, chosen, reason]),
    ).toEqual([
      ['direct', false, 'audience_less_specific'],
      ['gold', true, 'chosen'],
      ['cup', false, 'product_differs'],
    ]);
    expect(explanation.candidates[0]?.why).toContain('gold');
    expect(explanation.candidates[2]?.why).toContain('TEA-1');
  });

  it('with the path upwards, its dates, and who was passed over', () => {
    expect(
      explanation.upline.map(({ distributorId, level, decision }) => [
        distributorId,
        level,
        decision,
      ]),
    ).toEqual([
      ['d1', 1, 'earns'],
      ['d2', null, 'not_earning'],
      ['d3', 2, 'earns'],
      ['d4', null, 'not_reached'],
    ]);
    expect(explanation.upline[0]?.since).toBe('2026-01-01T00:00:00.000Z');
  });

  it('with both caps, the rounding and all levels of the line', () => {
    // 11749 x 12 % = 1409.88 and x 5 % = 587.45; together above 10 % of the base.
    expect(explanation.caps).toMatchObject({
      totalCapAmount: 1_174n,
      marginCapAmount: 6_074n,
      beforeAmount: 1_996n,
      afterAmount: 1_174n,
      applied: true,
    });
    expect(explanation.rounding).toMatchObject({ exactAmount: '1409.88', roundedAmount: 1_409n });
    expect(explanation.levels.map(({ originalAmount }) => originalAmount)).toEqual([829n, 345n]);
    expect(explanation.originalAmount).toBe(829n);
  });

  it('with the hold', () => {
    expect(explanation.hold).toMatchObject({ days: 7, releaseAt: addDays(paidAt, 7) });
    expect(explanation.text).toContain('2026-11-08 10:00');
  });

  it('with each refund and what it changed', () => {
    const after = explain(stored(2, [refund]), 'en');
    expect(after.verified).toBe(true);
    expect(after.refunds).toMatchObject([
      { externalId: 'RF-1', remainingBaseAmount: 6_749n, commissionBeforeAmount: 345n },
    ]);
    const [one] = after.refunds;
    expect(one!.changeAmount).toBe(one!.commissionAfterAmount - 345n);
    expect(after.amount).toBe(one!.commissionAfterAmount);
  });

  it('with statement, tax and payout once it is settled', () => {
    const facts = stored(1);
    const settled = explain(
      {
        ...facts,
        earnings: facts.earnings.map((one) => ({
          ...one,
          availableAt: one.releaseAt,
          statementId: 'stm',
        })),
        statements: [
          {
            id: 'stm',
            settlementId: 'set',
            period: '2026-11',
            settlementStatus: 'closed',
            cutoffAt: addDays(paidAt, 30),
            status: 'approved',
            grossAmount: 829n,
            taxAmount: 29n,
            feeAmount: 0n,
            netAmount: 800n,
            taxMethod: 'general',
            taxMonth: '2026-12',
            taxTrace: null,
          },
        ],
        payouts: [
          {
            id: 'pyt',
            statementId: 'stm',
            status: 'paid',
            amount: 800n,
            channelId: 'chn',
            channelNumber: 'n',
            failureCode: null,
          },
        ],
      },
      'zh-CN',
    );
    expect(settled.settlement).toMatchObject({ id: 'set', period: '2026-11', netAmount: 800n });
    expect(settled.tax).toMatchObject({ method: 'general', statementTaxAmount: 29n });
    expect(settled.payout).toMatchObject({ status: 'paid', payouts: [{ id: 'pyt' }] });
    expect(settled.text).toContain('已付款');
  });

  it('in Chinese and in English, with the same numbers', () => {
    const chinese = explain(stored(1, [refund]), 'zh-CN');
    const english = explain(stored(1, [refund]), 'en');
    expect(chinese.text).toMatch(/计佣基数为 CNY 117\.49/);
    expect(english.text).toMatch(/is a base of CNY 117\.49/);
    expect(english.text).not.toMatch(/[\u4e00-\u9fff]/);
    const numbers = (text: string) => text.match(/\d+(\.\d+)?/g)?.sort();
    expect(numbers(english.text)).toEqual(numbers(chinese.text));
    for (const part of ['candidates', 'upline'] as const) {
      chinese[part].forEach(({ why }) => expect(why).toMatch(/[\u4e00-\u9fff]/));
      english[part].forEach(({ why }) => expect(why).not.toMatch(/[\u4e00-\u9fff]/));
    }
  });
});

describe('verified is false as soon as something stored disagrees', () => {
  const facts = stored(1, [refund]);
  const line = facts.order.lines[0]!;
  const withLine = (change: Partial<StoredLine>) => ({
    ...facts,
    order: { ...facts.order, lines: [{ ...line, ...change }, ...facts.order.lines.slice(1)] },
  });
  const withCommission = (change: Partial<CommissionFacts['commission']>) => ({
    ...facts,
    commission: { ...facts.commission, ...change },
  });

  it.each<[string, CommissionFacts]>([
    ['base', withLine({ baseAmount: line.baseAmount - 1n })],
    [
      'terms',
      withLine({ terms: { levels: line.terms.levels.map((one) => ({ ...one, tier: 'iron' })) } }),
    ],
    ['commission', withCommission({ rateBps: 1000 })],
    ['original', withCommission({ originalAmount: 830n })],
    ['remaining', withCommission({ amount: facts.commission.amount + 1n })],
    ['refunds', withLine({ refundedAmount: 4_999n })],
    ['hold', { ...facts, earnings: facts.earnings.map((one) => ({ ...one, releaseAt: paidAt })) }],
    ['earnings', { ...facts, earnings: facts.earnings.slice(0, 1) }],
    ['ledger', { ...facts, posted: { ...facts.posted, ledgerAmount: 0n } }],
  ])('%s', (name, broken) => {
    expect(explain(facts, 'en').verified).toBe(true);
    const explanation = explain(broken, 'en');
    expect(explanation.verified).toBe(false);
    expect(explanation.checks.filter(({ ok }) => !ok).map((check) => check.name)).toContain(name);
    expect(explanation.text).toContain('NOT');
  });
});

describe('the status of a commission', () => {
  const at = new Date();
  it.each([
    ['held', { amount: 1n, availableAt: null, statementId: null }],
    ['available', { amount: 1n, availableAt: at, statementId: null }],
    ['settled', { amount: 1n, availableAt: at, statementId: 'stm' }],
    ['reversed', { amount: 0n, availableAt: at, statementId: 'stm' }],
    ['reversed', { amount: 0n, availableAt: null, statementId: null }],
  ] as const)('%s', (expected, state) => {
    expect(commissionStatus(state)).toBe(expected);
  });
});
