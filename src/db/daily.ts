import type { Database, Tx } from './database';

/** One round of periodic work of one program. */
export interface Round {
  programId: string;
  /** the moment of the program's clock */
  until: Date;
  /** real time */
  realNow: Date;
  /** the clock was moved here: nothing that happened before is still on its way */
  moved?: boolean;
}

/** What is done once a day of the program's calendar. */
export type DailyDuty = 'compliance' | 'verification' | 'inactivity';

/**
 * Does a duty in one transaction when a midnight of the program's zone has passed since it was done
 * last; of several processes that try at once, one does it.
 */
export async function onceADay(
  db: Database,
  name: DailyDuty,
  round: Round,
  duty: (tx: Tx) => Promise<void>,
): Promise<void> {
  if (!(await isDue(db.read, name, round))) return;
  await db.transaction(async (tx) => {
    // Before the first midnight after it was made a program has nothing to look back on.
    await tx.run(
      `INSERT INTO program_sweep (program_id, name, done_until)
       SELECT id, $2, created_at FROM program WHERE id = $1
       ON CONFLICT (program_id, name) DO NOTHING`,
      [round.programId, name],
    );
    await tx.run('SELECT 1 FROM program_sweep WHERE program_id = $1 AND name = $2 FOR UPDATE', [
      round.programId,
      name,
    ]);
    if (!(await isDue(tx, name, round))) return;
    await duty(tx);
    await tx.run('UPDATE program_sweep SET done_until = $3 WHERE program_id = $1 AND name = $2', [
      round.programId,
      name,
      round.until,
    ]);
  });
}

async function isDue(read: Tx, name: DailyDuty, round: Round): Promise<boolean> {
  const done = await read.first(
    `SELECT 1 FROM program_sweep s JOIN program p ON p.id = s.program_id
     WHERE s.program_id = $1 AND s.name = $2
       AND date_trunc('day', s.done_until, p.time_zone) >= date_trunc('day', $3::timestamptz, p.time_zone)`,
    [round.programId, name, round.until],
  );
  return done === undefined;
}
