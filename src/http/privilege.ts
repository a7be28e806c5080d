import type { Tx } from '../db/database';
import type { DistributorRow } from '../db/distributor';
import { privilegesIn } from '../db/privilege';
import type { GrantedPrivileges } from '../domain/distributor/privilege';
import type { Caller } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';

/**
 * What the caller's tier grants; undefined for shops and admins, whom no tier binds.
 */
export async function privilegesFor(
  read: Tx,
  caller: Caller,
  distributor: Pick<DistributorRow, 'programId' | 'tier'>,
  realNow: Date,
): Promise<GrantedPrivileges | undefined> {
  if (caller.kind !== 'distributor') return undefined;
  return (await privilegesIn(read, [distributor], realNow))[0];
}

/** @throws Refusal privilege_required when a tier binds the caller and does not allow it */
export function demandPrivilege(
  privileges: GrantedPrivileges | undefined,
  allowed: (privileges: GrantedPrivileges) => boolean,
  what: string,
): void {
  if (privileges === undefined || allowed(privileges)) return;
  throw new Refusal('privilege_required', `your tier does not allow ${what}`);
}
