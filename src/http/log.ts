import { type DestinationStream, type Logger, pino } from 'pino';

// Bodies are never logged; these guard against a field that slips into an object later.
const secretFields = [
  'authorization',
  'password',
  'passwordHash',
  'token',
  'key',
  'phone',
  'idNumber',
  'account',
  'cookie',
];

/** The log of a process: JSON lines with secrets and personal fields removed. */
export function createLog(name: string, level: string, destination?: DestinationStream): Logger {
  const paths = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
  const options = {
    level,
    redact: { paths, censor: '[removed]' },
    name,
    base: { pid: process.pid },
    serializers: { err: describeError },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/**
 * An error without the data it may quote: messages of the database and of Prisma can repeat a
 * value, so of those only class, code and constraint are kept.
 */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error ? String(error.code) : undefined;
  const quotes = 'severity' in error || error.name.startsWith('Prisma');
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return {
    type: error.name,
    code,
    message: quotes ? undefined : error.message,
    constraint: 'constraint' in error ? error.constraint : undefined,
    stack: frames.slice(0, 12).join('\n'),
  };
}
