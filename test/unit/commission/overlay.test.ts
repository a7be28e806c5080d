import { bookOrder } from '../../../src/domain/commission/booking';
import {
  calculateLine,
  chargesOf,
  earningsOf,
  type LineTerms,
  type UplineMember,
} from '../../../src/domain/commission/calculation';
import { budgetsOf, type Overlay, overlayMayFit } from '../../../src/domain/commission/overlay';
import type { PlanBody } from '../../../src/domain/commission/plan';
import { twoLevels } from '../../support/plan';

const member = (distributorId: string, tier = 'bronze'): UplineMember => ({
  distributorId,
  tier,
  earns: true,
  isBuyer: false,
});
const upline = [member('d1', 'gold'), member('d2')];

const planOf = (over: Partial<PlanBody> = {}): PlanBody => ({ ...twoLevels, ...over });

const overlay = (id: string, over: Partial<Overlay> = {}): Overlay => ({
  id,
  startsAt: new Date('2026-11-01T00:00:00Z'),
  match: {},
  effect: { multiplyBps: 20_000 },
  levels: [1],
  stacks: false,
  budgetLeftAmount: null,
  ...over,
});
const day = (n: number) => new Date(Date.UTC(2026, 10, n));

const lineOf = (over: object = {}) => ({
  externalId: '1',
  sku: 'S1',
  productId: 'P1',
  category: 'tea',
  tags: ['new'],
  quantity: 1,
  unitPriceAmount: 1999n,
  discountAmount: 0n,
  inScope: true,
  ...over,
});

/** The amounts of one line per level, and what each campaign pays. */
function earned(overlays: Overlay[], line = lineOf(), plan = planOf()) {
  const order = { lines: [line], orderDiscountAmount: 0n };
  const { calculation } = bookOrder(plan, upline, order, { overlays })[0]!;
  const paid = calculation!.extras.flat().map((e) => [e.campaignId, Number(e.chargedAmount)]);
  const amounts = calculation!.commissions.map(({ amount }) => Number(amount));
  return { amounts, paid: Object.fromEntries(paid) as Record<string, number> };
}

describe('which overlays count, and in which order', () => {
  const add = (bps: number) => ({ effect: { addBps: bps } });
  it.each([
    ['none: the plan alone', [], 199, {}],
    ['one that multiplies', [overlay('a')], 399, { a: 200 }],
    ['one that adds a share of the base', [overlay('a', add(55))], 210, { a: 11 }],
    [
      'one that would lower changes nothing',
      [overlay('a', { effect: { multiplyBps: 1 } })],
      199,
      { a: 0 },
    ],
    ['the best of two that do not stack', [overlay('a'), overlay('b', add(1500))], 499, { b: 300 }],
    [
      'of two equal ones the earlier start',
      [overlay('a', { startsAt: day(2) }), overlay('b')],
      399,
      { b: 200 },
    ],
    ['of two equal ones of one start the lower id', [overlay('b'), overlay('a')], 399, { a: 200 }],
    [
      'the best one first, then those that stack, though they started earlier',
      [
        overlay('s2', { stacks: true, startsAt: day(3), effect: { multiplyBps: 15_000 } }),
        overlay('s1', { stacks: true, startsAt: day(2), ...add(55) }),
        overlay('n', { startsAt: day(9), ...add(1000) }),
      ],
      616, // ((199.9 + 199.9) + 10.9945) x 1.5 = 616.19
      { n: 200, s1: 11, s2: 206 },
    ],
    [
      'shares of a fen are not lost between several',
      ['a', 'b', 'c'].map((id) => overlay(id, { stacks: true, ...add(2) })),
      201, // 199.9 + 3 x 0.3998
      { a: 1, b: 0, c: 1 },
    ],
  ] as const)('%s', (_, overlays, amount, paid) => {
    const result = earned([...overlays]);
    expect(result.amounts).toEqual([amount, 99]);
    expect(result.paid).toEqual(paid);
  });
});

describe('for whom and what an overlay is', () => {
  it.each([
    ['another sku', { match: { sku: 'S2' } }, [199, 99]],
    ['the sku', { match: { sku: 'S1' } }, [399, 99]],
    ['a tag of the line', { match: { tag: 'new' } }, [399, 99]],
    ['another tag', { match: { tag: 'old' } }, [199, 99]],
    ['the category', { match: { category: 'tea' } }, [399, 99]],
    ['the tier of the first', { match: { tier: 'gold' }, levels: [1, 2] }, [399, 99]],
    ['the person of the second', { match: { distributorId: 'd2' }, levels: [1, 2] }, [199, 199]],
    ['both sides at once', { match: { tag: 'new', tier: 'bronze' }, levels: [1, 2] }, [199, 199]],
    ['both levels', { levels: [1, 2] }, [399, 199]],
    ['a level that the plan has not', { levels: [3] }, [199, 99]],
  ] as const)('%s', (_, over, amounts) => {
    expect(earned([overlay('a', over as Partial<Overlay>)]).amounts).toEqual(amounts);
  });

  it('does not ask for the budget of one that nobody of the order could use', () => {
    const order = { levels: 2, lines: [lineOf()], upline };
    const may = (over: Partial<Overlay>) => overlayMayFit(overlay('a', over), order);
    expect(may({})).toBe(true);
    expect(may({ match: { tier: 'bronze' } })).toBe(true);
    expect(may({ match: { tier: 'silver' } })).toBe(false);
    expect(may({ match: { sku: 'S9' } })).toBe(false);
    expect(may({ levels: [3] })).toBe(false);
    expect(overlayMayFit(overlay('a'), { ...order, upline: [] })).toBe(false);
    expect(overlayMayFit(overlay('a'), { ...order, lines: [lineOf({ inScope: false })] })).toBe(
      false,
    );
  });
});

describe('an amount per unit', () => {
  const perUnit = overlay('a', { effect: { addAmountPerUnit: 150 } });
  it.each([
    ['goes by the quantity', { quantity: 3 }, [1049, 299], 450],
    ['and stays when the price is small', { quantity: 3, unitPriceAmount: 1n }, [450, 0], 450],
    ['but nothing was paid, so nothing is earned', { unitPriceAmount: 0n }, [0, 0], undefined],
  ])('%s', (_, over, amounts, paid) => {
    const result = earned([perUnit], lineOf(over));
    expect(result.amounts).toEqual(amounts);
    expect(result.paid['a']).toBe(paid);
  });
});

describe('a budget', () => {
  const limited = (budgetLeftAmount: bigint, over: Partial<Overlay> = {}) =>
    overlay('a', { budgetLeftAmount, ...over });
  it.each([
    ['gives all while it has enough', [limited(200n)], [399, 99], { a: 200 }],
    ['is cut to what it has', [limited(7n)], [206, 99], { a: 7 }],
    ['gives nothing when it is empty', [limited(0n)], [199, 99], { a: 0 }],
    ['serves the lower level first', [limited(250n, { levels: [1, 2] })], [399, 149], { a: 50 }],
    [
      'is passed on as a whole amount to those after it',
      [limited(7n), overlay('b', { stacks: true, effect: { multiplyBps: 15_000 } })],
      [309, 99],
      { a: 7, b: 103 },
    ],
  ] as const)('%s', (_, overlays, amounts, paid) => {
    const result = earned([...overlays]);
    expect(result.amounts).toEqual(amounts);
    expect(result.paid).toEqual(paid);
  });

  it('serves lines by their externalId, and orders of one batch one after the other', () => {
    const overlays = [limited(450n)];
    const budgets = budgetsOf(overlays);
    const lines = [lineOf({ externalId: '9' }), lineOf({ externalId: '10' })];
    const order = { lines, orderDiscountAmount: 0n };
    const book = () =>
      bookOrder(planOf(), upline, order, { overlays, budgets }).map(({ commissions }) =>
        Number(commissions[0]!.amount),
      );
    expect(book()).toEqual([399, 399]); // 450 - 200 - 200
    expect(budgets.get('a')).toBe(50n);
    expect(book()).toEqual([199, 249]); // "10" comes before "9"
    expect(budgets.get('a')).toBe(0n);
  });

  it('pays only what the caps leave, and the next line has the rest', () => {
    const overlays = [limited(300n)];
    const budgets = budgetsOf(overlays);
    const lines = [lineOf({ externalId: 'a' }), lineOf({ externalId: 'b' })];
    const booked = bookOrder(
      planOf({ caps: { totalBps: 1600 } }), // 319 of 399 + 99
      upline,
      { lines, orderDiscountAmount: 0n },
      { overlays, budgets },
    );
    const [first, second] = booked.map(({ calculation }) => calculation!);
    expect(first!.commissions.map(({ amount }) => amount)).toEqual([256n, 63n]);
    expect(first!.extras[0]).toEqual([
      { campaignId: 'a', limited: true, extraAmount: 200n, chargedAmount: 57n },
    ]);
    expect(second!.extras[0]![0]!.extraAmount).toBe(200n);
    expect(budgets.get('a')).toBe(300n - 57n - 57n);
  });
});

describe('a refund of a line with overlays', () => {
  /** Books a line and takes the pieces back; what each step leaves of amounts and charges. */
  function refunded(
    overlays: Overlay[],
    line: ReturnType<typeof lineOf>,
    plan: PlanBody,
    pieces: [bigint, number][],
  ) {
    const order = { lines: [line], orderDiscountAmount: 0n };
    const booked = bookOrder(plan, upline, order, { overlays })[0]!;
    const terms = JSON.parse(JSON.stringify(booked.terms)) as LineTerms;
    const left = { ...line, baseAmount: booked.baseAmount };
    let calculation = booked.calculation!;
    const steps = [calculation];
    for (const [amount, quantity] of pieces) {
      left.baseAmount -= amount;
      left.quantity -= quantity;
      calculation = calculateLine(plan, terms, left, chargesOf(calculation));
      steps.push(calculation);
    }
    return steps.map((step) => [
      earningsOf(step).map(({ amount }) => Number(amount)),
      step.extras.flat().map(({ chargedAmount }) => Number(chargedAmount)),
    ]);
  }

  it('gives back to the budget what it no longer pays', () => {
    const steps = refunded(
      [overlay('a', { budgetLeftAmount: 500n })],
      lineOf({ quantity: 2 }),
      planOf(),
      [
        [1999n, 1],
        [1999n, 1],
      ],
    );
    expect(steps).toEqual([
      [[799, 199], [400]],
      [[399, 99], [200]],
      [[0, 0], [0]],
    ]);
  });

  it('keeps what was granted while the rest of the line would earn more than that', () => {
    const steps = refunded(
      [overlay('a', { budgetLeftAmount: 30n })],
      lineOf({ quantity: 2 }),
      planOf(),
      [
        [1999n, 1],
        [1899n, 0],
      ],
    );
    expect(steps).toEqual([
      [[429, 199], [30]],
      [[229, 99], [30]],
      [[20, 5], [10]],
    ]);
  });

  // There was no margin: nobody earned. The costly unit comes back for little, and there is one:
  // 1950 left at a cost of 1000 caps at 475; 195 by the plan, 390 with the overlay.
  it.each([
    ['with a budget what was not paid once is not paid later', 1000n, [[195], [0]]],
    ['without one the campaign pays what the cap now leaves', null, [[390], [195]]],
  ] as const)('%s', (_, budgetLeftAmount, after) => {
    const line = lineOf({ quantity: 2, unitPriceAmount: 1000n, unitCostAmount: 1000n });
    const plan = planOf({ caps: { marginBps: 5000 }, levels: 1 });
    const steps = refunded([overlay('a', { budgetLeftAmount })], line, plan, [[50n, 1]]);
    expect(steps).toEqual([[[0], [0]], after]);
  });

  it('splits what is left between campaigns, none with a budget above what it paid', () => {
    const plan = planOf({ caps: { marginBps: 5000 }, levels: 1 });
    const line = lineOf({ quantity: 2, unitPriceAmount: 1000n, unitCostAmount: 850n });
    const overlays = [
      overlay('a', { stacks: true, effect: { addBps: 500 }, budgetLeftAmount: 1000n }),
      overlay('b', { stacks: true, effect: { addBps: 500 } }),
    ];
    // The cap of 150 is below the plan's 200; then 525 is above all.
    expect(refunded(overlays, line, plan, [[100n, 1]])).toEqual([
      [[150], [0, 0]],
      [[285], [0, 95]],
    ]);
  });
});
