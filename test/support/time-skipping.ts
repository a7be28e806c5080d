import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
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

/** Path of the workflow code as one file, bundled once for all test files. */
export function testBundle(): Promise<string> {
  return workflowBundle(root, join(testFolder, 'cache'));
}
