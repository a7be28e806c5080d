import fc from 'fast-check';
import { givenBackBy, remainsRight, sumOf, takenBy } from '../../../src/domain/commission/reversal';
import { reversalText } from '../../../src/domain/commission/reversal-words';
import {
  entriesOf,
  restoredByDecision,
  reversedByDecision,
} from '../../../src/domain/ledger/posting';

const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });

describe('what a decision takes of a commission', () => {
  test.each([
    ['all of it is held', 700n, 700n, { heldAmount: 700n, releasedAmount: 0n }],
    ['all of it is available', 700n, 0n, { heldAmount: 0n, releasedAmount: 700n }],
    ['a gain since the release is held', 700n, 50n, { heldAmount: 50n, releasedAmount: 650n }],
    ['a loss was taken from the other side', 700n, 900n, { heldAmount: 700n, releasedAmount: 0n }],
    ['less than nothing is held', 700n, -5n, { heldAmount: 0n, releasedAmount: 700n }],
  ])('%s', (_, left, heldAmount, expected) => {
    const [taken] = takenBy([{ commissionId: 'c', amount: left, heldAmount }]);
    expect(taken).toEqual({ commissionId: 'c', ...expected });
  });

  test('is always what remains, never more, and neither side is below 0', () => {
    fc.assert(
      fc.property(amount, fc.bigInt({ min: -1000n, max: 10n ** 15n }), (left, heldAmount) => {
        const [taken] = takenBy([{ commissionId: 'c', amount: left, heldAmount }]);
        expect(taken!.heldAmount + taken!.releasedAmount).toBe(left);
        expect(taken!.heldAmount >= 0n && taken!.releasedAmount >= 0n).toBe(true);
      }),
    );
  });
});

describe('what its postings move', () => {
  const accounts = (postings: Parameters<typeof entriesOf>[0]) =>
    new Map(entriesOf(postings).map((entry) => [entry.account as string, entry.amount]));

  test('taken and given back at once, every account is as before', () => {
    fc.assert(
      fc.property(amount, amount, amount, amount, (held, released, available, owed) => {
        const sum = { heldAmount: held, releasedAmount: released };
        const took = reversedByDecision('d', sum, available);
        const owedThen = owed + (released > available ? released - available : 0n);
        const gave = restoredByDecision('d', sum, owedThen);
        const both = accounts([...took, ...gave]);
        expect(both.get('distributor:d:held') ?? 0n).toBe(0n);
        expect(both.get('commission-expense') ?? 0n).toBe(0n);
        const net =
          (both.get('distributor:d:available') ?? 0n) +
          (both.get('distributor:d:receivable') ?? 0n);
        expect(net).toBe(0n);
      }),
    );
  });

  test('what is not available any more is owed, and nothing goes below 0', () => {
    const took = accounts(reversedByDecision('d', { heldAmount: 5n, releasedAmount: 90n }, 60n));
    expect(Object.fromEntries(took)).toEqual({
      'distributor:d:held': -5n,
      'distributor:d:available': -60n,
      'distributor:d:receivable': -30n,
      'commission-expense': 95n,
    });
  });

  test('what comes back goes where the hold is, and pays a debt first', () => {
    const moved = givenBackBy([
      { commissionId: 'a', amount: 40n, isReleased: false },
      { commissionId: 'b', amount: 60n, isReleased: true },
    ]);
    expect(sumOf(moved)).toEqual({ heldAmount: 40n, releasedAmount: 60n });
    expect(Object.fromEntries(accounts(restoredByDecision('d', sumOf(moved), 25n)))).toEqual({
      'commission-expense': -100n,
      'distributor:d:held': 40n,
      'distributor:d:receivable': 25n,
      'distributor:d:available': 35n,
    });
  });
});

describe('a stored amount is right', () => {
  const at = new Date('2026-11-01T02:00:00Z');
  const open = { restoredAt: null, amount: 70n };
  test.each([
    ['as calculated, when nothing was reversed', 70n, [], true],
    ['0 while it is reversed', 0n, [open], true],
    ['not what was calculated while it is reversed', 70n, [open], false],
    ['not 0 when nothing was reversed', 0n, [], false],
    ['as calculated once it is restored', 70n, [{ ...open, restoredAt: at }], true],
    ['not with another amount kept for the restoration', 0n, [{ ...open, amount: 71n }], false],
  ])('%s', (_, stored, reversals, expected) => {
    expect(remainsRight(stored, 70n, reversals)).toBe(expected);
  });
});

test('both languages say when, how much, why, and what came back', () => {
  const format = { money: (fen: bigint) => `CNY ${fen}`, at: (one: Date) => one.toISOString() };
  const reversal = {
    reversalId: 'rvs',
    at: new Date('2026-11-01T02:00:00Z'),
    reason: 'Own cards',
    takenAmount: 70n,
    amount: 50n,
    restoredAt: new Date('2026-11-09T02:00:00Z'),
    restoredAmount: 50n,
  };
  for (const language of ['en', 'zh-CN'] as const) {
    const text = reversalText(reversal, format, language);
    for (const word of ['CNY 70', 'Own cards', 'CNY 50', '2026-11-01', '2026-11-09']) {
      expect(text).toContain(word);
    }
    const open = reversalText({ ...reversal, restoredAt: null }, format, language);
    expect(open).not.toContain('2026-11-09');
  }
});
