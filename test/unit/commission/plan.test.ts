import { planInForce } from '../../../src/domain/commission/plan';

const published = (
  id: string,
  version: number,
  effectiveAt: string,
  publishedAt = effectiveAt,
) => ({
  id,
  version,
  effectiveAt: new Date(effectiveAt),
  publishedAt: new Date(publishedAt),
});

describe('the plan in force', () => {
  const first = published('first', 3, '2026-11-01T00:00:00Z');
  const second = published('second', 2, '2026-11-10T00:00:00Z');
  // An older version can be published after a newer one.
  const third = published('third', 1, '2026-11-10T00:00:00Z', '2026-11-11T00:00:00Z');

  it.each([
    ['before the first', '2026-10-31T23:59:59.999Z', undefined],
    ['from its very moment', '2026-11-01T00:00:00Z', 'first'],
    ['until the next begins', '2026-11-09T23:59:59.999Z', 'first'],
    ['two at one moment: the one published later', '2026-11-10T00:00:00Z', 'third'],
  ])('%s', (_, paidAt, expected) => {
    for (const plans of [
      [first, second, third],
      [third, second, first],
    ]) {
      expect(planInForce(plans, new Date(paidAt))?.id).toBe(expected);
    }
  });
});
