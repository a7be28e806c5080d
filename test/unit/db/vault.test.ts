import fc from 'fast-check';
import {
  createVault,
  maskAccount,
  maskIdNumber,
  maskPhone,
  parseFieldKeys,
  VaultError,
} from '../../../src/db/vault';

const k1 = Buffer.alloc(32, 1);
const k2 = Buffer.alloc(32, 2);
const indexKey = Buffer.alloc(32, 3);
const vault = createVault({ fieldKeys: new Map([['k1', k1]]), indexKey });
const place = 'tax_profile.id_number:dst_1';

describe('the vault', () => {
  it('gives back what was sealed, and never the same seal twice', () => {
    fc.assert(
      fc.property(fc.string(), (plain) => {
        const [first, second] = [vault.seal(place, plain), vault.seal(place, plain)];
        expect(vault.open(place, first)).toBe(plain);
        expect(first).not.toBe(second);
      }),
    );
  });

  it('shows nothing of the text in the seal', () => {
    const sealed = vault.seal(place, '33010619900101123X');
    expect(sealed).toMatch(/^v1\.k1\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(sealed).not.toContain('33010619900101123X');
    expect(Buffer.from(sealed.split('.')[3]!, 'base64url').toString('latin1')).not.toContain(
      '3301',
    );
  });

  it('does not open in another row or column', () => {
    const sealed = vault.seal(place, 'secret');
    for (const other of ['tax_profile.id_number:dst_2', 'distributor.phone:dst_1', '']) {
      expect(() => vault.open(other, sealed)).toThrow(VaultError);
    }
  });

  it('does not open when any part was changed', () => {
    const parts = vault.seal(place, 'secret').split('.');
    for (let index = 0; index < parts.length; index += 1) {
      const changed = [...parts];
      const part = changed[index]!;
      changed[index] = (part.startsWith('A') ? 'B' : 'A') + part.slice(1);
      expect(() => vault.open(place, changed.join('.'))).toThrow(VaultError);
    }
    expect(() => vault.open(place, 'plain text')).toThrow(VaultError);
  });

  it('seals with the first key, opens with all of them, and knows what to seal again', () => {
    const old = vault.seal(place, 'secret');
    const rotated = createVault({
      fieldKeys: new Map([
        ['k2', k2],
        ['k1', k1],
      ]),
      indexKey,
    });
    expect(rotated.open(place, old)).toBe('secret');
    expect(rotated.isOutdated(old)).toBe(true);
    expect(rotated.isOutdated(rotated.seal(place, 'secret'))).toBe(false);
    const without = createVault({ fieldKeys: new Map([['k2', k2]]), indexKey });
    expect(() => without.open(place, old)).toThrow(/k1 is not configured/);
  });

  it('indexes the same text to the same value, per purpose and key', () => {
    const other = createVault({ fieldKeys: new Map([['k1', k1]]), indexKey: Buffer.alloc(32, 4) });
    const index = vault.index('phone', '13800001234');
    expect(vault.index('phone', '13800001234')).toBe(index);
    expect(vault.index('idNumber', '13800001234')).not.toBe(index);
    expect(vault.index('phone', '13800001235')).not.toBe(index);
    expect(other.index('phone', '13800001234')).not.toBe(index);
  });

  it.each([
    ['a short key', 'k1:AAAA'],
    ['no id', `:${k1.toString('base64')}`],
    ['an id twice', `k1:${k1.toString('base64')},k1:${k2.toString('base64')}`],
    ['nothing', ''],
  ])('refuses a key setting with %s and does not repeat it', (_name, setting) => {
    expect(() => parseFieldKeys(setting)).toThrow(VaultError);
    expect(() => parseFieldKeys(setting)).not.toThrow(/AAAA/);
  });

  it('reads several keys in their order', () => {
    const setting = `k2:${k2.toString('base64')}, k1:${k1.toString('base64')}`;
    expect([...parseFieldKeys(setting)]).toEqual([
      ['k2', k2],
      ['k1', k1],
    ]);
  });
});

describe('masks', () => {
  it.each([
    [maskPhone('13800001234'), '138****1234'],
    [maskPhone('123456'), '****'],
    [maskIdNumber('33010619900101123X'), '3301**********123X'],
    [maskIdNumber('123'), '****'],
    [maskAccount('6222020200112233'), '****2233'],
    [maskAccount('ok'), '****'],
  ])('%s', (masked, expected) => {
    expect(masked).toBe(expected);
  });
});
