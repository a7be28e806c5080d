import {
  type CampaignState,
  dueSteps,
  endOf,
  isLow,
  remainingAmount,
  statusAt,
} from '../../../src/domain/promotion/campaign';
import {
  type CampaignMove,
  type CampaignStatus,
  campaignStatuses,
  firstCampaignStatus,
  transition,
} from '../../../src/domain/promotion/state';

const day = (n: number) => new Date(Date.UTC(2026, 10, n));
const campaign = (own: Partial<CampaignState> = {}): CampaignState => ({
  startsAt: day(10),
  endsAt: day(12),
  stoppedAt: null,
  budgetAmount: 1000n,
  usedAmount: 0n,
  status: 'scheduled',
  lowAt: null,
  ...own,
});

describe("a campaign's window", () => {
  test.each([
    ['before its start', day(9), null, 'scheduled'],
    ['at its start', day(10), null, 'running'],
    ['one millisecond before its end', new Date(day(12).getTime() - 1), null, 'running'],
    ['at its end', day(12), null, 'ended'],
    ['at its stop', day(11), day(11), 'ended'],
    ['before its stop', day(10), day(11), 'running'],
    ['stopped before it started', day(9), day(9), 'ended'],
    ['stopped after its end', day(12), day(20), 'ended'],
  ] as const)('%s', (_name, at, stoppedAt, status) => {
    expect(statusAt({ ...campaign(), stoppedAt }, at)).toBe(status);
  });

  test('ends with the stop only when that is earlier', () => {
    expect(endOf({ endsAt: day(12), stoppedAt: day(11) })).toEqual(day(11));
    expect(endOf({ endsAt: day(12), stoppedAt: day(13) })).toEqual(day(12));
  });
});

describe('the budget is low', () => {
  test.each([
    [1000n, 799n, false],
    [1000n, 800n, true],
    [3n, 2n, false],
    [3n, 3n, true],
    [null, 10_000n, false],
  ])('of %s used %s: %s', (budgetAmount, usedAmount, low) => {
    expect(isLow({ budgetAmount, usedAmount })).toBe(low);
    const left = remainingAmount({ budgetAmount, usedAmount });
    expect(left).toBe(budgetAmount === null ? null : budgetAmount - usedAmount);
  });
});

describe('what is due', () => {
  const used = { usedAmount: 900n };
  test.each([
    ['nothing before its start', campaign(), day(9), []],
    ['the start', campaign(), day(10), ['started']],
    ['nothing while it runs', campaign({ status: 'running' }), day(11), []],
    ['the warning', campaign({ status: 'running', ...used }), day(11), ['budget_low']],
    ['no second one', campaign({ status: 'running', ...used, lowAt: day(10) }), day(11), []],
    ['the end', campaign({ status: 'running' }), day(12), ['ended']],
    ['all at once, in order', campaign(used), day(30), ['started', 'budget_low', 'ended']],
    ['only the end', campaign({ stoppedAt: day(9) }), day(10), ['ended']],
    ['only the end, stopped at its start', campaign({ stoppedAt: day(10) }), day(10), ['ended']],
    ['start and end', campaign({ stoppedAt: day(11) }), day(11), ['started', 'ended']],
    ['nothing after the end', campaign({ status: 'ended', ...used }), day(30), []],
  ])('%s', (_name, state, at, steps) => {
    expect(dueSteps(state, at)).toEqual(steps);
  });
});

describe('the life of a campaign', () => {
  const moves: CampaignMove[] = ['started', 'ended'];

  test('reaches every status, and allows no move but these', () => {
    const reached = new Set<CampaignStatus>([firstCampaignStatus]);
    for (const from of reached) {
      for (const move of moves) {
        const to = transition(from, move);
        if (to !== undefined) reached.add(to);
      }
    }
    expect([...reached].sort()).toEqual([...campaignStatuses].sort());
    const refused = campaignStatuses.flatMap((from) =>
      moves.filter((move) => transition(from, move) === undefined).map((move) => [from, move]),
    );
    expect(refused).toEqual([
      ['running', 'started'],
      ['ended', 'started'],
      ['ended', 'ended'],
    ]);
  });
});
