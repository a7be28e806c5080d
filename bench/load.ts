import { connect } from 'node:net';
import { quantile } from './quantile';

/**
 * The load generator, a process of its own so that it does not share a thread with what it measures.
 * Takes its task as JSON on the command line, posts orders over kept-alive connections, each of
 * which sends its next order when the answer to the last one is there, and prints a result as JSON.
 */
export interface LoadTask {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly programId: string;
  readonly codes: readonly string[];
  readonly prefix: string;
  readonly connections: number;
  readonly seconds: number;
}

/** Orders one by one get hot before they count; those by plain SQL too. */
export const warmUpMs = 3000;

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly refused: number;
}

/** Still held, so that the worker's release does not write while orders are measured. */
function anHourAgo(): string {
  return new Date(Date.now() - 3_600_000).toISOString();
}

/** An order from a shop's day: some 5,000 customers, each with a distributor's code. */
export function benchOrder(
  task: Pick<LoadTask, 'programId' | 'codes' | 'prefix'>,
  n: number,
  { customer = `u-${n % 5000}`, linesEach = 2, paidAt = anHourAgo() } = {},
) {
  const lines = [
    { externalId: '1', sku: 'TEA-1', tags: ['tea'], quantity: 2, unitPriceAmount: 6000 },
    { externalId: '2', sku: `CUP-${n % 50}`, quantity: 1, unitPriceAmount: 4990 },
  ];
  return {
    programId: task.programId,
    externalId: `${task.prefix}-${n}`,
    paidAt,
    currency: 'CNY',
    customer: { externalId: customer },
    attribution: { distributorCode: task.codes[n % task.codes.length] },
    lines: lines.slice(0, linesEach),
    shippingAmount: 800,
  };
}

interface Connection {
  /** Sends one request and resolves with the status of its answer. */
  send(request: Buffer): Promise<number>;
  close(): void;
}

/**
 * Just enough HTTP over one kept-alive connection: the generator shares the machine with what it
 * measures, and a whole HTTP client would take as much of it as the server's own HTTP does.
 */
function open(url: URL): Promise<Connection> {
  const socket = connect(Number(url.port), url.hostname);
  socket.setNoDelay(true);
  let seen = '';
  let done: ((status: number) => void) | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    seen += chunk;
    const headEnd = seen.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(seen.slice(0, headEnd))?.[1] ?? 0);
    if (seen.length < headEnd + 4 + length) return;
    const status = Number(seen.slice(9, 12));
    seen = '';
    done?.(status);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => done?.(0));
    socket.once('connect', () =>
      resolve({
        send: (request) =>
          new Promise((answered) => {
            done = answered;
            socket.write(request);
          }),
        close: () => socket.destroy(),
      }),
    );
  });
}

async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '') as LoadTask;
  const url = new URL('/v1/orders', task.baseUrl);
  const head =
    `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${task.apiKey}` +
    '\r\nContent-Type: application/json\r\nContent-Length: ';
  const latencies: number[] = [];
  const connections = await Promise.all(Array.from({ length: task.connections }, () => open(url)));
  let next = 0;
  let refused = 0;
  const lane = async ({ send }: Connection, until: number, kept?: number[]) => {
    while (performance.now() < until) {
      const body = JSON.stringify(benchOrder(task, next));
      next += 1;
      const request = Buffer.from(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
      const sent = performance.now();
      const status = await send(request);
      if (status !== 201) refused += 1;
      else kept?.push(performance.now() - sent);
    }
  };
  // Not counted: connections open, statements are prepared, code gets hot for groups of this size.
  const warm = performance.now() + warmUpMs;
  await Promise.all(connections.map((connection) => lane(connection, warm)));
  const started = performance.now();
  const until = started + task.seconds * 1000;
  await Promise.all(connections.map((connection) => lane(connection, until, latencies)));
  const seconds = (performance.now() - started) / 1000;
  for (const connection of connections) connection.close();
  const result: LoadResult = {
    perSecond: latencies.length / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    refused,
  };
  process.stdout.write(JSON.stringify(result));
}

if (require.main === module) void main();
