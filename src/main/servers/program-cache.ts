import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Programs that took long to get are kept here and shared by all copies of this project. */
export function programCache(env: NodeJS.ProcessEnv): string {
  const wanted = env['TRIBUTARY_CACHE_DIR'];
  if (wanted !== undefined && wanted !== '') return made(wanted);
  const base = env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  try {
    return made(join(base, 'tributary'));
  } catch {
    return made(join(process.cwd(), '.local', 'cache')); // a home that cannot be written
  }
}

function made(folder: string): string {
  mkdirSync(folder, { recursive: true });
  accessSync(folder, constants.W_OK);
  return folder;
}

/** The first program of that name on the PATH. */
export function onPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const names = process.platform === 'win32' ? [`${name}.exe`, name] : [name];
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => names.map((file) => join(folder, file))).find(isProgram);
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** True when a web server answers there at all; a host that cannot be reached must not cost minutes. */
export async function isReachable(url: string, timeoutMs = 4000): Promise<boolean> {
  try {
    await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(timeoutMs) });
    return true;
  } catch {
    return false;
  }
}
