import type { z } from 'zod';
import { decide, type DecideInput, type DecideResult } from '../../contracts/workflow';
import { contentHash } from '../../db/content-hash';
import type { Tx } from '../../db/database';
import { newId } from '../../db/id';
import { mustBeReversible } from '../../db/reversal-read';
import { subjectState, workflowOfReview } from '../../db/review';
import { findReview, type ListedReview } from '../../db/review-list';
import type { Caller, Role } from '../../domain/kernel/access';
import { Refusal, type RefusalCode } from '../../domain/kernel/refusal';
import { isRepeated, judge, mayReverse, objections } from '../../domain/review/decide';
import { answer, defineRoute, type RouteContext } from '../route';
import {
  BulkDecidedView,
  BulkDecisionBody,
  BulkDecisionItem,
  DecidedView,
  DecisionBody,
  reviewParams,
} from '../schemas/review';

const tag = 'Reviews';
/** The kind of the task says more exactly who of them may decide it. */
const deciders: readonly Role[] = ['owner', 'operations', 'finance'];
export const mayDecide = { adminOnly: { roles: deciders } } as const;

/** So many decisions of one request are under way at a time. */
const lanes = 8;
/** What was not begun by then is answered 503: one workflow that hangs costs 10 s of one lane. */
const bulkPatienceMs = 20_000;

const postDecision = defineRoute({
  method: 'post',
  path: '/v1/reviews/:id/decisions',
  summary: 'Decide a review task',
  description:
    "Answers with the subject's new state, or `needs: second_person` when another admin must approve as well. After a 503 the same decision is repeated; with an `Idempotency-Key`, one that counted is answered as it counted. Without it, and for every other decision, a decided task is a 409. Whoever confirms a suspension, or rejects the appeal against one, may reverse commissions that no statement has taken (`reverse`).",
  tag,
  access: mayDecide,
  params: reviewParams,
  body: DecisionBody,
  answers: { 200: DecidedView },
  handle: async ({ params, body, ...context }) =>
    answer(200, await decideOne(context, { id: params.id, ...body })),
});

const postDecisions = defineRoute({
  method: 'post',
  path: '/v1/reviews/decisions',
  summary: 'Decide up to 100 review tasks',
  description:
    'Every decision has its own result, as it would have on its own; one that is refused spoils no other. They are taken in no particular order. What is answered with 503 is repeated.',
  tag,
  access: mayDecide,
  itemsIn: 'items',
  body: BulkDecisionBody,
  answers: { 200: BulkDecidedView },
  handle: async ({ body, item, problemOf, ...context }) => {
    const items = body.items.map((value, index) => item(BulkDecisionItem, index, value));
    const giveUpAt = performance.now() + bulkPatienceMs;
    const results = await inLanes(items, lanes, async (one, index) => {
      if (!one.ok) return { index, status: one.problem.status, problem: one.problem };
      try {
        if (performance.now() > giveUpAt) throw tooLate();
        return { index, status: 200, review: await decideOne(context, one.value) };
      } catch (error) {
        const problem = problemOf(error);
        if (problem.status === 500) context.deps.log.error({ err: error }, 'a decision failed');
        return { index, status: problem.status, problem };
      }
    });
    return answer(200, { results });
  },
});

function tooLate(): Refusal {
  return new Refusal('temporal_unavailable', 'not tried any more in this request; repeat it');
}

/** @throws Refusal; ProtocolRefusal of a decision that its workflow refused */
async function decideOne(
  {
    caller,
    now,
    deps,
    headers,
  }: Pick<RouteContext<unknown, unknown, unknown, Caller>, 'caller' | 'now' | 'deps' | 'headers'>,
  { id, ...body }: z.output<typeof BulkDecisionItem>,
): Promise<z.input<typeof DecidedView>> {
  const review = await findReview(deps.db.read, caller, { id, realNow: now });
  const decision: DecideInput = {
    reviewId: review.id,
    deciderId: caller.adminId ?? '',
    decision: body.decision,
    reason: body.reason ?? null,
    ...(body.reverse === undefined ? {} : { reverse: givenOnly(body.reverse) }),
  };
  const isKeyed = headers['idempotency-key'] !== undefined;
  const repeated = isKeyed ? await answerOfBefore(deps.db.read, review, decision) : undefined;
  if (repeated !== undefined) return decidedView(review, decision, repeated);
  mustCount(review, decision, caller.roles);
  await mustReverse(deps.db.read, review, decision);
  const ask = (updateId: string) =>
    deps.temporal.updateWithStart<DecideResult>({
      ...workflowOfReview(review),
      ...{ updateName: decide.name, updateId, args: [decision] },
    });
  // The repeat of a decision gives its first result; another one is judged anew.
  const updateId = updateIdOf(decision);
  const result = await ask(updateId);
  if (result.outcome !== 'refused') return decidedView(review, decision, result);
  // What was refused changed nothing, and may have been refused long ago: now it may count.
  return decidedView(review, decision, await ask(`${updateId}:${newId('request')}`));
}

/** What a decision that counted came to, for who repeats it with a key: its answer may have been lost. */
async function answerOfBefore(
  read: Tx,
  review: ListedReview,
  decision: DecideInput,
): Promise<DecideResult | undefined> {
  const again = { ...decision, reverse: decision.reverse ?? null };
  if (!isRepeated(review.decisions, again)) return undefined;
  if (review.outcome === null) return { outcome: 'needs_second_person' };
  return { outcome: 'decided', subject: await subjectState(read, review) };
}

function givenOnly({ orders }: { orders?: string[] | undefined }): { orders?: string[] } {
  return orders === undefined ? {} : { orders };
}

/** A decision that reverses other commissions is another decision. */
function updateIdOf({ reviewId, deciderId, decision, reverse }: DecideInput): string {
  const plain = `${reviewId}:${deciderId}:${decision}`;
  return reverse === undefined ? plain : `${plain}:${contentHash(reverse)}`;
}

/** @throws Refusal reversal_not_possible, nothing_to_reverse */
async function mustReverse(
  read: Tx,
  review: ListedReview,
  { decision, reverse }: DecideInput,
): Promise<void> {
  if (reverse === undefined) return;
  if (!mayReverse(review, decision)) {
    const message =
      'Commissions are reversed by approving a suspension, or by rejecting an appeal against one.';
    const errors = [{ pointer: '/reverse', code: 'reversal_not_possible', message }];
    throw new Refusal('reversal_not_possible', message, { errors });
  }
  await mustBeReversible(read, review.subjectId, reverse);
}

/** Does all, so many at a time; the results are in the order of the items. */
async function inLanes<T, R>(
  items: readonly T[],
  count: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  const lane = async () => {
    for (const [index, item] of left) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: count }, lane));
  return results;
}

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
      throw new Refusal(result.code as RefusalCode, result.detail, { errors: result.errors ?? [] });
  }
}

export const reviewDecisionRoutes = [postDecision, postDecisions];
