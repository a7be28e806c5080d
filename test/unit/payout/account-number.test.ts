import fc from 'fast-check';
import { normalBankAccount, normalCard } from '../../../src/domain/payout/account-number';
import { alipayAccount } from '../../../src/channels/alipay/account';
import { wechatAccount } from '../../../src/channels/wechat/account';

describe('a bank card', () => {
  test.each([
    ['19 digits', '6222021234567890128', '6222021234567890128'],
    ['16 digits', '6222021234567894', '6222021234567894'],
    ['in groups of four', '6222 0212 3456 7890 128', '6222021234567890128'],
    ['with dashes', '6222-0212-3456-7894', '6222021234567894'],
    ['an old one', '9558801234567890128', '9558801234567890128'],
    ['Visa', '4111111111111111', '4111111111111111'],
    ['failing Luhn', '6222021234567890123', undefined],
    ['two neighbours changed places', '6222021234576890128', undefined],
    ['15 digits', '622202123456789', undefined],
    ['20 digits', '62220212345678901280', undefined],
    ['as a spreadsheet writes it', '6.22E+18', undefined],
    ['full-width digits', '６２２２０２１２３４５６７８９４', undefined],
    ['with a sign', '+6222021234567894', undefined],
    ['in a line of its own', '6222021234567894\n', undefined],
    ['nothing', '', undefined],
  ])('%s', (_, text, normal) => {
    expect(normalCard(text)).toBe(normal);
  });

  test('one changed digit is always noticed', () => {
    fc.assert(
      fc.property(fc.nat(18), fc.integer({ min: 1, max: 9 }), (at, by) => {
        const card = '6222021234567890128';
        const digit = String((Number(card[at]) + by) % 10);
        expect(normalCard(card.slice(0, at) + digit + card.slice(at + 1))).toBeUndefined();
      }),
    );
  });
});

describe('an account at a bank', () => {
  test.each([
    ['a card', '6222 0212 3456 7890 128', '6222021234567890128'],
    ['a card failing Luhn', '6222021234567890123', undefined],
    ['an old card failing Luhn', '9558801234567890123', undefined],
    ['a Visa card failing Luhn', '4111111111111112', undefined],
    ["a company's account of 19 digits", '4000020219200123456', '4000020219200123456'],
    ["a company's account of 12 digits", '123456789012', '123456789012'],
    ['an IBAN', 'GB82 WEST 1234 5698 7654 32', 'GB82WEST12345698765432'],
    ['an IBAN in small letters', 'gb82west12345698765432', 'GB82WEST12345698765432'],
    ['an IBAN whose check digits are wrong', 'GB83WEST12345698765432', undefined],
    ['35 characters', 'A'.repeat(35), undefined],
    ['three', '123', undefined],
    ['as a spreadsheet writes it', '1.23E+18', undefined],
    ['a formula', '=1+1', undefined],
    ['full-width digits', '６２２２０２１２３４５６７８９４', undefined],
  ])('%s', (_, text, normal) => {
    expect(normalBankAccount(text)).toBe(normal);
  });
});

describe('an account at Alipay', () => {
  const at = (identityType: 'ALIPAY_LOGON_ID' | 'ALIPAY_USER_ID' | 'ALIPAY_OPEN_ID') =>
    ({ product: 'account', identityType }) as const;
  test.each([
    ['an address', 'li@example.com', at('ALIPAY_LOGON_ID'), 'li@example.com'],
    ['a phone with +86 and spaces', '+86 138 0013 8000', at('ALIPAY_LOGON_ID'), '13800138000'],
    ['neither', '李明', at('ALIPAY_LOGON_ID'), undefined],
    ['an address without its place', 'li@example', at('ALIPAY_LOGON_ID'), undefined],
    ['more than 100', `${'a'.repeat(60)}@${'b'.repeat(40)}.com`, at('ALIPAY_LOGON_ID'), undefined],
    ['a user id', '2088102146225135', at('ALIPAY_USER_ID'), '2088102146225135'],
    ['a user id of 15', '208810214622513', at('ALIPAY_USER_ID'), undefined],
    ['a phone as a user id', '13800138000', at('ALIPAY_USER_ID'), undefined],
    ['an open id', '074a1CcTG1LelxKe4xQC0zgNdId0', at('ALIPAY_OPEN_ID'), expect.any(String)],
    ['an open id with a space', '074a1 CcTG', at('ALIPAY_OPEN_ID'), undefined],
    [
      'a card',
      '6222 0212 3456 7894',
      { ...at('ALIPAY_LOGON_ID'), product: 'bankCard' as const },
      '6222021234567894',
    ],
    [
      'a card failing Luhn',
      '6222021234567893',
      { ...at('ALIPAY_LOGON_ID'), product: 'bankCard' as const },
      undefined,
    ],
  ])('%s', (_, text, settings, normal) => {
    expect(alipayAccount(text, settings)).toEqual(normal);
  });
});

test.each([
  ['an openid', 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o'],
  ['one with a space at its end', 'oUpF8uMuAJO ', 'oUpF8uMuAJO'],
  ['65 characters', 'o'.repeat(65), undefined],
  ['a name', '李明', undefined],
  ['a path', '../x', undefined],
])('WeChat Pay: %s', (_, text, openid) => {
  expect(wechatAccount(text)).toBe(openid);
});
