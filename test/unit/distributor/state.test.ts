import {
  distributorStatuses,
  type DistributorMove,
  earns,
  firstStatuses,
  lifecycle,
  maySponsor,
  transition,
} from '../../../src/domain/distributor/state';

const allowed: readonly [string, DistributorMove, string][] = [
  ['applied', 'review_opened', 'under_review'],
  ['under_review', 'application_approved', 'active'],
  ['under_review', 'application_rejected', 'rejected'],
  ['rejected', 'applied_again', 'applied'],
  ['active', 'inactivity_seen', 'warned'],
  ['active', 'suspended', 'suspended'],
  ['active', 'departed', 'left'],
  ['warned', 'sold', 'active'],
  ['warned', 'eviction_proposed', 'eviction_proposed'],
  ['warned', 'suspended', 'suspended'],
  ['warned', 'departed', 'left'],
  ['eviction_proposed', 'sold', 'active'],
  ['eviction_proposed', 'eviction_refused', 'active'],
  ['eviction_proposed', 'eviction_approved', 'appeal_window'],
  ['eviction_proposed', 'suspended', 'suspended'],
  ['eviction_proposed', 'departed', 'left'],
  ['appeal_window', 'sold', 'active'],
  ['appeal_window', 'appealed', 'appealed'],
  ['appeal_window', 'window_closed', 'evicted'],
  ['appeal_window', 'suspended', 'suspended'],
  ['appeal_window', 'departed', 'left'],
  ['appealed', 'sold', 'active'],
  ['appealed', 'appeal_approved', 'active'],
  ['appealed', 'appeal_rejected', 'evicted'],
  ['appealed', 'departed', 'left'],
  ['suspended', 'appealed', 'appealed'],
  ['suspended', 'window_closed', 'evicted'],
  ['suspended', 'departed', 'left'],
];

const moves = [...new Set(allowed.map(([, move]) => move))];

describe('the lifecycle of a distributor', () => {
  test.each(allowed)('%s by %s becomes %s', (from, move, to) => {
    expect(transition(from as (typeof distributorStatuses)[number], move)).toBe(to);
  });

  test('every other move is refused from every status', () => {
    const known = new Set(allowed.map(([from, move]) => `${from} ${move}`));
    const refused = distributorStatuses.flatMap((from) =>
      moves.filter((move) => !known.has(`${from} ${move}`)).map((move) => [from, move] as const),
    );
    expect(refused.length).toBe(distributorStatuses.length * moves.length - allowed.length);
    for (const [from, move] of refused) expect(transition(from, move)).toBeUndefined();
  });

  test('names of objects in general are no moves', () => {
    expect(transition('active', 'toString' as DistributorMove)).toBeUndefined();
  });

  test('every status is reached from where a distributor can begin', () => {
    const reached = new Set(firstStatuses);
    for (const status of reached) {
      for (const next of Object.values(lifecycle[status])) reached.add(next);
    }
    expect([...reached].sort()).toEqual([...distributorStatuses].sort());
  });

  test('nobody leaves the end', () => {
    expect(lifecycle.evicted).toEqual({});
    expect(lifecycle.left).toEqual({});
  });

  test('one who may sponsor earns, and only these earn', () => {
    expect(distributorStatuses.filter(earns)).toEqual([
      'active',
      'warned',
      'eviction_proposed',
      'appeal_window',
      'appealed',
      'suspended',
    ]);
    expect(distributorStatuses.filter((status) => maySponsor(status) && !earns(status))).toEqual(
      [],
    );
    expect(maySponsor('suspended')).toBe(false);
  });
});
