import { fenOf, readable } from '../../../demo/pence';
import { dayBegin, shopMoment } from '../../../demo/london';
import { parseRows } from '../../../demo/source';

describe('pounds become fen', () => {
  test.each([
    ['2.55', 255n, false],
    ['7.5', 750n, false],
    ['0', 0n, false],
    ['0.0', 0n, false],
    ['16888.02', 1_688_802n, false],
    ['0.001', 0n, true],
    ['0.005', 1n, true],
    ['1.994', 199n, true],
    ['1.995', 200n, true],
    ['2.5500', 255n, false],
    ['-11062.06', -1_106_206n, false],
    ['-0.005', -1n, true],
  ])('%s is %s', (pounds, amount, rounded) => {
    expect(fenOf(pounds)).toEqual({ amount, rounded });
  });

  test.each(['', 'free', '1,5', '1.2.3', '£2'])('%s is not read as a price', (text) => {
    expect(fenOf(text)).toBeUndefined();
  });

  test('and are shown as people read them', () => {
    expect([0n, 5n, -5n, 123_456_789n, -100_000n].map(readable)).toEqual([
      '0.00',
      '0.05',
      '-0.05',
      '1,234,567.89',
      '-1,000.00',
    ]);
  });
});

describe('London time', () => {
  test.each([
    ['winter', '2010-12-01T08:26:00', '2010-12-01T08:26:00+00:00'],
    ['the last minute before summer time', '2011-03-27T00:59:00', '2011-03-27T00:59:00+00:00'],
    ['summer', '2011-05-31T15:53:00', '2011-05-31T15:53:00+01:00'],
    ['as another copy writes it', '12/1/2010 8:26', '2010-12-01T08:26:00+00:00'],
  ])('%s', (_, written, moment) => {
    expect(shopMoment(written)).toBe(moment);
  });

  test('a day begins at midnight in London', () => {
    expect(dayBegin('2011-05-31T15:53:00+01:00')).toBe('2011-05-31T00:00:00+01:00');
  });

  test('what is no time is not guessed', () => {
    expect(shopMoment('yesterday')).toBeUndefined();
  });
});

describe('the file', () => {
  const heading =
    'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

  test('is read with its quotes, its empty customers and its mixed letters', () => {
    const text = `${heading}\r\n536365,85123a,"HEART, HOLDER",6,2010-12-01T08:26:00,2.55,17850.0,EIRE\r\nC536379,D,Discount,-1,2010-12-01T09:41:00,27.5,,EIRE\r\n`;
    expect(parseRows(text)).toMatchObject([
      { row: 1, sku: '85123A', description: 'HEART, HOLDER', customer: '17850', quantity: 6 },
      { row: 2, invoice: 'C536379', customer: undefined, unitPriceAmount: 2750n, quantity: -1 },
    ]);
  });

  test('of another form is refused by the columns it lacks', () => {
    expect(() => parseRows('a,b\n1,2\n')).toThrow('no InvoiceNo, StockCode');
  });

  test.each([
    ['price', '536365,1,x,6,2010-12-01T08:26:00,cheap,1,EIRE'],
    ['time', '536365,1,x,6,soon,1.5,1,EIRE'],
    ['quantity', '536365,1,x,six,2010-12-01T08:26:00,1.5,1,EIRE'],
  ])('with a %s that cannot be read stops at its line', (_, line) => {
    expect(() => parseRows(`${heading}\n${line}\n`)).toThrow('line 2 cannot be read');
  });
});
