import { normalizeCode } from '../domain/distributor/code';
import type { DistributorStatus } from '../domain/distributor/state';
import type { BindingSpan } from '../domain/referral/binding';
import type { DistributorHistory, StandingSpan } from '../domain/referral/upline';
import type { Tx } from './database';

/** A code as an order gives it, within its program. */
export interface GivenCode {
  programId: string;
  by: 'coupon' | 'code';
  given: string;
}

/** The key under which `loadCodeHolders` answers. */
export function codeKey({ programId, by, given }: GivenCode): string {
  return `${by}\n${programId}\n${by === 'code' ? normalizeCode(given) : given}`;
}

/** To whom coupon codes and distributor codes lead, by `codeKey`; one statement for all. */
export async function loadCodeHolders(
  read: Tx,
  codes: readonly GivenCode[],
): Promise<Map<string, string>> {
  if (codes.length === 0) return new Map();
  const wanted = [...new Map(codes.map((code) => [codeKey(code), code])).values()];
  const coupons = wanted.filter(({ by }) => by === 'coupon');
  const own = wanted.filter(({ by }) => by === 'code');
  const rows = await read.rows<GivenCode & { distributorId: string }>(
    `SELECT 'code' AS by, d.program_id, d.code AS given, d.id AS distributor_id
     FROM unnest($1::text[], $2::text[]) AS w (program_id, code)
     JOIN distributor d ON d.program_id = w.program_id AND d.code = w.code
     UNION ALL
     SELECT 'coupon', c.program_id, c.code, c.distributor_id
     FROM unnest($3::text[], $4::text[]) AS w (program_id, code)
     JOIN coupon_code c ON c.program_id = w.program_id AND c.code = w.code`,
    [
      own.map(({ programId }) => programId),
      own.map(({ given }) => normalizeCode(given)),
      coupons.map(({ programId }) => programId),
      coupons.map(({ given }) => given),
    ],
  );
  return new Map(rows.map((row) => [codeKey(row), row.distributorId]));
}

/** One customer of one program. */
export interface CustomerKey {
  programId: string;
  customerExternalId: string;
}

export function customerKey({ programId, customerExternalId }: CustomerKey): string {
  return `${programId}\n${customerExternalId}`;
}

/** The bindings of customers, oldest first, by `customerKey`. */
export async function loadBindings(
  read: Tx,
  customers: readonly CustomerKey[],
): Promise<Map<string, BindingSpan[]>> {
  const wanted = [...new Map(customers.map((key) => [customerKey(key), key])).values()];
  const spans = new Map<string, BindingSpan[]>(wanted.map((key) => [customerKey(key), []]));
  if (wanted.length === 0) return spans;
  const rows = await read.rows<BindingSpan & CustomerKey>(
    `SELECT b.id, b.program_id, b.customer_external_id, b.distributor_id, b.starts_at, b.ends_at,
       b.protected_until
     FROM unnest($1::text[], $2::text[]) AS w (program_id, customer_external_id)
     JOIN binding b ON b.program_id = w.program_id
       AND b.customer_external_id = w.customer_external_id
     ORDER BY b.starts_at, b.id`,
    [
      wanted.map(({ programId }) => programId),
      wanted.map(({ customerExternalId }) => customerExternalId),
    ],
  );
  for (const row of rows) spans.get(customerKey(row))?.push(row);
  return spans;
}

// Advisory locks live in a shared table of limited size, so customers share a fixed number of them.
const lockClass = 0x62_6e_64; // "bnd"
const lockBuckets = 128;

/**
 * Lets only one transaction at a time decide about new bindings of these customers; in sorted
 * order, so that nobody waits in a circle. Read the bindings after it, not before.
 */
export async function lockCustomers(tx: Tx, customers: readonly CustomerKey[]): Promise<void> {
  if (customers.length === 0) return;
  const buckets = new Set(customers.map((key) => bucketOf(customerKey(key))));
  await tx.run('SELECT pg_advisory_xact_lock($1, b) FROM unnest($2::int[]) AS b', [
    lockClass,
    [...buckets].sort((a, b) => a - b),
  ]);
}

function bucketOf(text: string): number {
  let hash = 0x811c9dc5; // FNV-1a
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash % lockBuckets;
}

/**
 * Adds the histories of distributors and of `levelsUp` levels above them to `into`: every standing
 * that held at some moment of the span. A distributor that is not there is added without standings.
 */
export async function loadHistories(
  read: Tx,
  into: Map<string, DistributorHistory>,
  distributorIds: readonly string[],
  { levelsUp, from, to }: { levelsUp: number; from: Date; to: Date },
): Promise<void> {
  if (distributorIds.length === 0) return;
  const rows = await read.rows<
    StandingSpan & { distributorId: string; customerExternalId: string | null }
  >(
    `WITH RECURSIVE path AS (
       SELECT w.id, 0 AS height FROM unnest($1::text[]) AS w (id)
       UNION
       SELECT s.sponsor_id, p.height + 1
       FROM path p JOIN distributor_standing s ON s.distributor_id = p.id
       WHERE p.height < $2 AND s.sponsor_id IS NOT NULL
         AND s.valid_from <= $4 AND (s.valid_to IS NULL OR s.valid_to > $3)
     )
     SELECT d.id AS distributor_id, d.customer_external_id, s.valid_from, s.valid_to, s.status,
       s.tier, s.sponsor_id
     FROM (SELECT DISTINCT id FROM path) p
     JOIN distributor d ON d.id = p.id
     LEFT JOIN distributor_standing s ON s.distributor_id = d.id
       AND s.valid_from <= $4 AND (s.valid_to IS NULL OR s.valid_to > $3)
     ORDER BY s.distributor_id, s.valid_from, s.id`,
    [[...new Set(distributorIds)], levelsUp, from, to],
  );
  const standings = new Map<string, StandingSpan[]>();
  for (const { distributorId, customerExternalId, ...span } of rows) {
    const list = standings.get(distributorId) ?? [];
    standings.set(distributorId, list);
    // The outer join answers one row without a standing for somebody who had none then.
    if ((span.status as DistributorStatus | null) !== null) list.push(span);
    into.set(distributorId, { distributorId, customerExternalId, standings: list });
  }
}
