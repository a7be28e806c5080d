import { type ApplicationPolicy, defaultPolicy } from '../domain/distributor/application';
import type { Tx } from './database';

/** A policy with the version by which applications name it; 0: the program has said nothing. */
export interface StoredPolicy {
  version: number;
  policy: ApplicationPolicy;
}

/** The policy in force, or the default. */
export async function applicationPolicyOf(read: Tx, programId: string): Promise<StoredPolicy> {
  const row = await read.first<{ version: number; body: ApplicationPolicy }>(
    `SELECT version, body FROM application_policy WHERE program_id = $1
     ORDER BY version DESC LIMIT 1`,
    [programId],
  );
  return row === undefined
    ? { version: 0, policy: defaultPolicy }
    : { version: row.version, policy: row.body };
}

/** Writes the next version; it counts for applications from now on. The program's row is locked. */
export async function putApplicationPolicy(
  tx: Tx,
  input: { programId: string; policy: ApplicationPolicy; actor: string; realNow: Date },
): Promise<StoredPolicy> {
  const { programId, policy, actor, realNow } = input;
  const { version } = await applicationPolicyOf(tx, programId);
  const next = version + 1;
  await tx.insert('application_policy', {
    programId,
    version: next,
    body: JSON.stringify(policy),
    actor,
    createdAt: realNow,
  });
  return { version: next, policy };
}
