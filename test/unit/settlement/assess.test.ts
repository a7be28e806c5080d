import fc from 'fast-check';
import {
  type Candidate,
  figuresOf,
  reasonNotToPay,
  reasonToSkip,
} from '../../../src/domain/settlement/assess';
import { payoutParts } from '../../../src/domain/settlement/parts';

const fine: Candidate = {
  grossAmount: 1000n,
  status: 'active',
  hasPayoutAccount: true,
  taxProfile: { kind: 'individual', invoicedAmount: 0n },
};
const terms = { minimumPayoutAmount: 100n, withholds: true };

describe('who is not locked', () => {
  test.each<[string, Partial<Candidate>, Partial<typeof terms>, string | undefined]>([
    ['one who has everything is locked', {}, {}, undefined],
    ['suspended', { status: 'suspended' }, {}, 'suspended'],
    [
      'suspension outweighs what is missing',
      { status: 'suspended', hasPayoutAccount: false },
      {},
      'suspended',
    ],
    ['no account', { hasPayoutAccount: false, taxProfile: null }, {}, 'no_payout_account'],
    ['no profile', { taxProfile: null }, {}, 'no_tax_profile'],
    ['no profile, but nothing is withheld', { taxProfile: null }, { withholds: false }, undefined],
    [
      'a company without an invoice',
      { taxProfile: { kind: 'company', invoicedAmount: 999n } },
      {},
      'needs_invoice',
    ],
    [
      'an own business without an invoice',
      { taxProfile: { kind: 'individualBusiness', invoicedAmount: -1n } },
      {},
      'needs_invoice',
    ],
    [
      'a company with an invoice that covers it to the fen',
      { taxProfile: { kind: 'company', invoicedAmount: 1000n } },
      {},
      undefined,
    ],
    [
      'a minor',
      { taxProfile: { kind: 'individual', stop: 'minor', invoicedAmount: 0n } },
      {},
      'minor',
    ],
    [
      'a non-resident',
      { taxProfile: { kind: 'individual', stop: 'non_resident', invoicedAmount: 0n } },
      {},
      'non_resident',
    ],
    ['one fen below the minimum', { grossAmount: 99n }, {}, 'below_minimum'],
    ['at the minimum', { grossAmount: 100n }, {}, undefined],
    ['evicted, below the minimum', { grossAmount: 1n, status: 'evicted' }, {}, undefined],
    ['left, below the minimum', { grossAmount: 1n, status: 'left' }, {}, undefined],
    ['while an appeal is open', { status: 'appealed' }, {}, undefined],
  ])('%s', (_, candidate, own, reason) => {
    expect(reasonToSkip({ ...fine, ...candidate }, { ...terms, ...own })).toBe(reason);
  });

  test.each([
    [0n, 'sandbox', null, 'net_zero'],
    [-1n, 'sandbox', null, 'net_zero'],
    [1n, 'sandbox', null, undefined],
    [1n, null, null, undefined],
    [9n, 'wechat', null, 'below_channel_minimum'],
    [10n, 'wechat', null, undefined],
    [10n, 'wechat', 10n, undefined],
    [11n, 'wechat', 10n, 'above_channel_maximum'],
  ])('a net of %s through %s that takes %s at once: %s', (net, channelKind, most, reason) => {
    expect(reasonNotToPay(net, { channelKind, wholeAtMostAmount: most })).toBe(reason);
  });
});

describe('the fee', () => {
  test.each([
    ['fixed and share, rounded down', 999n, 0n, 10n, 150, 24n, 975n],
    ['never more than tax leaves', 1000n, 900n, 500n, 0, 100n, 0n],
    ['none where tax takes more than all', 1000n, 1200n, 500n, 100, 0n, -200n],
  ])('%s', (_, gross, tax, fixedAmount, bps, feeAmount, netAmount) => {
    expect(figuresOf(gross, tax, { fixedAmount, bps })).toEqual({
      grossAmount: gross,
      taxAmount: tax,
      feeAmount,
      netAmount,
    });
  });
});

test('parts of a statement sum to the whole in every figure, and none is above the limit', () => {
  const amount = fc.bigInt({ min: 0n, max: 10_000_000n });
  const limit = fc.bigInt({ min: 1000n, max: 1_000_000n });
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10_000_000n }),
      amount,
      amount,
      limit,
      (net, tax, fee, most) => {
        const whole = {
          netAmount: net,
          taxAmount: tax,
          feeAmount: fee,
          grossAmount: net + tax + fee,
        };
        const parts = payoutParts(whole, most);
        for (const key of ['netAmount', 'taxAmount', 'feeAmount', 'grossAmount'] as const) {
          expect(parts.reduce((sum, part) => sum + part[key], 0n)).toBe(whole[key]);
        }
        expect(parts.every(({ netAmount }) => netAmount > 0n && netAmount <= most)).toBe(true);
        expect(BigInt(parts.length)).toBe((net + most - 1n) / most);
      },
    ),
  );
});
