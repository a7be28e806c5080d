import type { ChannelRegistry } from '../src/channels/channel';
import type { Database } from '../src/db/database';
import type { Vault } from '../src/db/vault';
import type { Clock } from '../src/domain/kernel/clock';

/** A place where a test may kill the process; in production it does nothing. */
export type CrashPoint = (name: string) => void;

/** What activities are built from; `src/main` passes it. */
export interface ActivityDeps {
  db: Database;
  vault: Vault;
  clock: Clock;
  channels: ChannelRegistry;
  crashPoint: CrashPoint;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}
