import { createHash } from 'node:crypto';
import { canonical } from '../domain/kernel/canonical';

/** One hash for one content; it tells a repeated externalId from one used for other content. */
export function contentHash(content: unknown): string {
  return createHash('sha256').update(canonical(content)).digest('hex');
}
