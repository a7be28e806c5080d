import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { timeSkippingServer } from '../../src/main/servers/time-skipping';
import { workflowBundle } from '../../src/main/workflow-bundle';
import { root, testFolder } from './servers';
import { quiet } from './temporal';

/** A Temporal test server of this file's own, in which waits of days pass at once. */
export async function timeSkipping(): Promise<TestWorkflowEnvironment> {
  quiet();
  const executable = await timeSkippingServer(process.env, (line) => process.stdout.write(`${line}\n`));
  return TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
}

/** Path of the workflow code as one file, bundled once for all test files. */
export function testBundle(): Promise<string> {
  return workflowBundle(root, join(testFolder, 'cache'));
}
