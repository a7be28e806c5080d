import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  endProcess,
  freePort,
  host,
  isOurs,
  lastWords,
  type Say,
  untilEnded,
  untilListening,
} from './process';
import { temporalProgram } from './temporal-program';

/** A Temporal server, ours or somebody else's. */
export interface TemporalServer {
  /** host:port */
  readonly address: string;
  /** where its pages are, when it has some */
  readonly uiUrl: string | undefined;
  /** Resolves when our server has ended; never for somebody else's. */
  readonly ended: Promise<void>;
  /** Ends our server; somebody else's is left alone. */
  stop(): Promise<void>;
}

export interface TemporalOptions {
  /** folder for data, ports and process id; made when missing */
  readonly folder: string;
  /** false: the data live in memory and end with the server */
  readonly keep: boolean;
  readonly ui: boolean;
  /** used when free; by default the port of the last start */
  readonly port?: number;
  readonly env: NodeJS.ProcessEnv;
  readonly say?: Say;
}

const startTimeoutMs = 30_000;

/**
 * Uses the server of TEMPORAL_ADDRESS, else starts Temporal's own dev server with its data in a file.
 * @throws Error that says what can be done when no program of Temporal is found or made
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const { env, say = () => undefined } = options;
  const given = env['TEMPORAL_ADDRESS'];
  if (given !== undefined && given !== '') return foreignServer(given);
  const program = await temporalProgram(env, say);
  mkdirSync(options.folder, { recursive: true });
  const dataFile = join(resolve(options.folder), 'temporal.db');
  await endLeftover(options.folder, say);
  const remembered = rememberedPorts(options.folder);
  const port = await freePort(options.port ?? remembered.port);
  const uiPort = options.ui ? await freePort(remembered.uiPort) : undefined;
  const child = spawn(program, serverArguments(options, dataFile, port, uiPort), {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.unref();
  const words = lastWords(child);
  const ended = untilEnded(child);
  const failed = ended.then(() => {
    throw new Error(`Temporal did not start: ${words() || 'it said nothing'}`);
  });
  await Promise.race([untilListening(port, startTimeoutMs), failed]);
  failed.catch(() => undefined);
  const pid = child.pid!;
  writeFileSync(
    join(options.folder, 'server.json'),
    JSON.stringify({ pid, port, uiPort, program }),
  );
  return {
    address: `${host}:${port}`,
    uiUrl: uiPort === undefined ? undefined : `http://${host}:${uiPort}`,
    ended,
    stop: () => endServer(pid),
  };
}

function foreignServer(address: string): TemporalServer {
  return {
    address,
    uiUrl: undefined,
    ended: new Promise(() => undefined),
    stop: () => Promise.resolve(),
  };
}

function serverArguments(
  options: TemporalOptions,
  dataFile: string,
  port: number,
  uiPort: number | undefined,
): string[] {
  return [
    'server',
    'start-dev',
    ...['--ip', host, '--port', String(port)],
    ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort), '--ui-ip', host]),
    ...(options.keep ? ['--db-filename', dataFile] : []),
    ...['--log-level', 'error'],
    // Tests make a namespace each; without this the server needs 10 s to see it.
    ...(options.keep
      ? []
      : ['--dynamic-config-value', 'system.namespaceCacheRefreshInterval="1s"']),
    // Settlements and payouts may run by the hundred; the limits of a laptop's default are lower.
    ...['--dynamic-config-value', 'frontend.namespaceRPS=20000'],
    ...['--dynamic-config-value', 'frontend.globalNamespaceRPS=0'],
  ];
}

/** After kill -9 of a start its Temporal lives on and holds the data file. */
async function endLeftover(folder: string, say: Say): Promise<void> {
  const left = readState(folder);
  if (left.pid === undefined || left.program === undefined) return;
  if (isOurs(left.pid, 'start-dev') && isOurs(left.pid, `--port ${left.port}`)) {
    say('a Temporal of an earlier start still runs here; ending it first');
    await endServer(left.pid);
  }
  writeFileSync(
    join(folder, 'server.json'),
    JSON.stringify({ port: left.port, uiPort: left.uiPort }),
  );
}

interface State {
  pid?: number;
  port?: number;
  uiPort?: number;
  program?: string;
}

/** The ports of the last start in that folder. */
export function rememberedPorts(folder: string): Pick<State, 'port' | 'uiPort'> {
  return readState(folder);
}

function readState(folder: string): State {
  const path = join(folder, 'server.json');
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as State;
  } catch {
    rmSync(path, { force: true });
    return {};
  }
}

function endServer(pid: number): Promise<void> {
  return endProcess(pid, [
    { signal: 'SIGTERM', patienceMs: 3000 },
    { signal: 'SIGKILL', patienceMs: 500 },
  ]);
}
