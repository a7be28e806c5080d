import { freezeTerms, type OrderLineFacts } from '../../../src/domain/commission/calculation';
import type { PlanBody } from '../../../src/domain/commission/plan';
import { amountsOf } from '../../../src/domain/commission/explanation-earning';
import { recompute, type StoredLine } from '../../../src/domain/commission/recompute';

const first = { kind: 'sale', level: 1 } as const;

const plan: PlanBody = {
  levels: 1,
  rounding: 'floor',
  onIneligible: 'skip',
  selfPurchase: 'deny',
  caps: {},
  rules: [{ id: 'cup', level: 1, match: {}, rate: { amountPerUnit: 333 }, priority: 0 }],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
  bonuses: [],
};

const upline = [{ distributorId: 'd1', tier: 'bronze', earns: true, isBuyer: false }];

function stored(inScope: boolean): StoredLine {
  const line: OrderLineFacts = {
    externalId: '1',
    sku: 'CUP',
    tags: [],
    quantity: 3,
    unitPriceAmount: 2_000n,
    discountAmount: 0n,
    inScope,
  };
  const terms = freezeTerms(plan, upline, line);
  return { ...line, id: 'l', baseAmount: 6_000n, terms, refundedQuantity: 0, refundedAmount: 0n };
}

const refund = (quantity: number, amount: bigint) => ({
  refundId: `r${quantity}`,
  externalId: `RF-${quantity}`,
  refundedAt: new Date('2026-11-02T00:00:00Z'),
  quantity,
  amount,
});

describe('a line calculated again from what was stored', () => {
  it('loses the units and the amount of every refund before', () => {
    const facts = { plan, upline, orderDiscountAmount: 0n, lines: [stored(true)], lineId: 'l' };
    const again = recompute({ ...facts, refunds: [refund(0, 1_500n), refund(1, 1_500n)] });
    const amounts = [again.booking, ...again.refunds.map(({ result }) => result)];
    expect(amounts.map((one) => amountsOf(one, first).amount)).toEqual([999n, 999n, 666n]);
    expect(again.remaining).toMatchObject({ baseAmount: 3_000n, quantity: 2 });
    expect(again.current).toBe(again.refunds[1]?.result);
  });

  it('is outside the program when the frozen terms say so', () => {
    const facts = { plan, upline, orderDiscountAmount: 0n, lines: [stored(false)], lineId: 'l' };
    const again = recompute({ ...facts, refunds: [] });
    expect(again.terms.levels[0]?.passedOver).toEqual([
      { distributorId: 'd1', why: 'out_of_scope' },
    ]);
    expect(amountsOf(again.booking, first).amount).toBe(0n);
  });
});
