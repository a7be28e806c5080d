import { workflowIds } from '../contracts/workflow';
import { groupBy } from '../domain/kernel/group';
import { approved } from '../domain/ledger/posting';
import type { Figures } from '../domain/settlement/assess';
import { payoutParts } from '../domain/settlement/parts';
import { type SealedStatement, sealStatement } from '../domain/settlement/result';
import type { InvoicePart } from '../domain/tax/invoice';
import { isBusiness } from '../domain/tax/payment';
import { insertMany } from './bulk';
import { largestTransfer, wholeAtMost } from './channel';
import type { Tx } from './database';
import { payoutAccountPlace } from './distributor-account';
import { newId } from './id';
import { coverStatements, useInvoices } from './invoice';
import { postTransactions } from './ledger';
import { enqueueStart } from './outbox';
import { accountPlace } from './payout';
import { programById } from './program';
import { advance, lockSettlementRow, type SettlementRow } from './settlement';
import { approvalChunkSize } from './settlement-lane';
import { dropStatements } from './settlement-unlock';
import {
  computeAll,
  type ComputedStatement,
  droppedOf,
  isPayable,
  type OpenStatement,
  personsOf,
  vatApprovedOf,
  writeFigures,
} from './statement';
import { openTaxStops } from './tax-stop';
import type { Vault } from './vault';
import { lockPayerTotals, personTotals, recordWithholdings, taxTermsOf } from './withholding';

interface StatementToPay extends OpenStatement {
  taxAmount: bigint;
  taxMonth: string;
  channelId: string;
  /** the smallest of the channel's limits: a part above a day's could never be submitted */
  perTransferAmount: bigint | null;
  accountId: string;
  accountCipher: string;
  accountMasked: string;
  holderName: string;
}

interface NewPayout {
  id: string;
  statement: StatementToPay;
  figures: Figures;
}

type Approval = ComputedStatement<StatementToPay>;

/**
 * Books the next statements of an approved settlement. Under the lock of the payer's running totals
 * the tax is computed again: what was paid since the review counts, and a statement that changes
 * says so in its trace. Tax and fee leave `settling`, the payouts are made with their accounts and
 * numbers frozen, and their workflows are asked for: all in this transaction.
 * @param after the statement with which the chunk before ended; empty: from the start
 * @param realNow payouts live on real time, like their providers
 * @returns where the next chunk begins, or null when nothing is left
 */
export async function approveChunk(
  tx: Tx,
  vault: Vault,
  settlementId: string,
  { after, realNow, limit = approvalChunkSize }: { after: string; realNow: Date; limit?: number },
): Promise<string | null> {
  const settlement = await lockSettlementRow(tx, settlementId);
  const { approvedAt, taxMonth: month } = settlement;
  if (settlement.status !== 'paying' || approvedAt === null || month === null) return null;
  const program = await programById(tx, settlement.programId);
  const terms = await taxTermsOf(tx, program.id, approvedAt);
  await lockPayerTotals(tx, terms.payerId);
  const statements = await statementsToPay(tx, settlementId, after, limit);
  const last = statements.at(-1);
  if (last === undefined) return null;
  const persons = personsOf(statements);
  const totals = await personTotals(tx, terms, persons, month);
  const vatApproved = await vatApprovedOf(tx, program, persons, month);
  const taxed = computeAll({ program, terms, month, statements, totals, vatApproved });
  const covered = await coverStatements(
    tx,
    statements.filter(({ taxpayerKind }) => isBusiness(taxpayerKind)),
  );
  const computed = taxed.map((one) => sayWhatChanged(needInvoice(one, covered)));
  const payable = computed.filter(isPayable);
  const payouts = payable.flatMap(payoutsOf);
  await writeFigures(tx, payable, 'approved', await seal(tx, payable, payouts));
  await insertPayouts(tx, vault, settlement, payouts, realNow);
  await withholdAll(tx, settlement, terms.payerId, payable, approvedAt);
  await useInvoices(tx, usedOf(payable, covered), approvedAt);
  await postApprovals(tx, settlement, payable, approvedAt);
  const dropped = computed.flatMap(droppedOf);
  await dropStatements(tx, settlement, dropped, approvedAt);
  await openTaxStops(tx, program, { stopped: dropped, month, at: approvedAt });
  await startPayouts(tx, payouts);
  await advance(tx, settlement, statements.length);
  return last.id;
}

/** The account in force now is the one that is paid to; who has had one cannot be without. */
function statementsToPay(
  tx: Tx,
  settlementId: string,
  after: string,
  limit: number,
): Promise<StatementToPay[]> {
  return tx.rows<StatementToPay>(
    `SELECT t.id, t.distributor_id, t.person, t.taxpayer_kind, t.gross_amount, t.tax_amount, t.tax_month,
       c.id AS channel_id, c.kind AS channel_kind, a.id AS account_id,
       ${largestTransfer} AS per_transfer_amount, ${wholeAtMost} AS whole_at_most_amount,
       a.account_cipher, a.account_masked, a.holder_name
     FROM statement t
     JOIN payout_account a ON a.distributor_id = t.distributor_id AND a.replaced_at IS NULL
     JOIN channel c ON c.id = a.channel_id
     WHERE t.settlement_id = $1 AND t.id > $2 AND t.status = 'computed'
     ORDER BY t.id LIMIT $3`,
    [settlementId, after, limit],
  );
}

type Covered = ReadonlyMap<string, readonly InvoicePart[]>;

/** An invoice that was there at the lock may have been used since, by another settlement. */
function needInvoice(approval: Approval, covered: Covered): Approval {
  const { statement, reason } = approval;
  const isCovered = !isBusiness(statement.taxpayerKind) || covered.has(statement.id);
  if (reason !== undefined || isCovered) return approval;
  return { ...approval, reason: 'needs_invoice' };
}

function usedOf(payable: readonly Approval[], covered: Covered): Covered {
  return new Map(payable.map(({ statement: { id } }) => [id, covered.get(id) ?? []]));
}

/** The reviewed tax stays readable where the approval came to another one. */
function sayWhatChanged(approval: Approval): Approval {
  const { statement, figures, taxMonth } = approval;
  if (statement.taxAmount === figures.taxAmount && statement.taxMonth === taxMonth) return approval;
  const reviewed = { taxAmount: Number(statement.taxAmount), month: statement.taxMonth };
  return { ...approval, record: { ...approval.record, reviewed } };
}

function payoutsOf({ statement, figures }: Approval): NewPayout[] {
  return payoutParts(figures, statement.perTransferAmount).map((part) => ({
    id: newId('payout'),
    statement,
    figures: part,
  }));
}

/** A number that every channel takes: letters and digits, at most 32. Fixed with the payout's id. */
function channelNumberOf(payoutId: string): string {
  return payoutId.replace('_', '');
}

async function insertPayouts(
  tx: Tx,
  vault: Vault,
  settlement: SettlementRow,
  payouts: readonly NewPayout[],
  createdAt: Date,
): Promise<void> {
  const rows = payouts.map(({ id, statement, figures }) => ({
    id,
    programId: settlement.programId,
    settlementId: settlement.id,
    statementId: statement.id,
    distributorId: statement.distributorId,
    channelId: statement.channelId,
    channelNumber: channelNumberOf(id),
    amount: figures.netAmount,
    grossAmount: figures.grossAmount,
    taxAmount: figures.taxAmount,
    feeAmount: figures.feeAmount,
    accountCipher: vault.seal(
      accountPlace(id),
      vault.open(payoutAccountPlace(statement.accountId), statement.accountCipher),
    ),
    accountMasked: statement.accountMasked,
    holderName: statement.holderName,
    status: 'queued',
    createdAt,
  }));
  await insertMany(
    tx,
    'payout',
    {
      id: 'text',
      programId: 'text',
      settlementId: 'text',
      statementId: 'text',
      distributorId: 'text',
      channelId: 'text',
      channelNumber: 'text',
      amount: 'int8',
      grossAmount: 'int8',
      taxAmount: 'int8',
      feeAmount: 'int8',
      accountCipher: 'text',
      accountMasked: 'text',
      holderName: 'text',
      status: 'text',
      createdAt: 'timestamptz',
    },
    rows,
  );
}

/** What is kept beside each statement, so that a verification can name what differs. */
async function seal(
  tx: Tx,
  approvals: readonly Approval[],
  payouts: readonly NewPayout[],
): Promise<Map<string, SealedStatement>> {
  const lines = await linesOf(
    tx,
    approvals.map(({ statement }) => statement.id),
  );
  const payoutIds = groupBy(payouts, ({ statement }) => statement.id);
  return new Map(
    approvals.map(({ statement, figures, taxMethod, taxMonth }) => [
      statement.id,
      sealStatement({
        id: statement.id,
        distributorId: statement.distributorId,
        ...figures,
        taxMethod,
        taxMonth,
        person: statement.person,
        lines: lines.get(statement.id) ?? [],
        payoutIds: (payoutIds.get(statement.id) ?? []).map(({ id }) => id),
      }),
    ]),
  );
}

/** The lines of statements: each earning is in at most one. */
export async function linesOf(
  read: Tx,
  statementIds: readonly string[],
): Promise<Map<string, { id: string; amount: bigint }[]>> {
  const rows = await read.rows<{ statementId: string; id: string; amount: bigint }>(
    'SELECT statement_id, id, amount FROM earning WHERE statement_id = ANY($1)',
    [statementIds],
  );
  return groupBy(rows, ({ statementId }) => statementId);
}

async function withholdAll(
  tx: Tx,
  settlement: SettlementRow,
  payerId: string,
  approvals: readonly Approval[],
  createdAt: Date,
): Promise<void> {
  const rows = approvals.flatMap(({ statement, figures, taxMethod, taxMonth }) => {
    const { id, person, grossAmount } = statement;
    if (person === null || taxMethod === 'none') return [];
    const reference = `settlement:${settlement.id}:approve:${id}`;
    const { taxAmount } = figures;
    const month = taxMonth;
    return [
      {
        payerId,
        person,
        month,
        statementId: id,
        reference,
        incomeAmount: grossAmount,
        taxAmount,
        createdAt,
      },
    ];
  });
  await recordWithholdings(tx, rows);
}

async function postApprovals(
  tx: Tx,
  settlement: SettlementRow,
  approvals: readonly Approval[],
  occurredAt: Date,
): Promise<void> {
  await postTransactions(
    tx,
    settlement.programId,
    approvals.map(({ statement, figures }) => ({
      reference: `settlement:${settlement.id}:approve:${statement.id}`,
      kind: 'settlement_approved',
      occurredAt,
      postings: approved(statement.distributorId, figures),
    })),
  );
}

async function startPayouts(tx: Tx, payouts: readonly NewPayout[]): Promise<void> {
  await enqueueStart(
    tx,
    ...payouts.map(({ id }) => ({
      workflowType: 'payout' as const,
      workflowId: workflowIds.payout(id),
      input: { payoutId: id },
    })),
  );
}
