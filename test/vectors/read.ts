import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

/**
 * The test vectors of the design: from the folder beside the repository where it is there, because
 * it is the original, else from the copy that a clone brings along.
 */
export function readVectors(name: 'commission.json' | 'tax.json' | 'tax-more.json'): unknown {
  const original = join(root, '..', 'shared', 'vectors', name);
  const copy = join(__dirname, name);
  return JSON.parse(readFileSync(existsSync(original) ? original : copy, 'utf8'));
}
