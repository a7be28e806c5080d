import {
  isMinorIn,
  normalCreditCode,
  normalIdNumber,
  normalResidentId,
} from '../../../src/domain/tax/id-number';

describe('the number of a resident', () => {
  test.each([
    ['11010519491231002X', '11010519491231002X'],
    ['11010519491231002x', '11010519491231002X'],
    ['440524188001010014', undefined], // a birth date before 1900
    ['110105194912310021', undefined], // another check digit
    ['11010519491231003X', undefined], // another serial number
    ['11010519490231002X', undefined], // 31 February
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

test.each([
  ['2008-11', '110105199012310020', true],
  ['2008-12', '110105199012310020', true],
  ['2009-01', '110105199012310020', false],
  ['2008-12', '110105199012010020', false],
  ['2008-11', '110105199012010020', true],
])('in %s the person of %s is a minor: %s', (month, id, minor) => {
  expect(isMinorIn(month, id)).toBe(minor);
});
