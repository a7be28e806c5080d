import type { Client } from '@temporalio/client';
import type { Database } from '../db/database';
import { forgetKeys } from '../db/idempotency';
import { forgetToldOutbox } from '../db/outbox';
import { automaticCalendars } from '../db/settlement-cycle';
import { resumeOpenWork } from '../db/resume';
import type { Clock } from '../domain/kernel/clock';
import type { RelayLog } from './relay';
import { ensureSchedules } from './schedules';

const everyMs = 5 * 60_000;
const hourMs = 3_600_000;
/** Idempotency keys are promised for 24 hours; told outbox rows help whoever looks into an incident. */
const keepKeysMs = 48 * hourMs;
const keepOutboxMs = 7 * 24 * hourMs;

export interface HousekeepingParts {
  db: Database;
  clock: Clock;
  client: Client;
  log: RelayLog;
}

/**
 * What every worker does at its start and every five minutes, outside of Temporal, because it mends
 * what Temporal may have lost: schedules, and the workflows of everything open. Old keys and told
 * outbox rows are forgotten on the way. What fails is tried again at the next round.
 */
export function startHousekeeping(parts: HousekeepingParts): { stop(): void } {
  void keepHouse(parts);
  const timer = setInterval(() => void keepHouse(parts), everyMs);
  return { stop: () => clearInterval(timer) };
}

async function keepHouse({ db, clock, client, log }: HousekeepingParts): Promise<void> {
  const before = (ms: number) => new Date(clock.now().getTime() - ms);
  const duties = [
    () => db.transaction((tx) => resumeOpenWork(tx)),
    async () => ensureSchedules(client, await automaticCalendars(db.read)),
    () => forgetKeys(db, before(keepKeysMs)),
    () => forgetToldOutbox(db.read, before(keepOutboxMs)),
  ];
  for (const duty of duties) {
    await duty().catch((error: unknown) =>
      log.warn({ error: String(error) }, 'housekeeping could not be done; trying again'),
    );
  }
}
