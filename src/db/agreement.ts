import type { ApplicationPolicy } from '../domain/distributor/application';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';

/** What somebody accepted. Moments are those of the program's clock. */
export interface Acceptance {
  version: string;
  url: string;
  acceptedAt: Date;
  actor: string;
}

/**
 * Checks that a version is the one to accept now.
 * @throws Refusal `agreement_required` without a version, `agreement_outdated` for another one
 */
export function mustBeCurrent(
  agreement: ApplicationPolicy['agreement'],
  version: string | undefined,
): void {
  if (agreement === null || agreement.version === version) return;
  const code = version === undefined ? 'agreement_required' : 'agreement_outdated';
  const message = `Version ${agreement.version} of the agreement has to be accepted: ${agreement.url}`;
  throw new Refusal(code, message, {
    errors: [{ pointer: '/agreement/version', code, message }],
  });
}

/** Keeps an acceptance; of one version the first counts. */
export async function keepAcceptance(
  tx: Tx,
  distributorId: string,
  acceptance: Acceptance,
): Promise<void> {
  await tx.run(
    `INSERT INTO agreement_acceptance (distributor_id, version, url, accepted_at, actor)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    [
      ...[distributorId, acceptance.version, acceptance.url],
      ...[acceptance.acceptedAt, acceptance.actor],
    ],
  );
}

/** Everything that somebody accepted, the latest first. */
export function acceptancesOf(read: Tx, distributorId: string): Promise<Acceptance[]> {
  return read.rows<Acceptance>(
    `SELECT version, url, accepted_at, actor FROM agreement_acceptance
     WHERE distributor_id = $1 ORDER BY accepted_at DESC, version DESC`,
    [distributorId],
  );
}
