import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What workflows may import; a change in any of these files makes a new bundle. */
const sources = ['workflows', 'src/contracts', 'src/domain'];

/**
 * The workflow code as one file for the worker. Bundling takes seconds, so the result is kept in
 * `cacheDir` under the hash of its sources and of the lock file, and shared by all workers. A process of
 * its own makes it: the bundler leaves 100 MB behind, which a worker would keep for its whole life.
 * @returns the path of the bundle
 */
export async function workflowBundle(root: string, cacheDir: string): Promise<string> {
  const path = join(cacheDir, `workflows-${sourceHash(root)}.js`);
  if (existsSync(path)) return path;
  mkdirSync(cacheDir, { recursive: true });
  const bundler = join(root, 'src', 'main', 'bundle-workflows.ts');
  await promisify(execFile)(process.execPath, ['--import', 'tsx', bundler, root, path], {
    cwd: root,
  });
  return path;
}

function sourceHash(root: string): string {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const folder of sources) {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const name of names.filter((file) => file.endsWith('.ts')).sort()) {
      hash.update(name).update(readFileSync(join(root, folder, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
