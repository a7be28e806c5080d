import { Client } from 'pg';
import type { Api } from '../demo/client';
import type { Database } from '../src/db/database';
import { newId } from '../src/db/id';
import type { Say } from '../src/main/servers/process';
import { type OrderTimes, verdict } from './orders';
import { quantile } from './quantile';

interface Program {
  readonly id: string;
  readonly storeId: string;
  readonly startsAt: string;
}

export interface BigSize {
  readonly orders: number;
  readonly distributors: number;
}

const ordersAtOnce = 100_000;

/**
 * Fills the tables with what years of a large shop leave there: one distributor who sponsors all the
 * others, and orders of one line and one commission, with earnings, events, ledger and balances.
 * Straight into the tables without triggers and keys, which would only say that it is right.
 * @returns the codes of the sponsored distributors
 */
export async function seedBig(
  databaseUrl: string,
  program: Program,
  size: BigSize,
  say: Say,
): Promise<string[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("SET session_replication_role = 'replica'");
    await client.query('SET synchronous_commit = off');
    const codes = await seedTree(client, program, size.distributors);
    say(`${size.distributors} distributors under one sponsor`);
    for (let from = 0; from < size.orders; from += ordersAtOnce) {
      const count = Math.min(ordersAtOnce, size.orders - from);
      await client.query(seedOrders, [program.id, program.storeId, from, count, size.distributors]);
      say(`${from + count} orders are there`);
    }
    await client.query(
      `UPDATE ledger_account a SET balance = s.amount
       FROM (SELECT account_id, sum(amount)::bigint AS amount FROM ledger_entry GROUP BY account_id) s
       WHERE a.id = s.account_id AND a.program_id = $1`,
      [program.id],
    );
    await client.query('VACUUM ANALYZE');
    await client.query('CHECKPOINT');
    return codes;
  } finally {
    await client.end();
  }
}

async function seedTree(client: Client, program: Program, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId('distributor'));
  const codes = ids.map((_, n) => `BIG${n.toString(36).toUpperCase().padStart(5, '0')}`);
  const params = [program.id, program.storeId, ids, codes, program.startsAt];
  await client.query(
    `INSERT INTO distributor (id, store_id, program_id, external_id, content_hash, name, phone_cipher,
       phone_index, phone_masked, code, joined_at, answers, status, tier, sponsor_id, created_at)
     SELECT t.id, $2, $1, 'big-' || n, '', 'Big ' || n, '', 'big ' || n, '199****0000', t.code, $5,
       '{}', 'active', 'bronze', CASE WHEN n > 1 THEN ($3::text[])[1] END, $5
     FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS t (id, code, n)`,
    params,
  );
  await client.query(
    `INSERT INTO distributor_standing (distributor_id, valid_from, status, tier, sponsor_id, cause,
       actor, recorded_at)
     SELECT id, joined_at, status, tier, sponsor_id, 'joined', 'system:bench', joined_at
     FROM distributor WHERE program_id = $1`,
    [program.id],
  );
  await client.query(
    `INSERT INTO ledger_account (program_id, code, role, distributor_id)
     SELECT $1, 'commission-expense', 'commission-expense', NULL
     UNION ALL
     SELECT $1, 'distributor:' || id || ':held', 'held', id FROM distributor WHERE program_id = $1`,
    [program.id],
  );
  await client.query('ANALYZE distributor, ledger_account');
  return codes.slice(1);
}

const seedOrders = `
  WITH people AS MATERIALIZED (
    SELECT d.id, d.external_id, a.id AS account_id,
      row_number() OVER (ORDER BY d.id) - 1 AS position
    FROM distributor d JOIN ledger_account a ON a.distributor_id = d.id AND a.role = 'held'
    WHERE d.program_id = $1
  ), made AS MATERIALIZED (
    SELECT n, lpad(to_hex(n), 26, '0') AS key, p.id AS distributor_id, p.account_id,
      timestamptz '2026-01-02Z' + (n % 20000) * interval '1 minute' AS at
    FROM generate_series($3::bigint, $3::bigint + $4::bigint - 1) AS n
    JOIN people p ON p.position = n % $5::bigint
  ), orders_made AS (
    INSERT INTO orders (id, store_id, program_id, external_id, content_hash, paid_at, currency,
      customer_external_id, attributed_distributor_id, attributed_by, attribution, plan_id, upline,
      hold, order_discount_amount, shipping_amount, tax_amount, created_at)
    SELECT 'ord_' || key, $2, $1, 'seed-' || n, '', at, 'CNY', 's-' || n % 200000, distributor_id,
      'code', '{"given": {"distributorCode": "SEED"}, "rejected": []}', NULL,
      jsonb_build_array(jsonb_build_object('distributorId', distributor_id, 'tier', 'bronze')),
      '{"startsAt": "paid", "days": 7, "assumeReceivedAfterDays": 15}', 0, 800, 0, at
    FROM made
  ), lines_made AS (
    INSERT INTO order_line (id, order_id, position, external_id, sku, tags, quantity,
      unit_price_amount, discount_amount, base_amount, terms)
    SELECT 'orl_' || key, 'ord_' || key, 0, '1', 'TEA-1', '{tea}', 2, 6000, 0, 12000,
      jsonb_build_object('levels', jsonb_build_array(jsonb_build_object('level', 1,
        'distributorId', distributor_id, 'ruleId', 'direct', 'rateBps', 1000)))
    FROM made
  ), commissions_made AS (
    INSERT INTO commission (id, program_id, order_id, order_line_id, level, kind, distributor_id,
      base_amount, rate_bps, rule_id, amount, original_amount, first_earning_id, created_at)
    SELECT 'com_' || key, $1, 'ord_' || key, 'orl_' || key, 1, 'sale', distributor_id, 12000, 1000,
      'direct', 1200, 1200, 'ern_' || key, at FROM made
  ), earnings_made AS (
    INSERT INTO earning (id, program_id, distributor_id, kind, commission_id, amount, release_at,
      created_at)
    SELECT 'ern_' || key, $1, distributor_id, 'commission', 'com_' || key, 1200,
      at + interval '20 years', at FROM made
  ), events_made AS (
    INSERT INTO event (id, store_id, program_id, type, subject_id, payload, occurred_at)
    SELECT 'evt_' || key, $2, $1, 'commission.held', 'com_' || key,
      jsonb_build_object('orderId', 'ord_' || key, 'amount', '1200'), at FROM made
  ), transactions_made AS (
    INSERT INTO ledger_transaction (id, program_id, reference, request_hash, kind, occurred_at,
      recorded_at)
    SELECT 1000000000 + n, $1, 'order:ord_' || key || ':earned', '', 'commission_earned', at, at
    FROM made
  )
  INSERT INTO ledger_entry (transaction_id, account_id, amount)
  SELECT 1000000000 + n, account_id, 1200 FROM made
  UNION ALL
  SELECT 1000000000 + n, a.id, -1200 FROM made
  JOIN ledger_account a ON a.program_id = $1 AND a.code = 'commission-expense'`;

export interface BigTimes extends BigSize {
  readonly explanationP99Ms: number;
  readonly explanations: number;
  readonly teamP99Ms: number;
}

const explanationsAsked = 2000;
const teamsAsked = 20;

/** How long reads take in the big database, one after the other over HTTP. */
export async function measureReads(
  api: Api,
  db: Database,
  { programId, say, ...size }: BigSize & { programId: string; say: Say },
): Promise<BigTimes> {
  const commissions = await db.read.rows<{ id: string }>(
    `SELECT id FROM commission WHERE program_id = $1 ORDER BY id DESC LIMIT $2`,
    [programId, explanationsAsked],
  );
  const explained = await timed(
    commissions.map(({ id }) => async () => {
      const path = `/v1/commissions/${id}/explanation`;
      const { verified } = await api.get<{ verified: boolean }>(path);
      if (!verified) throw new Error(`${id} is not verified`);
    }),
  );
  say(`explanation p99 ${explained.toFixed(1)} ms`);
  const root = await db.read.first<{ id: string }>(
    'SELECT id FROM distributor WHERE program_id = $1 AND sponsor_id IS NULL',
    [programId],
  );
  const team = await timed(
    Array.from({ length: teamsAsked }, () => async () => {
      const path = `/v1/distributors/${root!.id}/team`;
      const { sums } = await api.get<{ sums: { distributors: number } }>(path, { depth: '3' });
      if (sums.distributors !== size.distributors - 1) throw new Error('the team is not complete');
    }),
  );
  say(`team sums p99 ${team.toFixed(1)} ms`);
  return {
    ...size,
    explanationP99Ms: explained,
    explanations: commissions.length,
    teamP99Ms: team,
  };
}

/** The 99th percentile of the second half: the first makes the code hot. */
async function timed(calls: readonly (() => Promise<void>)[]): Promise<number> {
  const times: number[] = [];
  for (const call of calls) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  return quantile(times.slice(Math.floor(times.length / 2)), 0.99);
}

const explanationTargetMs = 20;
const teamTargetMs = 200;
const growthTarget = 1.2;

export function printBig(times: BigTimes, orders: readonly OrderTimes[]): void {
  console.log(`\nWith ${times.orders} orders and ${times.distributors} distributors there`);
  const line = (what: string, value: string) => console.log(`  ${what.padEnd(50)}${value}`);
  const [small, large] = orders.length === 2 ? orders : [];
  small?.singles.forEach(({ connections, perSecond }, index) => {
    const slower = perSecond / (large?.singles[index]?.perSecond ?? 0);
    const judged = `${slower.toFixed(2)} x as long, target ${growthTarget}`;
    line(`one by one, ${connections} connections`, `${judged}: ${verdict(slower <= growthTarget)}`);
  });
  if (small !== undefined && large !== undefined) {
    const slower = small.batch / large.batch;
    const judged = `${slower.toFixed(2)} x as long, target ${growthTarget}`;
    line('batches', `${judged}: ${verdict(slower <= growthTarget)}`);
  }
  const ms = (value: number, target: number) =>
    `p99 ${value.toFixed(1)} ms, target ${target}: ${verdict(value < target)}`;
  line(`explanations (n = ${times.explanations})`, ms(times.explanationP99Ms, explanationTargetMs));
  line(`team with sums (n = ${teamsAsked})`, ms(times.teamP99Ms, teamTargetMs));
}
