import { findDistributor } from '../../db/distributor';
import { markNoticeRead, type NoticeRow, noticesOf } from '../../db/notice';
import { programById } from '../../db/program';
import { noticeText } from '../../domain/distributor/notice';
import { programNow } from '../../domain/kernel/clock';
import type { Language } from '../../domain/kernel/language';
import { listOf, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import { distributorParams } from '../schemas/distributor';
import { noticeParams, noticeQuery, NoticeView } from '../schemas/notice';

const tag = 'Notices';

const list = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/notices',
  summary: 'What a distributor was told, the latest first, in the language that is asked for',
  tag,
  access: { scope: 'distributors:read' },
  params: distributorParams,
  query: noticeQuery,
  answers: { 200: listOf(NoticeView) },
  handle: async ({ params, query: { limit, cursor, unread }, caller, locale, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const rows = await noticesOf(db.read, id, { limit: limit + 1, before: cursor, unread });
    return answer(
      200,
      mapPage(
        page(rows, limit, (row) => row.id),
        (row) => viewOf(row, locale),
      ),
    );
  },
});

const read = defineRoute({
  method: 'put',
  path: '/v1/distributors/:id/notices/:noticeId/read',
  summary: 'Say that a notice was read; the first time counts',
  tag,
  access: { scope: 'distributors:write', roles: ['owner', 'operations'] },
  params: noticeParams,
  answers: { 200: NoticeView },
  write: async ({ tx, params, caller, locale, now }) => {
    const { id: distributorId, programId } = await findDistributor(tx, caller, params.id);
    const at = programNow(await programById(tx, programId), now);
    return answer(
      200,
      viewOf(await markNoticeRead(tx, { id: params.noticeId, distributorId, at }), locale),
    );
  },
});

function viewOf(notice: NoticeRow, language: Language) {
  const { id, template, params, subjectId, at, readAt } = notice;
  return { id, template, ...noticeText(template, params, language), params, subjectId, at, readAt };
}

export const noticeRoutes = [list, read];
