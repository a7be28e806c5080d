import { chmodSync, renameSync, writeFileSync } from 'node:fs';

/** Writes a file that only its owner may read; a reader never finds half of it. */
export function writePrivately(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  chmodSync(unfinished, 0o600); // the mode above counts for new files only
  renameSync(unfinished, path);
}
