import { moveStanding } from '../../src/db/standing';
import { testApp, type TestApp } from '../support/app';
import { testClient } from '../support/http';
import { postDistributor, postProgram } from '../support/program';
import { orderBody } from '../support/world';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
}, 60_000);
afterAll(() => app.close());

const startsAt = new Date(Date.now() - 10 * 86_400_000).toISOString();
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

async function people(
  count: number,
): Promise<{ programId: string; ids: string[]; codes: string[] }> {
  const programId = await postProgram(app.shop, { startsAt });
  const made = [];
  for (let i = 0; i < count; i += 1) {
    made.push((await postDistributor(app.shop, programId, { joinedAt: startsAt })).body);
  }
  return { programId, ids: made.map(({ id }) => id), codes: made.map(({ code }) => code) };
}

const change = (
  id: string | undefined,
  sponsorCode: string | null | undefined,
  more: object = {},
) =>
  app.admin.post(`/v1/distributors/${id}/sponsor-changes`, {
    ...{ sponsorCode, reason: 'asked for', ...more },
  });

const read = async (id: string | undefined) => (await app.shop.get(`/v1/distributors/${id}`)).body;

describe('a change of the sponsor', () => {
  it('begins now, is shown, and stands in the history', async () => {
    const { ids, codes } = await people(2);
    const changed = await change(ids[0], codes[1]);
    expect([changed.status, changed.text]).toEqual([201, changed.text]);
    expect(changed.body).toMatchObject({ sponsorId: ids[1], previousSponsorId: null });
    expect((await read(ids[0])).sponsorId).toBe(ids[1]);
    const history = (await app.shop.get(`/v1/distributors/${ids[0]}/history`)).body.data;
    expect(history.at(-1)).toMatchObject({
      ...{ sponsorId: ids[1], cause: 'sponsor_changed', reason: 'asked for' },
      actor: `admin:${app.store.admin.id}`,
    });
    expect((await change(ids[0], null)).body.sponsorId).toBeNull();
    expect((await read(ids[0])).sponsorId).toBeNull();
  });

  it('is refused where it makes a circle, at any depth', async () => {
    const { ids, codes } = await people(4);
    for (const i of [1, 2, 3]) expect((await change(ids[i], codes[i - 1])).status).toBe(201);
    for (const i of [0, 1, 2, 3]) {
      const refused = await change(ids[0], codes[i]);
      expect([refused.status, refused.body.code]).toEqual([409, 'sponsor_cycle']);
    }
  });

  it('never leaves what was booked with another upline', async () => {
    const { programId, ids, codes } = await people(2);
    const paidAt = inDays(-1);
    const attribution = { distributorCode: codes[0] };
    await app.shop.post('/v1/orders', orderBody(programId, { paidAt, attribution }));
    const past = await change(ids[0], codes[1], { effectiveAt: paidAt });
    expect([past.status, past.body.code]).toEqual([422, 'sponsor_change_would_rewrite']);
    const after = new Date(Date.parse(paidAt) + 1).toISOString();
    expect((await change(ids[0], codes[1], { effectiveAt: after })).status).toBe(201);
  });

  it('that is announced comes at its moment, and decides about orders paid from then on', async () => {
    const { programId, ids, codes } = await people(2);
    const effectiveAt = inDays(5);
    expect((await change(ids[0], codes[1], { effectiveAt })).status).toBe(201);
    expect((await read(ids[0])).sponsorId).toBeNull();
    const circle = await change(ids[1], codes[0]);
    expect([circle.status, circle.body.code]).toEqual([409, 'sponsor_cycle']);
    // A move of the lifecycle in between does not undo what was announced.
    await app.db.transaction((tx) =>
      moveStanding(tx, {
        ...{ distributorId: ids[0]!, move: 'inactivity_seen', at: new Date() },
        ...{ reason: null, actor: 'test' },
      }),
    );
    const moved = await app.shop.post(`/v1/programs/${programId}/clock`, { now: inDays(6) });
    expect([moved.status, moved.text]).toEqual([200, moved.text]);
    expect(await read(ids[0])).toMatchObject({ sponsorId: ids[1], status: 'warned' });
    const spans = await app.db.read.rows<{ status: string; sponsorId: string | null }>(
      `SELECT status, sponsor_id FROM distributor_standing
       WHERE distributor_id = $1 AND (valid_to IS NULL OR valid_to > valid_from)
       ORDER BY valid_from`,
      [ids[0]],
    );
    expect(spans).toEqual([
      { status: 'active', sponsorId: null },
      { status: 'warned', sponsorId: null },
      { status: 'warned', sponsorId: ids[1] },
    ]);
  });

  it('20 at the same time over a ring never make a circle', async () => {
    const { ids, codes } = await people(20);
    const answers = await Promise.all(
      ids.map((id, i) => change(id, codes[(i + 1) % codes.length])),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(19);
    expect(statuses.filter((status) => status === 409)).toHaveLength(1);
    for (const id of ids) {
      const seen = new Set<string>();
      for (
        let at: string | null = id;
        at !== null;
        at = (await read(at)).sponsorId as string | null
      ) {
        expect(seen.has(at)).toBe(false);
        seen.add(at);
      }
    }
  }, 60_000);

  it('is for admins, with a reason, and with a sponsor of the program who is active', async () => {
    const { ids, codes } = await people(2);
    const body = { sponsorCode: codes[1], reason: 'x' };
    const path = `/v1/distributors/${ids[0]}/sponsor-changes`;
    expect((await app.shop.post(path, body)).status).toBe(403);
    expect((await testClient(app.url).post(path, body)).status).toBe(401);
    expect((await change(ids[0], 'NOBODY22')).body.code).toBe('unknown_sponsor');
    expect((await app.admin.post(path, { sponsorCode: codes[1] })).status).toBe(400);
    await app.db.read.run(`UPDATE distributor SET status = 'left' WHERE id = $1`, [ids[1]]);
    expect((await change(ids[0], codes[1])).body.code).toBe('distributor_inactive');
  });
});
