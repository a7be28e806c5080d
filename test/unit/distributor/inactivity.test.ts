import {
  type LifeAction,
  lifeActions,
  mayReinstate,
  possibleActions,
} from '../../../src/domain/distributor/action';
import {
  countedFrom,
  isAnythingUnderWay,
  isSignOfLife,
  proposalMoment,
  reminderMoment,
} from '../../../src/domain/distributor/inactivity';
import { lifeNoticeWords } from '../../../src/domain/distributor/notice-life';
import {
  type DistributorMove,
  distributorStatuses,
  transition,
} from '../../../src/domain/distributor/state';

const at = (text: string) => new Date(`2026-03-${text}Z`);
const terms = { warnAfterDays: 10, evictAfterDays: 15, appealWindowDays: 14 };

describe('the deadlines of who does not sell', () => {
  test('a late warning takes nothing from the time to answer it', () => {
    expect(proposalMoment(at('20T00:00:00'), terms)).toEqual(at('25T00:00:00'));
  });

  test.each([
    ['in 14 days', '01T00:00:00', '15T00:00:00', '12T00:00:00'],
    ['in 2 days', '01T00:00:00', '03T00:00:00', '02T00:00:00'],
  ])('the end of a window %s is pointed out before', (_, from, until, expected) => {
    expect(reminderMoment(at(from), at(until))).toEqual(at(expected));
  });

  test.each([
    ['on the last day', '10T00:00:01', true],
    ['exactly as old as the warning', '10T00:00:00', false],
    ['older', '01T00:00:00', false],
  ])('a sale %s is a sign of life: %#', (_, sold, expected) => {
    expect(isSignOfLife(at(sold), at('20T00:00:00'), terms)).toBe(expected);
  });

  test('a worker that comes late within the hour moves no deadline; later, nobody loses days', () => {
    expect(countedFrom(at('01T00:00:00'), at('01T00:59:59'))).toEqual(at('01T00:00:00'));
    expect(countedFrom(at('01T00:00:00'), at('01T01:00:00'))).toEqual(at('01T01:00:00'));
  });

  test.each([
    [{ openAfterSales: 0, openTransfers: 0, payoutsUnderWay: 0 }, false],
    [{ openAfterSales: 1, openTransfers: 0, payoutsUnderWay: 0 }, true],
    [{ openAfterSales: 0, openTransfers: 1, payoutsUnderWay: 0 }, true],
    [{ openAfterSales: 0, openTransfers: 0, payoutsUnderWay: 1 }, true],
  ])('%j is under way: %s', (underWay, expected) => {
    expect(isAnythingUnderWay(underWay)).toBe(expected);
  });
});

describe('what is possible with a life', () => {
  const facts = {
    status: 'appeal_window' as const,
    appealUntil: at('15T00:00:00'),
    hasAppealed: false,
    leavesAt: undefined,
    out: undefined,
  };

  test.each([
    ['before the end', '14T23:59:59', ['appeals', 'suspensions', 'departures']],
    ['at the end', '15T00:00:00', ['suspensions', 'departures']],
  ])('an appeal %s of its window', (_, now, expected) => {
    expect(possibleActions(facts, at(now))).toEqual(expected);
  });

  const moves: Readonly<Record<Exclude<LifeAction, 'withdrawal'>, readonly DistributorMove[]>> = {
    appeals: ['appealed'],
    suspensions: ['suspended'],
    departures: ['departed'],
    returns: ['reinstated', 'returned'],
  };

  test.each(distributorStatuses)(
    'in %s: what the table of moves allows, no more, no less',
    (status) => {
      const begun = { since: at('01T00:00:00'), mayReturnFrom: at('01T00:00:00') };
      const out = status === 'evicted' ? begun : undefined;
      const allowed = lifeActions.filter(
        (action) =>
          action !== 'withdrawal' &&
          moves[action].some((move) => transition(status, move) !== undefined),
      );
      expect(possibleActions({ ...facts, status, out }, at('10T00:00:00'))).toEqual(allowed);
    },
  );

  test('one appeal against one case, also while suspended', () => {
    const suspended = { ...facts, status: 'suspended' as const, appealUntil: null };
    expect(possibleActions(suspended, at('20T00:00:00'))).toEqual(['appeals']);
    expect(possibleActions({ ...suspended, hasAppealed: true }, at('20T00:00:00'))).toEqual([]);
  });

  test.each([
    ['within 30 days', '30T00:00:00', true],
    ['later, before the waiting period is over', '31T00:00:01', false],
  ])('who was evicted is taken back %s: %#', (_, now, expected) => {
    const out = { since: new Date('2026-02-28T00:00:00Z'), mayReturnFrom: at('31T10:00:00') };
    const evicted = { ...facts, status: 'evicted' as const, out };
    expect(mayReinstate(out.since, at(now))).toBe(expected);
    expect(possibleActions(evicted, at(now)).includes('returns')).toBe(expected);
    expect(possibleActions(evicted, at('31T10:00:00'))).toEqual(['returns']);
  });

  test('a departure is taken back before it takes effect', () => {
    const leaving = { ...facts, status: 'active' as const, leavesAt: at('05T00:00:00') };
    expect(possibleActions(leaving, at('04T23:59:59'))).toEqual(['suspensions', 'withdrawal']);
    expect(possibleActions(leaving, at('05T00:00:00'))).toEqual(['suspensions']);
  });
});

test('every notice of a life has words in both languages that name its reason', () => {
  const params = { reason: 'R1', until: '2026-03-15T00:00:00Z', days: 60, reasonCode: 'spam' };
  for (const words of Object.values(lifeNoticeWords)) {
    for (const { title, text } of [words.en(params), words['zh-CN'](params)]) {
      expect(title.length * text.length).toBeGreaterThan(0);
      expect(text).not.toContain('null');
      expect(text.replaceAll('undefined', '')).not.toContain('NaN');
    }
  }
  expect(lifeNoticeWords.evicted.en(params).text).toContain('R1');
  expect(lifeNoticeWords.evicted['zh-CN'](params).text).toContain('R1');
});
