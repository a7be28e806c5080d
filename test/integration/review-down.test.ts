import { createReviewActivities } from '../../activities/review';
import { type TestApp, testApp } from '../support/app';
import { postDistributor, postProgram } from '../support/program';
import { snapshot } from '../support/snapshot';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const unknown = 'rev_01k9zq3v5wf8r8m2t4c6x0y1za';

async function openReviews(count: number): Promise<string[]> {
  const programId = await postProgram(app.shop, { enrolment: 'review' });
  for (let n = 0; n < count; n += 1) await postDistributor(app.shop, programId);
  const { body } = await app.admin.get(`/v1/reviews?programId=${programId}&limit=100`);
  return (body.data as { id: string }[]).map(({ id }) => id);
}

describe('decisions while Temporal is down', () => {
  test('that counted before their answer was lost are answered as they counted', async () => {
    const [id = ''] = await openReviews(1);
    const decision = { decision: 'reject' as const, reason: 'No.' };
    const keyed = { headers: { 'idempotency-key': `lost-${id}` } };
    const lost = await app.admin.post(`/v1/reviews/${id}/decisions`, decision, keyed);
    expect(lost.status).toBe(503);
    const { decideReview } = createReviewActivities({ db: app.db, clock: app.deps.clock });
    const deciderId = app.store.admin.id;
    await decideReview({ reviewId: id, deciderId, ...decision });
    const again = await app.admin.post(`/v1/reviews/${id}/decisions`, decision, keyed);
    expect([again.status, again.body.status, again.body.reviewId]).toEqual([200, 'rejected', id]);
    const items = { items: [{ id, ...decision }] };
    const inBulk = { headers: { 'idempotency-key': `bulk-${id}` } };
    const many = await app.admin.post('/v1/reviews/decisions', items, inBulk);
    expect(many.body.results).toMatchObject([{ status: 200, review: { status: 'rejected' } }]);
  });

  test('of many each has its own result, and nothing is half done', async () => {
    const [first, second, third] = await openReviews(3);
    const before = await snapshot(app.db);
    const answered = await app.admin.post('/v1/reviews/decisions', {
      items: [
        { id: first, decision: 'approve' },
        { id: second, decision: 'reject', reason: 'No.' },
        { id: unknown, decision: 'approve' },
        { id: third, decision: 'perhaps' },
      ],
    });
    expect(answered.status).toBe(200);
    const results = answered.body.results as {
      index: number;
      status: number;
      review?: object;
      problem?: { code: string };
    }[];
    expect(results.map(({ index, status, problem }) => [index, status, problem?.code])).toEqual([
      [0, 503, 'temporal_unavailable'],
      [1, 503, 'temporal_unavailable'],
      [2, 404, 'not_found'],
      [3, 400, 'invalid_request'],
    ]);
    expect(results.every(({ review }) => review === undefined)).toBe(true);
    expect(await snapshot(app.db)).toEqual(before);
  });

  test('what can be refused from the row alone is refused all the same', async () => {
    const [id] = await openReviews(1);
    const before = await snapshot(app.db);
    const [refused] = (
      await app.admin.post('/v1/reviews/decisions', { items: [{ id, decision: 'reject' }] })
    ).body.results as { status: number; problem: { code: string } }[];
    expect([refused!.status, refused!.problem.code]).toEqual([422, 'reason_required']);
    const single = await app.admin.post(`/v1/reviews/${id}/decisions`, { decision: 'approve' });
    expect([single.status, single.body.code]).toEqual([503, 'temporal_unavailable']);
    expect(await snapshot(app.db)).toEqual(before);
    expect((await app.admin.get(`/v1/reviews/${id}`)).body).toMatchObject({
      ...{ status: 'open', decisions: [] },
    });
  });
});
