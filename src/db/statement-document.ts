import { momentText } from '../domain/kernel/format';
import { Refusal } from '../domain/kernel/refusal';
import type { StatementFacts } from '../domain/tax/document';
import type { TaxProfileKind } from '../domain/tax/id-number';
import type { TaxRecord } from '../domain/tax/withhold';
import type { Tx } from './database';
import { lastDeclaration } from './declaration';
import type { Reach } from './program';
import { countLines, findStatement, linesOfStatement } from './statement-read';

/** A document is for reading: the API lists all lines. */
const linesShown = 200;

interface Around {
  payerId: string;
  payerName: string;
  payerTaxNumber: string;
  distributorName: string;
  taxpayerName: string | null;
  idNumberMasked: string | null;
  kind: TaxProfileKind | null;
  currency: string;
  mode: 'test' | 'live';
  timeZone: string;
  approvedAt: Date;
}

/**
 * What the document of an approved statement says, as things stand now: payouts may still fail.
 * @throws Refusal `not_found`, `settlement_not_approved`
 */
export async function statementFacts(read: Tx, caller: Reach, id: string): Promise<StatementFacts> {
  const statement = await findStatement(read, caller, id);
  const { taxMonth, taxTrace: record } = statement;
  if (statement.status !== 'approved' || taxMonth === null || record === null) {
    throw new Refusal('settlement_not_approved', 'The statement has not been approved.');
  }
  const around = await aroundOf(read, id);
  const { payerId, mode } = around;
  const declared = await lastDeclaration(read, { payerId, mode, month: taxMonth });
  const lines = await linesOfStatement(read, id, { limit: linesShown, offset: 0 });
  return {
    id,
    payerName: around.payerName,
    payerTaxNumber: around.payerTaxNumber,
    payeeName: around.taxpayerName ?? around.distributorName,
    payeeIdNumber: around.idNumberMasked,
    payeeKind: around.kind,
    currency: around.currency,
    taxMonth,
    approvedAt: momentText(around.approvedAt, around.timeZone),
    grossAmount: statement.grossAmount,
    taxAmount: statement.taxAmount,
    feeAmount: statement.feeAmount,
    netAmount: statement.netAmount,
    record: record satisfies TaxRecord,
    declarationReference: declared?.reference ?? null,
    payouts: await payoutsOf(read, id),
    lines: lines.map((line) => ({
      id: line.id,
      kind: line.kind,
      order: line.orderExternalId,
      amount: line.amount,
    })),
    lineCount: await countLines(read, id),
  };
}

async function aroundOf(read: Tx, statementId: string): Promise<Around> {
  const around = await read.first<Around>(
    `SELECT y.id AS payer_id, y.name AS payer_name, y.tax_number AS payer_tax_number,
       d.name AS distributor_name, t.name AS taxpayer_name, t.id_number_masked,
       s.taxpayer_kind AS kind, p.currency, p.mode, p.time_zone, e.approved_at
     FROM statement s JOIN payer y ON y.id = s.payer_id JOIN program p ON p.id = s.program_id
     JOIN settlement e ON e.id = s.settlement_id JOIN distributor d ON d.id = s.distributor_id
     LEFT JOIN taxpayer t ON t.store_id = p.store_id AND t.person = s.person
     WHERE s.id = $1`,
    [statementId],
  );
  if (around === undefined) throw new Refusal('not_found', 'There is no such statement.');
  return around;
}

async function payoutsOf(read: Tx, statementId: string): Promise<StatementFacts['payouts']> {
  const rows = await read.rows<{
    id: string;
    amount: bigint;
    status: string;
    account: string;
    grossAmount: bigint;
    taxAmount: bigint;
    isBack: boolean;
  }>(
    `SELECT p.id, p.amount, p.status, p.account_masked AS account, p.gross_amount, p.tax_amount,
       EXISTS (SELECT 1 FROM earning e WHERE e.payout_id = p.id AND e.kind = 'giveBack') AS is_back
     FROM payout p WHERE p.statement_id = $1 ORDER BY p.id`,
    [statementId],
  );
  return rows.map(({ isBack, grossAmount, taxAmount, ...payout }) => ({
    ...payout,
    givenBack: isBack ? { grossAmount, taxAmount } : null,
  }));
}
