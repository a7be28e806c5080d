import { z } from 'zod';
import { parseFieldKeys } from '../db/vault';

/** Settings that this process cannot start with; the message is for a person. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

const number = (from: number, to: number) => {
  const error = `is not a whole number from ${from} to ${to}`;
  return z.coerce.number({ error }).int({ error }).min(from, { error }).max(to, { error });
};
const keyList = z
  .string()
  .refine(isKeyList, { error: 'is not a list id:base64 with 32 bytes each' });
const webAddress = z.url({ protocol: /^https?$/, error: 'is not a web address' });

/**
 * Every setting: what it means, how it is checked, what it is when left out. `.env.example` explains
 * the same names to people; a test compares the two lists.
 */
const settings = {
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/, { error: 'is not a PostgreSQL address' }),
  DATABASE_CONNECTIONS: number(2, 500).default(10),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s:/]+:\d{1,5}$/, { error: 'is not host:port' })
    .default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z
    .string()
    .regex(/^[\w.-]{2,100}$/, { error: 'is not a name' })
    .default('default'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: number(0, 65_535).default(8080),
  FIELD_KEYS: keyList,
  INDEX_KEY: z.string().refine((text) => Buffer.from(text, 'base64').length >= 32, {
    error: 'is not base64 of at least 32 bytes',
  }),
  PAYLOAD_KEYS: keyList,
  TOKEN_PEPPER: z.string().min(32, { error: 'is shorter than 32 characters' }),
  SANDBOX_URL: webAddress.default('http://127.0.0.1:8090'),
  SANDBOX_SECRET: z.string().min(16, { error: 'is shorter than 16 characters' }),
  CALLBACK_BASE_URL: webAddress.optional(),
  RATE_LIMIT_PER_SECOND: number(1, 1_000_000).default(2000),
  SIGN_IN_ATTEMPTS: number(1, 1000).default(10),
  SESSION_SECONDS: number(60, 31_536_000).default(43_200),
  METRICS_TOKEN: z.string().min(16, { error: 'is shorter than 16 characters' }).optional(),
  TRUSTED_PROXIES: number(0, 10).default(0),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  CACHE_DIR: z.string().min(1).default('.local/cache'),
} as const;

/** One right value of each setting, for the message about a wrong one. */
const examples: Record<keyof typeof settings, string> = {
  DATABASE_URL: 'postgresql://tributary:secret@db.internal:5432/tributary',
  DATABASE_CONNECTIONS: '10',
  TEMPORAL_ADDRESS: 'temporal.internal:7233',
  TEMPORAL_NAMESPACE: 'default',
  HOST: '0.0.0.0',
  PORT: '8080',
  FIELD_KEYS: 'k1:<output of: openssl rand -base64 32>',
  INDEX_KEY: '<output of: openssl rand -base64 32>',
  PAYLOAD_KEYS: 'k1:<output of: openssl rand -base64 32>',
  TOKEN_PEPPER: '<output of: openssl rand -base64 32>',
  SANDBOX_URL: 'http://sandbox.internal:8090',
  SANDBOX_SECRET: '<output of: openssl rand -base64 32>',
  CALLBACK_BASE_URL: 'https://tributary.example.com',
  RATE_LIMIT_PER_SECOND: '2000',
  SIGN_IN_ATTEMPTS: '10',
  SESSION_SECONDS: '43200',
  METRICS_TOKEN: '<output of: openssl rand -hex 24>',
  TRUSTED_PROXIES: '1',
  LOG_LEVEL: 'info',
  CACHE_DIR: '.local/cache',
};

/** The names that `loadConfig` reads. */
export const settingNames = Object.keys(settings) as (keyof typeof settings)[];

export interface Config {
  databaseUrl: string;
  maxConnections: number;
  temporalAddress: string;
  temporalNamespace: string;
  host: string;
  /** 0: any free port */
  port: number;
  fieldKeys: string;
  indexKey: Buffer;
  payloadKeys: string;
  tokenPepper: string;
  sandboxUrl: string;
  sandboxSecret: string;
  /** where providers reach this API, without a slash at the end */
  callbackBaseUrl: string;
  rateLimitPerSecond: number;
  signInAttempts: number;
  sessionSeconds: number;
  metricsToken: string | undefined;
  trustedProxies: number;
  logLevel: string;
  cacheDir: string;
}

/**
 * Reads and checks the settings of API and worker.
 * @throws ConfigError that names every wrong setting, why it is wrong, and a right example; it never
 *   repeats a value, because it may be a secret
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(
    settingNames.map((name) => [name, env[name] === '' ? undefined : env[name]]),
  );
  const checked = z.object(settings).safeParse(given);
  if (!checked.success) throw new ConfigError(faults(checked.error, given));
  const value = checked.data;
  return {
    databaseUrl: value.DATABASE_URL,
    maxConnections: value.DATABASE_CONNECTIONS,
    temporalAddress: value.TEMPORAL_ADDRESS,
    temporalNamespace: value.TEMPORAL_NAMESPACE,
    host: value.HOST,
    port: value.PORT,
    fieldKeys: value.FIELD_KEYS,
    indexKey: Buffer.from(value.INDEX_KEY, 'base64'),
    payloadKeys: value.PAYLOAD_KEYS,
    tokenPepper: value.TOKEN_PEPPER,
    sandboxUrl: withoutSlash(value.SANDBOX_URL),
    sandboxSecret: value.SANDBOX_SECRET,
    callbackBaseUrl: withoutSlash(value.CALLBACK_BASE_URL ?? `http://127.0.0.1:${value.PORT}`),
    rateLimitPerSecond: value.RATE_LIMIT_PER_SECOND,
    signInAttempts: value.SIGN_IN_ATTEMPTS,
    sessionSeconds: value.SESSION_SECONDS,
    metricsToken: value.METRICS_TOKEN,
    trustedProxies: value.TRUSTED_PROXIES,
    logLevel: value.LOG_LEVEL,
    cacheDir: value.CACHE_DIR,
  };
}

function faults(error: z.ZodError, given: Record<string, string | undefined>): string {
  const lines = error.issues.map((issue) => {
    const name = String(issue.path[0]) as keyof typeof settings;
    const why = given[name] === undefined ? 'is missing' : lowerFirst(issue.message);
    return `  ${name} ${why}; for example ${name}=${examples[name]}`;
  });
  return ['the settings are wrong (.env.example explains each):', ...lines].join('\n');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

function isKeyList(text: string): boolean {
  try {
    return parseFieldKeys(text).size > 0;
  } catch {
    return false;
  }
}
