import type { AssessmentResult } from '../domain/operations/assessment';
import type {
  RewardCommissionFacts,
  RewardFacts,
} from '../domain/operations/assessment-explanation';
import { addDays } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { commissionEarned } from '../domain/ledger/posting';
import { type Columns, insertMany } from './bulk';
import type { Tx } from './database';
import { recordEvents } from './event';
import { newId } from './id';
import { postTransactions } from './ledger';
import { earningColumns, heldEarning } from './order-write';
import type { ProgramRow } from './program';
import { reversalsOf } from './reversal-read';

/** A reward that is due and not yet booked. */
export interface NewReward {
  assessmentId: string;
  schemeId: string;
  distributorId: string;
  period: string;
  tier: string;
  result: AssessmentResult;
  /** what the same assessment brought before an objection; 0: the first result */
  beforeAmount: bigint;
  /** whether an objection brought it */
  key: 'result' | 'correction';
  /** from when the hold runs, on the program's clock */
  holdFrom: Date;
}

const commissionColumns = {
  id: 'text',
  programId: 'text',
  kind: 'text',
  distributorId: 'text',
  baseAmount: 'int8',
  amount: 'int8',
  originalAmount: 'int8',
  period: 'text',
  bonusKey: 'text',
  facts: 'jsonb',
  firstEarningId: 'text',
  createdAt: 'timestamptz',
} as const;

/** The ledger's reference of what a reward brought. */
export function rewardReference(commissionId: string): string {
  return `assessment:${commissionId}`;
}

/** Books rewards like bonuses: a commission each, held, posted and told; nothing where nothing is due. */
export async function bookRewards(
  tx: Tx,
  program: ProgramRow,
  rewards: readonly NewReward[],
  moment: { at: Date; realNow: Date },
): Promise<void> {
  const due = rewards.filter(({ result, beforeAmount }) => result.rewardAmount > beforeAmount);
  if (due.length === 0) return;
  const rows = due.map((reward) => rowOf(program, reward, moment.realNow));
  const columns: Columns<(typeof rows)[number]> = commissionColumns;
  await insertMany(tx, 'commission', columns, rows);
  const releases = due.map(({ holdFrom }) => addDays(holdFrom, program.holdDays));
  const earnings = rows.map((row, index) =>
    heldEarning(row, {
      programId: program.id,
      releaseAt: releases[index]!,
      createdAt: moment.realNow,
    }),
  );
  await insertMany(tx, 'earning', earningColumns, earnings);
  await recordEvents(
    tx,
    rows.map(({ id, distributorId, amount, period }, index) => ({
      storeId: program.storeId,
      programId: program.id,
      type: 'commission.held' as const,
      subjectId: id,
      payload: {
        period,
        distributorId,
        amount: String(amount),
        releaseAt: releases[index]!.toISOString(),
      },
      occurredAt: moment.at,
    })),
  );
  await postTransactions(
    tx,
    program.id,
    rows.map(({ id, distributorId, amount }, index) => ({
      reference: rewardReference(id),
      kind: 'commission_earned' as const,
      occurredAt: due[index]!.holdFrom,
      postings: commissionEarned(distributorId, amount),
    })),
  );
}

function rowOf(program: ProgramRow, reward: NewReward, createdAt: Date) {
  const { assessmentId, schemeId, distributorId, period, tier, result, beforeAmount } = reward;
  const amount = result.rewardAmount - beforeAmount;
  const facts: RewardFacts = {
    assessmentId,
    schemeId,
    tier,
    kpis: result.kpis,
    ownSalesAmount: result.ownSalesAmount,
    scoreBps: result.scoreBps,
    rewardAmount: String(result.rewardAmount),
    beforeAmount: String(beforeAmount),
    holdFrom: reward.holdFrom.toISOString(),
    holdDays: program.holdDays,
  };
  return {
    id: newId('commission'),
    programId: program.id,
    kind: 'assessment',
    distributorId,
    baseAmount: BigInt(result.ownSalesAmount),
    amount,
    originalAmount: amount,
    period,
    bonusKey: reward.key,
    facts,
    firstEarningId: newId('earning'),
    createdAt,
  };
}

/**
 * Everything stored that decides about the reward of an assessment, for its explanation.
 * @throws Refusal not_found when it is none
 */
export async function loadRewardFacts(
  read: Tx,
  commissionId: string,
): Promise<RewardCommissionFacts> {
  interface Row extends Omit<
    RewardCommissionFacts,
    'commission' | 'scheme' | 'earnings' | 'reversals'
  > {
    name: string;
    body: RewardCommissionFacts['scheme']['body'];
  }
  const row = await read.first<Row & RewardCommissionFacts['commission']>(
    `SELECT c.id, c.distributor_id, c.period, c.bonus_key, c.base_amount, c.amount,
       c.original_amount, c.facts, s.name, s.body, g.currency, g.time_zone,
       (SELECT coalesce(sum(e.amount), 0)::bigint
        FROM ledger_transaction t
        JOIN ledger_entry e ON e.transaction_id = t.id
        JOIN ledger_account a ON a.id = e.account_id AND a.role = 'held'
        WHERE t.reference = 'assessment:' || c.id) AS ledger_amount
     FROM commission c
     JOIN program g ON g.id = c.program_id
     JOIN assessment_scheme s ON s.id = c.facts ->> 'schemeId'
     WHERE c.id = $1 AND c.kind = 'assessment'`,
    [commissionId],
  );
  if (row === undefined) throw new Refusal('not_found', 'This is no reward of an assessment.');
  const { facts, name, body, currency, timeZone, ledgerAmount, ...commission } = row;
  return {
    commission,
    facts,
    scheme: { name, body },
    ledgerAmount,
    currency,
    timeZone,
    reversals: await reversalsOf(read, commissionId),
    earnings: await read.rows(
      `SELECT kind, amount, release_at, available_at FROM earning
       WHERE commission_id = $1 ORDER BY id`,
      [commissionId],
    ),
  };
}
