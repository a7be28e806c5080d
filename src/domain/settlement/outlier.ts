/** A statement that finance should look at; amounts are fen as decimal strings. */
export interface OddStatement {
  statementId: string;
  distributorId: string;
  grossAmount: string;
  /** the average of this person's statements before; null: there was none */
  usualAmount: string | null;
}

export const outlierKinds = ['muchLarger', 'newPayees', 'changedAccounts'] as const;
export type OutlierKind = (typeof outlierKinds)[number];

/** What differs from the cycles before. Each list names the largest; the count is of all. */
export interface Outliers {
  /** several times as much as this person usually gets */
  muchLarger: OddList;
  /** paid for the first time */
  newPayees: OddList;
  /** the payout account is another one than that of the last payout */
  changedAccounts: OddList;
  /** the cycles before, the latest first: what the totals can be held against */
  lastCycles: {
    settlementId: string;
    period: string;
    distributors: number;
    grossAmount: string;
    netAmount: string;
  }[];
}

export interface OddList {
  count: number;
  statements: OddStatement[];
}

/** From how many times the usual amount on a statement is an outlier. */
export const muchLargerTimes = 3;
/** How far back a person's usual amount is looked for, in statements of theirs. */
export const usualOfLast = 6;
/** How many statements it takes to know what is usual for somebody. */
export const usualFromStatements = 2;
/** How many statements of each kind are named. */
export const namedAtMost = 20;
