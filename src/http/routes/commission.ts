import {
  type CommissionRow,
  findCommission,
  listCommissions,
  loadCommissionFacts,
} from '../../db/commission';
import { explain } from '../../domain/commission/explanation';
import { commissionView } from '../../domain/commission/view';
import { listOf, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import {
  commissionParams,
  commissionQuery,
  ExplanationView,
  ListedCommission,
} from '../schemas/commission';

const tag = 'Commissions';
const mayRead = { scope: 'commissions:read' } as const;

const getCommissions = defineRoute({
  method: 'get',
  path: '/v1/commissions',
  summary: 'List commissions',
  tag,
  access: mayRead,
  query: commissionQuery,
  answers: { 200: listOf(ListedCommission) },
  handle: async ({ query: { limit, cursor, ...filter }, caller, deps }) => {
    const rows = await listCommissions(deps.db.read, caller, { filter, cursor, limit: limit + 1 });
    return answer(
      200,
      mapPage(
        page(rows, limit, ({ id }) => id),
        listed,
      ),
    );
  },
});

const getCommission = defineRoute({
  method: 'get',
  path: '/v1/commissions/:id',
  summary: 'Read a commission',
  tag,
  access: mayRead,
  params: commissionParams,
  answers: { 200: ListedCommission },
  handle: async ({ params, caller, deps }) =>
    answer(200, listed(await findCommission(deps.db.read, caller, params.id))),
});

const getExplanation = defineRoute({
  method: 'get',
  path: '/v1/commissions/:id/explanation',
  summary: 'Explain a commission',
  description:
    'Calculates the commission again from the stored facts, compares it with what was booked ' +
    '(`verified`) and says every step, in Chinese or English by Accept-Language.',
  tag,
  access: mayRead,
  params: commissionParams,
  answers: { 200: ExplanationView },
  handle: async ({ params, caller, locale, deps }) => {
    // One transaction, so that a refund in between cannot make the facts disagree.
    const facts = await deps.db.transaction(async (tx) => {
      await tx.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      return loadCommissionFacts(tx, await findCommission(tx, caller, params.id));
    });
    return answer(200, explain(facts, locale));
  },
});

export const commissionRoutes = [getCommissions, getCommission, getExplanation];

function listed(row: CommissionRow) {
  return { ...commissionView(row), orderId: row.orderId, orderExternalId: row.orderExternalId };
}
