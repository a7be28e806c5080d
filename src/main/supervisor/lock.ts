import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isOurs } from '../servers/process';

const mark = 'start.ts';

/**
 * Makes sure that only one `npm start` works in a folder. A lock whose process is gone counts for nothing.
 * @returns what gives the lock back
 * @throws Error that names the process that runs already
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'start.pid');
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const holder = Number(readFileSync(path, 'utf8'));
      if (holder !== process.pid && holder > 0 && isOurs(holder, mark)) {
        throw new Error(
          `npm start runs here already (process ${holder}); its addresses are in ` +
            `${join(folder, 'credentials.json')}. Stop it first, or use another copy and another PORT.`,
        );
      }
      rmSync(path, { force: true });
    }
  }
  throw new Error(`${path} cannot be locked`);
}
