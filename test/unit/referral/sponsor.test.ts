import fc from 'fast-check';
import { sponsorMoment, wouldCircle } from '../../../src/domain/referral/sponsor';

const edge = (distributorId: string, sponsorId: string) => ({ distributorId, sponsorId });

describe('a sponsor', () => {
  test.each([
    ['of oneself', [], edge('a', 'a'), true],
    ['of each other', [edge('b', 'a')], edge('a', 'b'), true],
    ['over three', [edge('c', 'b'), edge('b', 'a')], edge('a', 'c'), true],
    ['elsewhere', [edge('c', 'b')], edge('b', 'a'), false],
    ['announced for later', [edge('b', 'x'), edge('b', 'a')], edge('a', 'b'), true],
  ])('never makes a circle: %s', (_name, edges, change, circle) => {
    expect(wouldCircle(edges, change)).toBe(circle);
  });

  test('never makes a circle at any depth, whatever moves come one after the other', () => {
    const people = fc.integer({ min: 0, max: 11 });
    fc.assert(
      fc.property(fc.array(fc.tuple(people, people), { maxLength: 60 }), (moves) => {
        const sponsors = new Map<string, string>();
        for (const [one, other] of moves) {
          const change = edge(`d${one}`, `d${other}`);
          const edges = [...sponsors].map(([who, sponsor]) => edge(who, sponsor));
          if (!wouldCircle(edges, change)) sponsors.set(change.distributorId, change.sponsorId);
        }
        for (const start of sponsors.keys()) {
          const above = new Set<string>();
          for (let at = sponsors.get(start); at !== undefined; at = sponsors.get(at)) {
            expect(at === start || above.has(at)).toBe(false);
            above.add(at);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('of a hundred thousand levels is judged without a deep stack', () => {
    const edges = Array.from({ length: 100_000 }, (_, i) => edge(`d${i}`, `d${i + 1}`));
    expect(wouldCircle(edges, edge('d100000', 'd0'))).toBe(true);
    expect(wouldCircle(edges, edge('x', 'd0'))).toBe(false);
  });

  const day = (n: number) => new Date(Date.UTC(2026, 10, n));
  const facts = { now: day(20), standingFrom: day(1), lastPaidAt: day(10) };
  test.each([
    ['from now on, without a wish', {}, day(20)],
    ['just after a payment that lies ahead', { lastPaidAt: day(21) }, new Date(+day(21) + 1)],
    ['from the wish on', { requestedAt: day(11) }, day(11)],
    ['also in the future', { requestedAt: day(30) }, day(30)],
    ['never at the moment of a payment', { requestedAt: day(10) }, undefined],
    ['never before the last change', { requestedAt: day(11), standingFrom: day(12) }, undefined],
    [
      'from the first standing on, without orders',
      { requestedAt: day(1), lastPaidAt: null },
      day(1),
    ],
  ])('counts %s', (_name, own, moment) => {
    expect(sponsorMoment({ requestedAt: undefined, ...facts, ...own })).toEqual(moment);
  });
});
