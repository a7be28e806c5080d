import { type TestHouse, testHouse } from '../support/app';
import type { Answer } from '../support/http';
import { postDistributor, postProgram } from '../support/program';
import { testAdmin } from '../support/store';

jest.setTimeout(120_000);

const dayMs = 86_400_000;
let house: TestHouse;

beforeAll(async () => {
  house = await testHouse();
});
afterAll(() => house.close());

interface Task {
  id: string;
  subjectId: string;
  dueAt: string;
  [field: string]: unknown;
}

const ahead = (days: number) => new Date(Date.now() + days * dayMs).toISOString();
const moveTo = async (programId: string, days: number) => {
  const moved = await house.shop.post(`/v1/programs/${programId}/clock`, { now: ahead(days) });
  expect(moved.status).toBe(200);
};
const second = () => house.admin.as(house.store.secondAdmin.token);
const queue = async (query: string) => {
  const { body } = await house.admin.get(`/v1/reviews?${query}`);
  return body as { data: Task[]; nextCursor: string | null };
};
const idsOf = (tasks: readonly Task[]) => tasks.map(({ id }) => id);
const decideMany = (items: readonly (object | string)[], client = house.admin) =>
  client.post('/v1/reviews/decisions', { items });

/** A program with so many applications, a day of its clock between them; the oldest first. */
async function applications(count: number): Promise<{ programId: string; tasks: Task[] }> {
  const programId = await postProgram(house.shop, { enrolment: 'review' });
  for (let day = 0; day < count; day += 1) {
    if (day > 0) await moveTo(programId, day);
    await postDistributor(house.shop, programId);
  }
  const { data } = await queue(`programId=${programId}&limit=100`);
  return { programId, tasks: data.reverse() };
}

describe('the queue', () => {
  test('finds the tasks of an admin, of nobody, and those that are due before a moment', async () => {
    const { programId, tasks } = await applications(4);
    const mine = house.store.secondAdmin.id;
    for (const { id } of tasks.slice(0, 2)) {
      await house.admin.put(`/v1/reviews/${id}/assignee`, { assigneeId: mine });
    }
    const found = async (filter: string) =>
      idsOf((await queue(`programId=${programId}&${filter}`)).data).sort();
    const all = idsOf(tasks);
    expect(await found(`assigneeId=${mine}`)).toEqual(all.slice(0, 2).sort());
    expect(await found('assigneeId=none')).toEqual(all.slice(2).sort());
    const dueBefore = (index: number) => `dueBefore=${encodeURIComponent(tasks[index]!.dueAt)}`;
    expect(await found(dueBefore(0))).toEqual([]);
    expect(await found(dueBefore(2))).toEqual(all.slice(0, 2).sort());
    expect(await found(`${dueBefore(3)}&assigneeId=none&status=open`)).toEqual([all[2]]);
  });

  test.each([
    ['an assignee that is no admin', 'assigneeId=me'],
    ['a moment that is none', 'dueBefore=tomorrow'],
    ['an order that nobody knows', 'sort=oldest'],
    ['a cursor that was made up', 'cursor=xyz!'],
  ])('%s is refused', async (_, query) => {
    const refused = await house.admin.get(`/v1/reviews?${query}`);
    expect([refused.status, refused.body.code]).toEqual([400, 'invalid_request']);
  });

  test.each(['newest', 'due'] as const)(
    'by %s: page by page every task once, also when one is decided in between',
    async (sort) => {
      const { programId, tasks } = await applications(5);
      const seen: string[] = [];
      let cursor = '';
      for (let pages = 0; pages < 4 && (pages === 0 || cursor !== ''); pages += 1) {
        const query = `programId=${programId}&sort=${sort}&limit=2${cursor}`;
        const { data, nextCursor } = await queue(query);
        seen.push(...idsOf(data));
        if (pages === 0) await decideMany([{ id: data[1]!.id, decision: 'approve' }]);
        cursor = nextCursor === null ? '' : `&cursor=${nextCursor}`;
      }
      expect(seen).toEqual(sort === 'due' ? idsOf(tasks) : idsOf(tasks).reverse());
    },
  );

  test('tasks that are due at the same moment are kept apart by their ids', async () => {
    const { programId, tasks } = await applications(3);
    await house.db.transaction((tx) =>
      tx.run(`UPDATE review_task SET due_at = $2 WHERE program_id = $1`, [
        ...[programId, new Date(tasks[0]!.dueAt)],
      ]),
    );
    const seen: string[] = [];
    for (let cursor = ''; seen.length < 3;) {
      const query = `programId=${programId}&sort=due&limit=1${cursor}`;
      const { data, nextCursor } = await queue(query);
      seen.push(...idsOf(data));
      cursor = `&cursor=${nextCursor}`;
    }
    expect(seen).toEqual(idsOf(tasks).sort());
  });

  test('says who may decide: roles, without those who are barred', async () => {
    const { tasks } = await applications(1);
    const { id } = tasks[0]!;
    expect(tasks[0]!['mayDecide']).toEqual({ roles: ['owner', 'operations'], notAdmins: [] });
    await house.db.transaction((tx) =>
      tx.run('UPDATE review_task SET steps_needed = 2, excluded_deciders = $2 WHERE id = $1', [
        ...[id, [house.store.secondAdmin.id]],
      ]),
    );
    const first = await house.admin.post(`/v1/reviews/${id}/decisions`, { decision: 'approve' });
    expect(first.body).toEqual({ needs: 'second_person' });
    const { body } = await house.admin.get(`/v1/reviews/${id}`);
    expect(body.mayDecide.notAdmins).toEqual([house.store.secondAdmin.id, house.store.admin.id]);
  });
});

describe('a task that nobody decides', () => {
  test('reminds a day before, goes to a lead when it is due, and stays open', async () => {
    const { programId, tasks } = await applications(1);
    const { id, dueAt } = tasks[0]!;
    const read = async () => (await house.admin.get(`/v1/reviews/${id}`)).body;
    const assigneeId = house.store.secondAdmin.id;
    await house.admin.put(`/v1/reviews/${id}/assignee`, { assigneeId });
    await moveTo(programId, 5.9);
    expect(await read()).toMatchObject({ remindedAt: null, escalatedAt: null });
    await moveTo(programId, 6.1);
    const reminded = await read();
    expect(reminded).toMatchObject({ escalatedAt: null, overdue: false, assigneeId });
    const beforeMs = Date.parse(dueAt) - Date.parse(reminded.remindedAt);
    expect(Math.abs(beforeMs - dayMs)).toBeLessThan(60_000);
    await moveTo(programId, 7.1);
    const lead = house.store.admin.id;
    expect(await read()).toMatchObject({ status: 'open', overdue: true, assigneeId: lead });
    await moveTo(programId, 60);
    expect(await read()).toMatchObject({ status: 'open', decisions: [], assigneeId: lead });
    const decided = await second().post(`/v1/reviews/${id}/decisions`, {
      ...{ decision: 'reject', reason: 'No such shop.' },
    });
    expect(decided.status).toBe(200);
  });

  test('over both moments in one move: first the reminder, then the lead, each on its day', async () => {
    const { programId, tasks } = await applications(1);
    await moveTo(programId, 30);
    const { body } = await house.admin.get(`/v1/reviews/${tasks[0]!.id}`);
    const gapMs = Date.parse(body.escalatedAt) - Date.parse(body.remindedAt);
    expect(Math.abs(gapMs - dayMs)).toBeLessThan(60_000);
    const waiting = await house.db.read.rows(
      `SELECT 1 FROM due_moment WHERE subject_id = $1 AND status = 'waiting'`,
      [tasks[0]!.id],
    );
    expect(waiting).toEqual([]);
  });

  test('goes to the next owner when the first may not decide it, and stays put without any', async () => {
    const { programId, tasks } = await applications(2);
    const [next, nobody] = tasks.map(({ id }) => id);
    const { admin, secondAdmin } = house.store;
    const exclude = (id: string, who: readonly string[]) =>
      house.db.transaction((tx) =>
        tx.run('UPDATE review_task SET excluded_deciders = $2 WHERE id = $1', [id, who]),
      );
    await exclude(next!, [admin.id]);
    await exclude(nobody!, [admin.id, secondAdmin.id]);
    const operator = await testAdmin(house.db, house.store.id, ['operations']);
    await house.admin.put(`/v1/reviews/${nobody}/assignee`, { assigneeId: operator.id });
    await moveTo(programId, 30);
    const assignees = await Promise.all(
      [next, nobody].map(
        async (id) => (await house.admin.get(`/v1/reviews/${id}`)).body.assigneeId,
      ),
    );
    expect(assignees).toEqual([secondAdmin.id, operator.id]);
  });

  test('a decision before the reminder leaves nothing to wait for', async () => {
    const { programId, tasks } = await applications(1);
    await decideMany([{ id: tasks[0]!.id, decision: 'approve' }]);
    await moveTo(programId, 30);
    const { body } = await house.admin.get(`/v1/reviews/${tasks[0]!.id}`);
    expect(body).toMatchObject({ remindedAt: null, escalatedAt: null, outcome: 'approve' });
  });
});

describe('the history of a task', () => {
  test('says who was given it, was reminded and decided, when on the program’s clock, and why', async () => {
    const { programId, tasks } = await applications(1);
    const { id } = tasks[0]!;
    const { admin, secondAdmin } = house.store;
    await house.admin.put(`/v1/reviews/${id}/assignee`, { assigneeId: secondAdmin.id });
    await moveTo(programId, 10);
    await decideMany([{ id, decision: 'reject', reason: 'No such shop.' }], second());
    const { body } = await house.shop.get(`/v1/reviews/${id}/history`);
    const system = 'system:review';
    expect(body.data).toMatchObject([
      { what: 'assigned', actor: `admin:${admin.id}`, assigneeId: secondAdmin.id },
      { what: 'reminded', actor: system, assigneeId: secondAdmin.id },
      { what: 'escalated', actor: system, assigneeId: admin.id },
      {
        ...{ what: 'decided', actor: `admin:${secondAdmin.id}`, reason: 'No such shop.' },
        ...{ step: 1, decision: 'reject', outcome: 'reject' },
      },
    ]);
    const days = body.data.map(({ at }: { at: string }) =>
      Math.max(0, Math.round((Date.parse(at) - Date.now()) / dayMs)),
    );
    expect(days).toEqual([0, 6, 7, 10]);
    const pages = await house.shop.get(`/v1/reviews/${id}/history?limit=3`);
    const rest = await house.shop.get(
      `/v1/reviews/${id}/history?limit=3&cursor=${pages.body.nextCursor}`,
    );
    expect([...pages.body.data, ...rest.body.data]).toEqual(body.data);
    expect(rest.body.nextCursor).toBeNull();
  });

  test('of a task that does not exist is not found', async () => {
    const { status } = await house.admin.get('/v1/reviews/rev_01k9zq3v5wf8r8m2t4c6x0y1za/history');
    expect(status).toBe(404);
  });
});

describe('many decisions at once', () => {
  test('each has its own result, and one that is refused spoils no other', async () => {
    const { tasks } = await applications(4);
    const [approved, silent, rejected, decided] = tasks.map(({ id }) => id);
    await decideMany([{ id: decided, decision: 'approve' }]);
    const unknown = 'rev_01k9zq3v5wf8r8m2t4c6x0y1za';
    const { status, body } = await decideMany([
      { id: approved, decision: 'approve' },
      { id: silent, decision: 'reject' },
      { id: unknown, decision: 'approve' },
      { id: decided, decision: 'reject', reason: 'After all.' },
      { id: 'rev_1', decision: 'perhaps', why: 'x' },
      'approve all',
      { id: rejected, decision: 'reject', reason: 'No such shop.' },
    ]);
    expect(status).toBe(200);
    expect(
      body.results.map((result: { status: number; problem?: { code: string } }, at: number) => [
        ...[(result as { index?: number }).index === at, result.status, result.problem?.code],
      ]),
    ).toEqual([
      [true, 200, undefined],
      [true, 422, 'reason_required'],
      [true, 404, 'not_found'],
      [true, 409, 'review_already_decided'],
      [true, 400, 'invalid_request'],
      [true, 400, 'invalid_request'],
      [true, 200, undefined],
    ]);
    expect(body.results[0].review).toMatchObject({ reviewId: approved, status: 'active' });
    expect(body.results[6].review).toMatchObject({ reviewId: rejected, status: 'rejected' });
    const pointers = body.results[4].problem.errors.map(
      ({ pointer }: { pointer: string }) => pointer,
    );
    expect(pointers.sort()).toEqual(['/decision', '/id', '/why']);
    const after = await Promise.all(
      [approved, silent, rejected].map(
        async (id) => (await house.admin.get(`/v1/reviews/${id}`)).body,
      ),
    );
    expect(after.map(({ outcome }) => outcome)).toEqual(['approve', null, 'reject']);
  });

  test('30 tasks by two admins at the same time: each is decided once', async () => {
    const programId = await postProgram(house.shop, { enrolment: 'review' });
    await Promise.all(Array.from({ length: 30 }, () => postDistributor(house.shop, programId)));
    const ids = idsOf((await queue(`programId=${programId}&limit=100`)).data);
    const [one, other] = await Promise.all([
      decideMany(ids.map((id) => ({ id, decision: 'approve' }))),
      decideMany(
        [...ids].reverse().map((id) => ({ id, decision: 'approve' })),
        second(),
      ),
    ]);
    const statuses = (answer: Answer) =>
      (answer.body as { results: { status: number }[] }).results.map(({ status }) => status);
    const both = statuses(one).map((status, at) => [status, statuses(other).reverse()[at]].sort());
    expect(both).toEqual(ids.map(() => [200, 409]));
    const { data } = await queue(`programId=${programId}&status=decided&limit=100`);
    expect(data.map(({ decisions }) => (decisions as object[]).length)).toEqual(ids.map(() => 1));
  });

  test.each<[string, object]>([
    ['no items', { items: [] }],
    ['101 items', { items: Array.from({ length: 101 }, () => ({})) }],
    ['items that are no list', { items: { id: 'rev_1' } }],
    ['an unknown field', { items: [{}], decision: 'approve' }],
  ])('%s: the whole request is refused', async (_, body) => {
    const refused = await house.admin.post('/v1/reviews/decisions', body);
    expect([refused.status, refused.body.code]).toEqual([400, 'invalid_request']);
  });

  test('the same task twice refuses the whole request, and nothing is decided', async () => {
    const { tasks } = await applications(1);
    const { id } = tasks[0]!;
    const refused = await decideMany([
      { id, decision: 'approve' },
      { id, decision: 'reject', reason: 'No such shop.' },
    ]);
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/items/1/id']);
    expect((await house.admin.get(`/v1/reviews/${id}`)).body.status).toBe('open');
  });

  test('keys decide nothing, and an admin only what the role allows', async () => {
    const { tasks } = await applications(1);
    const items = [{ id: tasks[0]!.id, decision: 'approve' }];
    expect((await decideMany(items, house.shop)).status).toBe(403);
    const finance = await testAdmin(house.db, house.store.id, ['finance']);
    const { status, body } = await decideMany(items, house.admin.as(finance.token));
    expect([status, body.results[0].problem.code]).toEqual([200, 'role_required']);
  });
});
