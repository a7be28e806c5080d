import { eventTypes } from '../../src/contracts/event';
import { newId } from '../../src/db/id';
import { testApp, type TestApp } from '../support/app';
import { testClient } from '../support/http';
import { testKey } from '../support/store';
import { givenWorld, orderBody, type World } from '../support/world';

let app: TestApp;
let world: World;

beforeAll(async () => {
  app = await testApp();
  world = await givenWorld(app);
}, 60_000);
afterAll(() => app.close());

interface Told {
  id: string;
  type: string;
  programId: string;
  subjectId: string;
  occurredAt: string;
  data: Record<string, unknown>;
}

const told = async (query: string): Promise<{ data: Told[]; nextCursor: string | null }> => {
  const reply = await world.key.get(`/v1/events?${query}`);
  expect(reply.status).toBe(200);
  return reply.body as { data: Told[]; nextCursor: string | null };
};

describe('events', () => {
  test('tell what a sale earned whom, with amounts as the integers that they are elsewhere', async () => {
    const { data } = await told(`type=commission.held&subjectId=${world.commissionId}`);
    expect(data).toEqual([
      {
        id: expect.stringMatching(/^evt_/) as string,
        type: 'commission.held',
        programId: world.programId,
        subjectId: world.commissionId,
        occurredAt: expect.any(String) as string,
        data: expect.objectContaining({
          orderId: world.orderId,
          distributorId: world.distributorId,
          amount: 1200,
        }) as object,
      },
    ]);
    const one = await world.key.get(`/v1/events/${data[0]!.id}`);
    expect([one.status, one.body]).toEqual([200, data[0]]);
  });

  test('are listed the latest first, each once, while others are recorded', async () => {
    const all: string[] = [];
    for (let cursor = ''; ;) {
      const page = await told(`limit=2${cursor}`);
      all.push(...page.data.map(({ id }) => id));
      if (page.nextCursor === null) break;
      const { distributorCode } = world;
      const body = orderBody(world.programId, { attribution: { distributorCode } });
      expect((await world.key.post('/v1/orders', body)).status).toBe(201);
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(new Set(all).size).toBe(all.length);
    expect(all.at(-1)).toBe((await told('limit=100')).data.at(-1)!.id);
  });

  test.each<[string, string, number]>([
    ['a type that there is not', 'type=order.created', 400],
    ['a subject that is no id', 'subjectId=u-88', 400],
    ['a program that is no id', 'programId=club', 400],
    ['a limit below 1', 'limit=0', 400],
  ])('are not asked for by %s', async (_name, query, status) => {
    expect((await world.key.get(`/v1/events?${query}`)).status).toBe(status);
  });

  test('stay with their store, their mode and their scope', async () => {
    const path = `/v1/events/${world.eventId}`;
    const other = testClient(app.url, app.store.apiKey);
    const live = testClient(app.url, world.store.liveKey);
    for (const client of [other, live]) {
      expect((await client.get(path)).body).toMatchObject({ status: 404, code: 'not_found' });
      expect((await client.get('/v1/events')).body).toEqual({ data: [], nextCursor: null });
    }
    expect((await world.key.get(`/v1/events/${newId('event')}`)).status).toBe(404);
    const key = await testKey(app.db, world.store.id, { scopes: ['orders:read'] });
    const narrow = await testClient(app.url, key).get('/v1/events');
    expect(narrow.body).toMatchObject({ status: 403, code: 'scope_required' });
  });

  test('have every name of the contract', () => {
    expect(eventTypes).toEqual(expect.arrayContaining(contract));
  });
});

/** The names of the public contract, as it writes them. */
const contract = [
  'distributor.applied|activated|rejected|warned|eviction_proposed|appealed|reinstated|evicted|suspended|left|promoted|demoted',
  'commission.held|available|adjusted|reversed',
  'settlement.opened|closed|rejected',
  'payout.submitted|awaiting_confirmation|paid|failed|returned',
  'binding.created|transferred',
  'plan.published',
  'campaign.started|budget_low|ended',
  'dispute.opened|decided',
].flatMap((line) => {
  const [family, names = ''] = line.split('.');
  return names.split('|').map((name) => `${family}.${name}`);
});
