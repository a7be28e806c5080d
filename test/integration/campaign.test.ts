import { campaignsUsed } from '../../src/db/campaign';
import { newId } from '../../src/db/id';
import { resumeOpenWork } from '../../src/db/resume';
import { type TestHouse, testHouse } from '../support/app';
import type { Answer } from '../support/http';
import { postDistributor, postProgram } from '../support/program';
import { testStore } from '../support/store';
import { until } from '../support/until';
import { campaignBody, orderBody, planBody } from '../support/world';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse();
}, 120_000);
afterAll(() => house.close());

/** A program that started yesterday, at 10 % for the one who sold. */
async function program(): Promise<string> {
  const startsAt = new Date(Date.now() - 86_400_000).toISOString();
  const id = await postProgram(house.shop, { startsAt });
  const plan = await house.shop.post(`/v1/programs/${id}/plans`, { plan: planBody });
  const published = await house.shop.post(`/v1/plans/${plan.body.id}/publication`, {});
  expect(published.status).toBe(200);
  return id;
}

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const window = { startsAt: inDays(10), endsAt: inDays(20) };
const post = (programId: string, body: object) =>
  house.shop.post(`/v1/programs/${programId}/campaigns`, body);
const read = async (id: string) => (await house.shop.get(`/v1/campaigns/${id}`)).body;
const moveTo = async (programId: string, days: number) => {
  const moved = await house.shop.post(`/v1/programs/${programId}/clock`, { now: inDays(days) });
  expect([moved.status, moved.text]).toEqual([200, moved.text]);
};

async function given(settings: object = {}): Promise<{ programId: string; id: string }> {
  const programId = await program();
  const made = await post(programId, campaignBody({ ...window, ...settings }));
  expect([made.status, made.text]).toEqual([201, made.text]);
  return { programId, id: made.body.id };
}

function eventsOf(id: string) {
  return house.db.read.rows<{ type: string; payload: Record<string, unknown> }>(
    'SELECT type, payload FROM event WHERE subject_id = $1 ORDER BY sequence',
    [id],
  );
}
const typesOf = async (id: string) => (await eventsOf(id)).map(({ type }) => type);

const faults = ({ body }: Answer) =>
  (body.errors ?? []).map(({ pointer }: { pointer: string }) => pointer);

describe('a campaign over HTTP', () => {
  it('is stored once: the same again answers it, other content is a conflict', async () => {
    const programId = await program();
    const body = campaignBody(window);
    const made = await post(programId, body);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      programId,
      externalId: body.externalId,
      status: 'scheduled',
      match: {},
      effect: { multiplyBps: 15_000 },
      levels: [1],
      budgetAmount: 100_000,
      usedAmount: 0,
      remainingAmount: 100_000,
      lowAt: null,
      stoppedAt: null,
      findings: [],
    });
    const again = await post(programId, body);
    expect([again.status, again.body]).toEqual([200, made.body]);
    const other = await post(programId, { ...body, budgetAmount: 1 });
    expect([other.status, other.body.code]).toEqual([409, 'external_id_conflict']);
    const list = await house.shop.get(`/v1/programs/${programId}/campaigns`);
    expect(list.body).toEqual({ data: [made.body], nextCursor: null });
    expect(await read(made.body.id)).toEqual(made.body);
  });

  it('two at the same moment make one', async () => {
    const programId = await program();
    const body = campaignBody(window);
    const made = await Promise.all([1, 2, 3, 4].map(() => post(programId, body)));
    expect(made.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    expect(new Set(made.map(({ body: { id } }) => id)).size).toBe(1);
  });

  it.each([
    ['no effect', { effect: {} }, '/effect'],
    ['two effects', { effect: { addBps: 100, multiplyBps: 20_000 } }, '/effect'],
    ['a level twice', { levels: [1, 2, 1] }, '/levels/2'],
    ['a fourth level', { levels: [4] }, '/levels/0'],
    ['no level', { levels: [] }, '/levels'],
    ['two product keys', { match: { sku: 'A', tag: 'new' } }, '/match'],
    ['two audience keys', { match: { tier: 'gold', distributorId: 'x' } }, '/match'],
    ['an end before its start', { endsAt: window.startsAt }, '/endsAt'],
    ['a budget below 0', { budgetAmount: -1 }, '/budgetAmount'],
    ['a fraction', { budgetAmount: 1.5 }, '/budgetAmount'],
    ['a field that nobody knows', { limit: 3 }, '/limit'],
  ])('is a 400 that points at it: %s', async (_name, wrong, pointer) => {
    const programId = await program();
    const reply = await post(programId, campaignBody({ ...window, ...wrong }));
    expect(reply.status).toBe(400);
    expect(faults(reply).some((at: string) => at.startsWith(pointer))).toBe(true);
  });

  it('may not start before its program, nor name a distributor of another', async () => {
    const [one, two] = [await program(), await program()];
    const early = await post(one, campaignBody({ ...window, startsAt: inDays(-3) }));
    expect([early.status, early.body.code]).toEqual([422, 'before_program_start']);
    const stranger = (await postDistributor(house.shop, two)).body.id;
    const strange = campaignBody({ ...window, match: { distributorId: stranger } });
    expect((await post(one, strange)).status).toBe(404);
    expect((await post(two, strange)).status).toBe(201);
  });

  it('without a budget says so, in the language of the reader', async () => {
    const programId = await program();
    const body = campaignBody({ ...window, budgetAmount: null });
    const made = await post(programId, body);
    expect(made.body).toMatchObject({ budgetAmount: null, remainingAmount: null });
    expect(made.body.findings).toMatchObject([
      { rule: 'overlay-without-budget', severity: 'warning', pointer: '/budgetAmount' },
    ]);
    const path = `/v1/campaigns/${made.body.id}`;
    const chinese = await house.shop.get(path, { headers: { 'accept-language': 'zh-CN' } });
    expect(chinese.body.findings[0].message).toContain('预算');
  });

  it("another store's is a 404", async () => {
    const { id } = await given();
    const other = house.shop.as((await testStore(house.db)).apiKey);
    expect((await other.get(`/v1/campaigns/${id}`)).status).toBe(404);
    expect((await other.post(`/v1/campaigns/${id}/stop`, { reason: 'x' })).status).toBe(404);
  });
});

describe('a campaign lives by its program clock', () => {
  it('starts, and ends, within one move over its whole life', async () => {
    const { programId, id } = await given();
    await moveTo(programId, 30);
    expect(await typesOf(id)).toEqual(['campaign.started', 'campaign.ended']);
    expect(await read(id)).toMatchObject({ status: 'ended', stoppedAt: null });
    const row = await rowOf(id);
    expect(row).toEqual({ status: 'ended', moments: 0 });
  });

  it('is running between the two, and its end waits', async () => {
    const { programId, id } = await given();
    expect((await read(id)).status).toBe('scheduled');
    await moveTo(programId, 15);
    expect(await typesOf(id)).toEqual(['campaign.started']);
    expect((await read(id)).status).toBe('running');
    expect(await rowOf(id)).toEqual({ status: 'running', moments: 1 });
  });

  it('warns once when 80 % of the budget are used, and not again after a refund', async () => {
    const { programId, id } = await given({ startsAt: inDays(-0.5), budgetAmount: 1000 });
    await until(async () => (await typesOf(id)).length === 1, 'started');
    const lineId = await orderLine(programId);
    await use(id, lineId, 799n);
    await use(id, lineId, 1n);
    await until(async () => (await read(id)).lowAt !== null, 'low');
    expect(await read(id)).toMatchObject({ usedAmount: 800, remainingAmount: 200 });
    await use(id, lineId, -300n);
    await use(id, lineId, 300n);
    const told = await eventsOf(id);
    expect(told.map(({ type }) => type)).toEqual(['campaign.started', 'campaign.budget_low']);
    expect(told[1]?.payload).toEqual({ budgetAmount: '1000', usedAmount: '800' });
    expect(await signals(id, 'budgetUsed')).toBe(1);
    const uses = (await house.shop.get(`/v1/campaigns/${id}/uses?limit=2`)).body;
    expect(uses.data.map(({ amount }: { amount: number }) => amount)).toEqual([300, -300]);
    expect(uses.data[0]).toMatchObject({ lineExternalId: '1', level: 1, refundId: null });
    expect(uses.data[1]).toMatchObject({ refundId: expect.stringMatching(/^rfd_/) });
    const rest = `/v1/campaigns/${id}/uses?cursor=${uses.nextCursor}`;
    expect((await house.shop.get(rest)).body.data).toMatchObject([{ amount: 1 }, { amount: 799 }]);
  });

  it('stopped, it ends at once, and a second stop is a conflict', async () => {
    const { programId, id } = await given({ startsAt: inDays(-0.5) });
    await until(async () => (await typesOf(id)).length === 1, 'started');
    const reply = await house.shop.post(`/v1/campaigns/${id}/stop`, { reason: 'sold out' });
    expect([reply.status, reply.body.status]).toEqual([200, 'ended']);
    await until(async () => (await rowOf(id)).status === 'ended', 'ended');
    const [, ended] = await eventsOf(id);
    expect(ended).toMatchObject({ type: 'campaign.ended', payload: { stopped: true } });
    const again = await house.shop.post(`/v1/campaigns/${id}/stop`, { reason: 'again' });
    expect([again.status, again.body.code]).toEqual([409, 'campaign_ended']);
    expect((await house.shop.post(`/v1/campaigns/${id}/stop`, {})).status).toBe(400);
    await moveTo(programId, 30);
    expect(await typesOf(id)).toEqual(['campaign.started', 'campaign.ended']);
    const audit = await house.db.read.first<{ reason: string }>(
      `SELECT reason FROM audit_record WHERE subject_id = $1 AND action = 'campaign.stopped'`,
      [id],
    );
    expect(audit?.reason).toBe('sold out');
  });

  it('stopped before its start, it never ran', async () => {
    const { programId, id } = await given();
    await house.shop.post(`/v1/campaigns/${id}/stop`, { reason: 'a mistake' });
    await moveTo(programId, 30);
    expect(await typesOf(id)).toEqual(['campaign.ended']);
  });

  it('goes on from its row when Temporal has lost it', async () => {
    const { programId, id } = await given();
    await moveTo(programId, 15);
    const handle = house.temporal.client.workflow.getHandle(`campaign:${id}`);
    await handle.terminate('lost');
    expect(await house.db.transaction(resumeOpenWork)).toBeGreaterThan(0);
    await moveTo(programId, 30);
    expect(await typesOf(id)).toEqual(['campaign.started', 'campaign.ended']);
  });
});

describe('orders and a campaign', () => {
  const during = { startsAt: inDays(-0.5), endsAt: inDays(20) };

  /** An order of 120.00 brought by somebody, at 10 %; answers it. */
  async function order(programId: string, own: object = {}) {
    const seller = await postDistributor(house.shop, programId, { joinedAt: inDays(-0.9) });
    const attribution = { distributorCode: seller.body.code };
    const made = await house.shop.post(
      '/v1/orders',
      orderBody(programId, { paidAt: inDays(-0.1), attribution, ...own }),
    );
    expect([made.status, made.text]).toEqual([201, made.text]);
    return made.body;
  }
  const usesOf = async (id: string) =>
    (await house.shop.get(`/v1/campaigns/${id}/uses`)).body.data.map(
      ({ orderId, amount, refundId }: Record<string, unknown>) => ({ orderId, amount, refundId }),
    );

  it('take from its budget, are cut at its end, warn, and give back by a refund', async () => {
    const { programId, id } = await given({ ...during, budgetAmount: 700 });
    const first = await order(programId);
    expect(first.commissions).toMatchObject([{ amount: 1800 }]);
    expect(await read(id)).toMatchObject({ usedAmount: 600, remainingAmount: 100 });
    await until(async () => (await read(id)).lowAt !== null, 'low');
    const second = await order(programId);
    expect(second.commissions).toMatchObject([{ amount: 1300 }]);
    expect((await order(programId)).commissions).toMatchObject([{ amount: 1200 }]);
    const refund = await house.shop.post(`/v1/orders/${second.id}/refunds`, {
      externalId: `R-${second.id}`,
      refundedAt: inDays(0),
      lines: [{ externalId: '1', quantity: 2, amount: 12_000 }],
    });
    expect([refund.status, refund.text]).toEqual([201, refund.text]);
    expect(await usesOf(id)).toEqual([
      { orderId: second.id, amount: -100, refundId: refund.body.id },
      { orderId: second.id, amount: 100, refundId: null },
      { orderId: first.id, amount: 600, refundId: null },
    ]);
    expect(await read(id)).toMatchObject({ usedAmount: 600, remainingAmount: 100 });
    expect(await typesOf(id)).toEqual(['campaign.started', 'campaign.budget_low']);
  });

  it('booked before it was stored keep their amount; those booked after it count', async () => {
    const programId = await program();
    const before = await order(programId);
    const made = await post(programId, campaignBody(during));
    expect(made.status).toBe(201);
    expect((await order(programId)).commissions).toMatchObject([{ amount: 1800 }]);
    const again = (await house.shop.get(`/v1/orders/${before.id}`)).body;
    expect(again.commissions).toEqual(before.commissions);
  });

  it('paid from the stop on are outside, those paid before it are not', async () => {
    const { programId, id } = await given(during);
    const inside = await order(programId);
    const stopped = await house.shop.post(`/v1/campaigns/${id}/stop`, { reason: 'sold out' });
    const at = stopped.body.stoppedAt as string;
    const justBefore = new Date(Date.parse(at) - 1).toISOString();
    expect((await order(programId, { paidAt: at })).commissions).toMatchObject([{ amount: 1200 }]);
    const late = await order(programId, { paidAt: justBefore });
    expect(late.commissions).toMatchObject([{ amount: 1800 }]);
    const again = (await house.shop.get(`/v1/orders/${inside.id}`)).body;
    expect(again.commissions).toMatchObject([{ amount: 1800 }]);
  });
});

async function rowOf(id: string): Promise<{ status: string; moments: number }> {
  const row = await house.db.read.first<{ status: string; moments: number }>(
    `SELECT c.status, (SELECT count(*)::int FROM due_moment d
       WHERE d.subject_id = c.id AND d.status = 'waiting') AS moments
     FROM campaign c WHERE c.id = $1`,
    [id],
  );
  return row ?? { status: 'gone', moments: 0 };
}

async function signals(id: string, name: string): Promise<number> {
  const rows = await house.db.read.rows(
    'SELECT 1 FROM outbox WHERE workflow_id = $1 AND signal_name = $2',
    [`campaign:${id}`, name],
  );
  return rows.length;
}

async function orderLine(programId: string): Promise<string> {
  const paidAt = inDays(-0.6); // before the campaign, which it does not use by itself
  const order = await house.shop.post('/v1/orders', orderBody(programId, { paidAt }));
  expect([order.status, order.text]).toEqual([201, order.text]);
  const line = await house.db.read.first<{ id: string }>(
    'SELECT id FROM order_line WHERE order_id = $1',
    [order.body.id],
  );
  return line?.id ?? '';
}

/** What booking an order with an overlay, or (below 0) a refund, does to the budget. */
async function use(campaignId: string, orderLineId: string, amount: bigint): Promise<void> {
  const refundId = amount < 0n ? newId('refund') : null;
  await house.db.transaction(async (tx) => {
    await tx.insert('campaign_use', { campaignId, orderLineId, level: 1, refundId, amount });
    await campaignsUsed(tx, [campaignId]);
  });
}
