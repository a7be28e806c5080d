import { resolve } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import type { Logger } from 'pino';
import { type ChannelRegistry } from '../channels/channel';
import { channelRegistry } from '../channels/registry';
import { type Database, openDatabase } from '../db/database';
import { createVault, parseFieldKeys, type Vault } from '../db/vault';
import type { Clock } from '../domain/kernel/clock';
import { createLog } from '../http/log';
import { payloadCodec } from './codec';
import { type Config, loadConfig } from './config';
import { type CrashPoint, crashPointFrom } from './crash-point';

/** What both the API and the worker are built from. */
export interface Parts {
  config: Config;
  /** the folder of package.json */
  root: string;
  db: Database;
  vault: Vault;
  clock: Clock;
  channels: ChannelRegistry;
  crashPoint: CrashPoint;
  log: Logger;
  dataConverter: DataConverter;
}

/** The machine's clock: the only place that asks it for real time. */
export const systemClock: Clock = { now: () => new Date() };

/** Reads the settings and builds the parts; nothing is connected before it is used. */
export function composeParts(env: NodeJS.ProcessEnv, name: string): Parts {
  const config = loadConfig(env);
  return {
    config,
    root: resolve(__dirname, '..', '..'),
    db: openDatabase(config.databaseUrl, { maxConnections: config.maxConnections }),
    vault: createVault({
      fieldKeys: parseFieldKeys(config.fieldKeys),
      indexKey: config.indexKey,
    }),
    clock: systemClock,
    channels: channelRegistry({
      sandbox: {
        url: config.sandboxUrl,
        secret: config.sandboxSecret,
        callbackBaseUrl: config.callbackBaseUrl,
      },
      callbackBaseUrl: config.callbackBaseUrl,
    }),
    crashPoint: crashPointFrom(env),
    log: createLog(name, config.logLevel),
    dataConverter: { payloadCodecs: [payloadCodec(parseFieldKeys(config.payloadKeys))] },
  };
}
