import { cumulativeTables, monthlyTables, tableOf } from '../../../src/domain/tax/table';

describe('a dated table', () => {
  const [known] = monthlyTables;
  const next = { ...known!, validFrom: '2027-01', source: 'a later announcement' };

  test.each([
    ['2026-12', '2019-01'],
    ['2027-01', '2027-01'],
    ['2030-06', '2027-01'],
  ])('in %s the one from %s counts, in whatever order they stand', (month, from) => {
    expect(tableOf([known!, next], month).validFrom).toBe(from);
    expect(tableOf([next, known!], month).validFrom).toBe(from);
  });

  test('nothing is guessed for a month before the first', () => {
    expect(() => tableOf([next], '2026-12')).toThrow(RangeError);
  });

  test.each([...monthlyTables, ...cumulativeTables])(
    '$source: each quick deduction makes its band begin where the one before ends',
    ({ bands }) => {
      for (let i = 1; i < bands.length; i += 1) {
        const [below, above] = [bands[i - 1]!, bands[i]!];
        const edge = BigInt(below.upToFen!);
        const taxBy = ({ rateBps, quickDeductionFen }: typeof below) =>
          (edge * BigInt(rateBps)) / 10_000n - BigInt(quickDeductionFen);
        expect(taxBy(above)).toBe(taxBy(below));
      }
      expect(bands.at(-1)?.upToFen).toBeNull();
    },
  );
});
