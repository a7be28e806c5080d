import { join } from 'node:path';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

/** The worker of the bare update, in a process of its own like the worker of the product. */
async function main(): Promise<void> {
  const [address = '', taskQueue = ''] = process.argv.slice(2);
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: join(__dirname, 'bare-update.ts'),
    activities: { echo: (text: string) => Promise.resolve(text) },
    maxCachedWorkflows: 200,
    maxConcurrentActivityTaskExecutions: 40,
  });
  await worker.run();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
