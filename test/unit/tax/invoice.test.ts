import fc from 'fast-check';
import { coverWith, type InvoicePart, releaseFrom } from '../../../src/domain/tax/invoice';

const amount = fc.bigInt({ min: 1n, max: 1_000n });
const sum = (parts: readonly InvoicePart[]) =>
  parts.reduce((total, part) => total + part.amount, 0n);

describe('paid against invoices', () => {
  test('the parts sum to the payment, and no invoice gives more than it has', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 1_000n })), amount, (lefts, gross) => {
        const invoices = lefts.map((leftAmount, i) => ({ id: `inv_${i}`, leftAmount }));
        const parts = coverWith(invoices, gross);
        const total = lefts.reduce((all, left) => all + left, 0n);
        expect(parts === undefined).toBe(total < gross);
        if (parts === undefined) return;
        expect(sum(parts)).toBe(gross);
        for (const part of parts) {
          const own = invoices.find(({ id }) => id === part.invoiceId)!;
          expect(part.amount).toBeGreaterThan(0n);
          expect(part.amount).toBeLessThanOrEqual(own.leftAmount);
        }
      }),
    );
  });

  test('what comes back in parts, in any sizes, frees exactly what was used', () => {
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 5 }), fc.nat(), (uses, cut) => {
        const used = uses.map((one, i) => ({ invoiceId: `inv_${i}`, amount: one }));
        const whole = sum(used);
        const first = whole === 1n ? 1n : 1n + (BigInt(cut) % (whole - 1n));
        const back = releaseFrom(used, first);
        expect(sum(back)).toBe(first);
        const left = used.map(({ invoiceId, amount: own }) => ({
          invoiceId,
          amount: own - sum(back.filter((part) => part.invoiceId === invoiceId)),
        }));
        expect(left.every((part) => part.amount >= 0n)).toBe(true);
        expect(sum(releaseFrom(left, whole - first))).toBe(whole - first);
      }),
    );
  });

  test.each([
    [[300n, 0n, 500n], 400n, ['inv_0 300', 'inv_2 100']],
    [[400n], 400n, ['inv_0 400']],
    [[399n], 400n, undefined],
    [[], 1n, undefined],
  ])('invoices over %p cover %s by %p', (lefts, gross, expected) => {
    const invoices = lefts.map((leftAmount, i) => ({ id: `inv_${i}`, leftAmount }));
    const parts = coverWith(invoices, gross);
    expect(parts?.map((part) => `${part.invoiceId} ${part.amount}`)).toEqual(expected);
  });
});
