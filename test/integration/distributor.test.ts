import { type TestHouse, testHouse } from '../support/app';
import { postDistributor, postProgram, unique } from '../support/program';
import { testKey } from '../support/store';
import { until } from '../support/until';
import { allScopes } from '../../src/db/api-key';

jest.setTimeout(120_000);

const dayMs = 86_400_000;
let house: TestHouse;

beforeAll(async () => {
  house = await testHouse();
});
afterAll(() => house.close());

const second = () => house.admin.as(house.store.secondAdmin.token);
const ahead = (days: number) => new Date(Date.now() + days * dayMs).toISOString();
const moveTo = (programId: string, days: number) =>
  house.shop.post(`/v1/programs/${programId}/clock`, { now: ahead(days) });
const reviewOf = async (subjectId: string) => {
  const { body } = await house.admin.get(`/v1/reviews?subjectId=${subjectId}`);
  return body.data[0];
};

const lifeOf = (id: string) => house.temporal.client.workflow.getHandle(`distributor:${id}`);

describe('joining an open program', () => {
  test('makes an active distributor with a code, a masked phone and a first standing', async () => {
    const programId = await postProgram(house.shop);
    const made = await postDistributor(house.shop, programId, { phone: '+86 138 0013 8000' });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      status: 'active',
      tier: 'standard',
      sponsorId: null,
      phone: '138****8000',
      code: expect.stringMatching(/^[A-HJKMNP-TV-Z2-9]{8}$/),
    });
    const { id, joinedAt } = made.body;
    expect(Date.parse(joinedAt) % 1000).toBe(0);
    const history = await house.shop.get(`/v1/distributors/${id}/history`);
    expect(history.body.data).toMatchObject([
      { status: 'active', cause: 'joined', from: joinedAt, to: null, reason: null },
    ]);
    const balance = await house.shop.get(`/v1/distributors/${id}/balance`);
    expect(balance.body).toEqual({
      heldAmount: 0,
      availableAmount: 0,
      settlingAmount: 0,
      receivableAmount: 0,
      paidAmount: 0,
    });
    expect((await house.shop.get(`/v1/distributors/${id}`)).body).toEqual(made.body);
  });

  test('the same externalId gives the first one; other content is a conflict', async () => {
    const programId = await postProgram(house.shop);
    const externalId = unique('u');
    const ask = (phone: string) => postDistributor(house.shop, programId, { externalId, phone });
    const answers = await Promise.all([ask('13800138000'), ask('138 0013 8000')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const other = await ask('13900139000');
    expect([other.status, other.body.code]).toEqual([409, 'external_id_conflict']);
  });

  test('people are found by code, program and status, never those of another store', async () => {
    const programId = await postProgram(house.shop);
    const { body } = await postDistributor(house.shop, programId);
    const found = await house.shop.get(`/v1/distributors?code=${body.code.toLowerCase()}`);
    expect(found.body.data.map(({ id }: { id: string }) => id)).toEqual([body.id]);
    const none = await house.shop.get(`/v1/distributors?programId=${programId}&status=rejected`);
    expect(none.body.data).toEqual([]);
    const live = await testKey(house.db, house.store.id, { mode: 'live' });
    expect((await house.shop.as(live).get(`/v1/distributors/${body.id}`)).status).toBe(404);
  });

  test.each([
    ['an unknown sponsor', { sponsorCode: 'ZZZZZZZZ' }, 422, 'unknown_sponsor'],
    ['a phone that is none', { phone: 'call me' }, 400, 'invalid_request'],
    ['a joinedAt in the future', { joinedAt: ahead(1) }, 422, 'in_the_future'],
    [
      'a joinedAt before the program',
      { joinedAt: '2026-10-31T00:00:00+08:00' },
      422,
      'before_program_start',
    ],
    ['an unknown field', { status: 'active' }, 400, 'invalid_request'],
  ])('%s is refused', async (_, settings, status, code) => {
    const programId = await postProgram(house.shop);
    const refused = await postDistributor(house.shop, programId, settings);
    expect([refused.status, refused.body.code]).toEqual([status, code]);
  });

  test('bringing people in needs its scope', async () => {
    const programId = await postProgram(house.shop);
    const scopes = allScopes.filter((scope) => scope !== 'distributors:import');
    const shop = house.shop.as(await testKey(house.db, house.store.id, { scopes }));
    const joinedAt = '2026-11-02T00:00:00+08:00';
    const refused = await postDistributor(shop, programId, { joinedAt });
    expect([refused.status, refused.body.code]).toEqual([403, 'scope_required']);
    const taken = await postDistributor(house.shop, programId, { joinedAt, tier: 'gold' });
    expect(taken.body).toMatchObject({ status: 'active', tier: 'gold' });
    expect(new Date(taken.body.joinedAt)).toEqual(new Date(joinedAt));
  });

  test('a program by invitation takes only whom an admin appoints', async () => {
    const programId = await postProgram(house.shop, { enrolment: 'invite' });
    const refused = await postDistributor(house.shop, programId);
    expect([refused.status, refused.body.code]).toEqual([422, 'invitation_required']);
    const appointed = await postDistributor(house.admin, programId);
    expect([appointed.status, appointed.body.status]).toEqual([201, 'active']);
  });
});

describe('the sponsor tree', () => {
  test('is walked level by level to the depth that was asked for', async () => {
    const programId = await postProgram(house.shop);
    const join = async (sponsorCode?: string) =>
      (await postDistributor(house.shop, programId, { sponsorCode })).body;
    const root = await join();
    const children = [await join(root.code), await join(root.code)];
    const grandchild = await join(children[0].code.toLowerCase());
    const path = `/v1/distributors/${root.id}/team`;
    const levels = async (query: string) =>
      (await house.shop.get(`${path}${query}`)).body.data.map(
        ({ id, level }: { id: string; level: number }) => [level, id],
      );
    const direct = children.map(({ id }) => [1, id]).sort();
    expect(await levels('')).toEqual(direct);
    expect(await levels('?depth=10')).toEqual([...direct, [2, grandchild.id]]);
    const first = await house.shop.get(`${path}?depth=2&limit=2`);
    const next = await house.shop.get(`${path}?depth=2&limit=2&cursor=${first.body.nextCursor}`);
    expect(first.body.sums).toEqual({
      distributors: 3,
      levels: [
        { level: 1, distributors: 2 },
        { level: 2, distributors: 1 },
      ],
    });
    expect(next.body).toMatchObject({
      data: [{ id: grandchild.id }],
      nextCursor: null,
      sums: null,
    });
    const one = await house.shop.get(`${path}?depth=2&limit=1&cursor=${first.body.nextCursor}`);
    expect(one.body).toMatchObject({ data: [{ id: grandchild.id }], nextCursor: null });
    expect((await house.shop.get(path)).body.sums.distributors).toBe(2);
    const alone = `/v1/distributors/${grandchild.id}/team?depth=10`;
    expect((await house.shop.get(alone)).body.sums).toEqual({ distributors: 0, levels: [] });
    expect((await house.shop.get(`${path}?depth=11`)).status).toBe(400);
  });

  test('a sponsor of another program, or one still under review, is refused', async () => {
    const [here, there] = [
      await postProgram(house.shop, { enrolment: 'review' }),
      await postProgram(house.shop),
    ];
    const stranger = (await postDistributor(house.shop, there)).body;
    const applicant = (await postDistributor(house.shop, here)).body;
    const codes = await Promise.all(
      [stranger, applicant].map(async ({ code: sponsorCode }) => {
        const { status, body } = await postDistributor(house.shop, here, { sponsorCode });
        return [status, body.code];
      }),
    );
    expect(codes).toEqual([
      [422, 'unknown_sponsor'],
      [422, 'distributor_inactive'],
    ]);
  });
});

describe('applying to a program with review', () => {
  test('an admin approves: the person is active, and the whole way is on record', async () => {
    const programId = await postProgram(house.shop, { enrolment: 'review' });
    const { body: applicant } = await postDistributor(house.shop, programId);
    expect(applicant.status).toBe('under_review');
    const review = await reviewOf(applicant.id);
    expect(review).toMatchObject({ kind: 'application', status: 'open', decisions: [] });
    expect(Date.parse(review.dueAt) - Date.parse(applicant.joinedAt)).toBe(7 * dayMs);
    const decided = await house.admin.post(`/v1/reviews/${review.id}/decisions`, {
      decision: 'approve',
      reason: 'A shop we know.',
    });
    expect(decided.status).toBe(200);
    expect(decided.body).toMatchObject({ id: applicant.id, status: 'active', reviewId: review.id });
    const history = await house.shop.get(`/v1/distributors/${applicant.id}/history`);
    expect(history.body.data).toMatchObject([
      { status: 'applied' },
      { status: 'under_review' },
      { status: 'active', reason: 'A shop we know.', actor: `admin:${house.store.admin.id}` },
    ]);
    expect((await reviewOf(applicant.id)).decisions).toMatchObject([
      { step: 1, deciderId: house.store.admin.id, decision: 'approve' },
    ]);
    const handle = lifeOf(applicant.id);
    const sleeps = async () => {
      const { status, raw } = await handle.describe();
      return status.name === 'RUNNING' && (raw.pendingActivities ?? []).length === 0;
    };
    await until(sleeps, 'asleep until something concerns this person');
    const types = await house.db.read.rows<{ type: string }>(
      'SELECT type FROM event WHERE subject_id = $1 ORDER BY sequence',
      [applicant.id],
    );
    expect(types.map(({ type }) => type)).toEqual(['distributor.applied', 'distributor.activated']);
  });

  test('a rejection needs a reason, and is final', async () => {
    const programId = await postProgram(house.shop, { enrolment: 'review' });
    const { body: applicant } = await postDistributor(house.shop, programId);
    const path = `/v1/reviews/${(await reviewOf(applicant.id)).id}/decisions`;
    for (const reason of [undefined, null, '', '  ']) {
      const silent = await house.admin.post(path, { decision: 'reject', reason });
      expect([silent.status, silent.body.code]).toEqual([422, 'reason_required']);
    }
    const rejected = await house.admin.post(path, { decision: 'reject', reason: 'No such shop.' });
    expect([rejected.status, rejected.body.status]).toEqual([200, 'rejected']);
    const life = lifeOf(applicant.id);
    await until(async () => (await life.describe()).status.name === 'COMPLETED', 'completed');
    const again = await second().post(path, { decision: 'approve' });
    expect([again.status, again.body.code]).toEqual([409, 'review_already_decided']);
  });

  test('a decision repeated with a key, word for word, is answered as it counted; every other is refused', async () => {
    const programId = await postProgram(house.shop, { enrolment: 'review' });
    const { body: applicant } = await postDistributor(house.shop, programId);
    const path = `/v1/reviews/${(await reviewOf(applicant.id)).id}/decisions`;
    const decision = { decision: 'reject', reason: 'No such shop.' };
    const made = await house.admin.post(path, decision);
    expect([made.status, made.body.status]).toEqual([200, 'rejected']);
    const keyed = { headers: { 'idempotency-key': unique('again') } };
    for (const options of [keyed, keyed]) {
      const again = await house.admin.post(path, decision, options);
      expect([again.status, again.body]).toEqual([200, made.body]);
    }
    const unkeyed = await house.admin.post(path, decision);
    expect([unkeyed.status, unkeyed.body.code]).toEqual([409, 'review_already_decided']);
    const others: [typeof house.admin, object][] = [
      [house.admin, { ...decision, reason: 'No such street.' }],
      [house.admin, { decision: 'approve' }],
      [second(), decision],
    ];
    for (const [admin, other] of others) {
      const key = { headers: { 'idempotency-key': unique('other') } };
      const refused = await admin.post(path, other, key);
      expect([refused.status, refused.body.code]).toEqual([409, 'review_already_decided']);
    }
    const { body: review } = await house.admin.get(path.replace('/decisions', ''));
    expect(review.decisions).toHaveLength(1);
  });

  test('of two admins at the same moment one decides and the other is told so', async () => {
    const programId = await postProgram(house.shop, { enrolment: 'review' });
    for (let round = 0; round < 5; round += 1) {
      const { body: applicant } = await postDistributor(house.shop, programId);
      const path = `/v1/reviews/${(await reviewOf(applicant.id)).id}/decisions`;
      const answers = await Promise.all([
        house.admin.post(path, { decision: 'approve' }),
        second().post(path, { decision: 'reject', reason: 'No such shop.' }),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      const { decisions } = await reviewOf(applicant.id);
      expect(decisions).toHaveLength(1);
      const won = answers.find(({ status }) => status === 200)?.body.status;
      const { body } = await house.shop.get(`/v1/distributors/${applicant.id}`);
      expect(body.status).toBe(won);
    }
  });

  test('keys and admins without the role decide nothing', async () => {
    const programId = await postProgram(house.shop, { enrolment: 'review' });
    const { body: applicant } = await postDistributor(house.shop, programId);
    const { id } = await reviewOf(applicant.id);
    const byKey = await house.shop.post(`/v1/reviews/${id}/decisions`, { decision: 'approve' });
    expect([byKey.status, byKey.body.code]).toEqual([403, 'admin_required']);
    expect((await house.shop.get(`/v1/reviews/${id}`)).body.status).toBe('open');
  });

  test('a task is given to an admin of the store', async () => {
    const programId = await postProgram(house.shop, { enrolment: 'review' });
    const { body: applicant } = await postDistributor(house.shop, programId);
    const { id } = await reviewOf(applicant.id);
    const assigneeId = house.store.secondAdmin.id;
    const given = await house.admin.put(`/v1/reviews/${id}/assignee`, { assigneeId });
    expect([given.status, given.body.assigneeId]).toEqual([200, assigneeId]);
    const stranger = 'adm_01k9zq3v5wf8r8m2t4c6x0y1za';
    const refused = await house.admin.put(`/v1/reviews/${id}/assignee`, { assigneeId: stranger });
    expect(refused.status).toBe(404);
  });
});

describe('the clock of a test program', () => {
  test('100 applications over 100 days fall due in order, within 30 s, and stay decidable', async () => {
    const programId = await postProgram(house.shop, { enrolment: 'review' });
    const applicants: string[] = [];
    for (let batch = 0; batch < 4; batch += 1) {
      const made = await Promise.all(
        Array.from({ length: 25 }, () => postDistributor(house.shop, programId)),
      );
      applicants.push(...made.map(({ body }) => body.id as string));
      await moveTo(programId, batch + 1);
    }
    const begunAt = Date.now();
    const moved = await moveTo(programId, 100);
    const tookMs = Date.now() - begunAt;
    expect([moved.status, tookMs < 30_000]).toEqual([200, true]);
    const tasks = await house.db.read.rows<{ subjectId: string; dueAt: Date; late: number }>(
      `SELECT r.subject_id, r.due_at, extract(epoch FROM r.escalated_at - r.due_at)::float8 AS late
       FROM review_task r JOIN due_moment d ON d.subject_id = r.id
       WHERE r.program_id = $1 AND d.name = 'review.escalation' AND d.status = 'done'
       ORDER BY r.escalated_at, d.id`,
      [programId],
    );
    expect(tasks.map(({ subjectId }) => subjectId).sort()).toEqual([...applicants].sort());
    // Each was escalated on its own day: the clock stood at its due moment.
    for (const { late } of tasks) {
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(60);
    }
    const moments = new Set(tasks.map(({ dueAt }) => dueAt.getTime())).size;
    const overdue = await house.admin.get(
      `/v1/reviews?programId=${programId}&overdue=true&limit=100`,
    );
    expect(overdue.body.data).toHaveLength(100);
    const [{ id }] = overdue.body.data;
    const decided = await house.admin.post(`/v1/reviews/${id}/decisions`, { decision: 'approve' });
    expect([decided.status, decided.body.status]).toEqual([200, 'active']);
    const { body } = await house.shop.get(`/v1/distributors/${decided.body.id}/history`);
    const activeFrom = Date.parse(body.data.at(-1).from);
    expect(activeFrom).toBeGreaterThan(Date.now() + 99 * dayMs);
    process.stdout.write(`100 days, 100 applications, ${moments} moments: ${tookMs} ms\n`);
  });

  test('two moves at the same time end at the later one', async () => {
    const programId = await postProgram(house.shop, { enrolment: 'review' });
    await postDistributor(house.shop, programId);
    const moves = await Promise.all([moveTo(programId, 20), moveTo(programId, 30)]);
    expect(moves[1]?.status).toBe(200);
    const { body } = await house.shop.get(`/v1/programs/${programId}/clock`);
    expect(Date.parse(body.now)).toBeGreaterThanOrEqual(Date.now() + 29.9 * dayMs);
  });
});

describe('what a distributor is paid to', () => {
  const idNumber = '11010519491231002X';

  test('a tax profile is checked, masked, and never readable in the database', async () => {
    const programId = await postProgram(house.shop);
    const { body } = await postDistributor(house.shop, programId);
    const path = `/v1/distributors/${body.id}/tax-profile`;
    expect((await house.shop.get(path)).status).toBe(404);
    const wrong = await house.shop.put(path, {
      kind: 'individual',
      name: '李明',
      idNumber: '110105194912310021',
    });
    expect([wrong.status, wrong.body.code]).toEqual([422, 'invalid_id_number']);
    const put = await house.shop.put(path, { kind: 'individual', name: '李明', idNumber });
    expect(put.status).toBe(200);
    expect(put.text).not.toContain(idNumber);
    expect((await house.shop.get(path)).body).toEqual(put.body);
    const stored = await house.db.read.first(
      'SELECT * FROM tax_profile WHERE distributor_id = $1',
      [body.id],
    );
    expect(JSON.stringify(stored)).not.toContain('19491231');
  });

  test('a payout account is masked, and the one before stays on record', async () => {
    const programId = await postProgram(house.shop);
    const { body } = await postDistributor(house.shop, programId);
    const channel = await house.admin.post('/v1/channels', {
      kind: 'sandbox',
      name: 'Sandbox',
      settings: {},
      limits: {},
    });
    const path = `/v1/distributors/${body.id}/payout-account`;
    const channelId = channel.body.id as string;
    const set = (account: string) =>
      house.shop.put(path, { channelId, account, holderName: '李明' });
    const first = await set('6222020000000001234');
    expect(first.body).toMatchObject({ channelId, account: '****1234', holderName: '李明' });
    expect((await set('6222020000000001234')).body.id).toBe(first.body.id);
    const next = await set('ok');
    expect(next.body.id).not.toBe(first.body.id);
    expect((await house.shop.get(path)).body).toEqual(next.body);
    const rows = await house.db.read.rows(
      'SELECT id FROM payout_account WHERE distributor_id = $1',
      [body.id],
    );
    expect(rows).toHaveLength(2);
    const unknown = await house.shop.put(path, {
      channelId: 'chn_01k9zq3v5wf8r8m2t4c6x0y1za',
      account: 'ok',
      holderName: '李明',
    });
    expect([unknown.status, unknown.body.code]).toEqual([422, 'unknown_channel']);
  });
});

describe('the trial balance', () => {
  test('of a program without a sale is balanced and empty', async () => {
    const programId = await postProgram(house.shop);
    const { body } = await house.shop.get(`/v1/ledger/trial-balance?programId=${programId}`);
    expect(body).toEqual({ balanced: true, accounts: [] });
  });
});
