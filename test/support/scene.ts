import type { TestApp } from './app';
import { postDistributor, postProgram } from './program';

const dayMs = 86_400_000;
const begun = Date.now() - 30 * dayMs;

/** Days after the start of the program of a scene, which is 30 days ago. */
export const on = (days: number) => new Date(begun + days * dayMs).toISOString();

/** Over HTTP: a program whose plan is in force from its start, and a seller under a sponsor. */
export async function givenScene(app: TestApp, plan: object) {
  const programId = await postProgram(app.shop, { startsAt: on(0) });
  const draft = await app.shop.post(`/v1/programs/${programId}/plans`, { plan });
  expect([draft.status, draft.text]).toEqual([201, draft.text]);
  await app.db.read.run(
    `UPDATE plan SET status = 'published', effective_at = $2, published_at = $2, published_by = 'test'
     WHERE id = $1`,
    [draft.body.id, new Date(begun)],
  );
  const person = async (own: object = {}) =>
    (await postDistributor(app.shop, programId, { joinedAt: on(0), ...own })).body;
  const sponsor = await person();
  const seller = await person({ sponsorCode: sponsor.code });
  return { programId, planId: draft.body.id, sponsor, seller, person };
}
