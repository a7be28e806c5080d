import { addDays } from '../domain/kernel/clock';
import { type Database, sqlState, violatedConstraint } from './database';
import { lockExternalId } from './external-id';
import { LedgerConflict } from './ledger';
import type { ProgramRow } from './program';
import { openReview } from './review';

const integrityViolation = '23';
const reviewDays = 3;

/** Whether an error says that stored money does not add up; any other may be gone the next time. */
export function breaksTheBooks(error: unknown): boolean {
  return (
    sqlState(error).startsWith(integrityViolation) ||
    error instanceof RangeError ||
    error instanceof LedgerConflict
  );
}

/** Puts the money of somebody that cannot be released before an admin, unless it is there already. */
export async function openReleaseCase(
  db: Database,
  program: ProgramRow,
  { distributorId, at, error }: { distributorId: string; at: Date; error: unknown },
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockExternalId(tx, 'release-case', program.storeId, distributorId);
    const open = await tx.first(
      `SELECT 1 FROM review_task
       WHERE kind = 'reconciliation' AND subject_id = $1 AND status = 'open'`,
      [distributorId],
    );
    if (open !== undefined) return;
    await openReview(tx, {
      storeId: program.storeId,
      programId: program.id,
      kind: 'reconciliation',
      subjectId: distributorId,
      dueAt: addDays(at, reviewDays),
      facts: { about: 'release', constraint: violatedConstraint(error) || String(error) },
      createdAt: at,
    });
  });
}
