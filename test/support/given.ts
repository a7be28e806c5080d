import type { Database } from '../../src/db/database';
import { newId } from '../../src/db/id';

/** Rows that tests start from, written without the product's own rules. Each answers its id. */

const at = new Date('2026-01-01T00:00:00Z');

export async function givenStore(db: Database): Promise<string> {
  const id = newId('store');
  await db.read.insert('store', { id, name: 'Some Shop', createdAt: at });
  return id;
}

/** A test program that started in January 2026: hold of 7 days from payment, monthly, CNY. */
export async function givenProgram(
  db: Database,
  storeId: string,
  settings: Record<string, unknown> = {},
): Promise<string> {
  const id = newId('program');
  const payerId = newId('payer');
  await db.read.insert('payer', {
    id: payerId,
    storeId,
    name: 'Some Shop Ltd',
    taxNumber: payerId,
    createdAt: at,
  });
  await db.read.insert('payer_tax_method', {
    payerId,
    validFrom: at,
    method: 'general',
    gapPolicy: 'restart',
  });
  await db.read.insert('program', {
    id,
    storeId,
    externalId: id,
    contentHash: '',
    name: 'Club',
    currency: 'CNY',
    timeZone: 'Asia/Shanghai',
    mode: 'test',
    startsAt: at,
    enrolment: 'open',
    productScope: 'all',
    holdStartsAt: 'paid',
    holdDays: 7,
    assumeReceivedAfterDays: 15,
    settlementCalendar: 'monthly',
    payoutMode: 'auto',
    minimumPayoutAmount: 100n,
    reviewAboveAmount: 5_000_000n,
    feeFixedAmount: 0n,
    feeBps: 0,
    bindingTouch: 'first',
    bindingWindowDays: null,
    bindingProtectDays: 0,
    warnAfterDays: 60,
    evictAfterDays: 90,
    appealWindowDays: 14,
    payerId,
    createdAt: at,
    ...settings,
  });
  return id;
}

/** A distributor since the program's start; active and of the tier `bronze` unless said. */
export async function givenDistributor(
  db: Database,
  owner: {
    storeId: string;
    programId: string;
    sponsorId?: string | undefined;
    tier?: string;
    status?: string;
    customerExternalId?: string;
  },
): Promise<string> {
  const id = newId('distributor');
  const { sponsorId = null, tier = 'bronze', status = 'active' } = owner;
  await db.read.insert('distributor', {
    id,
    storeId: owner.storeId,
    programId: owner.programId,
    externalId: id,
    contentHash: '',
    name: 'Somebody',
    phoneCipher: '',
    phoneIndex: id,
    phoneMasked: '138****0000',
    code: id.slice(-8).toUpperCase(),
    joinedAt: at,
    answers: '{}',
    customerExternalId: owner.customerExternalId ?? null,
    status,
    tier,
    sponsorId,
    createdAt: at,
  });
  await db.read.insert('distributor_standing', {
    distributorId: id,
    validFrom: at,
    status,
    tier,
    sponsorId,
    cause: 'joined',
    actor: 'test',
    recordedAt: at,
  });
  return id;
}

/** The agent of a region since January 2026. */
export function givenRegionAgent(
  db: Database,
  agent: { programId: string; distributorId: string; bps: number },
): Promise<void> {
  return db.read.insert('region_agent', {
    id: newId('regionAgent'),
    region: 'CN-33',
    validFrom: at,
    actor: 'test',
    createdAt: at,
    ...agent,
  });
}
