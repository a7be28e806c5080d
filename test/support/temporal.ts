import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { pause } from '../../src/main/servers/process';
import { payloadCodec } from '../../src/main/codec';
import { testServers } from './servers';
import { testKeys } from './settings';

export interface TestTemporal {
  readonly address: string;
  /** of this test file alone, so the house's one task queue is nobody else's */
  readonly namespace: string;
  readonly client: Client;
  /** for workers in this process */
  readonly connection: NativeConnection;
  close(): Promise<void>;
}

const visibleWithinMs = 20_000;

/** A namespace of its own on the shared dev server, with a client that uses the payload codec. */
export async function testTemporal(): Promise<TestTemporal> {
  const { temporalAddress: address } = await testServers();
  quiet();
  const namespace = `test-${randomBytes(6).toString('hex')}`;
  const connection = await Connection.connect({ address });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  const client = new Client({
    connection,
    namespace,
    dataConverter: { payloadCodecs: [payloadCodec(testKeys())] },
  });
  await untilVisible(client);
  const native = await NativeConnection.connect({ address });
  return {
    address,
    namespace,
    client,
    connection: native,
    close: async () => {
      await native.close();
      await connection.close();
    },
  };
}

/** The server reads its list of namespaces once a second. */
async function untilVisible(client: Client): Promise<void> {
  const deadline = Date.now() + visibleWithinMs;
  for (;;) {
    try {
      await client.workflow.count();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(100);
    }
  }
}

/** The SDK may be told once per process how loud it is; later calls are refused. */
export function quiet(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
  } catch {
    // another helper of this file was first
  }
}
