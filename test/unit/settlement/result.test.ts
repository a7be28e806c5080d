import { differencesOf, hashedText, sealStatement } from '../../../src/domain/settlement/result';

const statement = {
  id: 'stm_1',
  distributorId: 'dst_1',
  grossAmount: 300n,
  taxAmount: 40n,
  feeAmount: 10n,
  netAmount: 250n,
  taxMethod: 'general',
  taxMonth: '2026-11',
  person: 'p',
  lines: [
    { id: 'ern_2', amount: -50n },
    { id: 'ern_1', amount: 350n },
  ],
  payoutIds: ['pyt_2', 'pyt_1'],
};

test('the text that is hashed does not depend on the order of rows or keys', () => {
  const sealed = sealStatement(statement);
  const turned = sealStatement({
    ...statement,
    lines: [...statement.lines].reverse(),
    payoutIds: [...statement.payoutIds].reverse(),
  });
  const stored = {
    ...sealed,
    figures: Object.fromEntries(Object.entries(sealed.figures).reverse()),
  };
  expect(hashedText('stm_1', turned)).toBe(hashedText('stm_1', sealed));
  expect(hashedText('stm_1', stored)).toBe(hashedText('stm_1', sealed));
});

test.each([
  ['a figure', { taxAmount: 41n }],
  ['a line less', { lines: statement.lines.slice(1) }],
  ['another amount of a line', { lines: [statement.lines[0]!, { id: 'ern_1', amount: 351n }] }],
  ['another payout', { payoutIds: ['pyt_1', 'pyt_3'] }],
  ['another taxpayer', { person: null }],
])('%s changes the text and is named', (_, change) => {
  const before = sealStatement(statement);
  const after = sealStatement({ ...statement, ...change });
  expect(hashedText('stm_1', after)).not.toBe(hashedText('stm_1', before));
  expect(differencesOf('stm_1', before, after).length).toBeGreaterThan(0);
  expect(differencesOf('stm_1', before, before)).toEqual([]);
});

test('a statement that was never sealed differs in everything', () => {
  expect(differencesOf('stm_1', null, sealStatement(statement))).toHaveLength(8 + 2 + 2);
});
