import { z } from 'zod';
import { findChannel } from '../../db/channel';
import {
  differencesOf,
  findReconciliation,
  listReconciliations,
  type ReconciliationRow,
} from '../../db/reconciliation-read';
import { Refusal } from '../../domain/kernel/refusal';
import { listOf, listQuery, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import { DifferenceView, ReconciliationView } from '../schemas/channel';
import { idParam } from '../schemas/common';

const tag = 'Channels';
const mayRead = { scope: 'channels:read' } as const;

const list = defineRoute({
  method: 'get',
  path: '/v1/channels/:id/reconciliations',
  summary: 'The days of a channel whose bill was compared with our books, the newest first',
  tag,
  access: mayRead,
  params: z.strictObject({ id: idParam('channel') }),
  query: listQuery,
  answers: { 200: listOf(ReconciliationView) },
  handle: async ({ params, query, caller, deps }) => {
    const { id } = await findChannel(deps.db.read, caller, params.id);
    const rows = await listReconciliations(deps.db.read, { channelId: id, ...query });
    return answer(
      200,
      mapPage(
        page(rows, query.limit, ({ day }) => day),
        viewOf,
      ),
    );
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/channels/:id/reconciliations/:day',
  summary: 'One day of a channel, with every row that differs',
  tag,
  access: mayRead,
  params: z.strictObject({ id: idParam('channel'), day: z.iso.date() }),
  answers: { 200: ReconciliationView.extend({ rowsThatDiffer: z.array(DifferenceView) }) },
  handle: async ({ params, caller, deps }) => {
    const { id } = await findChannel(deps.db.read, caller, params.id);
    const row = await findReconciliation(deps.db.read, id, params.day);
    if (row === undefined) throw new Refusal('not_found', 'That day is not compared.');
    const differences = await differencesOf(deps.db.read, id, params.day);
    const rowsThatDiffer = differences.map(({ ourAmount, theirAmount, ...rest }) => ({
      ...rest,
      amount: ourAmount,
      billAmount: theirAmount,
    }));
    return answer(200, { ...viewOf(row), rowsThatDiffer });
  },
});

function viewOf({ differenceCount, openCount, ...row }: ReconciliationRow) {
  return { ...row, differences: differenceCount, openDifferences: openCount };
}

export const reconciliationRoutes = [list, get];
