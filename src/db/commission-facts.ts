import type { EarningKey } from '../domain/commission/explanation-earning';
import type {
  CommissionFacts,
  ExplainedCampaign,
  ExplainedEarning,
  ExplainedPayout,
  ExplainedStatement,
} from '../domain/commission/explanation-facts';
import type { MoneyFacts } from '../domain/commission/explanation-money';
import { distributorAccount } from '../domain/ledger/account';
import type { CommissionRow } from './commission';
import type { Tx } from './database';
import { earningsOfCommission } from './earning';
import { pausesOf } from './hold';
import { reversalsOf } from './reversal-read';
import { loadLineRefunds, loadStoredLines } from './stored-line';

/** A commission on a line of an order, as opposed to a bonus. */
export type LineCommission = CommissionRow & EarningKey & { orderId: string };

export function isOfLine(commission: CommissionRow): commission is LineCommission {
  return commission.kind === 'sale' || commission.kind === 'region';
}

/** Everything stored that decides about a commission, for its explanation. */
export async function loadCommissionFacts(
  read: Tx,
  commission: LineCommission,
): Promise<CommissionFacts> {
  const { orderId } = commission;
  const order = await orderFacts(read, commission);
  const lines = await loadStoredLines(read, [orderId]);
  const line = lines.find(({ externalId }) => externalId === commission.lineExternalId);
  if (line === undefined) throw new Error(`commission ${commission.id} belongs to no line`);
  const refunds = await loadLineRefunds(read, [orderId]);
  const { plan, timeZone, ...rest } = order;
  return {
    commission,
    plan,
    order: { ...rest, lines },
    lineId: line.id,
    campaigns: await campaignFacts(read, orderId),
    pauses: (await pausesOf(read, orderId)).get(line.id) ?? [],
    refunds: refunds.filter(({ orderLineId }) => orderLineId === line.id),
    reversals: await reversalsOf(read, commission.id),
    posted: await postedFacts(read, commission),
    ...(await loadMoneyFacts(read, commission.id)),
    timeZone,
  };
}

/** What became of the money of any commission. */
export async function loadMoneyFacts(read: Tx, commissionId: string): Promise<MoneyFacts> {
  const earnings = await earningFacts(read, commissionId);
  const ids = [...new Set(earnings.flatMap(({ statementId }) => statementId ?? []))];
  return {
    earnings,
    statements: await statementFacts(read, ids),
    payouts: await payoutFacts(read, ids),
  };
}

type OrderPart = Omit<CommissionFacts['order'], 'lines'> &
  Pick<CommissionFacts, 'plan' | 'timeZone'>;

async function orderFacts(
  read: Tx,
  { orderId, id }: { orderId: string; id: string },
): Promise<OrderPart> {
  interface Row extends Omit<OrderPart, 'plan'> {
    planId: string;
    planVersion: number;
    planBody: CommissionFacts['plan']['body'];
  }
  const row = await read.first<Row>(
    `SELECT o.id, o.external_id, o.paid_at, o.received_at, o.hold, o.currency,
       o.order_discount_amount, o.shipping_amount, o.tax_amount, o.upline, g.time_zone,
       p.id AS plan_id, p.version AS plan_version, p.body AS plan_body
     FROM orders o JOIN program g ON g.id = o.program_id JOIN plan p ON p.id = o.plan_id
     WHERE o.id = $1`,
    [orderId],
  );
  if (row === undefined) throw new Error(`commission ${id} has an order without a plan`);
  const { planId, planVersion, planBody, ...rest } = row;
  return { ...rest, plan: { id: planId, version: planVersion, body: planBody } };
}

function campaignFacts(read: Tx, orderId: string): Promise<ExplainedCampaign[]> {
  return read.rows<ExplainedCampaign>(
    `SELECT c.id, c.name, c.match, c.levels, c.effect, c.stacks,
       c.budget_amount IS NOT NULL AS limited, c.created_at > o.created_at AS is_later
     FROM orders o JOIN campaign c ON c.program_id = o.program_id AND c.starts_at <= o.paid_at
       AND c.ends_at > o.paid_at AND (c.stopped_at IS NULL OR c.stopped_at > o.paid_at)
     WHERE o.id = $1 ORDER BY c.id`,
    [orderId],
  );
}

function earningFacts(read: Tx, commissionId: string): Promise<ExplainedEarning[]> {
  return read.rows<ExplainedEarning>(
    `SELECT e.id, e.kind, e.refund_id, e.amount, e.release_at, e.available_at, e.statement_id
     FROM commission c CROSS JOIN LATERAL ${earningsOfCommission('c')} e
     WHERE c.id = $1 ORDER BY e.id`,
    [commissionId],
  );
}

/** The ledger books an order as a whole, so the comparison is by order and distributor. */
async function postedFacts(
  read: Tx,
  { orderId, distributorId }: { orderId: string; distributorId: string },
): Promise<CommissionFacts['posted']> {
  const row = await read.first<CommissionFacts['posted']>(
    `SELECT
       (SELECT coalesce(sum(e.amount), 0)::bigint FROM ledger_transaction t
        JOIN ledger_entry e ON e.transaction_id = t.id
        JOIN ledger_account a ON a.id = e.account_id
        WHERE t.reference = $1 AND a.code = $2) AS ledger_amount,
       (SELECT coalesce(sum(e.amount), 0)::bigint FROM commission c
        JOIN earning e ON e.id = c.first_earning_id
        WHERE c.order_id = $3 AND c.distributor_id = $4 AND c.order_line_id IS NOT NULL
          AND e.refund_id IS NULL) AS earnings_amount`,
    [`order:${orderId}:earned`, distributorAccount(distributorId, 'held'), orderId, distributorId],
  );
  return row ?? { ledgerAmount: 0n, earningsAmount: 0n };
}

async function statementFacts(
  read: Tx,
  statementIds: readonly string[],
): Promise<ExplainedStatement[]> {
  if (statementIds.length === 0) return [];
  return read.rows<ExplainedStatement>(
    `SELECT s.id, s.settlement_id, t.period, t.status AS settlement_status, t.cutoff_at, s.status,
       s.gross_amount, s.tax_amount, s.fee_amount, s.net_amount, s.tax_method, s.tax_month,
       s.tax_trace
     FROM statement s JOIN settlement t ON t.id = s.settlement_id WHERE s.id = ANY($1)`,
    [statementIds],
  );
}

async function payoutFacts(read: Tx, statementIds: readonly string[]): Promise<ExplainedPayout[]> {
  if (statementIds.length === 0) return [];
  return read.rows<ExplainedPayout>(
    `SELECT id, statement_id, status, amount, channel_id, channel_number, failure_code
     FROM payout WHERE statement_id = ANY($1) ORDER BY id`,
    [statementIds],
  );
}
