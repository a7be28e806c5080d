import { bookOrder } from '../../../src/domain/commission/booking';
import { applyOverlays, type Overlay } from '../../../src/domain/commission/overlay';
import { twoLevels } from '../../support/shop';

const upline = [{ distributorId: 'd1', tier: 'bronze', earns: true, isBuyer: false }];
const line = {
  externalId: '1',
  sku: 'S1',
  tags: [],
  quantity: 1,
  unitPriceAmount: 10_000n,
  discountAmount: 0n,
  inScope: true,
};
const campaign = (id: string, over: Partial<Overlay>): Overlay => ({
  id,
  startsAt: new Date('2026-11-01T00:00:00Z'),
  match: {},
  effect: { multiplyBps: 20_000 },
  levels: [1],
  stacks: false,
  budgetLeftAmount: null,
  ...over,
});

describe('a campaign whose budget is used up', () => {
  it('does not stand in the way of one that still has money', () => {
    const overlays = [
      campaign('spent', { budgetLeftAmount: 0n }),
      campaign('small', { effect: { addBps: 500 } }),
    ];
    const order = { lines: [line], orderDiscountAmount: 0n };
    const [booked] = bookOrder(twoLevels, upline, order, { overlays });
    expect(booked!.commissions[0]).toMatchObject({ level: 1, amount: 1_500n });
    // It is kept with what it gave, so that the explanation can name it.
    expect(
      booked!.terms.levels[0]!.overlays!.map(({ campaignId, grantedAmount }) => [
        campaignId,
        grantedAmount,
      ]),
    ).toEqual([
      ['small', '500'],
      ['spent', '0'],
    ]);
  });

  it('takes nothing from what another adds after it, not even a fraction of a fen', () => {
    // 10.9 + 0.2 is 11.1: 11 rounded down, and not 10 + 0.2.
    const plain = { numerator: 109n, denominator: 10n };
    const small = { effect: { addBps: 20 }, atMostAmount: null };
    const spent = { effect: { multiplyBps: 20_000 }, atMostAmount: 0n };
    const sold = { baseAmount: 100n, quantity: 1 };
    expect(applyOverlays(plain, [small], sold, 'floor').amount).toBe(11n);
    expect(applyOverlays(plain, [spent, small], sold, 'floor')).toEqual({
      amount: 11n,
      extras: [0n, 1n],
    });
  });
});
