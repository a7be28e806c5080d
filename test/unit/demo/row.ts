import type { SourceRow } from '../../../demo/source';

/** A line of the source with what a test does not care about filled in. */
export function rowOf(row: Partial<SourceRow>): SourceRow {
  return {
    row: 1,
    invoice: '536365',
    sku: '85123A',
    description: 'WHITE HANGING HEART T-LIGHT HOLDER',
    quantity: 6,
    soldAt: '2010-12-01T08:26:00Z',
    unitPriceAmount: 255n,
    priceRounded: false,
    customer: '17850',
    country: 'United Kingdom',
    ...row,
  };
}
