import { reviewHistory } from '../../db/review-history';
import {
  assignReview,
  findReview,
  type ListedReview,
  listReviews,
  reviewCursor,
} from '../../db/review-list';
import { mayNotDecide } from '../../domain/review/due';
import { reviewRules } from '../../domain/review/kind';
import { listOf, mapPage, page, wholeNumber } from '../list';
import { answer, defineRoute } from '../route';
import {
  AssigneeBody,
  historyQuery,
  ReviewHistoryView,
  reviewParams,
  reviewQuery,
  ReviewView,
} from '../schemas/review';
import { mayDecide, reviewDecisionRoutes } from './review-decision';

const tag = 'Reviews';
const mayRead = { scope: 'reviews:read' } as const;

const getReviews = defineRoute({
  method: 'get',
  path: '/v1/reviews',
  summary: 'The queue of everything that an admin decides, the latest or what is due first',
  tag,
  access: mayRead,
  query: reviewQuery,
  answers: { 200: listOf(ReviewView) },
  handle: async ({ query, caller, now, deps: { db } }) => {
    const { limit, cursor, sort, ...filter } = query;
    const wanted = { filter, sort, realNow: now, limit: limit + 1, cursor };
    const listed = await listReviews(db.read, caller, wanted);
    const reviews = page(listed, limit, (review) => reviewCursor(sort, review));
    return answer(200, mapPage(reviews, reviewView));
  },
});

const getReview = defineRoute({
  method: 'get',
  path: '/v1/reviews/:id',
  summary: 'Read a review task',
  tag,
  access: mayRead,
  params: reviewParams,
  answers: { 200: ReviewView },
  handle: async ({ params, caller, now, deps: { db } }) => {
    const review = await findReview(db.read, caller, { id: params.id, realNow: now });
    return answer(200, reviewView(review));
  },
});

const putAssignee = defineRoute({
  method: 'put',
  path: '/v1/reviews/:id/assignee',
  summary: 'Give a review task to an admin, or to nobody',
  tag,
  access: mayDecide,
  params: reviewParams,
  body: AssigneeBody,
  answers: { 200: ReviewView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const review = await findReview(tx, caller, { id: params.id, realNow: now });
    const { assigneeId } = body;
    await assignReview(tx, review, assigneeId);
    const before = { assigneeId: review.assigneeId };
    const after = { assigneeId, at: review.programNow };
    await audit({ action: 'review.assigned', subjectId: review.id, before, after });
    return answer(200, reviewView({ ...review, assigneeId }));
  },
});

const getHistory = defineRoute({
  method: 'get',
  path: '/v1/reviews/:id/history',
  summary: 'Who was given a review task, was reminded, and decided it, when and why',
  tag,
  access: mayRead,
  params: reviewParams,
  query: historyQuery,
  answers: { 200: listOf(ReviewHistoryView) },
  handle: async ({ params, query: { limit, cursor }, caller, now, deps: { db } }) => {
    const review = await findReview(db.read, caller, { id: params.id, realNow: now });
    const after = wholeNumber(cursor);
    const steps = await reviewHistory(db.read, review, { after, limit: limit + 1 });
    const entries = page(steps, limit, ({ recordId }) => String(recordId));
    return answer(
      200,
      mapPage(entries, ({ recordId: _, ...entry }) => entry),
    );
  },
});

function reviewView(review: ListedReview) {
  const { id, kind, programId, subjectId, status, outcome, dueAt, overdue, escalatedAt } = review;
  const { facts, assigneeId, stepsNeeded, decisions, createdAt, decidedAt, remindedAt } = review;
  const deciders = decisions.map(({ deciderId }) => deciderId);
  return {
    mayDecide: {
      roles: [...reviewRules[kind].roles],
      notAdmins: mayNotDecide({ deciders, excluded: review.excludedDeciders }),
    },
    remindedAt,
    ...{ id, kind, programId, subjectId, status, outcome, dueAt, overdue, escalatedAt },
    ...{ facts, assigneeId, stepsNeeded, decisions, createdAt, decidedAt },
  };
}

export const reviewRoutes = [
  getReviews,
  getReview,
  putAssignee,
  getHistory,
  ...reviewDecisionRoutes,
];
