import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { sandboxAdapter } from '../src/channels/sandbox/adapter';
import type { BareActivities } from './bare-payout';

/** What the benchmark asks of the bare worker; it answers with `BareResult`. */
export interface BareTask {
  readonly workflowType: 'bareCall' | 'bareNothing';
  readonly count: number;
}

export interface BareResult {
  readonly seconds: number;
}

/** As many as the relay of the product starts at once. */
const startsAtOnce = 100;

/**
 * The worker of the bare workflows, in a process of its own like the worker of the product, and with
 * the same number of slots. Like that one it starts its workflows itself, over the connection it has.
 */
async function main(): Promise<void> {
  const [address = '', taskQueue = ''] = process.argv.slice(2);
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect({ address });
  const left = countdown();
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: join(__dirname, 'bare-payout.ts'),
    activities: await activities(left.one),
    maxCachedWorkflows: 200,
    maxConcurrentActivityTaskExecutions: 40,
  });
  const { workflow } = new Client({ connection });
  const run = async ({ workflowType, count }: BareTask): Promise<BareResult> => {
    const began = performance.now();
    // A call is over when it was answered and its callback was taken.
    const over = left.from(workflowType === 'bareCall' ? 2 * count : count);
    const numbers = Array.from({ length: count }, () => `b${randomBytes(12).toString('hex')}`);
    const toStart = numbers.values();
    const lane = async () => {
      for (const number of toStart) {
        await workflow.start(workflowType, { workflowId: number, taskQueue, args: [number] });
      }
    };
    await Promise.all([over, ...Array.from({ length: startsAtOnce }, lane)]);
    return { seconds: (performance.now() - began) / 1000 };
  };
  process.on('message', (task: BareTask) => {
    run(task).then((result) => process.send?.(result), failed);
  });
  // Whoever asked is gone, however it ended: nobody is left who would end this.
  process.once('disconnect', () => process.exit(0));
  process.send?.('ready');
  await worker.run();
  process.exit(0);
}

async function activities(one: () => void): Promise<BareActivities> {
  // The provider tells of every transfer, here as there; nobody has to look into it here.
  const listener = createServer((request, response) => {
    request.resume();
    response.end();
    one();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const sandbox = sandboxAdapter(
    `bare-${randomBytes(4).toString('hex')}`,
    {},
    {
      url: process.env['SANDBOX_URL'] ?? '',
      secret: process.env['SANDBOX_SECRET'] ?? '',
      callbackBaseUrl: `http://127.0.0.1:${port}`,
    },
  );
  return {
    submit: async (channelNumber) => {
      const order = { channelNumber, account: 'ok', holderName: 'Bench', amount: 9_000n };
      const { kind } = await sandbox.submit(order);
      if (kind !== 'paid') throw new Error(`the sandbox answered ${kind}`);
      one();
    },
    nothing: () => {
      one();
      return Promise.resolve();
    },
  };
}

function countdown() {
  let left = 0;
  let done: () => void = () => undefined;
  return {
    one: () => {
      left -= 1;
      if (left === 0) done();
    },
    from: (count: number) => {
      left = count;
      return new Promise<void>((resolve) => (done = resolve));
    },
  };
}

function failed(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

main().catch(failed);
