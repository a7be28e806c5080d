import { rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { openDatabase } from '../db/database';
import { systemClock } from './compose';
import { ConfigError, loadConfig } from './config';
import { applyMigrations } from './migration';
import { freePort, host, isFree, type Say } from './servers/process';
import { rememberedPorts } from './servers/temporal';
import { type Addresses, environmentOf, portNumber } from './supervisor/environment';
import { ensureDemoProgram } from './supervisor/demo-program';
import { ensureDemoStore, rememberProgram } from './supervisor/demo-store';
import { ensureKeys } from './supervisor/keys';
import { lockFolder } from './supervisor/lock';
import { writePrivately } from './supervisor/private-file';
import { keepPostgres, keepTemporal } from './supervisor/servers';
import { supervise, type SupervisedPart } from './supervisor/child';
import { stopRequest } from './supervisor/stop';
import { untilAnswers } from './supervisor/ready';

const root = resolve(__dirname, '..', '..');
/** Data, keys, logs and credentials of this start. */
const folder = resolve(root, process.env['TRIBUTARY_DATA_DIR'] || '.local');
const databaseName = 'tributary';
const apiPatienceMs = 60_000;

/** What has to be ended, the last started first. */
type Undo = { stop(): Promise<void> }[];

/** `npm start`: brings up everything, says what it does, and takes it down again on Ctrl-C. */
async function main(): Promise<void> {
  const begun = Date.now();
  const say: Say = (line) => console.log(line);
  const undo: Undo = [];
  const stop = stopRequest(process.env);
  let unlock: () => void = () => undefined;
  try {
    unlock = lockFolder(folder);
    const whole = await Promise.race([bringUp(undo, say), stop.requested]);
    if (whole !== undefined) {
      report(whole, begun, say);
      await stop.requested;
    }
    say('stopping ...');
  } catch (error) {
    console.error(`\nnpm start failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof ConfigError ? 2 : 1;
  }
  await takeDown(undo);
  unlock(); // the last thing: the next start must find nothing of this one
  if (process.exitCode === undefined)
    say(`stopped; all data are kept in ${relative(root, folder)}`);
  process.exit();
}

async function bringUp(undo: Undo, say: Say): Promise<Addresses> {
  const { env } = process;
  const keys = ensureKeys(join(folder, 'keys.json'));
  const port = await apiPort(env);
  const addresses = await choosePorts(env, port);
  // A wrong setting is told before anything is started.
  loadConfig(environmentOf(env, keys, { ...addresses, databaseUrl: 'postgresql://check/check' }));
  const temporal = keepTemporal({ folder: join(folder, 'temporal'), addresses, env, say });
  undo.push({ stop: () => temporal.stop() });
  const databaseUrl = await databaseOf(env, undo, say);
  const applied = await applyMigrations(root, databaseUrl).catch(noDatabase(env));
  if (applied.length > 0) say(`database: applied ${applied.length} migrations`);
  const settings = environmentOf(env, keys, { ...addresses, databaseUrl });
  writePrivately(join(folder, 'environment.json'), JSON.stringify(shareable(settings)));
  undo.push({ stop: async () => rmSync(join(folder, 'environment.json'), { force: true }) });
  const ofParts = { SANDBOX_DATA_DIR: join(folder, 'sandbox'), ...env, ...settings };
  const part = (name: string, file: string, readyLine: RegExp) =>
    startPart({ name, file, readyLine, settings: ofParts }, undo, say);
  const sandbox = part('sandbox', 'src/main/sandbox.ts', /listening on/);
  const api = part('api', 'src/main/api.ts', /api is ready/);
  const credentials = api.ready
    .then(() => untilAnswers(`${addresses.baseUrl}/readyz`, apiPatienceMs))
    .then(() => prepareDemoStore(databaseUrl, keys.TOKEN_PEPPER, addresses));
  credentials.catch(() => undefined); // awaited below, together with the others
  await temporal.started;
  const worker = part('worker', 'src/main/worker.ts', /worker is ready/);
  await Promise.all([sandbox.ready, credentials, worker.ready]);
  return { ...addresses, temporalUi: temporal.uiUrl() };
}

function startPart(
  spec: { name: string; file: string; readyLine: RegExp; settings: NodeJS.ProcessEnv },
  undo: Undo,
  say: Say,
): SupervisedPart {
  const { name, file, readyLine, settings } = spec;
  const logFile = join(folder, 'logs', `${name}.log`);
  const part = supervise({ name, file, root, env: settings, logFile, readyLine }, say);
  part.ready.catch(() => undefined); // awaited later
  undo.push(part);
  return part;
}

/** The PostgreSQL of DATABASE_URL, else our own. */
async function databaseOf(env: NodeJS.ProcessEnv, undo: Undo, say: Say): Promise<string> {
  const given = env['DATABASE_URL'];
  if (given !== undefined && given !== '') {
    say('database: using DATABASE_URL');
    return given;
  }
  const postgres = keepPostgres({ folder: join(folder, 'postgres'), say });
  undo.push(postgres);
  return postgres.databaseUrl(databaseName);
}

function noDatabase(env: NodeJS.ProcessEnv) {
  return (error: unknown): never => {
    const why = error instanceof Error ? error.message || error.name : String(error);
    const which = env['DATABASE_URL'] ? 'the database of DATABASE_URL' : 'the database';
    throw new Error(`${which} cannot be used: ${why}`);
  };
}

async function apiPort(env: NodeJS.ProcessEnv): Promise<number> {
  const wanted = portNumber('PORT', env['PORT']);
  if (wanted === 0) return freePort();
  if (await isFree(wanted)) return wanted;
  throw new Error(
    `port ${wanted} is taken by another program; stop it, or choose another: PORT=${wanted + 1} npm start`,
  );
}

async function choosePorts(env: NodeJS.ProcessEnv, port: number): Promise<Addresses> {
  const remembered = rememberedPorts(join(folder, 'temporal'));
  const temporalPort = await freePort(remembered.port);
  const sandboxPort = await freePort(portNumber('SANDBOX_PORT', env['SANDBOX_PORT'], port + 10));
  return {
    port,
    baseUrl: `http://${host}:${port}`,
    temporalPort,
    temporalAddress: env['TEMPORAL_ADDRESS'] || `${host}:${temporalPort}`,
    sandboxPort,
    sandboxUrl: env['SANDBOX_URL'] || `http://${host}:${sandboxPort}`,
    temporalUi: undefined,
  };
}

async function prepareDemoStore(
  databaseUrl: string,
  tokenPepper: string,
  { baseUrl, sandboxUrl }: Addresses,
): Promise<void> {
  const path = join(folder, 'demo-store.json');
  const db = openDatabase(databaseUrl, { maxConnections: 2 });
  try {
    const pepper = process.env['TOKEN_PEPPER'] || tokenPepper;
    const store = await ensureDemoStore(path, db, pepper, systemClock.now());
    const programId = store.programId ?? (await ensureDemoProgram(baseUrl, store));
    if (store.programId === undefined) rememberProgram(path, store, programId);
    const { apiKey, adminEmail, adminPassword, adminToken, secondAdminToken } = store;
    writePrivately(
      join(folder, 'credentials.json'),
      JSON.stringify(
        {
          baseUrl,
          apiKey,
          adminEmail,
          adminPassword,
          adminToken,
          secondAdminToken,
          programId,
          sandboxUrl,
        },
        undefined,
        2,
      ),
    );
  } finally {
    await db.close();
  }
}

/** What `npm run worker` beside a running `npm start` takes over; each part has its own port. */
function shareable(settings: Record<string, string>): Record<string, string> {
  const { PORT: _port, SANDBOX_PORT: _sandboxPort, ...shared } = settings;
  return shared;
}

function report(addresses: Addresses, begun: number, say: Say): void {
  say(`\nTributary is ready (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  say(`  API          ${addresses.baseUrl}   described at ${addresses.baseUrl}/docs`);
  if (addresses.temporalUi !== undefined) say(`  Temporal     ${addresses.temporalUi}`);
  say(`  sandbox      ${addresses.sandboxUrl}/books`);
  const shown = relative(root, folder);
  say(`  credentials  ${shown}/credentials.json`);
  say(`  logs         ${shown}/logs`);
  say('\nNext: npm run demo (in a second terminal). Ctrl-C stops everything.');
}

/** The parts first, all at once, then the servers they used. */
async function takeDown(undo: Undo): Promise<void> {
  const parts = undo.filter((each) => 'ready' in each);
  const others = undo.filter((each) => !('ready' in each)).reverse();
  await Promise.allSettled(parts.map((part) => part.stop()));
  await Promise.allSettled(others.map((each) => each.stop()));
}

void main();
