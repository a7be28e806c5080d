import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writePrivately } from './private-file';

const Keys = z.object({
  FIELD_KEYS: z.string(),
  INDEX_KEY: z.string(),
  PAYLOAD_KEYS: z.string(),
  TOKEN_PEPPER: z.string(),
  SANDBOX_SECRET: z.string(),
});
export type Keys = z.infer<typeof Keys>;

/**
 * The secrets of this installation, made once. Without them the stored ID numbers cannot be read and no
 * token is recognised, so they belong into every backup of the data.
 */
export function ensureKeys(path: string): Keys {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    writePrivately(path, JSON.stringify(newKeys(), undefined, 2));
  }
  return Keys.parse(JSON.parse(readFileSync(path, 'utf8')));
}

function newKeys(): Keys {
  const secret = () => randomBytes(32).toString('base64');
  return {
    FIELD_KEYS: `k1:${secret()}`,
    INDEX_KEY: secret(),
    PAYLOAD_KEYS: `k1:${secret()}`,
    TOKEN_PEPPER: secret(),
    SANDBOX_SECRET: secret(),
  };
}
