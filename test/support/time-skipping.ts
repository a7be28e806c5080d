import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Activities } from '../../activities';
import { timeSkippingServer } from '../../src/main/servers/time-skipping';
import { workflowBundle } from '../../src/main/workflow-bundle';
import { root, testFolder } from './servers';
import { quiet } from './temporal';

/** The SDK gives the server 5 s to start; on a busy machine Java needs longer now and then. */
const triesAtMost = 6;

/** A Temporal test server of this file's own, in which waits of days pass at once. */
export async function timeSkipping(): Promise<TestWorkflowEnvironment> {
  quiet();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const executable = await timeSkippingServer(process.env, say);
  for (let tries = 1; ; tries += 1) {
    try {
      return await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
    } catch (error) {
      if (tries === triesAtMost || !String(error).includes('did not start within')) throw error;
    }
  }
}

export interface WorkflowServer {
  readonly server: TestWorkflowEnvironment;
  /** A worker with the product's workflows and the test's own activities. */
  workerFor(taskQueue: string, activities: Partial<Activities>): Promise<Worker>;
}

/** The same with the workflow code, for tests of workflows whose activities are mocked. */
export async function workflowServer(): Promise<WorkflowServer> {
  const [server, codePath] = await Promise.all([timeSkipping(), testBundle()]);
  return {
    server,
    workerFor: (taskQueue, activities) =>
      Worker.create({
        connection: server.nativeConnection,
        taskQueue,
        workflowBundle: { codePath },
        activities,
        maxCachedWorkflows: 0, // every step is replayed from the history
      }),
  };
}

/** Path of the workflow code as one file, bundled once for all test files. */
export function testBundle(): Promise<string> {
  return workflowBundle(root, join(testFolder, 'cache'));
}
