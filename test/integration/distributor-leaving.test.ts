import { newId } from '../../src/db/id';
import { type TestHouse, testHouse } from '../support/app';
import { type LivingPerson, livesOf } from '../support/lives';
import { givenChannel } from '../support/payout';

jest.setTimeout(240_000);

let house: TestHouse;
let lives: ReturnType<typeof livesOf>;
beforeAll(async () => {
  house = await testHouse();
  lives = livesOf(house);
}, 120_000);
afterAll(() => house.close());

describe('who is out, by every policy of downlines and customers', () => {
  const upline = 'nearestActiveUpline';

  /**
   * top <- middle (suspended: no active upline) <- person <- below, with one customer; the person is
   * evicted on day 106, the others are not.
   */
  async function evicted(leaving: object) {
    const programId = await lives.program({ leaving: { returnAfterDays: 60, ...leaving } });
    const top = await lives.join(programId);
    const middle = await lives.join(programId, { sponsorCode: top.code });
    const person = await lives.join(programId, { sponsorCode: middle.code });
    const below = await lives.join(programId, { sponsorCode: person.code });
    await lives.moveTo(programId, 0.2);
    await lives.sell(programId, person, 0.1, 'c-1');
    await lives.moveTo(programId, 92);
    for (const one of [top, middle, below]) await lives.sell(programId, one, 91, `of-${one.code}`);
    await lives.act(middle.id, 'suspensions', { reasonCode: 'other', reason: 'Looked into.' });
    expect((await lives.decide(person.id, 'eviction', 'approve')).body.status).toBe(
      'appeal_window',
    );
    await lives.moveTo(programId, 107);
    expect(await lives.statusOf(person.id)).toBe('evicted');
    return { programId, top, person, below };
  }

  const sponsorOf = async ({ id }: LivingPerson) => (await lives.read(id)).sponsorId as string;
  const ownerAt = async (programId: string, at: number) => {
    const { distributorId, startsAt, endsAt } = await lives.bindingOf(programId, 'c-1');
    const now = Date.parse(lives.inDays(at));
    const holds = Date.parse(startsAt) <= now && (endsAt === null || Date.parse(endsAt) > now);
    return holds ? (distributorId as string) : null;
  };
  const reached = async (programId: string) => {
    const order = await house.shop.post('/v1/orders', {
      ...{ programId, externalId: newId('order'), currency: 'CNY' },
      ...{ customer: { externalId: 'c-1' }, paidAt: lives.inDays(106.9) },
      lines: [{ externalId: '1', sku: 'TEA-1', quantity: 1, unitPriceAmount: 100 }],
    });
    expect([order.status, order.text]).toEqual([201, order.text]);
    return order.body.attribution.distributorId as string | null;
  };

  test.each([
    { downlines: upline, customers: 'release' },
    { downlines: upline, customers: upline },
    { downlines: 'none', customers: 'release' },
    { downlines: 'none', customers: upline },
  ])('$downlines and $customers: moved, and given back within 30 days', async (leaving) => {
    const { programId, top, person, below } = await evicted(leaving);
    expect(await sponsorOf(below)).toBe(leaving.downlines === 'none' ? null : top.id);
    expect(await ownerAt(programId, 106.9)).toBe(leaving.customers === 'release' ? null : top.id);
    expect(await reached(programId)).toBe(leaving.customers === 'release' ? null : top.id);
    await lives.moveTo(programId, 130);
    const back = await lives.act(person.id, 'returns', { reason: 'A mistake.' });
    expect([back.status, back.body]).toMatchObject([
      201,
      { kind: 'reinstated', status: 'active', downlines: 1, customers: 1, restoredAmount: 0 },
    ]);
    expect(await sponsorOf(below)).toBe(person.id);
    expect(await ownerAt(programId, 131)).toBe(person.id);
  });

  test('after 30 days nothing is given back: refused first, later a return without the team', async () => {
    const { programId, top, person, below } = await evicted({ customers: upline });
    await lives.moveTo(programId, 140);
    const early = await lives.act(person.id, 'returns', { reason: 'Please.' });
    expect([early.status, early.body.code]).toEqual([409, 'not_possible_now']);
    await lives.moveTo(programId, 170);
    const back = await lives.act(person.id, 'returns', { reason: 'A new start.' });
    expect([back.status, back.body]).toMatchObject([
      201,
      { kind: 'returned', downlines: 0, customers: 0 },
    ]);
    expect(await sponsorOf(below)).toBe(top.id);
    expect(await ownerAt(programId, 170)).toBe(top.id);
  });

  test('on the 30th day it is still a reinstatement, a minute later it is not', async () => {
    const { programId, person } = await evicted({});
    const { closedAt } = (await house.shop.get(`/v1/distributors/${person.id}/evictions`)).body
      .data[0];
    const end = Date.parse(closedAt) + 30 * 86_400_000;
    await lives.moveTo(programId, new Date(end + 60_000).toISOString());
    const late = await lives.act(person.id, 'returns', { reason: 'Late.' });
    expect([late.status, late.body.code]).toEqual([409, 'not_possible_now']);
    const other = await evicted({});
    const { data } = (await house.shop.get(`/v1/distributors/${other.person.id}/evictions`)).body;
    const last = Date.parse(data[0].closedAt) + 30 * 86_400_000 - 60_000;
    await lives.moveTo(other.programId, new Date(last).toISOString());
    const back = await lives.act(other.person.id, 'returns', { reason: 'In time.' });
    expect([back.status, back.body.kind]).toEqual([201, 'reinstated']);
  });
});

describe('what is under way keeps an eviction from being proposed', () => {
  interface Scene {
    programId: string;
    person: LivingPerson;
    other: LivingPerson;
    order: { id: string };
  }
  type Begin = (at: Scene) => Promise<() => Promise<unknown>>;

  /** A payout of theirs with a money state that is not final; what ends it is the provider's word. */
  const payout: Begin = async ({ programId, person }) => {
    const channelId = await givenChannel(house.db, house.vault, house.store.id);
    const program = await house.db.read.first<{ payerId: string }>(
      'SELECT payer_id FROM program WHERE id = $1',
      [programId],
    );
    const [settlementId, statementId, id] = [
      ...[newId('settlement'), newId('statement'), newId('payout')],
    ] as [string, string, string];
    const createdAt = new Date();
    await house.db.read.insert('settlement', {
      ...{ id: settlementId, programId, period: '2026-01', run: 1, cutoffAt: createdAt },
      ...{ status: 'paying', requestedBy: 'test', createdAt },
    });
    const amounts = { taxAmount: 0n, feeAmount: 0n, grossAmount: 100n };
    await house.db.read.insert('statement', {
      ...{ id: statementId, settlementId, programId, distributorId: person.id, createdAt },
      ...{ payerId: program?.payerId, status: 'approved', netAmount: 100n, ...amounts },
    });
    await house.db.read.insert('payout', {
      ...{ id, programId, settlementId, statementId, distributorId: person.id, channelId },
      ...{ channelNumber: id.slice(-26), amount: 100n, ...amounts, status: 'processing' },
      ...{ accountCipher: 'x', accountMasked: '****', holderName: 'x', createdAt },
    });
    return () => house.db.read.run(`UPDATE payout SET status = 'paid' WHERE id = $1`, [id]);
  };

  const transfer: Begin = async ({ programId, person, other }) => {
    const made = await house.shop.post('/v1/binding-transfers', {
      ...{ programId, customerExternalId: 'u-1', toDistributorId: other.id, reason: 'moved' },
    });
    expect([made.status, made.text]).toEqual([201, made.text]);
    const path = `/v1/binding-transfers/${made.body.id as string}`;
    const objected = await house.shop.post(`${path}/objections`, { text: 'mine', side: 'from' });
    expect([objected.status, objected.text]).toEqual([201, objected.text]);
    expect(person.id).not.toBe(other.id);
    return () => lives.decide(made.body.id as string, 'bindingTransfer', 'reject');
  };

  /** After 30 days it is a dispute before an admin; it ends when the shop closes it. */
  const afterSale: Begin = async ({ order }) => {
    const opened = await house.shop.post(`/v1/orders/${order.id}/after-sales`, {
      ...{ externalId: newId('afterSale'), openedAt: lives.inDays(0.15) },
    });
    expect([opened.status, opened.text]).toEqual([201, opened.text]);
    return async () => {
      const closed = await house.shop.post(
        `/v1/after-sales/${opened.body.id as string}/closure`,
        {},
      );
      expect([closed.status, closed.text]).toEqual([200, closed.text]);
    };
  };

  const kinds: [string, Begin, string][] = [
    ['a payout that is not final', payout, 'payoutsUnderWay'],
    ['the transfer of a customer', transfer, 'openTransfers'],
    ['an after-sale case, which is a dispute by then', afterSale, 'openAfterSales'],
  ];

  async function warned(begin: Begin) {
    const programId = await lives.program();
    const person = await lives.join(programId);
    const other = await lives.join(programId);
    await lives.moveTo(programId, 0.2);
    const order = await lives.sell(programId, person, 0.1);
    const end = await begin({ programId, person, other, order });
    await lives.moveTo(programId, 97);
    expect(await lives.statusOf(person.id)).toBe('warned');
    expect(await lives.reviewOf(person.id, 'eviction')).toBeUndefined();
    return { programId, person, end };
  }

  test.each(kinds)('%s: it comes within 7 days of the end', async (_, begin) => {
    const { programId, person, end } = await warned(begin);
    await end();
    await lives.moveTo(programId, 104.5);
    expect(await lives.statusOf(person.id)).toBe('eviction_proposed');
    const { facts } = await lives.reviewOf(person.id, 'eviction');
    expect(facts.underWay).toEqual({ openAfterSales: 0, openTransfers: 0, payoutsUnderWay: 0 });
  });

  test.each(kinds)(
    '%s: after 90 days it comes all the same, and names it',
    async (_, begin, name) => {
      const { programId, person } = await warned(begin);
      await lives.moveTo(programId, 178);
      expect(await lives.statusOf(person.id)).toBe('warned');
      await lives.moveTo(programId, 190);
      expect(await lives.statusOf(person.id)).toBe('eviction_proposed');
      expect((await lives.reviewOf(person.id, 'eviction')).facts.underWay).toMatchObject({
        [name]: 1,
      });
    },
  );
});

describe('a task that ends without a decider', () => {
  const historyOf = async (id: string) =>
    (await house.shop.get(`/v1/reviews/${id}/history`)).body.data as {
      what: string;
      actor: string;
      reason: string | null;
      outcome: string | null;
      decision: string | null;
    }[];

  test('of an eviction says in its history that a sale ended it', async () => {
    const programId = await lives.program();
    const person = await lives.join(programId);
    await lives.moveTo(programId, 92);
    const { id } = await lives.reviewOf(person.id, 'eviction');
    await lives.sell(programId, person, 91);
    expect((await historyOf(id)).at(-1)).toMatchObject({
      ...{ what: 'decided', actor: 'system:life', outcome: 'reject', decision: null },
      reason: 'The distributor sold.',
    });
    const suspended = await lives.join(programId);
    await lives.act(suspended.id, 'suspensions', { reasonCode: 'other', reason: 'x' });
    const review = await lives.reviewOf(suspended.id, 'suspension');
    await lives.act(suspended.id, 'appeals', { text: 'No.' });
    await lives.decide(suspended.id, 'appeal', 'approve', lives.second());
    expect((await historyOf(review.id)).at(-1)).toMatchObject({
      ...{ what: 'decided', actor: 'system:life', outcome: 'reject', reason: 'It was lifted.' },
    });
  });

  test('of a transfer says that it was taken back', async () => {
    const programId = await lives.program();
    const [from, to] = [await lives.join(programId), await lives.join(programId)];
    const bound = { programId, customerExternalId: 'u-1', distributorCode: from.code };
    expect((await house.shop.post('/v1/bindings', bound)).status).toBe(201);
    const made = await house.shop.post('/v1/binding-transfers', {
      ...{ programId, customerExternalId: 'u-1', toDistributorId: to.id, reason: 'moved' },
    });
    const path = `/v1/binding-transfers/${made.body.id as string}`;
    await house.shop.post(`${path}/objections`, { text: 'mine' });
    const { id } = await lives.reviewOf(made.body.id as string, 'bindingTransfer');
    const withdrawn = await house.shop.post(`${path}/withdrawal`, {});
    expect([withdrawn.status, withdrawn.text]).toEqual([200, withdrawn.text]);
    expect((await historyOf(id)).at(-1)).toMatchObject({
      ...{ what: 'decided', actor: 'system:binding-transfer', outcome: 'reject' },
      reason: 'The transfer was taken back.',
    });
  });
});
