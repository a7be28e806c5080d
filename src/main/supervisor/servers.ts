import { pause, type Say } from '../servers/process';
import { ensureDatabase, type PostgresServer, startPostgres } from '../servers/postgres';
import { startTemporal, type TemporalServer } from '../servers/temporal';
import type { Addresses } from './environment';

const firstPauseMs = 500;
const longestPauseMs = 30_000;

interface Kept<Server> {
  /** the first start */
  readonly started: Promise<Server>;
  current(): Server | undefined;
  stop(): Promise<void>;
}

/** Starts a server, and starts it again whenever it ends by itself. */
function keep<Server extends { ended: Promise<void>; stop(): Promise<void> }>(
  name: string,
  start: () => Promise<Server>,
  say: Say,
): Kept<Server> {
  let stopping = false;
  let server: Server | undefined;
  const started = start();
  const watch = async () => {
    server = await started;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      await server.ended;
      if (stopping) return;
      say(`${name} ended by itself; starting it again in ${pauseMs / 1000} s`);
      await pause(pauseMs);
      if (stopping) return;
      server = await start().catch((error: unknown) => {
        say(`${name} does not start: ${error instanceof Error ? error.message : String(error)}`);
        return server!;
      });
    }
  };
  watch().catch(() => undefined); // who needs the server awaits `started`
  return {
    started,
    current: () => server,
    stop: async () => {
      stopping = true;
      const running = server ?? (await startedSoon(started));
      await running?.stop();
    },
  };
}

/** A server that is still starting is waited for shortly, so that it can be ended. */
function startedSoon<Server>(started: Promise<Server>): Promise<Server | undefined> {
  return Promise.race([started.catch(() => undefined), pause(3000).then(() => undefined)]);
}

/** Our PostgreSQL, for as long as this start runs. */
export function keepPostgres(options: { folder: string; say: Say }) {
  const { folder, say } = options;
  say('database: starting PostgreSQL (the first time it is created, a few seconds)');
  const kept = keep<PostgresServer>('PostgreSQL', () => startPostgres({ folder, say }), say);
  return {
    stop: () => kept.stop(),
    /** Waits for the server, makes the database when it is missing and answers its address. */
    databaseUrl: async (name: string): Promise<string> => {
      const server = await kept.started;
      await ensureDatabase(server, name);
      return server.url(name);
    },
  };
}

/** Temporal: ours on the chosen port, or the one of TEMPORAL_ADDRESS. */
export function keepTemporal(options: {
  folder: string;
  addresses: Addresses;
  env: NodeJS.ProcessEnv;
  say: Say;
}) {
  const { folder, addresses, env, say } = options;
  say(env['TEMPORAL_ADDRESS'] ? 'Temporal: using TEMPORAL_ADDRESS' : 'Temporal: starting');
  const start = () =>
    startTemporal({ folder, keep: true, ui: true, port: addresses.temporalPort, env, say });
  const kept = keep<TemporalServer>('Temporal', start, say);
  kept.started.catch(() => undefined); // awaited by the start
  return {
    started: kept.started,
    uiUrl: () => kept.current()?.uiUrl,
    stop: () => kept.stop(),
  };
}
