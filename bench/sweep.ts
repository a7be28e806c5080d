import { doAllDue } from '../src/db/duty';
import type { Database } from '../src/db/database';
import type { Say } from '../src/main/servers/process';
import { givenSleepers } from '../test/support/sleepers';
import { verdict } from './orders';

export interface SweepTimes {
  readonly distributors: number;
  readonly inactive: number;
  readonly findSeconds: number;
  readonly wakeSeconds: number;
}

const dayMs = 86_400_000;
const inactiveOneIn = 100;
const targetSeconds = 30;

/** The daily sweep over distributors of whom 1 % are inactive: finding them, and signalling only those. */
export async function measureSweep(
  db: Database,
  crowd: { storeId: string; programId: string; distributors: number; say: Say },
): Promise<SweepTimes> {
  const { say, distributors, ...owner } = crowd;
  const now = new Date();
  say(`sweep: ${distributors} distributors`);
  await givenSleepers(db, { ...owner, distributors, inactiveOneIn, now, tier: 'bronze' });
  const tomorrow = new Date(now.getTime() + dayMs);
  const took = async () => {
    const begun = performance.now();
    await doAllDue(db, tomorrow);
    return (performance.now() - begun) / 1000;
  };
  const [findSeconds, wakeSeconds] = [await took(), await took()];
  const found = await db.read.first<{ count: number }>(
    `SELECT count(*)::int AS count FROM due_moment
     WHERE program_id = $1 AND name = 'inactivity.warn'`,
    [owner.programId],
  );
  say(`sweep: ${found?.count} of ${distributors} found`);
  return { distributors, inactive: found?.count ?? 0, findSeconds, wakeSeconds };
}

export function printSweep({ distributors, inactive, findSeconds, wakeSeconds }: SweepTimes): void {
  const seconds = findSeconds + wakeSeconds;
  console.log(`\nSweep of ${distributors} distributors, ${inactive} of them inactive`);
  console.log(
    `  found in ${findSeconds.toFixed(2)} s, signalled in ${wakeSeconds.toFixed(2)} s   target ${targetSeconds} s: ${verdict(seconds < targetSeconds)}`,
  );
}
