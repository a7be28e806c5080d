import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';

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

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly refused: number;
}

/** An order from a shop's day: some 5,000 customers, each with a distributor's code. */
export function benchOrder(
  task: Pick<LoadTask, 'programId' | 'codes' | 'prefix'>,
  n: number,
  { customer = `u-${n % 5000}`, linesEach = 2 } = {},
) {
  const lines = [
    { externalId: '1', sku: 'TEA-1', tags: ['tea'], quantity: 2, unitPriceAmount: 6000 },
    { externalId: '2', sku: `CUP-${n % 50}`, quantity: 1, unitPriceAmount: 4990 },
  ];
  return {
    programId: task.programId,
    externalId: `${task.prefix}-${n}`,
    paidAt: '2026-01-15T10:00:00+08:00',
    currency: 'CNY',
    customer: { externalId: customer },
    attribution: { distributorCode: task.codes[n % task.codes.length] },
    lines: lines.slice(0, linesEach),
    shippingAmount: 800,
  };
}

async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '') as LoadTask;
  const agent = new Agent({ keepAlive: true, maxSockets: task.connections });
  const url = new URL('/v1/orders', task.baseUrl);
  const headers = { authorization: `Bearer ${task.apiKey}`, 'content-type': 'application/json' };
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + task.seconds * 1000;
  let next = 0;
  let refused = 0;
  const lane = async () => {
    while (performance.now() < until) {
      const body = JSON.stringify(benchOrder(task, next));
      next += 1;
      const sent = performance.now();
      const length = { 'content-length': String(Buffer.byteLength(body)) };
      const call = request(url, { method: 'POST', agent, headers: { ...headers, ...length } });
      call.end(body);
      const [answer] = (await once(call, 'response')) as [IncomingMessage];
      answer.resume();
      await once(answer, 'end');
      if (answer.statusCode !== 201) refused += 1;
      else latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: task.connections }, lane));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  latencies.sort((one, other) => one - other);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
  const result: LoadResult = {
    perSecond: latencies.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    refused,
  };
  process.stdout.write(JSON.stringify(result));
}

if (require.main === module) void main();
