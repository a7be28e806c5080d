import { effectiveMoment, type PublicationFacts } from '../../../src/domain/commission/publication';
import { Refusal } from '../../../src/domain/kernel/refusal';

const facts = (change: Partial<PublicationFacts> = {}): PublicationFacts => ({
  requestedAt: undefined,
  programStartsAt: new Date('2026-11-01T00:00:00Z'),
  now: new Date('2026-11-10T12:00:00.700Z'),
  hasPublished: false,
  lastPaidAt: undefined,
  ...change,
});

describe('the moment from which a plan decides', () => {
  const paid = new Date('2026-11-05T00:00:00Z');
  const ahead = new Date('2026-11-10T12:05:00.000Z');

  it.each<[string, Partial<PublicationFacts>, string]>([
    ['first plan, no orders: the start of the program', {}, '2026-11-01T00:00:00.000Z'],
    [
      'first plan after orders: now, to the second',
      { lastPaidAt: paid },
      '2026-11-10T12:00:00.000Z',
    ],
    ['a later plan: now, to the second', { hasPublished: true }, '2026-11-10T12:00:00.000Z'],
    [
      'an order paid within this very second: just after it',
      { hasPublished: true, lastPaidAt: new Date('2026-11-10T12:00:00Z') },
      '2026-11-10T12:00:00.001Z',
    ],
    [
      'an order paid ahead of the clock: just after it',
      { lastPaidAt: ahead },
      '2026-11-10T12:05:00.001Z',
    ],
    [
      'a program that has not begun: its start',
      { hasPublished: true, programStartsAt: new Date('2026-12-01T00:00:00Z') },
      '2026-12-01T00:00:00.000Z',
    ],
    [
      'a wish at the start of the program',
      { requestedAt: facts().programStartsAt },
      '2026-11-01T00:00:00.000Z',
    ],
    [
      'a wish just after the last payment',
      { requestedAt: new Date(paid.getTime() + 1), lastPaidAt: paid },
      '2026-11-05T00:00:00.001Z',
    ],
    [
      'bonuses booked ahead: the end of their month',
      { bonusesUntil: new Date('2026-12-01T00:00:00Z') },
      '2026-12-01T00:00:00.000Z',
    ],
    [
      'a wish at the end of a month whose bonuses are booked',
      { requestedAt: paid, bonusesUntil: paid },
      '2026-11-05T00:00:00.000Z',
    ],
    ['a wish ahead', { requestedAt: new Date('2027-01-01T00:00:00Z') }, '2027-01-01T00:00:00.000Z'],
  ])('%s', (_, change, expected) => {
    expect(effectiveMoment(facts(change)).toISOString()).toBe(expected);
  });

  it.each<[string, Partial<PublicationFacts>]>([
    ['before the start of the program', { requestedAt: new Date('2026-10-31T23:59:59.999Z') }],
    ['at an accepted payment', { requestedAt: paid, lastPaidAt: paid }],
    ['in a month whose bonuses are booked', { requestedAt: paid, bonusesUntil: ahead }],
    ['before an accepted payment', { requestedAt: paid, lastPaidAt: ahead }],
  ])('is refused %s', (_, change) => {
    let refusal: unknown;
    try {
      effectiveMoment(facts(change));
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({
      code: 'plan_would_rewrite',
      errors: [{ pointer: '/effectiveAt' }],
    });
  });
});
