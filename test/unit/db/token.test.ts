import { newToken, tokenHash, tokenPrefix } from '../../../src/db/token';

describe('tokens', () => {
  it.each(['sk_test_', 'sk_live_', 'adm_'] as const)(
    '%s: known by prefix and checksum',
    (prefix) => {
      const token = newToken(prefix);
      expect(token).toMatch(/^[a-z_]+[0-9A-Za-z]{49}$/);
      expect(tokenPrefix(token)).toBe(prefix);
    },
  );

  it('finds a typing error and a swapped prefix without asking the database', () => {
    const token = newToken('sk_test_');
    const changed = token.slice(0, 20) + (token[20] === 'x' ? 'y' : 'x') + token.slice(21);
    expect(tokenPrefix(changed)).toBeUndefined();
    expect(tokenPrefix(token.replace('sk_test_', 'sk_live_'))).toBeUndefined();
    expect(tokenPrefix(token.slice(0, -1))).toBeUndefined();
    expect(tokenPrefix('')).toBeUndefined();
  });

  it('are never the same twice, and are stored as a keyed hash', () => {
    const tokens = new Set(Array.from({ length: 1000 }, () => newToken('adm_')));
    expect(tokens.size).toBe(1000);
    const token = newToken('adm_');
    expect(tokenHash('pepper', token)).not.toBe(tokenHash('other', token));
    expect(tokenHash('pepper', token)).not.toContain(token);
  });
});
