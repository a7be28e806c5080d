import { sweepTrees } from '../../src/db/compliance';
import { programById } from '../../src/db/program';
import { type TestHouse, testHouse } from '../support/app';
import { givenDistributor, givenProgram } from '../support/given';
import { publishWithWaivers } from '../support/plan';
import { postDistributor, postProgram } from '../support/program';
import { planBody } from '../support/world';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse();
}, 120_000);
afterAll(() => house.close());

interface Case {
  id: string;
  subjectId: string;
  facts: { people: number; levels: number; threshold: string };
}

async function cases(programId: string): Promise<Case[]> {
  const list = await house.admin.get(
    `/v1/reviews?kind=compliance&programId=${programId}&status=open&limit=100`,
  );
  return (list.body as { data: Case[] }).data;
}

const sweep = (programId: string) =>
  house.admin.post(`/v1/programs/${programId}/compliance-sweeps`);

/** A root with so many directs; two distributor layers and the merchant are three levels. */
async function givenTree(programId: string, directs: number, status = 'active') {
  const owner = { storeId: house.store.id, programId };
  const root = await givenDistributor(house.db, owner);
  for (let count = 0; count < directs; count += 1) {
    await givenDistributor(house.db, { ...owner, sponsorId: root, status });
  }
  return root;
}

const program = () => givenProgram(house.db, house.store.id);

describe('a sweep of the sponsor trees', () => {
  it('opens a case at 30 people and 3 levels with the merchant counted, not below', async () => {
    const programId = await program();
    const below = await givenTree(programId, 27);
    const owner = { storeId: house.store.id, programId };
    for (let alone = 0; alone < 40; alone += 1) await givenDistributor(house.db, owner);
    expect((await sweep(programId)).body).toEqual({ reviews: [] });
    await givenDistributor(house.db, { ...owner, sponsorId: below });
    const found = await sweep(programId);
    expect(found.status).toBe(200);
    expect(found.body.reviews).toMatchObject([
      { rootDistributorId: below, people: 30, levels: 3, threshold: 'prosecution' },
    ]);
    const [one] = await cases(programId);
    expect(one).toMatchObject({
      subjectId: below,
      facts: { people: 30, levels: 3, thresholdPeople: 30, thresholdLevels: 3 },
    });
    expect(JSON.stringify(one)).not.toMatch(/legal|合法/);
  });

  it('opens one case for each tree, and none again while it is open', async () => {
    const programId = await program();
    const roots = [await givenTree(programId, 29), await givenTree(programId, 30)];
    const answers = await Promise.all([sweep(programId), sweep(programId)]);
    expect(answers.flatMap(({ body }) => body.reviews)).toHaveLength(2);
    expect((await sweep(programId)).body.reviews).toEqual([]);
    const found = await cases(programId);
    expect(found.map(({ subjectId }) => subjectId).sort()).toEqual(roots.sort());
  });

  it('opens another one after a decision only when the tree has grown by 30', async () => {
    const programId = await program();
    const root = await givenTree(programId, 29);
    await sweep(programId);
    const [first] = await cases(programId);
    const decided = await house.admin.post(`/v1/reviews/${first!.id}/decisions`, {
      decision: 'approve',
      reason: 'We look into it.',
    });
    expect(decided.status).toBe(200);
    expect((await sweep(programId)).body.reviews).toEqual([]);
    const owner = { storeId: house.store.id, programId, sponsorId: root };
    for (let more = 0; more < 30; more += 1) {
      if (more === 29) expect((await sweep(programId)).body.reviews).toEqual([]);
      await givenDistributor(house.db, owner);
    }
    expect((await sweep(programId)).body.reviews).toMatchObject([{ people: 61 }]);
  }, 60_000);

  it('counts nobody who applied or has gone, but who left still holds the tree together', async () => {
    const programId = await program();
    await givenTree(programId, 40, 'applied');
    await givenTree(programId, 40, 'left');
    const owner = { storeId: house.store.id, programId };
    const root = await givenDistributor(house.db, owner);
    const gone = await givenDistributor(house.db, { ...owner, sponsorId: root, status: 'left' });
    for (let under = 0; under < 28; under += 1) {
      await givenDistributor(house.db, { ...owner, sponsorId: gone });
    }
    expect((await sweep(programId)).body.reviews).toMatchObject([
      { rootDistributorId: root, people: 30, levels: 3 },
    ]);
  });

  it('is an admin’s to ask for', async () => {
    const refused = await house.shop.post(`/v1/programs/${await program()}/compliance-sweeps`);
    expect([refused.status, refused.body.code]).toEqual([403, 'admin_required']);
  });

  it('runs by itself when the clock passes a midnight', async () => {
    const programId = await postProgram(house.shop, { startsAt: '2026-01-01T00:00:00+08:00' });
    const made = await house.shop.post(`/v1/programs/${programId}/plans`, { plan: planBody });
    await publishWithWaivers(house.shop, house.admin, made.body.id as string);
    const root = (await postDistributor(house.shop, programId)).body as {
      id: string;
      code: string;
    };
    for (let directs = 0; directs < 27; directs += 1) {
      await postDistributor(house.shop, programId, { sponsorCode: root.code });
    }
    const inDays = (days: number) =>
      house.shop.post(`/v1/programs/${programId}/clock`, {
        now: new Date(Date.now() + days * 86_400_000).toISOString(),
      });
    expect((await inDays(1)).status).toBe(200);
    expect(await cases(programId)).toEqual([]);
    await postDistributor(house.shop, programId, { sponsorCode: root.code });
    expect((await inDays(2)).status).toBe(200);
    expect(await cases(programId)).toMatchObject([
      { subjectId: root.id, facts: { people: 30, levels: 3 } },
    ]);
    expect((await inDays(4)).status).toBe(200);
    expect(await cases(programId)).toHaveLength(1);
  }, 60_000);

  it('measures a tree 100,000 wide in seconds', async () => {
    const programId = await program();
    const root = await givenTree(programId, 0);
    const sql = `INSERT INTO distributor (id, store_id, program_id, external_id, content_hash, name,
        phone_cipher, phone_index, phone_masked, code, joined_at, answers, status, tier, sponsor_id,
        created_at)
      SELECT 'dst_wide' || n, store_id, program_id, 'wide' || n, '', 'x', '', 'wide' || n, '', 'W' || n,
        joined_at, '{}', 'active', tier, id, created_at
      FROM distributor, generate_series(1, 100000) n WHERE id = $1`;
    await house.db.read.run(sql, [root]);
    // Known to the planner: nearly everybody has the same sponsor.
    await house.db.read.run('ANALYZE distributor');
    const began = performance.now();
    const found = await house.db.transaction(async (tx) =>
      sweepTrees(tx, await programById(tx, programId), new Date()),
    );
    expect(found).toMatchObject([{ people: 100_002, levels: 3 }]);
    expect(performance.now() - began).toBeLessThan(10_000);
  }, 60_000);
});
