import { z } from 'zod';
import { findProgram } from '../../db/program';
import { answer, defineRoute } from '../route';
import { idOf, signedAmount } from '../schemas/common';

const TrialBalance = z
  .strictObject({
    balanced: z.boolean(),
    accounts: z.array(z.strictObject({ account: z.string(), balanceAmount: signedAmount })),
  })
  .meta({ id: 'TrialBalance', description: 'All accounts of a program; they sum to 0' });

const getTrialBalance = defineRoute({
  method: 'get',
  path: '/v1/ledger/trial-balance',
  summary: 'All accounts of a program and whether they sum to 0',
  tag: 'Ledger',
  access: { scope: 'ledger:read' },
  query: z.strictObject({ programId: idOf('program') }),
  answers: { 200: TrialBalance },
  handle: async ({ query, caller, deps: { db } }) => {
    const { id } = await findProgram(db.read, caller, query.programId);
    const accounts = await db.read.rows<{ account: string; balanceAmount: bigint }>(
      `SELECT code AS account, balance AS balance_amount FROM ledger_account
       WHERE program_id = $1 ORDER BY code COLLATE "C"`,
      [id],
    );
    const sum = accounts.reduce((total, { balanceAmount }) => total + balanceAmount, 0n);
    return answer(200, { balanced: sum === 0n, accounts });
  },
});

export const ledgerRoutes = [getTrialBalance];
