import { randomBytes } from 'node:crypto';
import { insertMany } from '../src/db/bulk';
import type { Database } from '../src/db/database';
import { payoutAccountPlace } from '../src/db/distributor-account';
import { newId } from '../src/db/id';
import type { Vault } from '../src/db/vault';
import { idNumberOf } from '../demo/people';

export interface Crowd {
  readonly programId: string;
  readonly storeId: string;
  readonly channelId: string;
  readonly joinedAt: Date;
}

const perStatement = 2000;
const directsEach = 10;

/**
 * Many distributors at once, straight into the tables: the same rows that the API writes for each
 * (standing, payout account and tax profile too), uplines ten to one.
 * @returns their codes
 */
export async function gather(
  db: Database,
  vault: Vault,
  crowd: Crowd,
  count: number,
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId('distributor'));
  const tag = randomBytes(4).toString('hex');
  const codes = ids.map((_, index) => `${tag}${index.toString(36).padStart(4, '0')}`.toUpperCase());
  for (let from = 0; from < count; from += perStatement) {
    const indexes = Array.from(
      { length: Math.min(perStatement, count - from) },
      (_, i) => from + i,
    );
    await db.transaction(async (tx) => {
      await insertMany(
        tx,
        'distributor',
        distributorColumns,
        indexes.map((i) => distributorRow(vault, crowd, { ids, codes, tag }, i)),
      );
      const standings = indexes.map((i) => standingRow(crowd, ids, i));
      await insertMany(tx, 'distributor_standing', standingColumns, standings);
      const accounts = indexes.map((i) => accountRow(vault, crowd, ids[i]!));
      await insertMany(tx, 'payout_account', accountColumns, accounts);
      const profiles = indexes.map((i) => profileRow(vault, crowd, { id: ids[i]!, tag }, i));
      await insertMany(tx, 'tax_profile', profileColumns, profiles);
    });
  }
  return codes;
}

function sponsorOf(ids: readonly string[], index: number): string | null {
  return index < directsEach ? null : ids[Math.floor(index / directsEach)]!;
}

const distributorColumns = {
  id: 'text',
  storeId: 'text',
  programId: 'text',
  externalId: 'text',
  contentHash: 'text',
  name: 'text',
  phoneCipher: 'text',
  phoneIndex: 'text',
  phoneMasked: 'text',
  code: 'text',
  joinedAt: 'timestamptz',
  answers: 'jsonb',
  status: 'text',
  tier: 'text',
  sponsorId: 'text',
  createdAt: 'timestamptz',
} as const;

function distributorRow(
  vault: Vault,
  { programId, storeId, joinedAt }: Crowd,
  { ids, codes, tag }: { ids: readonly string[]; codes: readonly string[]; tag: string },
  index: number,
) {
  const id = ids[index]!;
  const phone = `199${String(index).padStart(8, '0')}`;
  return {
    id,
    storeId,
    programId,
    externalId: `bench-${tag}-${index}`,
    contentHash: '',
    name: `Bench ${index}`,
    phoneCipher: vault.seal(`distributor.phone:${id}`, phone),
    phoneIndex: vault.index('phone', phone),
    phoneMasked: `199****${phone.slice(-4)}`,
    code: codes[index]!,
    joinedAt,
    answers: {},
    status: 'active',
    tier: 'bronze',
    sponsorId: sponsorOf(ids, index),
    createdAt: joinedAt,
  };
}

const standingColumns = {
  distributorId: 'text',
  validFrom: 'timestamptz',
  status: 'text',
  tier: 'text',
  sponsorId: 'text',
  cause: 'text',
  actor: 'text',
  recordedAt: 'timestamptz',
} as const;

function standingRow({ joinedAt }: Crowd, ids: readonly string[], index: number) {
  return {
    distributorId: ids[index]!,
    validFrom: joinedAt,
    status: 'active',
    tier: 'bronze',
    sponsorId: sponsorOf(ids, index),
    cause: 'joined',
    actor: 'system:bench',
    recordedAt: joinedAt,
  };
}

const accountColumns = {
  id: 'text',
  distributorId: 'text',
  channelId: 'text',
  accountCipher: 'text',
  accountIndex: 'text',
  accountMasked: 'text',
  holderName: 'text',
  createdAt: 'timestamptz',
} as const;

function accountRow(vault: Vault, { channelId, joinedAt }: Crowd, distributorId: string) {
  const id = newId('payoutAccount');
  return {
    id,
    distributorId,
    channelId,
    accountCipher: vault.seal(payoutAccountPlace(id), 'ok'),
    accountIndex: vault.index('account', 'ok'),
    accountMasked: '**',
    holderName: 'Bench',
    createdAt: joinedAt,
  };
}

const profileColumns = {
  distributorId: 'text',
  kind: 'text',
  name: 'text',
  idNumberCipher: 'text',
  idNumberIndex: 'text',
  idNumberMasked: 'text',
  updatedAt: 'timestamptz',
} as const;

function profileRow(
  vault: Vault,
  { joinedAt }: Crowd,
  { id, tag }: { id: string; tag: string },
  index: number,
) {
  // The index keeps taxpayers apart; only 400 numbers in a row are promised to differ.
  const idNumber = idNumberOf(`${tag} ${Math.floor(index / 400)}`, index % 400);
  return {
    distributorId: id,
    kind: 'individual',
    name: 'Bench',
    idNumberCipher: vault.seal(`tax_profile.id_number:${id}`, idNumber),
    idNumberIndex: vault.index('id_number', `${idNumber} ${index}`),
    idNumberMasked: `${idNumber.slice(0, 3)}***********${idNumber.slice(-4)}`,
    updatedAt: joinedAt,
  };
}
