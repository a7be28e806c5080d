import type { TaxProfile } from '../domain/settlement/assess';
import type { Residency, TaxProfileKind } from '../domain/tax/id-number';
import { personalStop, type TaxStopReason } from '../domain/tax/stop';
import { insertMany } from './bulk';
import type { Tx } from './database';
import { invoicedAmounts } from './invoice';
import type { ProgramRow } from './program';
import { approvedStops } from './tax-stop';
import type { Vault } from './vault';

/** Who a distributor is for the tax office, as a settlement finds it. */
export interface TaxpayerCase {
  distributorId: string;
  /** blind index: one person with several accounts has one */
  person: string;
  kind: TaxProfileKind;
  name: string;
  idNumber: string;
  idNumberMasked: string;
  profile: TaxProfile;
  /** a review has approved paying the person above the VAT exemption of the month */
  vatApproved: boolean;
  /** more than one account is known of the person, in whatever program */
  hasOtherAccounts: boolean;
}

interface ProfileRow extends Omit<TaxpayerCase, 'idNumber' | 'profile' | 'vatApproved'> {
  residency: Residency;
  idNumberCipher: string;
}

/** The place that the ID number of a distributor's profile is sealed for. */
export const profilePlace = (distributorId: string) => `tax_profile.id_number:${distributorId}`;
const taxpayerPlace = (storeId: string, person: string) =>
  `taxpayer.id_number:${storeId}:${person}`;

/**
 * The taxpayers behind distributors, with what speaks against paying them in a month and what is
 * left of their invoices. Who has no profile is not in the answer.
 */
export async function taxpayersOf(
  read: Tx,
  vault: Vault,
  asked: { program: ProgramRow; month: string; withholds: boolean; ids: readonly string[] },
): Promise<Map<string, TaxpayerCase>> {
  const { program, month, withholds, ids } = asked;
  const rows = await read.rows<ProfileRow>(
    `SELECT t.distributor_id, t.id_number_index AS person, t.kind, t.name, t.residency,
       t.id_number_cipher, t.id_number_masked,
       EXISTS (SELECT FROM tax_profile o WHERE o.id_number_index = t.id_number_index
         AND o.distributor_id <> t.distributor_id) AS has_other_accounts
     FROM tax_profile t WHERE t.distributor_id = ANY($1)`,
    [ids],
  );
  const persons = rows.map(({ person }) => person);
  const approved = await approvedStops(read, program, persons, month);
  const invoiced = await invoicedAmounts(read, businessIds(rows));
  const cases = rows.map(({ residency, idNumberCipher, ...row }): TaxpayerCase => {
    const { distributorId, person, kind } = row;
    const idNumber = vault.open(profilePlace(distributorId), idNumberCipher);
    const own = approved.get(person) ?? new Set<TaxStopReason>();
    const stop = personalStop({ kind, residency, idNumber }, month, own);
    const profile = {
      kind,
      // Whose tax is nobody's business here may live anywhere.
      stop: stop === 'vat_exemption' || (stop === 'non_resident' && !withholds) ? undefined : stop,
      invoicedAmount: invoiced.get(distributorId) ?? 0n,
    };
    return { idNumber, profile, vatApproved: own.has('vat_exemption'), ...row };
  });
  return new Map(cases.map((one) => [one.distributorId, one]));
}

function businessIds(rows: readonly ProfileRow[]): string[] {
  return rows.filter(({ kind }) => kind !== 'individual').map((row) => row.distributorId);
}

/**
 * Keeps who is paid for the declarations of later years: a distributor's profile may change, and
 * what was withheld from the person before still has to be declared with name and number.
 */
export async function recordTaxpayers(
  tx: Tx,
  vault: Vault,
  storeId: string,
  { taxpayers, at }: { taxpayers: readonly TaxpayerCase[]; at: Date },
): Promise<void> {
  const known = await tx.rows<{ person: string; name: string; kind: string }>(
    'SELECT person, name, kind FROM taxpayer WHERE store_id = $1 AND person = ANY($2)',
    [storeId, taxpayers.map(({ person }) => person)],
  );
  const same = new Set(known.map(({ person, name, kind }) => `${person} ${kind} ${name}`));
  const changed = new Map(
    taxpayers
      .filter(({ person, kind, name }) => !same.has(`${person} ${kind} ${name}`))
      .map((taxpayer) => [taxpayer.person, taxpayer]),
  );
  // In one order everywhere, so that two settlements of a store do not wait for each other.
  const rows = [...changed.values()]
    .sort((a, b) => (a.person < b.person ? -1 : 1))
    .map(({ person, kind, name, idNumber, idNumberMasked }) => ({
      storeId,
      person,
      kind,
      name,
      idNumberCipher: vault.seal(taxpayerPlace(storeId, person), idNumber),
      idNumberMasked,
      updatedAt: at,
    }));
  await insertMany(
    tx,
    'taxpayer',
    {
      storeId: 'text',
      person: 'text',
      kind: 'text',
      name: 'text',
      idNumberCipher: 'text',
      idNumberMasked: 'text',
      updatedAt: 'timestamptz',
    },
    rows,
    `ON CONFLICT (store_id, person) DO UPDATE SET kind = excluded.kind, name = excluded.name,
       updated_at = excluded.updated_at`,
  );
}

/** A taxpayer as documents name it. */
export interface TaxpayerName {
  person: string;
  kind: TaxProfileKind;
  name: string;
  idNumberMasked: string;
  /** opens the number itself; the caller has recorded who asked for it */
  idNumber: () => string;
}

/** Names and numbers of people that were paid in a store, by person. */
export async function taxpayerNames(
  read: Tx,
  vault: Vault,
  storeId: string,
  persons: readonly string[],
): Promise<Map<string, TaxpayerName>> {
  const rows = await read.rows<Omit<TaxpayerName, 'idNumber'> & { idNumberCipher: string }>(
    `SELECT person, kind, name, id_number_masked, id_number_cipher FROM taxpayer
     WHERE store_id = $1 AND person = ANY($2)`,
    [storeId, persons],
  );
  return new Map(
    rows.map(({ idNumberCipher, ...row }) => [
      row.person,
      { idNumber: () => vault.open(taxpayerPlace(storeId, row.person), idNumberCipher), ...row },
    ]),
  );
}
