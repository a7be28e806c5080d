import { createHash } from 'node:crypto';
import { parseFieldKeys } from '../../src/db/vault';

/** Keys of the tests: the same in every process, secret nowhere. */
const key = (name: string) => createHash('sha256').update(`test key ${name}`).digest('base64');

export const testPepper = 'a pepper that is only used by tests, 32+';
export const testSandboxSecret = 'a sandbox secret that is only used by tests';

/** The settings of a process under test; what differs per test comes on top. */
export function testSettings(own: Record<string, string>): Record<string, string> {
  return {
    FIELD_KEYS: `k1:${key('field')}`,
    INDEX_KEY: key('index'),
    PAYLOAD_KEYS: `k1:${key('payload')}`,
    TOKEN_PEPPER: testPepper,
    SANDBOX_SECRET: testSandboxSecret,
    RATE_LIMIT_PER_SECOND: '100000',
    SIGN_IN_ATTEMPTS: '1000',
    LOG_LEVEL: 'info',
    CACHE_DIR: '.local/test/cache',
    HOST: '127.0.0.1',
    ...own,
  };
}

/** Keys of the payload codec. */
export function testKeys(): Map<string, Buffer> {
  return parseFieldKeys(`k1:${key('payload')}`);
}
