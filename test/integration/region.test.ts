import { listAgents } from '../../src/db/region-agent';
import { type TestApp, testApp } from '../support/app';
import type { Answer } from '../support/http';
import { givenScene, on } from '../support/scene';
import { testStore } from '../support/store';
import { orderBody } from '../support/world';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const plan = {
  levels: 2,
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } },
    { id: 'upline', level: 2, match: {}, rate: { bps: 500 } },
  ],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
};

interface Scene {
  programId: string;
  seller: { id: string; code: string };
  agent: string;
  other: string;
}

/** A seller under a sponsor (10 % and 5 %), and two people who can be agents. */
async function scene(planSettings: object = {}, settings: object = {}): Promise<Scene> {
  const { programId, seller, person } = await givenScene(app, { ...plan, ...planSettings });
  const agent = await person(settings);
  return { programId, seller, agent: agent.id, other: (await person()).id };
}

const put = (programId: string, agents: object[]) =>
  app.shop.put(`/v1/programs/${programId}/region-agents`, { agents });
const agentsOf = async (programId: string, at?: string) =>
  (await app.shop.get(`/v1/programs/${programId}/region-agents${at ? `?at=${at}` : ''}`)).body
    .agents;

/** An order of 2 x 60.00 in a region; answers what its kinds and levels earn. */
async function earned(
  { programId, seller }: Scene,
  order: object = {},
): Promise<Record<string, number>> {
  const made = await app.shop.post(
    '/v1/orders',
    orderBody(programId, {
      paidAt: on(10),
      region: 'CN-33',
      attribution: { distributorCode: seller.code },
      ...order,
    }),
  );
  expect([made.status, made.text]).toEqual([201, made.text]);
  return amountsOf(made);
}

function amountsOf({ body }: Answer): Record<string, number> {
  const commissions = body.commissions as { kind: string; level: number | null; amount: number }[];
  return Object.fromEntries(
    commissions.map(({ kind, level, amount }) => [level === null ? kind : `${level}`, amount]),
  );
}

describe('the list of regional agents', () => {
  it('is replaced as a whole, and who stays keeps its row and time', async () => {
    const { programId, agent, other } = await scene();
    const first = await put(programId, [
      { region: 'CN-33', distributorId: agent, bps: 2000 },
      { region: 'CN-31', distributorId: other, bps: 1800 },
    ]);
    expect(first.status).toBe(200);
    // The first list of a program without orders counts from its start.
    expect(first.body.agents).toEqual([
      { region: 'CN-31', distributorId: other, bps: 1800, validFrom: on(0), validTo: null },
      { region: 'CN-33', distributorId: agent, bps: 2000, validFrom: on(0), validTo: null },
    ]);
    const before = await listAgents(app.db.read, programId, undefined);
    const second = await put(programId, [{ region: 'CN-33', distributorId: agent, bps: 2000 }]);
    expect(second.body.agents).toEqual([first.body.agents[1]]);
    const after = await listAgents(app.db.read, programId, undefined);
    expect(after[0]?.id).toBe(before[1]?.id);
    expect(await agentsOf(programId)).toEqual(second.body.agents);
    const then = await agentsOf(programId, on(1));
    expect(then.map(({ region }: { region: string }) => region)).toEqual(['CN-31', 'CN-33']);
    expect(then[0].validTo).not.toBeNull();
    const same = await put(programId, [{ region: 'CN-33', distributorId: agent, bps: 2000 }]);
    expect(same.body).toEqual(second.body);
    expect((await put(programId, [])).body).toEqual({ agents: [] });
  });

  it('counts from after the last accepted order, so that no booked one would change', async () => {
    const one = await scene();
    expect(await earned(one, { paidAt: on(29.9999) })).toEqual({ 1: 1200, 2: 600 });
    const soon = new Date(Date.now() + 300_000).toISOString(); // within the clock's tolerance
    await earned(one, { paidAt: soon });
    await put(one.programId, [{ region: 'CN-33', distributorId: one.agent, bps: 2000 }]);
    const [agent] = await agentsOf(one.programId);
    expect(Date.parse(agent.validFrom)).toBe(Date.parse(soon) + 1);
    expect(await earned(one, { paidAt: soon })).toEqual({ 1: 1200, 2: 600 });
  });

  it.each([
    ['a region twice', [{ bps: 1 }, { bps: 2 }], 400, '/agents/1/region'],
    ['a rate over 100 %', [{ bps: 10_001 }], 400, '/agents/0/bps'],
    ['a negative rate', [{ bps: -1 }], 400, '/agents/0/bps'],
    ['no region', [{ region: '' }], 400, '/agents/0/region'],
    [
      'somebody unknown',
      [{ distributorId: `dst_${'0'.repeat(26)}` }],
      404,
      '/agents/0/distributorId',
    ],
  ])('is refused with %s, and nothing changes', async (_name, wrong, status, pointer) => {
    const { programId, agent } = await scene();
    const line = { region: 'CN-33', distributorId: agent, bps: 2000 };
    const agents = wrong.map((own) => ({ ...line, ...own }));
    const reply = await put(programId, agents);
    expect(reply.status).toBe(status);
    const pointers = reply.body.errors.map((fault: { pointer: string }) => fault.pointer);
    expect(pointers).toContain(pointer);
    expect(await agentsOf(programId)).toEqual([]);
  });

  it("takes no distributor of another program, and is another store's 404", async () => {
    const [one, two] = [await scene(), await scene()];
    const strange = [{ region: 'CN-33', distributorId: two.agent, bps: 2000 }];
    expect((await put(one.programId, strange)).status).toBe(404);
    const other = app.shop.as((await testStore(app.db)).apiKey);
    const path = `/v1/programs/${one.programId}/region-agents`;
    expect((await other.put(path, { agents: [] })).status).toBe(404);
    expect((await other.get(path)).status).toBe(404);
  });

  it('is in the audit log with what was before', async () => {
    const { programId, agent } = await scene();
    await put(programId, [{ region: 'CN-33', distributorId: agent, bps: 2000 }]);
    await put(programId, []);
    const rows = await app.db.read.rows<{ before: { agents: object[] }; after: object }>(
      `SELECT before, after FROM audit_record
       WHERE subject_id = $1 AND action = 'program.region_agents_changed' ORDER BY id`,
      [programId],
    );
    expect(rows[1]).toMatchObject({ before: { agents: [{ bps: 2000 }] }, after: { agents: [] } });
  });
});

describe('the agent of the region of an order', () => {
  it('earns the difference between its rate and what the levels took', async () => {
    const one = await scene();
    await put(one.programId, [{ region: 'CN-33', distributorId: one.agent, bps: 2000 }]);
    expect(await earned(one)).toEqual({ 1: 1200, 2: 600, region: 600 });
    expect(await earned(one, { region: 'CN-3' })).toEqual({ 1: 1200, 2: 600 });
    expect(await earned(one, { region: undefined })).toEqual({ 1: 1200, 2: 600 });
  });

  it('earns nothing when the levels took as much or more, never below 0', async () => {
    const one = await scene();
    await put(one.programId, [
      { region: 'CN-33', distributorId: one.agent, bps: 1500 },
      { region: 'CN-31', distributorId: one.agent, bps: 200 },
    ]);
    expect(await earned(one)).toEqual({ 1: 1200, 2: 600 });
    expect(await earned(one, { region: 'CN-31' })).toEqual({ 1: 1200, 2: 600 });
  });

  it('stays inside the caps', async () => {
    const one = await scene({ caps: { totalBps: 1700 } });
    await put(one.programId, [{ region: 'CN-33', distributorId: one.agent, bps: 4000 }]);
    expect(await earned(one)).toEqual({ 1: 1200, 2: 600, region: 240 });
  });

  it('earns all of its rate on an order that nobody brought', async () => {
    const one = await scene();
    await put(one.programId, [{ region: 'CN-33', distributorId: one.agent, bps: 2000 }]);
    expect(await earned(one, { attribution: {} })).toEqual({ region: 2400 });
  });

  it('is the one of the payment: an earlier order belongs to the agent before', async () => {
    const one = await scene();
    await put(one.programId, [{ region: 'CN-33', distributorId: one.agent, bps: 2000 }]);
    await put(one.programId, [{ region: 'CN-33', distributorId: one.other, bps: 2500 }]);
    const [now] = await agentsOf(one.programId);
    const earnerOf = async (paidAt: string) => {
      const order = orderBody(one.programId, { paidAt, region: 'CN-33' });
      const { body } = await app.shop.post('/v1/orders', order);
      return body.commissions.map(({ distributorId, amount, rateBps }: Record<string, unknown>) => [
        distributorId,
        amount,
        rateBps,
      ]);
    };
    expect(await earnerOf(on(10))).toEqual([[one.agent, 2400, 2000]]);
    expect(await earnerOf(now.validFrom)).toEqual([[one.other, 3000, 2500]]);
  });

  it('is not the buyer, nor somebody who had not joined', async () => {
    const buyer = await scene({}, { customerExternalId: 'agent-himself' });
    await put(buyer.programId, [{ region: 'CN-33', distributorId: buyer.agent, bps: 2000 }]);
    const own = { customer: { externalId: 'agent-himself' } };
    expect(await earned(buyer, own)).toEqual({ 1: 1200, 2: 600 });
    const late = await scene({}, { joinedAt: on(20) });
    await put(late.programId, [{ region: 'CN-33', distributorId: late.agent, bps: 2000 }]);
    expect(await earned(late, { paidAt: on(10) })).toEqual({ 1: 1200, 2: 600 });
    expect(await earned(late, { paidAt: on(21) })).toEqual({ 1: 1200, 2: 600, region: 600 });
  });
});

it('two lists at once: one is the last, and every region has one agent', async () => {
  const { programId, agent, other } = await scene();
  const lists = Array.from({ length: 6 }, (_, i) => [
    { region: 'CN-33', distributorId: i % 2 === 0 ? agent : other, bps: 1000 + i },
  ]);
  const replies = await Promise.all(lists.map((list) => put(programId, list)));
  expect(replies.map(({ status }) => status)).toEqual(lists.map(() => 200));
  expect(await agentsOf(programId)).toHaveLength(1);
  const spans = await app.db.read.rows<{ overlapping: number }>(
    `SELECT 1 AS overlapping FROM region_agent a JOIN region_agent b
       ON a.program_id = b.program_id AND a.region = b.region AND a.id < b.id
     WHERE a.program_id = $1
       AND tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)`,
    [programId],
  );
  expect(spans).toEqual([]);
});
