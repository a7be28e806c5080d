import { resumeOpenWork } from '../../src/db/resume';
import { type TestHouse, testHouse } from '../support/app';
import { postDistributor, postProgram } from '../support/program';
import { orderBody } from '../support/world';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse();
}, 120_000);
afterAll(() => house.close());

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const customer = { externalId: 'u-1' };

interface Scene {
  programId: string;
  from: { id: string; code: string };
  to: { id: string; code: string };
  other: { id: string; code: string };
}

/** Three distributors; the customer belongs to the first. Objections within 7 days. */
async function scene(settings: object = {}): Promise<Scene> {
  const startsAt = inDays(-10);
  const programId = await postProgram(house.shop, { startsAt, ...settings });
  const person = async () =>
    (await postDistributor(house.shop, programId, { joinedAt: startsAt })).body as Scene['from'];
  const [from, to, other] = [await person(), await person(), await person()];
  const body = { programId, customerExternalId: 'u-1', distributorCode: from.code };
  expect((await house.shop.post('/v1/bindings', body)).status).toBe(201);
  return { programId, from, to, other };
}

const ask = ({ programId, to }: Scene, more: object = {}) =>
  house.shop.post('/v1/binding-transfers', {
    ...{ programId, customerExternalId: 'u-1', toDistributorId: to.id, reason: 'moved' },
    ...more,
  });

async function asked(at: Scene): Promise<string> {
  const made = await ask(at);
  expect([made.status, made.text]).toEqual([201, made.text]);
  return made.body.id;
}

const read = async (id: string) => (await house.shop.get(`/v1/binding-transfers/${id}`)).body;
const object = (id: string, more: object = {}) =>
  house.shop.post(`/v1/binding-transfers/${id}/objections`, { text: 'mine', ...more });

async function moveTo({ programId }: Scene, days: number): Promise<void> {
  const moved = await house.shop.post(`/v1/programs/${programId}/clock`, { now: inDays(days) });
  expect([moved.status, moved.text]).toEqual([200, moved.text]);
}

async function orderAt({ programId }: Scene, days: number, more: object = {}) {
  const order = orderBody(programId, { paidAt: inDays(days), customer, ...more });
  const reply = await house.shop.post('/v1/orders', order);
  expect([reply.status, reply.text]).toEqual([201, reply.text]);
  return reply.body;
}

async function decide(transferId: string, decision: string): Promise<any> {
  const found = await house.shop.get(`/v1/reviews?kind=bindingTransfer&subjectId=${transferId}`);
  expect(found.body.data).toHaveLength(1);
  const path = `/v1/reviews/${found.body.data[0].id}/decisions`;
  const reply = await house.admin.post(path, { decision, reason: 'seen both' });
  expect([reply.status, reply.text]).toEqual([200, reply.text]);
  return reply.body;
}

const eventsOf = async (transferId: string) =>
  (
    await house.db.read.rows<{ type: string; side: string | null }>(
      `SELECT type, payload ->> 'side' AS side FROM event
       WHERE payload ->> 'transferId' = $1 ORDER BY id`,
      [transferId],
    )
  )
    .map(({ type, side }) => `${type} ${side ?? ''}`.trim())
    .sort();

describe('the transfer of a customer', () => {
  it('takes effect at its moment without an objection; past orders keep their owner', async () => {
    const at = await scene();
    const before = await orderAt(at, 0);
    const id = await asked(at);
    expect(await read(id)).toMatchObject({ status: 'open', fromDistributorId: at.from.id });
    await moveTo(at, 6.9);
    expect((await read(id)).status).toBe('open');
    expect((await orderAt(at, 6.8)).attribution.distributorId).toBe(at.from.id);
    await moveTo(at, 8);
    const done = await read(id);
    expect(done.status).toBe('effective');
    expect((await orderAt(at, 7.9)).attribution).toMatchObject({
      ...{ distributorId: at.to.id, by: 'binding' },
    });
    expect((await house.shop.get(`/v1/orders/${before.id}`)).body.attribution).toMatchObject({
      distributorId: at.from.id,
    });
    const query = `programId=${at.programId}&customerExternalId=u-1`;
    const [now, past] = (await house.shop.get(`/v1/bindings?${query}`)).body.data;
    expect(now).toMatchObject({ id: done.bindingId, cause: 'transfer', causeId: id });
    expect([now.startsAt, past.endsAt]).toEqual([done.effectiveAt, done.effectiveAt]);
    expect(await eventsOf(id)).toEqual([
      ...['binding.transfer_requested from', 'binding.transfer_requested to'],
      'binding.transferred',
    ]);
  });

  it('waits for an admin after an objection: approved, it takes effect at the decision', async () => {
    const at = await scene();
    const id = await asked(at);
    const objected = await object(id);
    expect([objected.status, objected.body.status]).toEqual([201, 'objected']);
    expect((await object(id, { side: 'to' })).status).toBe(201);
    await moveTo(at, 20);
    expect((await read(id)).status).toBe('objected');
    expect((await orderAt(at, 19)).attribution.distributorId).toBe(at.from.id);
    expect(await decide(id, 'approve')).toMatchObject({ id, status: 'effective' });
    const done = await read(id);
    expect(Date.parse(done.decidedAt)).toBeGreaterThan(Date.parse(inDays(19)));
    expect(done.objections.map(({ side }: { side: string }) => side)).toEqual(['from', 'to']);
    await moveTo(at, 21);
    expect((await orderAt(at, 20.5)).attribution.distributorId).toBe(at.to.id);
  });

  it('approved early it still waits for its moment, and nobody can object again', async () => {
    const at = await scene();
    const id = await asked(at);
    await object(id);
    expect(await decide(id, 'approve')).toMatchObject({ status: 'open' });
    expect((await object(id)).body.code).toBe('transfer_not_open');
    await moveTo(at, 6);
    expect((await read(id)).status).toBe('open');
    await moveTo(at, 8);
    expect((await read(id)).status).toBe('effective');
  });

  it('rejected it leaves everything as it was', async () => {
    const at = await scene();
    const id = await asked(at);
    await object(id);
    expect(await decide(id, 'reject')).toMatchObject({ status: 'rejected' });
    await moveTo(at, 30);
    expect((await orderAt(at, 29)).attribution.distributorId).toBe(at.from.id);
    expect((await read(id)).bindingId).toBeNull();
    expect(await eventsOf(id)).toEqual(
      ['objected', 'rejected', 'requested'].flatMap((what) => [
        ...[`binding.transfer_${what} from`, `binding.transfer_${what} to`],
      ]),
    );
  });

  it('is open once per customer, and not to the one who has the customer', async () => {
    const at = await scene();
    const same = await ask(at, { toDistributorId: at.from.id });
    expect([same.status, same.body.code]).toEqual([409, 'already_bound']);
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => ask(at)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body.code).toBe('transfer_already_open');
  });

  it('can be taken back by who asked only, also while an objection waits', async () => {
    const at = await scene();
    const id = await asked(at);
    await object(id);
    const path = `/v1/binding-transfers/${id}/withdrawal`;
    expect((await house.admin.post(path)).body.code).toBe('requester_required');
    expect((await house.shop.post(path)).body.status).toBe('withdrawn');
    expect((await house.shop.post(path)).body.code).toBe('transfer_not_open');
    const reviews = await house.shop.get(`/v1/reviews?subjectId=${id}&status=open`);
    expect(reviews.body.data).toEqual([]);
    await moveTo(at, 30);
    expect((await orderAt(at, 29)).attribution.distributorId).toBe(at.from.id);
    expect((await ask(at)).status).toBe(201);
  });

  it('can be objected to until its moment, not after', async () => {
    const at = await scene({ binding: { transferObjectionDays: 0 } });
    const made = await ask(at);
    expect(made.status).toBe(201);
    expect((await object(made.body.id)).body.code).toBe('transfer_not_open');
  });

  it('never takes the customer from somebody who was not told', async () => {
    const at = await scene({ binding: { touch: 'last' } });
    const id = await asked(at);
    await orderAt(at, 0, { attribution: { distributorCode: at.other.code } });
    await moveTo(at, 8);
    expect(await read(id)).toMatchObject({ status: 'rejected', bindingId: null });
    expect((await orderAt(at, 7.5)).attribution.distributorId).toBe(at.other.id);
  });

  it('goes on from its row when Temporal has lost it', async () => {
    const at = await scene();
    const id = await asked(at);
    const handle = house.temporal.client.workflow.getHandle(`binding-transfer:${id}`);
    await untilRunning(handle);
    await handle.terminate('lost');
    await house.db.transaction((tx) => resumeOpenWork(tx));
    await moveTo(at, 8);
    expect((await read(id)).status).toBe('effective');
  });

  it('holds while orders of the customer come in: there is one owner at every moment', async () => {
    const at = await scene({ binding: { touch: 'last', transferObjectionDays: 1 } });
    const id = await asked(at);
    const orders = Array.from({ length: 12 }, (_, i) =>
      orderAt(at, 0, { attribution: { distributorCode: i % 2 === 0 ? at.from.code : at.to.code } }),
    );
    await Promise.all([...orders, moveTo(at, 2)]);
    expect(['effective', 'rejected']).toContain((await read(id)).status);
    const overlaps = await house.db.read.rows(
      `SELECT a.id, b.id FROM binding a JOIN binding b ON a.program_id = b.program_id AND a.id < b.id
         AND a.customer_external_id = b.customer_external_id
       WHERE a.program_id = $1
         AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)`,
      [at.programId],
    );
    expect(overlaps).toEqual([]);
  });
});

async function untilRunning(handle: { describe(): Promise<unknown> }): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      await handle.describe();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error('the workflow does not run');
}
