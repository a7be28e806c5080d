import { programNow } from '../domain/kernel/clock';
import { daySpan, monthOf } from '../domain/kernel/period';
import { Refusal } from '../domain/kernel/refusal';
import { distributorAccount } from '../domain/ledger/account';
import type { SkipReason } from '../domain/settlement/assess';
import { firstSettlementStatus } from '../domain/settlement/state';
import {
  limitPassed,
  type OpenLine,
  takeLines,
  type WithdrawalLimits,
} from '../domain/settlement/withdrawal';
import type { Tx } from './database';
import { newId } from './id';
import { lockAccounts } from './ledger';
import { plansAt } from './plan';
import type { ProgramRow } from './program';
import { beginStage, moveSettlement, type SettlementRow, startSettlement } from './settlement';
import { candidateRows, isTaxedAtOnce, judge, type Judged } from './settlement-judge';
import { insertStatements, type NewStatement, postLocks, recordJudged } from './settlement-lock';
import { isTaxStop, openTaxStops } from './tax-stop';
import type { Vault } from './vault';

export interface WithdrawalRequest {
  distributor: { id: string; tier: string };
  program: ProgramRow;
  /** gross, fen, more than 0 */
  amount: bigint;
  requestedBy: string;
  realNow: Date;
}

/**
 * Opens the settlement of one person over an amount: the gross moves to `settling` here, under the
 * lock of the person's balance, so any number of requests at once never take more than there is. It
 * is taxed, reviewed and paid like every settlement, beside cycles and other withdrawals.
 * @returns a Refusal `not_payable` where the tax is not computed here: finance has been called to it
 *   in this transaction, which is therefore to be committed
 * @throws Refusal `insufficient_available`, `withdrawal_limit_exceeded`, `not_payable`
 */
export async function requestWithdrawal(
  tx: Tx,
  vault: Vault,
  request: WithdrawalRequest,
): Promise<SettlementRow | Refusal> {
  const { distributor, program, amount, requestedBy, realNow } = request;
  const at = programNow(program, realNow);
  const account = distributorAccount(distributor.id, 'available');
  const accounts = await lockAccounts(tx, program.id, [account]);
  mustBeAvailable(amount, accounts.get(account)?.balance ?? 0n);
  await mustBeWithinLimits(tx, request, at);
  const id = newId('settlement');
  const judged = await judgedOf(tx, vault, request, { id, createdAt: at });
  if (judged.reason !== undefined) return refuse(tx, program, { ...judged, at }, judged.reason);
  const settlement = await insertWithdrawal(tx, {
    id,
    programId: program.id,
    distributorId: distributor.id,
    // Its own name, so that any number of them at the same moment are told apart.
    period: `withdrawal:${id}`,
    run: 1,
    cutoffAt: at,
    status: firstSettlementStatus,
    kind: 'withdrawal',
    requestedBy,
    createdAt: at,
  });
  await recordJudged(tx, vault, program.storeId, { judged: [judged], at });
  const [statement] = await insertStatements(tx, program, settlement, [judged]);
  if (statement === undefined) throw new Error(`withdrawal ${id} has no statement`);
  await takeOldest(tx, settlement, statement);
  await postLocks(tx, settlement, [statement], accounts);
  const status = await moveSettlement(tx, settlement, 'locked');
  await beginStage(tx, id, { total: 1, done: isTaxedAtOnce(judged) ? 1 : 0 });
  await startSettlement(tx, program, settlement);
  return { ...settlement, status };
}

function mustBeAvailable(amount: bigint, available: bigint): void {
  if (amount <= available) return;
  throw new Refusal('insufficient_available', `Only ${available} fen are available.`, {
    errors: [fault('insufficient_available', `at most ${available}`)],
  });
}

const fault = (code: string, message: string) => ({ pointer: '/amount', code, message });

async function mustBeWithinLimits(
  tx: Tx,
  { distributor, program, amount }: WithdrawalRequest,
  at: Date,
): Promise<void> {
  const limits = await limitsOf(tx, program.id, distributor.tier, at);
  const day = daySpan(at, program.timeZone);
  const withdrawn = await withdrawnWithin(tx, distributor.id, day);
  const passed = limitPassed(amount, withdrawn, limits);
  if (passed === undefined) return;
  const { limit, limitAmount, leftAmount } = passed;
  const detail =
    limit === 'per_transfer'
      ? `A withdrawal of tier ${distributor.tier} is at most ${limitAmount} fen.`
      : `Tier ${distributor.tier} may withdraw ${limitAmount} fen a day; ${leftAmount} fen are left today.`;
  throw new Refusal('withdrawal_limit_exceeded', detail, {
    errors: [fault(`${limit}_limit`, `at most ${leftAmount}`)],
  });
}

/** What the plan in force at a moment allows a tier. */
async function limitsOf(
  read: Tx,
  programId: string,
  tier: string,
  at: Date,
): Promise<WithdrawalLimits> {
  const [plan] = await plansAt(read, programId, [at]);
  const privileges = plan?.body.tiers.find(({ code }) => code === tier)?.privileges;
  const fen = (amount: number | undefined) => (amount === undefined ? undefined : BigInt(amount));
  return {
    perDayAmount: fen(privileges?.withdrawalPerDayAmount),
    perTransferAmount: fen(privileges?.withdrawalPerTransferAmount),
  };
}

/** The gross of a person's withdrawals of one day of the program's zone; rejected ones do not count. */
async function withdrawnWithin(
  read: Tx,
  distributorId: string,
  { from, to }: { from: Date; to: Date },
): Promise<bigint> {
  const sum = await read.first<{ amount: bigint }>(
    `SELECT coalesce(sum(t.gross_amount), 0)::bigint AS amount
     FROM settlement s JOIN statement t ON t.settlement_id = s.id AND t.status <> 'unlocked'
     WHERE s.kind = 'withdrawal' AND s.distributor_id = $1
       AND s.created_at >= $2 AND s.created_at < $3`,
    [distributorId, from, to],
  );
  return sum?.amount ?? 0n;
}

/** By the same rules as in a cycle, for the amount that is asked for. */
async function judgedOf(
  tx: Tx,
  vault: Vault,
  { distributor, program, amount }: WithdrawalRequest,
  settlement: Pick<SettlementRow, 'id' | 'createdAt'>,
): Promise<Judged> {
  const scope = { ...settlement, programId: program.id, cutoffAt: settlement.createdAt };
  const [row] = await candidateRows(tx, scope, [distributor.id]);
  if (row === undefined) throw new Error(`${distributor.id} has a balance and no earnings`);
  const [judged] = await judge(tx, vault, program, settlement, [{ ...row, grossAmount: amount }]);
  if (judged === undefined) throw new Error('who is judged has a judgement');
  return judged;
}

/** Calls finance to what its tax stops. @throws Refusal `not_payable` for every other reason */
async function refuse(
  tx: Tx,
  program: ProgramRow,
  { row, taxpayer, at }: Judged & { at: Date },
  reason: SkipReason,
): Promise<Refusal> {
  const refusal = new Refusal('not_payable', whyNot[reason], {
    errors: [fault(reason, whyNot[reason])],
  });
  if (!isTaxStop(reason)) throw refusal;
  const { distributorId, grossAmount } = row;
  const stopped = [{ distributorId, grossAmount, reason, person: taxpayer?.person ?? null }];
  await openTaxStops(tx, program, { stopped, month: monthOf(at, program.timeZone), at });
  return refusal;
}

const whyNot: Readonly<Record<SkipReason, string>> = {
  suspended: 'The distributor is suspended.',
  no_payout_account: 'The distributor has no payout account.',
  no_tax_profile: 'The distributor has no tax profile.',
  needs_invoice: 'A business is paid against a recorded invoice.',
  minor: 'The distributor is a minor; finance has to look at it.',
  below_minimum: 'The amount is below the minimum of the program.',
  net_zero: 'Nothing is left after tax and fee.',
  below_channel_minimum: 'What is left after tax and fee is below the minimum of the channel.',
  above_channel_maximum:
    'What is left after tax and fee is above what the channel takes at once, and is not split.',
  on_hold: 'The distributor is on hold.',
  excluded: 'The distributor was taken out.',
  non_resident: 'The taxpayer is not a resident; finance has to look at it.',
  vat_exemption: 'The income of the month is above the VAT exemption; finance has to look at it.',
};

async function insertWithdrawal(tx: Tx, row: Partial<SettlementRow>): Promise<SettlementRow> {
  await tx.insert('settlement', row);
  const settlement = await tx.first<SettlementRow>('SELECT * FROM settlement WHERE id = $1', [
    row.id,
  ]);
  if (settlement === undefined) throw new Error('what was inserted is there');
  return settlement;
}

interface OpenEarning extends OpenLine {
  distributorId: string;
  commissionId: string | null;
}

/**
 * Puts the oldest lines into the statement. A line that is larger than needed goes in whole, together
 * with a part that takes the rest out again; the rest is a part of its own that stays available. So
 * nothing that was written changes, and both sides add up.
 */
async function takeOldest(
  tx: Tx,
  settlement: SettlementRow,
  { id: statementId, distributorId, grossAmount }: NewStatement,
): Promise<void> {
  const open = await tx.rows<OpenEarning>(
    `SELECT id, distributor_id, amount, available_at, commission_id FROM earning
     WHERE program_id = $1 AND distributor_id = $2 AND statement_id IS NULL
       AND available_at IS NOT NULL`,
    [settlement.programId, distributorId],
  );
  const { lines, split } = takeLines(open, grossAmount);
  await tx.run('UPDATE earning SET statement_id = $1 WHERE id = ANY($2)', [
    statementId,
    lines.map(({ id }) => id),
  ]);
  if (split === null) return;
  const { commissionId, availableAt } = split.line;
  const part = {
    programId: settlement.programId,
    distributorId,
    kind: 'part',
    commissionId,
    releaseAt: availableAt,
    availableAt,
    createdAt: settlement.createdAt,
  };
  await tx.insert('earning', [
    { id: newId('earning'), ...part, amount: -split.restAmount, statementId },
    { id: newId('earning'), ...part, amount: split.restAmount, statementId: null },
  ]);
}
