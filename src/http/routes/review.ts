import { decide, type DecideInput, type DecideResult } from '../../contracts/workflow';
import { workflowOfReview } from '../../db/review';
import { assignReview, findReview, type ListedReview, listReviews } from '../../db/review-list';
import type { Role } from '../../domain/kernel/access';
import { Refusal, type RefusalCode } from '../../domain/kernel/refusal';
import { judge, objections } from '../../domain/review/decide';
import { listOf, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import {
  AssigneeBody,
  DecidedView,
  DecisionBody,
  reviewParams,
  reviewQuery,
  ReviewView,
} from '../schemas/review';

const tag = 'Reviews';
const mayRead = { scope: 'reviews:read' } as const;
/** The kind of the task says more exactly who of them may decide it. */
const deciders: readonly Role[] = ['owner', 'operations', 'finance'];
const mayDecide = { adminOnly: { roles: deciders } } as const;

const getReviews = defineRoute({
  method: 'get',
  path: '/v1/reviews',
  summary: 'The queue of everything that an admin decides, the latest first',
  tag,
  access: mayRead,
  query: reviewQuery,
  answers: { 200: listOf(ReviewView) },
  handle: async ({ query, caller, now, deps: { db } }) => {
    const { limit, cursor, ...filter } = query;
    const wanted = { filter, realNow: now, limit: limit + 1, before: cursor };
    const reviews = page(await listReviews(db.read, caller, wanted), limit, ({ id }) => id);
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
    await audit({ action: 'review.assigned', subjectId: review.id, before, after: { assigneeId } });
    return answer(200, reviewView({ ...review, assigneeId }));
  },
});

const postDecision = defineRoute({
  method: 'post',
  path: '/v1/reviews/:id/decisions',
  summary: 'Decide a review task',
  description:
    "Answers with the subject's new state, or `needs: second_person` when another admin must approve as well. After a 503 the same decision is repeated.",
  tag,
  access: mayDecide,
  params: reviewParams,
  body: DecisionBody,
  answers: { 200: DecidedView },
  handle: async ({ params, body, caller, now, deps }) => {
    const review = await findReview(deps.db.read, caller, { id: params.id, realNow: now });
    const decision: DecideInput = {
      reviewId: review.id,
      deciderId: caller.adminId ?? '',
      decision: body.decision,
      reason: body.reason ?? null,
    };
    mustCount(review, decision, caller.roles);
    const result = await deps.temporal.updateWithStart<DecideResult>({
      ...workflowOfReview(review),
      updateName: decide.name,
      // The repeat of a decision gives its first result; another one is judged anew.
      updateId: `${review.id}:${decision.deciderId}:${decision.decision}`,
      args: [decision],
    });
    return answer(200, decidedView(review, decision, result));
  },
});

/** What can be refused from the row needs no workflow; the activity judges again under its lock. */
function mustCount(review: ListedReview, decision: DecideInput, roles: readonly Role[]): void {
  const before = {
    ...review,
    deciders: review.decisions.map(({ deciderId }) => deciderId),
    excluded: review.excludedDeciders,
  };
  const judgement = judge(before, { ...decision, roles });
  if (!judgement.ok) throw new Refusal(judgement.code, objections[judgement.code]);
}

function decidedView(
  { id, kind, subjectId }: ListedReview,
  { decision }: DecideInput,
  result: DecideResult,
) {
  switch (result.outcome) {
    case 'decided':
      return {
        reviewId: id,
        kind,
        decision,
        subjectId,
        id: subjectId,
        status: null,
        ...result.subject,
      };
    case 'needs_second_person':
      return { needs: 'second_person' as const };
    case 'refused':
      throw new Refusal(result.code as RefusalCode, result.detail);
  }
}

function reviewView(review: ListedReview) {
  const { id, kind, programId, subjectId, status, outcome, dueAt, overdue, escalatedAt } = review;
  const { facts, assigneeId, stepsNeeded, decisions, createdAt, decidedAt } = review;
  return {
    ...{ id, kind, programId, subjectId, status, outcome, dueAt, overdue, escalatedAt },
    ...{ facts, assigneeId, stepsNeeded, decisions, createdAt, decidedAt },
  };
}

export const reviewRoutes = [getReviews, getReview, putAssignee, postDecision];
