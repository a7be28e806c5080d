import fc from 'fast-check';
import { accountParts } from '../../../src/domain/ledger/account';
import {
  approved,
  arrivesInAvailable,
  commissionEarned,
  entriesOf,
  givenBack,
  locked,
  type Posting,
  refundedAfterRelease,
  refundedWhileHeld,
  released,
  submitted,
  succeeded,
  unlocked,
} from '../../../src/domain/ledger/posting';

const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });

function movements(postings: readonly Posting[]): Record<string, bigint> {
  return Object.fromEntries(entriesOf(postings).map((entry) => [entry.account, entry.amount]));
}

describe('postings of the ledger', () => {
  const shares = { netAmount: 700n, taxAmount: 200n, feeAmount: 100n };

  test.each<[string, Posting[], Record<string, bigint>]>([
    [
      'a commission is held',
      commissionEarned('d', 100n),
      { 'commission-expense': -100n, 'distributor:d:held': 100n },
    ],
    [
      'the release pays a debt first',
      released('d', 100n, 30n),
      {
        'distributor:d:held': -100n,
        'distributor:d:receivable': 30n,
        'distributor:d:available': 70n,
      },
    ],
    [
      'a release smaller than the debt leaves nothing available',
      released('d', 20n, 30n),
      { 'distributor:d:held': -20n, 'distributor:d:receivable': 20n },
    ],
    [
      'a refund before the release takes from held',
      refundedWhileHeld('d', 40n),
      { 'distributor:d:held': -40n, 'commission-expense': 40n },
    ],
    [
      'a refund after the release takes what is there and makes a debt of the rest',
      refundedAfterRelease('d', 100n, 60n),
      {
        'distributor:d:available': -60n,
        'distributor:d:receivable': -40n,
        'commission-expense': 100n,
      },
    ],
    [
      'a lock moves the gross',
      locked('d', 1000n),
      { 'distributor:d:available': -1000n, 'distributor:d:settling': 1000n },
    ],
    [
      'an unlock pays a debt first',
      unlocked('d', 1000n, 1n),
      {
        'distributor:d:settling': -1000n,
        'distributor:d:available': 999n,
        'distributor:d:receivable': 1n,
      },
    ],
    [
      'approval takes tax and fee and leaves the net',
      approved('d', shares),
      { 'distributor:d:settling': -300n, 'tax-payable': 200n, 'fee-income': 100n },
    ],
    [
      'a payout is handed over',
      submitted('d', 'c', 700n),
      { 'distributor:d:settling': -700n, 'channel:c:clearing': 700n },
    ],
    [
      'success leaves the channel',
      succeeded('c', 700n),
      { 'channel:c:clearing': -700n, 'channel:c:cash': 700n },
    ],
    [
      'a failed payout brings net, tax and fee back',
      givenBack('d', { at: 'clearing', channelId: 'c' }, shares, 0n),
      {
        'channel:c:clearing': -700n,
        'tax-payable': -200n,
        'fee-income': -100n,
        'distributor:d:available': 1000n,
      },
    ],
    [
      'a returned payout pays a debt first',
      givenBack('d', { at: 'cash', channelId: 'c' }, shares, 750n),
      {
        'channel:c:cash': -700n,
        'tax-payable': -200n,
        'fee-income': -100n,
        'distributor:d:receivable': 750n,
        'distributor:d:available': 250n,
      },
    ],
  ])('%s', (_, postings, expected) => {
    expect(movements(postings)).toEqual(expected);
  });

  test('entries of any postings sum to 0, one per account, none of them 0', () => {
    const account = fc.constantFrom(
      'commission-expense' as const,
      'tax-payable' as const,
      'distributor:a:held' as const,
      'channel:x:cash' as const,
    );
    fc.assert(
      fc.property(fc.array(fc.record({ from: account, to: account, amount })), (postings) => {
        const entries = entriesOf(postings);
        expect(entries.reduce((sum, entry) => sum + entry.amount, 0n)).toBe(0n);
        expect(new Set(entries.map((entry) => entry.account)).size).toBe(entries.length);
        expect(entries.every((entry) => entry.amount !== 0n)).toBe(true);
      }),
    );
  });

  test('what arrives is whole, and the debt is never paid beyond its amount', () => {
    fc.assert(
      fc.property(amount, amount, (arriving, owed) => {
        const [repaid, rest] = arrivesInAvailable('fee-income', 'd', arriving, owed);
        expect(repaid!.amount + rest!.amount).toBe(arriving);
        expect(repaid!.amount).toBe(arriving < owed ? arriving : owed);
      }),
    );
  });

  test('a posting never moves a negative amount', () => {
    expect(() => entriesOf(commissionEarned('d', -1n))).toThrow(RangeError);
  });

  test('an account code says its role and whose it is', () => {
    expect(accountParts('tax-payable')).toEqual({ role: 'tax-payable', distributorId: null });
    expect(accountParts('distributor:dst_1:held')).toEqual({
      role: 'held',
      distributorId: 'dst_1',
    });
    expect(accountParts('channel:chn_1:cash')).toEqual({ role: 'cash', distributorId: null });
  });
});
