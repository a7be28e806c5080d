import fc from 'fast-check';
import { releaseAt } from '../../../src/domain/order/hold';
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
