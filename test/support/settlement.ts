import type { Database, Tx } from '../../src/db/database';
import { newId } from '../../src/db/id';
import { postTransactions } from '../../src/db/ledger';
import { payoutAccountPlace } from '../../src/db/distributor-account';
import { programById } from '../../src/db/program';
import { latestReview } from '../../src/db/review';
import { decideSettlement, openSettlement, settlementById } from '../../src/db/settlement';
import { approveChunk } from '../../src/db/settlement-approve';
import { computeEverybody, lockEverybody } from '../../src/db/settlement-lanes';
import { finishApproval } from '../../src/db/settlement-result';
import { finishComputing } from '../../src/db/settlement-review';
import { unlockChunk } from '../../src/db/settlement-unlock';
import type { Vault } from '../../src/db/vault';
import { commissionEarned, released } from '../../src/domain/ledger/posting';
import type { Decision } from '../../src/domain/review/kind';
import { givenDistributor } from './given';

/** The moment of every settlement of the tests, and one at which things were available before. */
export const settledAt = new Date('2026-11-20T02:00:00Z');
export const earlier = new Date('2026-11-10T02:00:00Z');

const residents = ['11010519491231002X', '110105199001010015', '440524198001010013'];

interface Owner {
  storeId: string;
  programId: string;
}

/** A distributor who can be paid, with an account at a channel and a taxpayer behind it. */
export async function givenPayable(
  db: Database,
  vault: Vault,
  owner: Owner & { channelId: string; account?: string; person?: string; idNumber?: string },
): Promise<string> {
  const distributorId = await givenDistributor(db, owner);
  await givenAccount(db, vault, distributorId, owner.channelId, owner.account ?? 'ok');
  await givenProfile(db, vault, distributorId, owner);
  return distributorId;
}

export async function givenAccount(
  db: Database,
  vault: Vault,
  distributorId: string,
  channelId: string,
  account = 'ok',
): Promise<void> {
  const id = newId('payoutAccount');
  await db.read.insert('payout_account', {
    id,
    distributorId,
    channelId,
    accountCipher: vault.seal(payoutAccountPlace(id), account),
    accountIndex: account,
    accountMasked: '**',
    holderName: 'Somebody',
    createdAt: earlier,
  });
}

export async function givenProfile(
  db: Database,
  vault: Vault,
  distributorId: string,
  { person, idNumber, kind = 'individual' }: { person?: string; idNumber?: string; kind?: string },
): Promise<void> {
  await db.read.insert('tax_profile', {
    distributorId,
    kind,
    name: 'Somebody',
    idNumberCipher: vault.seal(`tax_profile.id_number:${distributorId}`, idNumber ?? residents[0]!),
    idNumberIndex: person ?? `person of ${distributorId}`,
    idNumberMasked: '1101**********002X',
    updatedAt: earlier,
  });
}

/** Money that a distributor has earned, and that is available since `availableAt` (null: held). */
export async function givenEarning(
  db: Database,
  programId: string,
  distributorId: string,
  amount: bigint,
  availableAt: Date | null = earlier,
): Promise<string> {
  const id = newId('earning');
  await db.transaction(async (tx) => {
    const occurredAt = availableAt ?? earlier;
    await tx.insert('earning', {
      id,
      programId,
      distributorId,
      kind: 'commission',
      amount,
      releaseAt: occurredAt,
      availableAt,
      createdAt: earlier,
    });
    const earned = {
      reference: `commission:${id}:earned`,
      kind: 'commission_earned' as const,
      occurredAt,
      postings: commissionEarned(distributorId, amount),
    };
    const release = {
      reference: `release:${id}`,
      kind: 'released' as const,
      occurredAt,
      postings: released(distributorId, amount, 0n),
    };
    await postTransactions(tx, programId, [earned, ...(availableAt === null ? [] : [release])]);
  });
  return id;
}

export async function givenOpenSettlement(
  db: Database,
  programId: string,
  at: Date = settledAt,
): Promise<string> {
  const program = await programById(db.read, programId);
  const input = { cutoffAt: undefined, requestedBy: 'test', realNow: at };
  return (await db.transaction((tx) => openSettlement(tx, program, input))).id;
}

/** Does what the workflow's activities do until the review, in chunks of a given size. */
export async function lockAndCompute(
  db: Database,
  vault: Vault,
  settlementId: string,
  chunk = 2000,
): Promise<void> {
  await lockEverybody(db, vault, settlementId, { chunk });
  await computeEverybody(db, settlementId, { chunk });
  const { createdAt } = await settlementById(db.read, settlementId);
  await db.transaction((tx) => finishComputing(tx, settlementId, createdAt));
}

/** Runs chunks like the activities do, until nothing is left. */
async function inChunks(
  db: Database,
  chunk: (tx: Tx, after: string) => Promise<string | null>,
): Promise<void> {
  for (let after: string | null = ''; after !== null;) {
    const from: string = after;
    after = await db.transaction((tx) => chunk(tx, from));
  }
}

export async function approveAll(
  db: Database,
  vault: Vault,
  settlementId: string,
  { at = settledAt, chunk = 2000 }: { at?: Date; chunk?: number } = {},
): Promise<void> {
  await inChunks(db, (tx, after) =>
    approveChunk(tx, vault, settlementId, { after, realNow: at, limit: chunk }),
  );
}

/** Decides, and does what the workflow's activities do after that. */
export async function decideAndBook(
  db: Database,
  vault: Vault,
  settlementId: string,
  outcome: Decision = 'approve',
  { at = settledAt, chunk = 2000 }: { at?: Date; chunk?: number } = {},
): Promise<void> {
  await db.transaction((tx) => decideSettlement(tx, { settlementId, outcome, at }));
  await approveAll(db, vault, settlementId, { at, chunk });
  await db.transaction((tx) => finishApproval(tx, settlementId));
  await inChunks(db, (tx, after) => unlockChunk(tx, settlementId, after, chunk));
}

export async function reviewOf(db: Database, settlementId: string) {
  const review = await latestReview(db.read, 'settlement', settlementId);
  if (review === undefined) throw new Error('there is no review');
  return review;
}

/** Balances by role of a distributor, and the sum of all accounts of a program. */
export async function moneyOf(
  db: Database,
  programId: string,
  distributorId: string,
): Promise<{ available: bigint; settling: bigint; receivable: bigint; trialBalance: bigint }> {
  const rows = await db.read.rows<{ role: string; balance: bigint }>(
    `SELECT role, balance FROM ledger_account WHERE distributor_id = $2
     UNION ALL SELECT 'all', sum(balance)::bigint FROM ledger_account WHERE program_id = $1`,
    [programId, distributorId],
  );
  const of = (role: string) => rows.find((row) => row.role === role)?.balance ?? 0n;
  return {
    available: of('available'),
    settling: of('settling'),
    receivable: of('receivable'),
    trialBalance: of('all'),
  };
}
