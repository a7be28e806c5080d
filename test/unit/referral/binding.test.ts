import fc from 'fast-check';
import {
  bindingAt,
  type BindingRules,
  type BindingSpan,
  touch,
} from '../../../src/domain/referral/binding';

const day = (n: number) => new Date(Date.UTC(2026, 0, 1 + n));

const rules = (change: Partial<BindingRules> = {}): BindingRules => ({
  touch: 'first',
  windowDays: null,
  protectDays: 0,
  ...change,
});

const span = (change: Partial<BindingSpan> = {}): BindingSpan => ({
  id: 'b1',
  distributorId: 'a',
  startsAt: day(0),
  endsAt: null,
  protectedUntil: null,
  ...change,
});

describe('a touch', () => {
  test('of a customer nobody has makes a binding with window and protection', () => {
    const outcome = touch(rules({ windowDays: 30, protectDays: 7 }), [], {
      distributorId: 'a',
      at: day(0),
    });
    expect(outcome).toEqual({
      kind: 'made',
      follows: undefined,
      span: { distributorId: 'a', startsAt: day(0), endsAt: day(30), protectedUntil: day(7) },
    });
  });

  test('protects no longer than the window', () => {
    const outcome = touch(rules({ windowDays: 5, protectDays: 9 }), [], {
      distributorId: 'a',
      at: day(0),
    });
    expect(outcome).toMatchObject({ span: { endsAt: day(5), protectedUntil: day(5) } });
  });

  const cases: [string, BindingRules, BindingSpan, number, object][] = [
    [
      'by somebody else: first keeps the customer for good',
      rules(),
      span(),
      900,
      { kind: 'kept', why: 'first_touch' },
    ],
    [
      'by somebody else: first keeps the customer while the window runs',
      rules({ windowDays: 30 }),
      span({ endsAt: day(30) }),
      29,
      { kind: 'kept', why: 'first_touch' },
    ],
    [
      'by somebody else: first lets go when the window is over',
      rules({ windowDays: 30 }),
      span({ endsAt: day(30) }),
      30,
      { kind: 'made', follows: undefined },
    ],
    [
      'by somebody else: last takes over',
      rules({ touch: 'last' }),
      span(),
      1,
      { kind: 'made', follows: { id: 'b1' } },
    ],
    [
      'by somebody else: last waits for the protection',
      rules({ touch: 'last', protectDays: 7 }),
      span({ protectedUntil: day(7) }),
      6,
      { kind: 'kept', why: 'protected' },
    ],
    [
      'by somebody else: last takes over when the protection ends',
      rules({ touch: 'last', protectDays: 7 }),
      span({ protectedUntil: day(7) }),
      7,
      { kind: 'made', span: { protectedUntil: day(14) } },
    ],
  ];

  test.each(cases)('%s', (_, by, current, at, expected) => {
    expect(touch(by, [current], { distributorId: 'b', at: day(at) })).toMatchObject(expected);
  });

  test('by the same distributor changes nothing under first', () => {
    const current = span({ endsAt: day(30) });
    const outcome = touch(rules({ windowDays: 30 }), [current], { distributorId: 'a', at: day(9) });
    expect(outcome).toEqual({ kind: 'same', current });
  });

  test('by the same distributor renews the window under last, but not the protection', () => {
    const current = span({ endsAt: day(30), protectedUntil: day(7) });
    const by = rules({ touch: 'last', windowDays: 30, protectDays: 7 });
    expect(touch(by, [current], { distributorId: 'a', at: day(5) })).toEqual({
      kind: 'made',
      follows: current,
      span: { distributorId: 'a', startsAt: day(5), endsAt: day(35), protectedUntil: day(7) },
    });
  });

  test('that is reported late ends where the next binding began', () => {
    const later = span({ startsAt: day(10), distributorId: 'b' });
    expect(touch(rules(), [later], { distributorId: 'a', at: day(3) })).toMatchObject({
      kind: 'made',
      span: { startsAt: day(3), endsAt: day(10) },
    });
  });

  test('in any order and by any rules: a customer never belongs to two at one moment', () => {
    const anyRules = fc.record({
      touch: fc.constantFrom('first' as const, 'last' as const),
      windowDays: fc.option(fc.integer({ min: 1, max: 20 })),
      protectDays: fc.nat(10),
    });
    const anyTouches = fc.array(
      fc.record({ distributorId: fc.constantFrom('a', 'b', 'c'), at: fc.nat(60).map(day) }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(anyRules, anyTouches, (by, touches) => {
        const spans: BindingSpan[] = [];
        touches.forEach((one, index) => {
          const outcome = touch(by, spans, one);
          if (outcome.kind !== 'made') return;
          if (outcome.follows !== undefined) outcome.follows.endsAt = one.at;
          spans.push({ id: `b${index}`, ...outcome.span });
        });
        const moments = Array.from({ length: 90 }, (_, n) => day(n));
        const disputed = moments.filter((at) => {
          const inForce = spans.filter(
            ({ startsAt, endsAt }) => startsAt <= at && (endsAt === null || endsAt > at),
          );
          return inForce.length > 1 || bindingAt(spans, at) !== inForce[0];
        });
        expect(disputed).toEqual([]);
      }),
    );
  });
});
