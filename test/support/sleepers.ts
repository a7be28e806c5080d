import type { Database } from '../../src/db/database';

const dayMs = 86_400_000;

/** Many distributors of one program, straight in the tables, of whom few did not sell for long. */
export interface Sleepers {
  readonly storeId: string;
  readonly programId: string;
  readonly distributors: number;
  /** one in so many has not sold for longer than the program allows */
  readonly inactiveOneIn: number;
  readonly now: Date;
  /** one of the plan in force, or the next sweep moves everybody */
  readonly tier: string;
}

/** Everybody joined 100 days ago; all but one in `inactiveOneIn` sold ten days ago. */
export async function givenSleepers(db: Database, sleepers: Sleepers): Promise<void> {
  const { storeId, programId, distributors, inactiveOneIn, now, tier } = sleepers;
  const joinedAt = new Date(now.getTime() - 100 * dayMs);
  await db.read.run(
    `INSERT INTO distributor (id, store_id, program_id, external_id, content_hash, name,
       phone_cipher, phone_index, phone_masked, code, joined_at, answers, status, tier, created_at)
     SELECT 'dst_' || lpad(i::text, 26, '0'), $1, $2, 'x' || i, '', '', '', '', '', 'C' || i, $3,
       '{}', 'active', $5, $3 FROM generate_series(1, $4::int) AS i`,
    [storeId, programId, joinedAt, distributors, tier],
  );
  await db.read.run(
    `INSERT INTO distributor_standing (distributor_id, valid_from, status, tier, cause, actor,
       recorded_at)
     SELECT id, joined_at, 'active', tier, 'joined', 'test', joined_at
     FROM distributor WHERE program_id = $1`,
    [programId],
  );
  await db.read.run(
    `INSERT INTO orders (id, store_id, program_id, external_id, content_hash, paid_at, currency,
       customer_external_id, attributed_distributor_id, attributed_by, attribution, upline, hold,
       order_discount_amount, shipping_amount, tax_amount, created_at)
     SELECT 'ord_' || substr(id, 5), store_id, program_id, external_id, '', $2, 'CNY', 'u', id,
       'code', '{}', '{}', '{}', 0, 0, 0, $2
     FROM distributor WHERE program_id = $1 AND substr(external_id, 2)::int % $3::int <> 0`,
    [programId, new Date(now.getTime() - 10 * dayMs), inactiveOneIn],
  );
  await db.read.run('ANALYZE distributor, distributor_standing, orders');
}
