import { randomBytes } from 'node:crypto';
import type { Database } from '../../src/db/database';
import { newId } from '../../src/db/id';
import { postTransactions } from '../../src/db/ledger';
import { settingsPlace } from '../../src/db/channel';
import { accountPlace, lockPayout } from '../../src/db/payout';
import { beginSubmission, type Submission } from '../../src/db/payout-submission';
import { createVault, type Vault } from '../../src/db/vault';
import { approved, commissionEarned, locked, released } from '../../src/domain/ledger/posting';
import { givenDistributor, givenProgram, givenStore } from './given';

const at = new Date('2026-03-01T00:00:00Z');

export function testVault(): Vault {
  return createVault({
    fieldKeys: new Map([['t1', randomBytes(32)]]),
    indexKey: randomBytes(32),
  });
}

/** A sandbox channel of a store. */
export async function givenChannel(
  db: Database,
  vault: Vault,
  storeId: string,
  settings: object = {},
): Promise<string> {
  const id = newId('channel');
  await db.read.insert('channel', {
    id,
    storeId,
    kind: 'sandbox',
    name: 'Sandbox',
    settingsCipher: vault.seal(settingsPlace(id), JSON.stringify(settings)),
    createdAt: at,
  });
  return id;
}

export interface Scene {
  storeId: string;
  programId: string;
  channelId: string;
  settlementId: string;
}

/** A store whose settlement is paying; payouts are added to it. */
export async function givenPayingSettlement(
  db: Database,
  vault: Vault,
  settings: object = {},
  ofStore?: string,
): Promise<Scene> {
  const storeId = ofStore ?? (await givenStore(db));
  const programId = await givenProgram(db, storeId);
  const channelId = await givenChannel(db, vault, storeId, settings);
  const settlementId = newId('settlement');
  await db.read.insert('settlement', {
    id: settlementId,
    programId,
    period: '2026-02',
    run: 1,
    cutoffAt: at,
    status: 'paying',
    requestedBy: 'test',
    createdAt: at,
  });
  return { storeId, programId, channelId, settlementId };
}

export interface QueuedPayout {
  id: string;
  distributorId: string;
  channelNumber: string;
}

/** Shares of every payout of the tests: net + tax + fee = gross. */
export const shares = { amount: 9_000n, taxAmount: 700n, feeAmount: 300n, grossAmount: 10_000n };

/** An approved payout that nobody has submitted yet; its money lies where the ledger says it does. */
export async function givenQueuedPayout(
  db: Database,
  vault: Vault,
  scene: Scene,
  account = 'ok',
): Promise<QueuedPayout> {
  const { programId } = scene;
  const distributorId = await givenDistributor(db, scene);
  const statementId = newId('statement');
  const program = await db.read.first<{ payerId: string }>(
    'SELECT payer_id FROM program WHERE id = $1',
    [programId],
  );
  const { grossAmount, taxAmount, feeAmount, amount } = shares;
  await db.read.insert('statement', {
    id: statementId,
    settlementId: scene.settlementId,
    programId,
    distributorId,
    payerId: program?.payerId,
    status: 'approved',
    grossAmount,
    taxAmount,
    feeAmount,
    netAmount: amount,
    taxMethod: 'general',
    taxMonth: '2026-03',
    person: distributorId,
    createdAt: at,
  });
  const id = newId('payout');
  const channelNumber = id.slice(-26);
  await db.transaction((tx) =>
    postTransactions(tx, programId, [
      post(`${id}:earned`, 'commission_earned', commissionEarned(distributorId, grossAmount)),
      post(`${id}:released`, 'released', released(distributorId, grossAmount, 0n)),
      post(`${id}:locked`, 'settlement_locked', locked(distributorId, grossAmount)),
      post(`${id}:approved`, 'settlement_approved', approved(distributorId, shares)),
    ]),
  );
  await db.read.insert('payout', {
    id,
    programId,
    settlementId: scene.settlementId,
    statementId,
    distributorId,
    channelId: scene.channelId,
    channelNumber,
    ...shares,
    accountCipher: vault.seal(accountPlace(id), account),
    accountMasked: '****',
    holderName: '张三',
    status: 'queued',
    createdAt: at,
  });
  return { id, distributorId, channelNumber };
}

function post(
  reference: string,
  kind: Parameters<typeof postTransactions>[2][number]['kind'],
  postings: Parameters<typeof postTransactions>[2][number]['postings'],
) {
  return { reference, kind, occurredAt: at, postings };
}

/** Balances by account code without its ids: `available`, `clearing`, ... */
export async function balancesOf(
  db: Database,
  scene: Scene,
  distributorId: string,
): Promise<Record<string, bigint>> {
  const rows = await db.read.rows<{ role: string; balance: bigint }>(
    `SELECT role, balance FROM ledger_account
     WHERE program_id = $1 AND (distributor_id = $2 OR distributor_id IS NULL) AND balance <> 0`,
    [scene.programId, distributorId],
  );
  return Object.fromEntries(rows.map(({ role, balance }) => [role, balance]));
}

export async function statusOf(db: Database, payoutId: string): Promise<string | undefined> {
  const row = await db.read.first<{ status: string }>('SELECT status FROM payout WHERE id = $1', [
    payoutId,
  ]);
  return row?.status;
}

/** Books a submission, as its workflow does before the call. */
export function submitted(
  db: Database,
  payoutId: string,
  at: Date,
  callsPerSecond?: number,
): Promise<Submission> {
  return db.transaction(async (tx) =>
    beginSubmission(tx, await lockPayout(tx, payoutId), { at, callsPerSecond, payeeKey: payoutId }),
  );
}
