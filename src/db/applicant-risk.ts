import { riskLevel, type RiskSummary } from '../domain/distributor/criteria';
import type { Tx } from './database';

/** As many as an admin looks at. */
const namedAtMost = 20;

/**
 * What is known of an applicant in this store: who else has the same phone and, when they are known
 * from an earlier time, the same ID number or payout account; by blind indexes, ids only.
 * @param distributorId of one who applies again; null: a new person
 */
export async function riskOf(
  read: Tx,
  applicant: { storeId: string; phoneIndex: string; distributorId: string | null },
): Promise<RiskSummary> {
  const { storeId, phoneIndex, distributorId } = applicant;
  const rows = await read.rows<{ id: string; status: string; how: string }>(
    `SELECT d.id, d.status, 'phone' AS how FROM distributor d
     WHERE d.store_id = $1 AND d.phone_index = $2 AND d.id IS DISTINCT FROM $3
     UNION ALL
     SELECT d.id, d.status, 'idNumber' FROM tax_profile mine
     JOIN tax_profile t ON t.id_number_index = mine.id_number_index
       AND t.distributor_id <> mine.distributor_id
     JOIN distributor d ON d.id = t.distributor_id AND d.store_id = $1
     WHERE mine.distributor_id = $3
     UNION ALL
     SELECT d.id, d.status, 'payoutAccount' FROM payout_account mine
     JOIN payout_account a ON a.account_index = mine.account_index
       AND a.distributor_id <> mine.distributor_id
     JOIN distributor d ON d.id = a.distributor_id AND d.store_id = $1
     WHERE mine.distributor_id = $3 AND mine.replaced_at IS NULL
     ORDER BY 1 DESC LIMIT $4`,
    [storeId, phoneIndex, distributorId, namedAtMost],
  );
  const by = (how: string) => unique(rows.filter((row) => row.how === how));
  const found = {
    samePhone: by('phone'),
    sameIdNumber: by('idNumber'),
    samePayoutAccount: by('payoutAccount'),
    blockedBefore: unique(rows.filter(({ status }) => blocked.has(status))),
  };
  return { level: riskLevel(found), ...found };
}

const blocked: ReadonlySet<string> = new Set(['evicted', 'suspended', 'rejected']);

function unique(rows: readonly { id: string }[]): string[] {
  return [...new Set(rows.map(({ id }) => id))];
}
