import { compareCodePoints } from '../../../src/domain/kernel/text';

describe('code-point order', () => {
  it.each([
    ['equal', 'a1', 'a1', 0],
    ['a prefix comes first', '1', '10', -1],
    ['digits by digit, not by number', '10', '2', -1],
    ['capitals before small letters', 'B', 'a', -1],
    ['above U+FFFF comes after U+FFxx, unlike in UTF-16', '\u{1F375}', '\uFF21', 1],
  ])('%s', (_, a, b, expected) => {
    expect(Math.sign(compareCodePoints(a, b))).toBe(expected);
    expect(Math.sign(compareCodePoints(b, a))).toBe(expected === 0 ? 0 : -expected);
  });
});
