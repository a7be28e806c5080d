import {
  distributorStatuses,
  type DistributorMove,
  earns,
  firstStatuses,
  lifecycle,
  maySponsor,
  movesTo,
  statusesBefore,
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
  ['warned', 'seen', 'active'],
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
  ['appealed', 'suspended', 'suspended'],
  ['appealed', 'departed', 'left'],
  ['suspended', 'appealed', 'suspended'],
  ['suspended', 'suspension_lifted', 'active'],
  ['suspended', 'appeal_approved', 'active'],
  ['suspended', 'appeal_rejected', 'evicted'],
  ['suspended', 'window_closed', 'evicted'],
  ['evicted', 'reinstated', 'active'],
  ['evicted', 'returned', 'active'],
  ['left', 'returned', 'active'],
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

  test('who is out comes back only by a decision', () => {
    expect(Object.keys(lifecycle.evicted)).toEqual(['reinstated', 'returned']);
    expect(Object.keys(lifecycle.left)).toEqual(['returned']);
  });

  test('nobody is evicted but from a window that ended or by an appeal that was dismissed', () => {
    const ways = distributorStatuses.flatMap((from) =>
      Object.entries(lifecycle[from])
        .filter(([, to]) => to === 'evicted')
        .map(([move]) => `${from} ${move}`),
    );
    expect(ways).toEqual([
      ...['appeal_window window_closed', 'appealed appeal_rejected'],
      ...['suspended appeal_rejected', 'suspended window_closed'],
    ]);
  });

  test('a sale ends the way out for inactivity, never a suspension', () => {
    expect(statusesBefore('sold')).toEqual([
      'warned',
      'eviction_proposed',
      'appeal_window',
      'appealed',
    ]);
  });

  test('what brings somebody to active counts as a beginning', () => {
    expect(movesTo('active').sort()).toEqual(
      [
        ...['application_approved', 'sold', 'seen', 'eviction_refused', 'appeal_approved'],
        ...['suspension_lifted', 'reinstated', 'returned'],
      ].sort(),
    );
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
