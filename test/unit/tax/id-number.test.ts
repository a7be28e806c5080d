import {
  documentTypeOf,
  isMinorIn,
  normalCreditCode,
  normalIdNumber,
  normalResidentId,
} from '../../../src/domain/tax/id-number';
import {
  isAboveVatExemption,
  personalStop,
  type TaxStopReason,
} from '../../../src/domain/tax/stop';

/** Born on 15 June 2010. */
const idNumber = '110105201006150012';

describe('the number of a resident', () => {
  test.each([
    ['11010519491231002X', '11010519491231002X'],
    ['11010519491231002x', '11010519491231002X'],
    ['440524188001010014', undefined], // a birth date before 1900
    ['110105194912310021', undefined], // another check digit
    ['11010519491231003X', undefined], // another serial number
    ['11010519490231002X', undefined], // 31 February
    ['11010519900230001X', undefined], // 30 February, with the right check digit
    ['110105200002290013', '110105200002290013'], // 29 February of a leap year
    ['110105190002290017', undefined], // 1900 was none
    ['110105491231002', undefined], // 15 digits, out of use since 2013
    ['１１０１０５19491231002X', undefined], // digits in full width
    ['11010519491231002Ⅹ', undefined], // a Roman ten
    ['810000199001010019', '810000199001010019'], // a permit of Hong Kong people
    ['99010519491231002X', undefined], // no such province
    ['11010519491231002', undefined],
    ['11010519491231002X ', undefined],
    ['', undefined],
  ])('%s', (text, normal) => {
    expect(normalResidentId(text)).toBe(normal);
  });

  test('one changed digit is always noticed', () => {
    const id = '11010519491231002X';
    for (let at = 0; at < 17; at += 1) {
      const other = (Number(id[at]) + 1) % 10;
      expect(normalResidentId(id.slice(0, at) + String(other) + id.slice(at + 1))).toBeUndefined();
    }
  });
});

describe('the unified social credit code', () => {
  test.each([
    ['91310000MA1K000006', '91310000MA1K000006'],
    ['91310000ma1k000006', '91310000MA1K000006'],
    ['91310000MA1K000007', undefined],
    ['91310000MA1K00006', undefined],
    ['9131000OMA1K000006', undefined], // the letter O does not occur
  ])('%s', (text, normal) => {
    expect(normalCreditCode(text)).toBe(normal);
  });

  test('the kind decides which number is asked for', () => {
    expect(normalIdNumber('company', '11010519491231002X')).toBeUndefined();
    expect(normalIdNumber('individualBusiness', '91310000MA1K000006')).toBe('91310000MA1K000006');
    expect(normalIdNumber('individual', '91310000MA1K000006')).toBeUndefined();
  });
});

describe('the document of a non-resident', () => {
  test.each([
    ['e12345678', 'E12345678'],
    ['AB123', 'AB123'],
    ['1234', undefined],
    ['E1234-5678', undefined],
    ['A'.repeat(21), undefined],
  ])('%s', (text, normal) => {
    expect(normalIdNumber('individual', text, 'nonResident')).toBe(normal);
    expect(normalIdNumber('company', text, 'nonResident')).toBeUndefined();
  });
});

test.each([
  ['11010519491231002X', 'residentId'],
  ['810000199001010019', 'hongKongMacaoPermit'],
  ['91310000MA1K000006', 'creditCode'],
])('%s is a %s', (number, type) => {
  expect(documentTypeOf(number)).toBe(type);
});

test.each([
  // born on 15 June 2010: 16 in June 2026, 18 in June 2028
  ['2026-06', new Set<TaxStopReason>(['minor']), 'minor'],
  ['2026-07', new Set<TaxStopReason>(['minor']), undefined],
  ['2026-07', new Set<TaxStopReason>(), 'minor'],
  ['2028-07', new Set<TaxStopReason>(), undefined],
])('in %s, approved %p: %s', (month, approved, stop) => {
  const taxpayer = { kind: 'individual', residency: 'mainland', idNumber } as const;
  expect(personalStop(taxpayer, month, approved)).toBe(stop);
});

test('no approval lets a non-resident be paid, and a business never stops here', () => {
  const approved = new Set<TaxStopReason>(['non_resident']);
  const foreign = { kind: 'individual', residency: 'nonResident', idNumber: 'E12345678' } as const;
  expect(personalStop(foreign, '2026-07', approved)).toBe('non_resident');
  const business = { kind: 'company', residency: 'mainland', idNumber: '' } as const;
  expect(personalStop(business, '2026-07', new Set())).toBeUndefined();
});

test.each([
  [10_000_000n, false],
  [10_000_001n, true],
])('%s fen in a month are above the VAT exemption: %s', (income, above) => {
  expect(isAboveVatExemption('2026-07', income)).toBe(above);
});

test.each([
  ['2008-11', '110105199012310020', true],
  ['2008-12', '110105199012310020', true],
  ['2009-01', '110105199012310020', false],
  ['2008-12', '110105199012010020', false],
  ['2008-11', '110105199012010020', true],
])('in %s the person of %s is a minor: %s', (month, id, minor) => {
  expect(isMinorIn(month, id)).toBe(minor);
});
