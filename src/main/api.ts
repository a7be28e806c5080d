import type { HttpDeps } from '../http/deps';
import { createMetrics } from '../http/metrics';
import { serve } from '../http/server';
import { connectTemporal } from '../http/temporal-gateway';
import { parseFieldKeys } from '../db/vault';
import { payloadCodec } from './codec';
import { composeParts, type Parts } from './compose';
import type { Config } from './config';

/** Answers HTTP until it is told to stop; any number of copies may run. */
async function main(): Promise<void> {
  const parts = composeParts(process.env, 'api');
  const { config, log, db } = parts;
  const deps = httpDeps(parts);
  const stopped = stopSignal();
  const server = await serve(deps, { port: config.port, host: config.host }).catch(inWords(config));
  log.info({ host: config.host, port: server.port }, 'api is ready');
  await stopped;
  await server.close();
  await deps.temporal.close();
  await db.close();
}

function inWords({ host, port }: Config) {
  return (error: unknown): never => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new Error(`port ${port} of ${host} is taken; set PORT to another one`);
  };
}

/** What the routes are built from. */
function httpDeps(parts: Parts): HttpDeps {
  const { config, db, vault, clock, channels, crashPoint, log } = parts;
  return {
    db,
    vault,
    clock,
    channels,
    crashPoint,
    log,
    config,
    metrics: createMetrics(),
    sandbox: { url: config.sandboxUrl },
    temporal: connectTemporal({
      address: config.temporalAddress,
      namespace: config.temporalNamespace,
      codec: payloadCodec(parseFieldKeys(config.payloadKeys)),
    }),
  };
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

main().catch((error: unknown) => {
  console.error(`the API stopped: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
