import {
  mayObject,
  transferLife,
  transferStatuses,
  transition,
  whyNotEffective,
} from '../../../src/domain/referral/transfer';
import { handOver } from '../../../src/domain/referral/binding';

describe('the transfer of a customer', () => {
  test('reaches every status, and its ends are ends', () => {
    const reached = new Set(['open', ...Object.values(transferLife).flatMap(Object.values)]);
    expect([...reached].sort()).toEqual([...transferStatuses].sort());
    for (const end of ['effective', 'rejected', 'withdrawn'] as const) {
      expect(transferLife[end]).toEqual({});
      expect(transition(end, 'took_effect')).toBeUndefined();
    }
  });

  const effectiveAt = new Date('2026-11-10T00:00:00Z');
  const before = new Date('2026-11-09T23:59:59.999Z');
  test.each([
    ['while it is open', 'open', null, before, true],
    ['also after somebody else did', 'objected', null, before, true],
    ['not from its moment on', 'open', null, effectiveAt, false],
    ['not when an admin has decided', 'open', before, before, false],
    ['not when it is over', 'withdrawn', null, before, false],
  ] as const)('may be objected to %s', (_name, status, decidedAt, at, may) => {
    expect(mayObject({ status, effectiveAt, decidedAt }, at)).toBe(may);
  });

  test.each([
    ['takes the customer from the one who was told', 'a', true, undefined],
    ['takes a customer whose binding has ended', null, true, undefined],
    ['is satisfied when the customer came by itself', 'b', true, undefined],
    ['never takes the customer from somebody who was not told', 'c', true, 'holder_changed'],
    ['never to somebody who earns no more', 'a', false, 'distributor_inactive'],
  ])('%s', (_name, holderId, toEarns, why) => {
    const sides = { fromDistributorId: 'a', toDistributorId: 'b' };
    expect(whyNotEffective(sides, { holderId, toEarns })).toBe(why);
  });

  test('begins a span with its own window, also under first touch and protection', () => {
    const from = {
      ...{ id: 'x', distributorId: 'a', startsAt: new Date('2026-11-01T00:00:00Z') },
      ...{ endsAt: null, protectedUntil: new Date('2027-01-01T00:00:00Z') },
    };
    const rules = { touch: 'first', windowDays: 30, protectDays: 5 } as const;
    const { span, follows } = handOver(rules, [from], { distributorId: 'b', at: effectiveAt });
    expect(follows).toBe(from);
    expect(span).toEqual({
      distributorId: 'b',
      startsAt: effectiveAt,
      endsAt: new Date('2026-12-10T00:00:00Z'),
      protectedUntil: new Date('2026-11-15T00:00:00Z'),
    });
  });
});
