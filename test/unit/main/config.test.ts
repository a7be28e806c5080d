import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, loadConfig, settingNames } from '../../../src/main/config';
import { testSettings } from '../../support/settings';

const right = testSettings({ DATABASE_URL: 'postgresql://u:p@localhost/db' });
const example = readFileSync(join(__dirname, '..', '..', '..', '.env.example'), 'utf8');

function complaint(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return 'no complaint';
}

describe('the settings', () => {
  it('are filled with defaults when they are right', () => {
    expect(loadConfig(right)).toMatchObject({ port: 8080, temporalNamespace: 'default' });
  });

  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['DATABASE_URL', 'mysql://x'],
    ['DATABASE_CONNECTIONS', '1'],
    ['TEMPORAL_ADDRESS', 'http://temporal'],
    ['FIELD_KEYS', 'k1:short'],
    ['INDEX_KEY', 'AAAA'],
    ['PAYLOAD_KEYS', 'nonsense'],
    ['TOKEN_PEPPER', 'short'],
    ['SANDBOX_URL', 'ftp://x'],
    ['LOG_LEVEL', 'loud'],
    ['TRUSTED_PROXIES', '-1'],
  ])('refuse a wrong %s (%s) by name, with an example', (name, value) => {
    const words = complaint({ ...right, [name]: value });
    expect(words).toMatch(new RegExp(`^  ${name} .+; for example ${name}=\\S+`, 'm'));
  });

  it('tell every wrong one at once and never repeat a value', () => {
    const words = complaint({ PORT: 'x', TOKEN_PEPPER: 'my-secret', LOG_LEVEL: 'loud' });
    for (const name of ['DATABASE_URL', 'PORT', 'TOKEN_PEPPER', 'LOG_LEVEL', 'FIELD_KEYS']) {
      expect(words).toContain(`  ${name} `);
    }
    expect(words).not.toContain('my-secret');
  });

  it('treat an empty text as left out', () => {
    expect(loadConfig({ ...right, PORT: '' }).port).toBe(8080);
  });

  it.each(settingNames.map((name) => [name]))('explain %s in .env.example', (name) => {
    expect(example).toMatch(new RegExp(`^#${name}=`, 'm'));
  });
});
