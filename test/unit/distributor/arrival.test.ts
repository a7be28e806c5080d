import fc from 'fast-check';
import {
  codeAlphabet,
  codeLength,
  isCode,
  makeCode,
  normalizeCode,
} from '../../../src/domain/distributor/code';
import { enrol, firstTier } from '../../../src/domain/distributor/enrolment';
import { normalizePhone } from '../../../src/domain/distributor/phone';

describe('a phone number has one spelling', () => {
  test.each([
    ['13800138000', '13800138000'],
    ['138 0013 8000', '13800138000'],
    ['+86 138-0013-8000', '13800138000'],
    ['0086 138 0013 8000', '13800138000'],
    ['86 13800138000', '13800138000'],
    ['(+86)13800138000', '13800138000'],
    ['+852 9123 4567', '+85291234567'],
    ['00852 9123 4567', '+85291234567'],
    ['010-8888 8888', '01088888888'],
  ])('%s is %s', (text, phone) => {
    expect(normalizePhone(text)).toBe(phone);
  });

  test.each([
    '',
    '123',
    'call me',
    '１３８００１３８０００',
    '+0123456789',
    '1'.repeat(16),
    "'; --",
  ])('%s is none', (text) => {
    expect(normalizePhone(text)).toBeUndefined();
  });

  test('normalizing twice changes nothing', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+?[0-9 ()-]{5,20}$/), (text) => {
        const once = normalizePhone(text);
        if (once !== undefined) expect(normalizePhone(once)).toBe(once);
      }),
    );
  });
});

describe('a code can be read aloud', () => {
  test('has no letter or digit that is taken for another', () => {
    expect(codeAlphabet).not.toMatch(/[0O1ILU]/);
    expect(new Set(codeAlphabet).size).toBe(codeAlphabet.length);
  });

  test('has its length and alphabet whatever is drawn', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: codeLength, maxLength: codeLength }), (draws) => {
        let next = 0;
        expect(isCode(makeCode((below) => (draws[next++] ?? 0) % below))).toBe(true);
      }),
    );
  });

  test('may be typed in small letters', () => {
    expect(normalizeCode(' abcd2345 ')).toBe('ABCD2345');
  });
});

describe('how somebody comes into a program', () => {
  test.each([
    ['open', false, false, 'active', 'joined'],
    ['open', false, true, 'active', 'joined'],
    ['review', false, false, 'applied', 'applied'],
    ['review', false, true, 'applied', 'applied'],
    ['invite', false, true, 'active', 'appointed'],
    ['open', true, false, 'active', 'imported'],
    ['review', true, false, 'active', 'imported'],
    ['invite', true, false, 'active', 'imported'],
  ] as const)(
    '%s, imported %s, by an admin %s: %s',
    (enrolment, imported, byAdmin, status, cause) => {
      expect(enrol({ enrolment, imported, byAdmin })).toEqual({ ok: true, status, cause });
    },
  );

  test('a program by invitation refuses whom no admin appoints', () => {
    const refused = enrol({ enrolment: 'invite', imported: false, byAdmin: false });
    expect(refused).toEqual({ ok: false, code: 'invitation_required' });
  });

  test('a new one has the lowest rank of the plan', () => {
    const tiers = [
      { code: 'gold', rank: 2 },
      { code: 'bronze', rank: 1 },
    ];
    expect(firstTier(tiers)).toBe('bronze');
    expect(firstTier([])).toBe('standard');
  });
});
