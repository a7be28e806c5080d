import type { Caller } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import { findDistributor } from './distributor';
import { newId } from './id';
import type { ProgramRow, Reach } from './program';

/** A coupon code of a program, which leads to one distributor. */
export interface CouponCodeRow {
  id: string;
  programId: string;
  code: string;
  distributorId: string;
  createdAt: Date;
}

const couponSelect = `
  SELECT c.id, c.program_id, c.code, c.distributor_id, c.created_at
  FROM coupon_code c JOIN program p ON p.id = c.program_id`;

/**
 * Gives a coupon code to a distributor for good. The same once more answers what is there.
 * @throws Refusal not_found (the distributor), coupon_code_taken
 */
export async function createCouponCode(
  tx: Tx,
  context: { caller: Caller; now: Date },
  input: { program: ProgramRow; code: string; distributorId: string },
): Promise<{ coupon: CouponCodeRow; created: boolean }> {
  const { program, code, distributorId } = input;
  const distributor = await findDistributor(tx, context.caller, distributorId);
  if (distributor.programId !== program.id) {
    throw new Refusal('not_found', 'There is no such distributor in this program.');
  }
  const fresh = {
    id: newId('coupon'),
    programId: program.id,
    code,
    distributorId,
    createdAt: context.now,
  };
  const inserted = await tx.run(
    `INSERT INTO coupon_code (id, program_id, code, distributor_id, created_at)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (program_id, code) DO NOTHING`,
    Object.values(fresh),
  );
  if (inserted === 1) return { coupon: fresh, created: true };
  const coupon = await tx.first<CouponCodeRow>(
    `${couponSelect} WHERE c.program_id = $1 AND c.code = $2`,
    [program.id, code],
  );
  if (coupon?.distributorId === distributorId) return { coupon, created: false };
  throw new Refusal('coupon_code_taken', 'Another distributor has this coupon code.');
}

/**
 * A coupon code that the caller may see.
 * @throws Refusal not_found
 */
export async function findCouponCode(read: Tx, reach: Reach, id: string): Promise<CouponCodeRow> {
  const row = await read.first<CouponCodeRow>(
    `${couponSelect} WHERE c.id = $1 AND p.store_id = $2 AND ($3 = 'both' OR p.mode = $3)`,
    [id, reach.storeId, reach.mode],
  );
  if (row === undefined) throw new Refusal('not_found', 'There is no such coupon code.');
  return row;
}

export interface CouponCodeQuery {
  programId?: string | undefined;
  distributorId?: string | undefined;
  cursor: string | undefined;
  limit: number;
}

/** The coupon codes that the caller may see, the newest first. */
export function listCouponCodes(
  read: Tx,
  reach: Reach,
  query: CouponCodeQuery,
): Promise<CouponCodeRow[]> {
  return read.rows<CouponCodeRow>(
    `${couponSelect}
     WHERE p.store_id = $1 AND ($2 = 'both' OR p.mode = $2)
       AND ($3::text IS NULL OR c.program_id = $3)
       AND ($4::text IS NULL OR c.distributor_id = $4)
       AND ($5::text IS NULL OR c.id < $5)
     ORDER BY c.id DESC LIMIT $6`,
    [
      ...[reach.storeId, reach.mode, query.programId ?? null, query.distributorId ?? null],
      ...[query.cursor ?? null, query.limit],
    ],
  );
}
