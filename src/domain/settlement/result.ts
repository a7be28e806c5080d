/** What an approved statement is made of: everything that the result hash covers, nothing later. */
export interface ApprovedStatement {
  id: string;
  distributorId: string;
  grossAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
  netAmount: bigint;
  taxMethod: string;
  taxMonth: string;
  /** blind index of the taxpayer */
  person: string | null;
  lines: readonly { id: string; amount: bigint }[];
  payoutIds: readonly string[];
}

/** The same as texts, as it is sealed beside the statement; amounts in fen. */
export interface SealedStatement {
  figures: Record<string, string>;
  /** [earning id, amount], in the order of ids */
  lines: [string, string][];
  payoutIds: string[];
}

/** One fact that is not what was approved. `null`: it was not there, or is not there any more. */
export interface Difference {
  statementId: string;
  /** statement | line | payout */
  kind: 'statement' | 'line' | 'payout';
  /** the id of the line or payout, or the name of the figure */
  name: string;
  approved: string | null;
  found: string | null;
}

/** Puts a statement in the one form in which it is sealed, hashed and compared. */
export function sealStatement(statement: ApprovedStatement): SealedStatement {
  return {
    figures: {
      distributorId: statement.distributorId,
      grossAmount: statement.grossAmount.toString(),
      taxAmount: statement.taxAmount.toString(),
      feeAmount: statement.feeAmount.toString(),
      netAmount: statement.netAmount.toString(),
      taxMethod: statement.taxMethod,
      taxMonth: statement.taxMonth,
      person: statement.person ?? '',
    },
    lines: [...statement.lines]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, amount }) => [id, amount.toString()]),
    payoutIds: [...statement.payoutIds].sort(),
  };
}

/**
 * The text of one statement that goes into the result hash: ids and figures, one per line. Statements
 * follow each other in the order of their ids.
 */
export function hashedText(statementId: string, sealed: SealedStatement): string {
  const figures = Object.entries(sealed.figures)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return [
    `statement ${statementId} ${figures.join(' ')}`,
    ...sealed.lines.map(([id, amount]) => `line ${id} ${amount}`),
    ...sealed.payoutIds.map((id) => `payout ${id}`),
    '',
  ].join('\n');
}

/** Names everything in which a statement as it is now differs from what was approved. */
export function differencesOf(
  statementId: string,
  approved: SealedStatement | null,
  found: SealedStatement,
): Difference[] {
  const figures = (sealed: SealedStatement | null) =>
    new Map(Object.entries(sealed?.figures ?? {}));
  const lines = (sealed: SealedStatement | null) => new Map(sealed?.lines ?? []);
  const payouts = (sealed: SealedStatement | null) =>
    new Map((sealed?.payoutIds ?? []).map((id) => [id, 'there']));
  return [
    ...compare(statementId, 'statement', figures(approved), figures(found)),
    ...compare(statementId, 'line', lines(approved), lines(found)),
    ...compare(statementId, 'payout', payouts(approved), payouts(found)),
  ];
}

function compare(
  statementId: string,
  kind: Difference['kind'],
  approved: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): Difference[] {
  const names = [...new Set([...approved.keys(), ...found.keys()])].sort();
  return names
    .filter((name) => approved.get(name) !== found.get(name))
    .map((name) => ({
      statementId,
      kind,
      name,
      approved: approved.get(name) ?? null,
      found: found.get(name) ?? null,
    }));
}
