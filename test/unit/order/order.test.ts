import fc from 'fast-check';
import {
  type HeldOrder,
  type HoldTerms,
  type Pause,
  pausedReleaseAt,
  releaseAt,
} from '../../../src/domain/order/hold';
import { orderContent, type OrderInput, whyRefused } from '../../../src/domain/order/order';
import { checkRefundLines, refundContent } from '../../../src/domain/order/refund';
import { coverOf, covers } from '../../../src/domain/order/scope';
import { orderStatus } from '../../../src/domain/order/status';

const order: OrderInput = {
  programId: 'prg',
  externalId: 'SO-1',
  paidAt: new Date('2026-02-01T10:00:00Z'),
  currency: 'CNY',
  customerExternalId: 'u-1',
  attribution: { distributorCode: 'A1B2C3' },
  region: 'CN-33',
  lines: [
    {
      externalId: '1',
      sku: 'TEA-1',
      productId: 'tea',
      category: 'tea',
      tags: ['new', 'hot'],
      quantity: 2,
      unitPriceAmount: 6000n,
      discountAmount: 0n,
      unitCostAmount: 2500n,
    },
  ],
  orderDiscountAmount: 500n,
  shippingAmount: 800n,
  taxAmount: 0n,
};
const [line] = order.lines as [OrderInput['lines'][number]];

describe('the content of an order', () => {
  test('is the same when tags come in another order and moments in another zone', () => {
    const same = {
      ...order,
      paidAt: new Date('2026-02-01T18:00:00+08:00'),
      lines: [{ ...line, tags: ['hot', 'new', 'hot'] }],
    };
    expect(orderContent(same)).toBe(orderContent(order));
  });

  const changes: [string, Partial<OrderInput>][] = [
    ['program', { programId: 'other' }],
    ['payment', { paidAt: new Date('2026-02-01T10:00:00.001Z') }],
    ['currency', { currency: 'USD' }],
    ['customer', { customerExternalId: 'u-2' }],
    ['kind of code', { attribution: { couponCode: 'A1B2C3' } }],
    ['region', { region: undefined }],
    ['discount', { orderDiscountAmount: 501n }],
    ['shipping', { shippingAmount: 0n }],
    ['tax', { taxAmount: 800n, shippingAmount: 0n }],
    ['lines', { lines: [line, { ...line, externalId: '2' }] }],
    ['line id', { lines: [{ ...line, externalId: '2' }] }],
    ['sku', { lines: [{ ...line, sku: 'TEA-2' }] }],
    ['product', { lines: [{ ...line, productId: undefined }] }],
    ['category', { lines: [{ ...line, category: 'cup' }] }],
    ['tags', { lines: [{ ...line, tags: ['new'] }] }],
    ['quantity', { lines: [{ ...line, quantity: 3 }] }],
    ['price', { lines: [{ ...line, unitPriceAmount: 6001n }] }],
    ['line discount', { lines: [{ ...line, discountAmount: 1n }] }],
    ['cost', { lines: [{ ...line, unitCostAmount: undefined }] }],
    ['cost of 0, which is known', { lines: [{ ...line, unitCostAmount: 0n }] }],
  ];

  test.each(changes)('changes with the %s', (_, change) => {
    expect(orderContent({ ...order, ...change })).not.toBe(orderContent(order));
  });

  test('of a refund changes with the order and every line', () => {
    const refund = {
      externalId: 'R-1',
      refundedAt: order.paidAt,
      lines: [{ externalId: '1', quantity: 1, amount: 100n }],
    };
    const contents = [
      refundContent('ord_1', refund),
      refundContent('ord_2', refund),
      refundContent('ord_1', { ...refund, lines: [{ ...refund.lines[0]!, quantity: 2 }] }),
      refundContent('ord_1', { ...refund, lines: [{ ...refund.lines[0]!, amount: 99n }] }),
      refundContent('ord_1', { ...refund, refundedAt: new Date(0) }),
    ];
    expect(new Set(contents).size).toBe(contents.length);
  });
});

describe('an order is refused', () => {
  const now = new Date('2026-03-01T00:00:00Z');
  const program = {
    currency: 'CNY',
    startsAt: new Date('2026-01-01T00:00:00Z'),
    clockOffsetMs: 0n,
  };
  const soon = (ms: number) => new Date(now.getTime() + ms);

  test.each([
    ['10 minutes ahead: taken', soon(600_000), program, undefined],
    ['more than 10 minutes ahead', soon(600_001), program, 'in_the_future'],
    [
      'ahead of real time, but not of the program',
      soon(1_000_000),
      { ...program, clockOffsetMs: 400_000n },
      undefined,
    ],
    ['at the start: taken', program.startsAt, program, undefined],
    ['before the start', new Date(program.startsAt.getTime() - 1), program, 'before_program_start'],
    ['another currency', now, { ...program, currency: 'USD' }, 'currency_mismatch'],
  ])('%s', (_, paidAt, by, code) => {
    expect(whyRefused({ paidAt, currency: 'CNY' }, by, now)?.code).toBe(code);
  });
});

describe('the release', () => {
  const paidAt = new Date('2026-02-01T10:00:00Z');
  const receivedAt = new Date('2026-02-04T08:00:00Z');
  const hold = { days: 7, assumeReceivedAfterDays: 15 };

  test.each([
    ['counts from the payment', 'paid' as const, receivedAt, '2026-02-08T10:00:00Z'],
    ['counts from the receipt', 'received' as const, receivedAt, '2026-02-11T08:00:00Z'],
    [
      'counts from the assumed receipt without one',
      'received' as const,
      null,
      '2026-02-23T10:00:00Z',
    ],
  ])('%s', (_, startsAt, received, expected) => {
    const at = releaseAt({ ...hold, startsAt }, { paidAt, receivedAt: received });
    expect(at).toEqual(new Date(expected));
  });
});

describe('the release with after-sale cases', () => {
  const day = (days: number) => new Date(Date.UTC(2026, 1, 1) + days * 86_400_000);
  const pause = (from: number, to: number | null): Pause => ({
    from: day(from),
    to: to === null ? null : day(to),
  });
  const hold = { startsAt: 'paid' as const, days: 7, assumeReceivedAfterDays: 15 };
  const afterReceipt = { ...hold, startsAt: 'received' as const };
  const paid: HeldOrder = { paidAt: day(0), receivedAt: null };
  const received = { paidAt: day(0), receivedAt: day(4) };

  test.each<[string, HoldTerms, HeldOrder, Pause[], number | null]>([
    ['none', hold, paid, [], 7],
    ['one that is open', hold, paid, [pause(3, null)], null],
    ['one of two days', hold, paid, [pause(3, 5)], 9],
    ['one that closes after the first release', hold, paid, [pause(6, 20)], 21],
    ['one that opens at the payment', hold, paid, [pause(0, 5)], 12],
    ['one that opens at the release', hold, paid, [pause(7, null)], 7],
    ['one that opens after the release', hold, paid, [pause(8, 9)], 7],
    ['one that opens in the time another added', hold, paid, [pause(3, 6), pause(9, 11)], 12],
    ['one that opens when the longer hold is over', hold, paid, [pause(3, 6), pause(10, 11)], 10],
    ['two that overlap count the time once', hold, paid, [pause(3, 6), pause(5, 8)], 12],
    ['one inside another adds nothing', hold, paid, [pause(2, 6), pause(3, 4)], 11],
    ['one closed, one open', hold, paid, [pause(2, 3), pause(2, null)], null],
    ['no time at all', hold, paid, [pause(3, 3)], 7],
    ['over before the receipt', afterReceipt, received, [pause(1, 3)], 11],
    ['during the receipt: from then on', afterReceipt, received, [pause(3, 6)], 13],
    ['before any receipt, open', afterReceipt, paid, [pause(1, null)], null],
    ['after the receipt', afterReceipt, received, [pause(5, 6)], 12],
  ])('%s', (_, terms, order, pauses, expected) => {
    const at = pausedReleaseAt(terms, order, pauses);
    expect(at).toEqual(expected === null ? null : day(expected));
    expect(pausedReleaseAt(terms, order, [...pauses].reverse())).toEqual(at);
  });

  const anyHold = fc.record({
    startsAt: fc.constantFrom('paid' as const, 'received' as const),
    days: fc.nat(20),
    assumeReceivedAfterDays: fc.nat(20),
  });
  const anyOrder = fc.record({
    paidAt: fc.constant(day(0)),
    receivedAt: fc.option(fc.nat(20).map(day)),
  });
  const closed = fc
    .tuple(fc.nat(40), fc.nat(10))
    .map(([from, length]): Pause => pause(from, from + length));

  test('is never earlier than without, never later than all of them end to end', () => {
    const law = fc.property(anyHold, anyOrder, fc.array(closed), (terms, order, pauses) => {
      const plain = releaseAt(terms, order).getTime();
      const at = pausedReleaseAt(terms, order, pauses)!.getTime();
      const total = pauses.reduce((sum, { from, to }) => sum + to!.getTime() - from.getTime(), 0);
      expect(at).toBeGreaterThanOrEqual(plain);
      expect(at).toBeLessThanOrEqual(plain + total);
    });
    fc.assert(law);
  });

  test('is what counting day by day gives, with open cases too', () => {
    const maybeOpen = fc
      .tuple(fc.nat(40), fc.option(fc.nat(10)))
      .map(([from, length]) => pause(from, length === null ? null : from + length));
    const law = fc.property(anyHold, anyOrder, fc.array(maybeOpen), (terms, order, pauses) => {
      const isOpen = ({ to }: Pause, now: Date) => to === null || to > now;
      const { paidAt, receivedAt } = order;
      const assumed = day(terms.assumeReceivedAfterDays);
      let now = terms.startsAt === 'paid' ? paidAt : (receivedAt ?? assumed);
      let due: Date | null = null;
      let left = terms.days;
      for (let days = 0; due === null && days < 1000; days += 1) {
        // One that opens at the very end no longer stops anything; one that is open then does.
        const before = pauses.some((one) => one.from < now && isOpen(one, now));
        const stopped = pauses.some((one) => one.from <= now && isOpen(one, now));
        if (left === 0 && !before) due = now;
        if (left > 0 && !stopped) left -= 1;
        now = new Date(now.getTime() + 86_400_000);
      }
      expect(pausedReleaseAt(terms, order, pauses)).toEqual(due);
    });
    fc.assert(law, { numRuns: 1000 });
  });

  test('does not depend on the order in which cases are told, nor on one told twice', () => {
    const some = fc.array(closed).chain((pauses) =>
      fc.tuple(
        fc.constant(pauses),
        fc.shuffledSubarray([...pauses, ...pauses.slice(0, 2)], {
          minLength: pauses.length + Math.min(2, pauses.length),
        }),
      ),
    );
    const law = fc.property(anyHold, anyOrder, some, (terms, order, [pauses, mixed]) => {
      expect(pausedReleaseAt(terms, order, mixed)).toEqual(pausedReleaseAt(terms, order, pauses));
    });
    fc.assert(law);
  });

  test('another case never makes it earlier', () => {
    const law = fc.property(
      anyHold,
      anyOrder,
      fc.array(closed),
      closed,
      (terms, order, pauses, one) => {
        const before = pausedReleaseAt(terms, order, pauses)!;
        const after = pausedReleaseAt(terms, order, [...pauses, one])!;
        expect(after.getTime()).toBeGreaterThanOrEqual(before.getTime());
      },
    );
    fc.assert(law);
  });
});

describe('the status', () => {
  const whole = { quantity: 2, baseAmount: 100n, refundedQuantity: 0, refundedAmount: 0n };
  const free = { ...whole, baseAmount: 0n };
  const received = new Date();

  test.each([
    ['paid', null, [whole], 'paid'],
    ['received', received, [whole], 'received'],
    ['a part came back', received, [{ ...whole, refundedQuantity: 1 }], 'partially_refunded'],
    [
      'one of two lines came back',
      null,
      [{ ...whole, refundedAmount: 100n }, whole],
      'partially_refunded',
    ],
    [
      'all money came back, the goods did not',
      null,
      [{ ...whole, refundedAmount: 100n }],
      'refunded',
    ],
    ['a free line is left', null, [{ ...whole, refundedAmount: 100n }, free], 'partially_refunded'],
    [
      'the free line came back too',
      null,
      [
        { ...whole, refundedAmount: 100n },
        { ...free, refundedQuantity: 2 },
      ],
      'refunded',
    ],
  ])('%s', (_, receivedAt, lines, status) => {
    expect(orderStatus({ receivedAt, lines })).toBe(status);
  });
});

test('a refund never takes more of a line than it has left', () => {
  const nat = fc.nat(10);
  fc.assert(
    fc.property(nat, nat, nat, nat, (quantity, refundedQuantity, asked, amount) => {
      fc.pre(refundedQuantity <= quantity);
      const stored = {
        externalId: '1',
        quantity,
        baseAmount: BigInt(quantity),
        refundedQuantity,
        refundedAmount: BigInt(refundedQuantity),
      };
      const lines = [{ externalId: '1', quantity: asked, amount: BigInt(amount) }];
      const left = quantity - refundedQuantity;
      const check = () => checkRefundLines([stored], { lines });
      if (asked <= left && amount <= left) expect(check()).toHaveLength(1);
      else expect(check).toThrow(expect.objectContaining({ code: 'refund_exceeds_line' }));
    }),
  );
});

describe('the product scope', () => {
  const cover = coverOf([
    { kind: 'sku', value: 'TEA-1' },
    { kind: 'productId', value: 'cup' },
    { kind: 'category', value: 'pots' },
    { kind: 'tag', value: 'new' },
  ]);

  test.each([
    ['everything where nothing is designated', undefined, { sku: 'X', tags: [] }, true],
    ['a sku', cover, { sku: 'TEA-1', tags: [] }, true],
    ['a product', cover, { sku: 'X', productId: 'cup', tags: [] }, true],
    ['a category', cover, { sku: 'X', category: 'pots', tags: [] }, true],
    ['a tag', cover, { sku: 'X', tags: ['old', 'new'] }, true],
    ['not a sku that has the name of a product', cover, { sku: 'cup', tags: [] }, false],
    ['nothing else', cover, { sku: 'X', productId: 'Y', category: 'Z', tags: ['old'] }, false],
  ])('covers %s', (_, by, item, expected) => {
    expect(covers(by, item)).toBe(expected);
  });
});
