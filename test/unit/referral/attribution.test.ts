import fc from 'fast-check';
import {
  attribute,
  attributionOrder,
  type Candidate,
  type Holder,
  rejectionWords,
} from '../../../src/domain/referral/attribution';

const holder = (distributorId: string, state: Partial<Holder> = {}): Holder => ({
  distributorId,
  joined: true,
  ...state,
});

const candidate = (by: Candidate['by'], held?: Holder): Candidate => ({
  by,
  given: `${by}-given`,
  holder: held,
});

describe('an order is attributed', () => {
  const cases: [string, Candidate[], string | null, string, string[]][] = [
    ['to nobody when nothing was given', [], null, 'none', []],
    [
      'by coupon before code',
      [candidate('code', holder('b')), candidate('coupon', holder('a'))],
      'a',
      'coupon',
      ['code outranked'],
    ],
    [
      'by code before binding',
      [candidate('binding', holder('b')), candidate('code', holder('a'))],
      'a',
      'code',
      ['binding outranked'],
    ],
    [
      'by click before binding',
      [candidate('binding', holder('b')), candidate('click', holder('a'))],
      'a',
      'click',
      ['binding outranked'],
    ],
    [
      'past an unknown coupon',
      [candidate('coupon'), candidate('binding', holder('b'))],
      'b',
      'binding',
      ['coupon coupon_unknown'],
    ],
    [
      'past one who had not joined',
      [candidate('code', holder('a', { joined: false })), candidate('binding', holder('b'))],
      'b',
      'binding',
      ['code not_joined'],
    ],
    [
      'past a click that is too old, which is told also when a code has decided',
      [
        { ...candidate('click', holder('a')), fault: 'click_expired' },
        candidate('code', holder('c')),
        candidate('binding', holder('b')),
      ],
      'c',
      'code',
      ['click click_expired', 'binding outranked'],
    ],
    [
      'past a click after the payment',
      [
        { ...candidate('click', holder('a')), fault: 'click_after_payment' },
        candidate('binding', holder('b')),
      ],
      'b',
      'binding',
      ['click click_after_payment'],
    ],
    [
      'to nobody when all lose',
      [candidate('code'), candidate('click'), candidate('binding', holder('b', { joined: false }))],
      null,
      'none',
      ['code code_unknown', 'click click_unknown', 'binding not_joined'],
    ],
  ];

  test.each(cases)('%s', (_, candidates, distributorId, by, rejected) => {
    const result = attribute(candidates);
    expect(result).toMatchObject({ distributorId, by });
    expect(result.rejected.map((one) => `${one.by} ${one.reason}`)).toEqual(rejected);
  });

  test('or not: every candidate either wins or is named with a reason in both languages', () => {
    const anyHolder = fc.option(fc.record({ distributorId: fc.string(), joined: fc.boolean() }), {
      nil: undefined,
    });
    const anyCandidate = fc.record({
      by: fc.constantFrom(...attributionOrder),
      given: fc.string(),
      holder: anyHolder,
    });
    fc.assert(
      fc.property(fc.array(anyCandidate, { maxLength: 6 }), (candidates) => {
        const { distributorId, by, rejected } = attribute(candidates);
        expect(rejected).toHaveLength(candidates.length - (distributorId === null ? 0 : 1));
        expect(distributorId === null).toBe(by === 'none');
        for (const { reason } of rejected) {
          expect(rejectionWords[reason].en).toMatch(/\.$/);
          expect(rejectionWords[reason]['zh-CN']).toMatch(/。$/);
        }
      }),
    );
  });
});
