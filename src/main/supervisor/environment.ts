import { ConfigError } from '../config';
import type { Keys } from './keys';

/** Where everything of this start listens. */
export interface Addresses {
  readonly port: number;
  readonly baseUrl: string;
  readonly temporalPort: number;
  readonly temporalAddress: string;
  readonly sandboxPort: number;
  readonly sandboxUrl: string;
  /** known when the server is up */
  readonly temporalUi: string | undefined;
}

const defaultPort = 8080;

/** The settings of the parts: what the environment says, else what this start has chosen. */
export function environmentOf(
  env: NodeJS.ProcessEnv,
  keys: Keys,
  addresses: Addresses & { databaseUrl: string },
): Record<string, string> {
  const chosen: Record<string, string> = {
    ...keys,
    DATABASE_CONNECTIONS: '20',
    DATABASE_URL: addresses.databaseUrl,
    TEMPORAL_ADDRESS: addresses.temporalAddress,
    TEMPORAL_NAMESPACE: 'default',
    CALLBACK_BASE_URL: addresses.baseUrl,
    SANDBOX_URL: addresses.sandboxUrl,
    CACHE_DIR: '.local/cache',
    LOG_LEVEL: 'info',
  };
  const given = Object.entries(chosen).map(([name, value]) => [name, env[name] || value]);
  return {
    ...(Object.fromEntries(given) as Record<string, string>),
    PORT: String(addresses.port),
    SANDBOX_PORT: String(addresses.sandboxPort),
    ...others(env),
  };
}

/** Settings that have a default of their own and are only passed on. */
function others(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = [
    'HOST',
    'RATE_LIMIT_PER_SECOND',
    'SIGN_IN_ATTEMPTS',
    'SESSION_SECONDS',
    'METRICS_TOKEN',
    'TRUSTED_PROXIES',
  ];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** @throws ConfigError for a text that is no port */
export function portNumber(
  name: 'PORT' | 'SANDBOX_PORT',
  text: string | undefined,
  otherwise = defaultPort,
): number {
  if (text === undefined || text === '') return otherwise;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new ConfigError(
    'the settings are wrong (.env.example explains each):\n' +
      `  ${name} is not a whole number from 0 to 65535; for example ${name}=${defaultPort}`,
  );
}
