import { type TestHouse, testHouse } from '../support/app';
import { testClient } from '../support/http';
import { givenChannel } from '../support/payout';
import { publishWithWaivers } from '../support/plan';
import { postDistributor, postProgram, unique } from '../support/program';
import { givenScene, on } from '../support/scene';
import { givenAccount, givenProfile } from '../support/settlement';
import { until } from '../support/until';
import { orderBody } from '../support/world';

jest.setTimeout(180_000);

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse();
}, 120_000);
afterAll(() => house.close());

const plan = {
  ...{ levels: 2, rounding: 'floor', onIneligible: 'skip', selfPurchase: 'deny' },
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } },
    { id: 'up', level: 2, match: {}, rate: { bps: 500 } },
  ],
  tiers: [{ code: 'standard', rank: 1, privileges: {} }],
};
const fraud = { reasonCode: 'fraud', reason: 'Own cards.' };
const reason = 'The cards are the seller’s own.';

interface Commission {
  id: string;
  orderId: string;
  distributorId: string;
  amount: number;
  status: string;
}

/** A seller with orders that are held, or (older than the hold) available. */
async function given() {
  const scene = await givenScene(house, plan);
  const { programId, seller, sponsor } = scene;
  const self = `/v1/distributors/${seller.id as string}`;
  const sell = async (day: number, lines: object[] = []) => {
    const attribution = { distributorCode: seller.code };
    const more = lines.length === 0 ? {} : { lines };
    const reply = await house.shop.post(
      '/v1/orders',
      orderBody(programId, { paidAt: on(day), attribution, ...more }),
    );
    expect([reply.status, reply.text]).toEqual([201, reply.text]);
    return reply.body as { id: string; externalId: string; commissions: Commission[] };
  };
  const clock = async (day: number) => {
    const moved = await house.shop.post(`/v1/programs/${programId}/clock`, { now: on(day) });
    expect([moved.status, moved.text]).toEqual([200, moved.text]);
  };
  const suspend = async () => {
    const made = await house.admin.post(`${self}/suspensions`, fraud);
    expect([made.status, made.text]).toEqual([201, made.text]);
  };
  const decide = async (kind: string, body: object, by = house.admin) => {
    const { body: found } = await house.shop.get(
      `/v1/reviews?subjectId=${seller.id as string}&kind=${kind}`,
    );
    const keyed = { headers: { 'idempotency-key': unique('decision') } };
    const path = `/v1/reviews/${found.data[0].id as string}/decisions`;
    return by.post(path, { reason, ...body }, keyed);
  };
  const confirm = (reverse: object = {}) => decide('suspension', { decision: 'approve', reverse });
  const commissions = async (of: string = seller.id) =>
    (await house.shop.get(`/v1/commissions?distributorId=${of}&limit=100`)).body
      .data as Commission[];
  const ofOrder = async (orderId: string) =>
    (await commissions()).find((one) => one.orderId === orderId)!;
  const balance = async () => {
    const { body } = await house.shop.get(`${self}/balance`);
    return [body.heldAmount, body.availableAmount, body.receivableAmount];
  };
  const refund = async (orderId: string, amount: number, day: number) => {
    const reply = await house.shop.post(`/v1/orders/${orderId}/refunds`, {
      ...{ externalId: unique('R'), refundedAt: on(day) },
      lines: [{ externalId: '1', quantity: 0, amount }],
    });
    expect([reply.status, reply.text]).toEqual([201, reply.text]);
  };
  const explain = async (id: string, language = 'en') =>
    (
      await house.shop.get(`/v1/commissions/${id}/explanation`, {
        headers: { 'accept-language': language },
      })
    ).body;
  /** Everything calculated again, and the books: no difference by a fen. */
  const calculatedAgain = async () => {
    const asked = await house.shop.post(`/v1/programs/${programId}/verifications`, {});
    const read = async () =>
      (await house.shop.get(`/v1/verifications/${asked.body.id as string}`)).body;
    await until(async () => (await read()).status === 'done', 'the verification is done');
    expect((await read()).differences).toEqual([]);
    const books = await house.shop.get(`/v1/ledger/trial-balance?programId=${programId}`);
    expect(books.body).toMatchObject({ balanced: true });
  };
  /** The same, and every commission explains itself. */
  const verified = async () => {
    await calculatedAgain();
    for (const { id } of [...(await commissions()), ...(await commissions(sponsor.id))]) {
      const explained = await explain(id);
      expect(explained.checks.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([]);
    }
  };
  const reversals = async () => (await house.shop.get(`${self}/reversals`)).body.data;
  const second = () => testClient(house.url, house.store.secondAdmin.token);
  return {
    ...{ scene, programId, seller, sponsor, self, sell, clock, suspend, decide, confirm },
    ...{ commissions, ofOrder, balance, refund, explain, verified, calculatedAgain, reversals },
    second,
  };
}

describe('a suspension that is confirmed', () => {
  test('reverses everything unpaid, with the reason, explained and verified; others keep theirs', async () => {
    const at = await given();
    await at.sell(1);
    await at.sell(29);
    await at.clock(30.5);
    expect(await at.balance()).toEqual([1200, 1200, 0]);
    await at.suspend();
    await at.sell(30);
    const done = await at.confirm();
    expect([done.status, done.body.status, done.text]).toEqual([200, 'suspended', done.text]);
    expect(await at.balance()).toEqual([0, 0, 0]);
    expect((await at.commissions()).map(({ status, amount }) => [status, amount])).toEqual(
      Array(3).fill(['reversed', 0]),
    );
    expect((await at.commissions(at.sponsor.id)).map(({ amount }) => amount)).toEqual(
      Array(3).fill(600),
    );
    expect(await at.reversals()).toMatchObject([
      { commissions: 3, amount: 3600, reason, restoredAt: null, restoredAmount: null },
    ]);
    const [one] = await at.commissions();
    for (const [language, words] of [
      ['en', 'a decision took CNY 12.00 back'],
      ['zh-CN', '经审核决定撤销 CNY 12.00'],
    ] as const) {
      const explained = await at.explain(one!.id, language);
      expect(explained).toMatchObject({ amount: 0, originalAmount: 1200, verified: true });
      expect(explained.text).toContain(words);
      expect(explained.text).toContain(reason);
    }
    const told = await house.db.read.rows<{ template: string }>(
      `SELECT template FROM notice WHERE distributor_id = $1 AND template LIKE 'commissions_%'`,
      [at.seller.id],
    );
    expect(told).toEqual([{ template: 'commissions_reversed' }]);
    await at.verified();
    await at.clock(60);
    expect(await at.balance()).toEqual([0, 0, 0]);
    await at.verified();
  });

  test('reverses named orders only, by id or externalId, and refuses one that has nothing unpaid', async () => {
    const at = await given();
    const [bad, worse, good] = [await at.sell(28), await at.sell(28), await at.sell(29)];
    await at.suspend();
    for (const orders of [[`ext:${unique('none')}`], [good.id, 'ord_nothing']]) {
      const refused = await at.confirm({ orders });
      expect([refused.status, refused.body.code]).toEqual([422, 'nothing_to_reverse']);
      const last = `/reverse/orders/${orders.length - 1}`;
      expect(refused.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
        last,
      ]);
    }
    expect(await at.balance()).toEqual([3600, 0, 0]);
    const done = await at.confirm({ orders: [bad.id, `ext:${worse.externalId}`] });
    expect([done.status, done.text]).toEqual([200, done.text]);
    expect(await at.balance()).toEqual([1200, 0, 0]);
    expect((await at.ofOrder(good.id)).status).toBe('held');
    const repeated = await at.confirm({ orders: [bad.id, `ext:${worse.externalId}`] });
    expect([repeated.status, repeated.body]).toEqual([200, done.body]);
    expect(await at.reversals()).toHaveLength(1);
    const again = await at.confirm({ orders: [good.id] });
    expect([again.status, again.body.code]).toEqual([409, 'review_already_decided']);
    await at.verified();
  });

  test('without a word about commissions takes none; lifted, none can be taken', async () => {
    const at = await given();
    await at.sell(29);
    await at.suspend();
    const lifted = await at.decide('suspension', { decision: 'reject', reverse: {} });
    expect([lifted.status, lifted.body.code]).toEqual([422, 'reversal_not_possible']);
    const done = await at.decide('suspension', { decision: 'approve' });
    expect(done.status).toBe(200);
    expect(await at.balance()).toEqual([1200, 0, 0]);
    expect(await at.reversals()).toEqual([]);
  });

  test('leaves what a statement has taken, and takes what came since', async () => {
    const at = await given();
    const channelId = await givenChannel(house.db, house.vault, house.store.id);
    await givenAccount(house.db, house.vault, at.seller.id, channelId);
    await givenProfile(house.db, house.vault, at.seller.id, {});
    const paid = await at.sell(1);
    await at.clock(30.5);
    const opened = await house.shop.post(`/v1/programs/${at.programId}/settlements`, {});
    expect([opened.status, opened.text]).toEqual([202, opened.text]);
    const path = `/v1/settlements/${opened.body.id as string}`;
    const read = async () => (await house.shop.get(path)).body.status;
    await until(async () => (await read()) === 'review', 'the settlement is computed');
    const since = await at.sell(30);
    await at.suspend();
    const refused = await at.confirm({ orders: [paid.id] });
    expect([refused.status, refused.body.code]).toEqual([422, 'nothing_to_reverse']);
    expect((await at.confirm()).status).toBe(200);
    expect(await at.ofOrder(paid.id)).toMatchObject({ amount: 1200, status: 'settled' });
    expect(await at.ofOrder(since.id)).toMatchObject({ amount: 0, status: 'reversed' });
    await at.verified();
  });

  test('settles with what it took back: both lines are in one statement and come to nothing', async () => {
    const at = await given();
    const channelId = await givenChannel(house.db, house.vault, house.store.id);
    await givenAccount(house.db, house.vault, at.seller.id, channelId);
    await givenProfile(house.db, house.vault, at.seller.id, {});
    const [bad, good] = [await at.sell(1), await at.sell(2)];
    await at.clock(30.5);
    await at.suspend();
    await at.confirm({ orders: [bad.id] });
    await house.admin.post(`${at.self}/appeals`, { text: 'No.' });
    await at.decide('appeal', { decision: 'reject' }, at.second());
    const opened = await house.shop.post(`/v1/programs/${at.programId}/settlements`, {});
    const path = `/v1/settlements/${opened.body.id as string}`;
    const read = async () => (await house.shop.get(path)).body.status;
    await until(async () => (await read()) === 'review', 'the settlement is computed');
    const { data } = (await house.shop.get(`${at.self}/statements`)).body;
    expect(data).toMatchObject([{ grossAmount: 1200 }]);
    const { body } = await house.shop.get(`/v1/statements/${data[0].id as string}/lines`);
    const [{ id: reversalId }] = await at.reversals();
    const lines = body.data as { orderId: string; amount: number; reversalId: string | null }[];
    expect(lines.map((line) => [line.orderId, line.amount, line.reversalId])).toEqual([
      [bad.id, 1200, null],
      [good.id, 1200, null],
      [bad.id, -1200, reversalId],
    ]);
    await at.verified();
  });

  test('brings a debt back that a reversed commission had paid; restored, it is paid again', async () => {
    const at = await given();
    const channelId = await givenChannel(house.db, house.vault, house.store.id);
    await givenAccount(house.db, house.vault, at.seller.id, channelId);
    await givenProfile(house.db, house.vault, at.seller.id, {});
    const first = await at.sell(1);
    await at.clock(30.5);
    const opened = await house.shop.post(`/v1/programs/${at.programId}/settlements`, {});
    const path = `/v1/settlements/${opened.body.id as string}`;
    const read = async () => (await house.shop.get(path)).body.status;
    await until(async () => (await read()) === 'review', 'the settlement is computed');
    await at.refund(first.id, 12_000, 30);
    expect(await at.balance()).toEqual([0, 0, 1200]);
    await at.sell(30);
    await at.clock(38);
    expect(await at.balance()).toEqual([0, 0, 0]);
    await at.suspend();
    await at.confirm();
    expect(await at.balance()).toEqual([0, 0, 1200]);
    await at.verified();
    await house.admin.post(`${at.self}/appeals`, { text: 'Not me.' });
    await at.decide('appeal', { decision: 'approve' }, at.second());
    expect(await at.balance()).toEqual([0, 0, 0]);
    await at.verified();
  });
});

/** An order of so many lines, so of so many commissions of 1.00. */
const manyLines = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...{ externalId: String(index + 1), sku: 'TEA-1', quantity: 1, unitPriceAmount: 1000 },
  }));

describe('more commissions than one step takes', () => {
  const told = (id: string) =>
    house.db.read.rows<{ template: string; params: { commissions: number } }>(
      `SELECT template, params FROM notice WHERE distributor_id = $1
         AND template LIKE 'commissions_%' ORDER BY id`,
      [id],
    );

  test('are taken step by step, told once, and given back step by step', async () => {
    const at = await given();
    await at.sell(28, manyLines(1300));
    await at.sell(29, manyLines(1200));
    await at.suspend();
    expect((await at.confirm()).status).toBe(200);
    await until(async () => (await at.balance())[0] === 0, 'all is taken');
    await until(async () => (await told(at.seller.id)).length > 0, 'it is told');
    const sizes = async () =>
      (await at.reversals()).map(({ commissions }: { commissions: number }) => commissions);
    expect(await sizes()).toEqual([500, 1000, 1000]);
    await at.calculatedAgain();
    await house.admin.post(`${at.self}/appeals`, { text: 'They are a school’s.' });
    const upheld = await at.decide('appeal', { decision: 'approve' }, at.second());
    expect([upheld.status, upheld.body.status]).toEqual([200, 'active']);
    await until(async () => (await told(at.seller.id)).length > 1, 'it is told');
    expect(await at.balance()).toEqual([250_000, 0, 0]);
    expect(await told(at.seller.id)).toMatchObject([
      { template: 'commissions_reversed', params: { commissions: 2500 } },
      { template: 'commissions_restored', params: { commissions: 2500 } },
    ]);
    await at.calculatedAgain();
  });

  test('of somebody whose appeal is dismissed: nothing is paid out before the last step', async () => {
    const at = await given();
    const channelId = await givenChannel(house.db, house.vault, house.store.id);
    await givenAccount(house.db, house.vault, at.seller.id, channelId);
    await givenProfile(house.db, house.vault, at.seller.id, {});
    await at.sell(1);
    await at.clock(30.5);
    await at.suspend();
    await at.decide('suspension', { decision: 'approve' });
    await house.admin.post(`${at.self}/appeals`, { text: 'No.' });
    await at.decide('appeal', { decision: 'reject' }, at.second());
    const [{ caseId, reviewId }] = (await house.db.read.rows(
      `SELECT id AS case_id, review_id FROM life_case WHERE distributor_id = $1
         AND kind = 'suspension'`,
      [at.seller.id],
    )) as [{ caseId: string; reviewId: string }];
    await house.db.read.run(
      `INSERT INTO reversal_task (id, program_id, distributor_id, case_id, direction, review_id,
         actor, at, order_ids, is_whole, commissions, amount, created_at)
       VALUES ($1, $2, $3, $4, 'take', $5, 'test', now(), '{}', true, 0, 0, now())`,
      [unique('rvt'), at.programId, at.seller.id, caseId, reviewId],
    );
    const opened = await house.shop.post(`/v1/programs/${at.programId}/settlements`, {});
    const path = `/v1/settlements/${opened.body.id as string}`;
    const read = async () => (await house.shop.get(path)).body;
    await until(async () => (await read()).status !== 'locking', 'it is locked');
    expect((await read()).skipped).toContainEqual(expect.objectContaining({ reason: 'on_hold' }));
    expect(await at.balance()).toEqual([0, 1200, 0]);
  });
});

describe('what is earned between a confirmation that takes everything and the end', () => {
  const scene = async (firstDay: number | null = 29) => {
    const at = await given();
    if (firstDay !== null) await at.sell(firstDay);
    await at.suspend();
    expect((await at.confirm()).status).toBe(200);
    const since = await at.sell(30);
    expect(await at.balance()).toEqual([1200, 0, 0]);
    return { ...at, since };
  };

  test.each([29, null])(
    'is taken too when the window closes, and reinstated comes back (sold before: %j)',
    async (firstDay) => {
      const at = await scene(firstDay);
      await at.clock(45);
      expect(await at.balance()).toEqual([0, 0, 0]);
      expect((await at.reversals())[0]).toMatchObject({ reason, reversedBy: 'system:life' });
      expect((await at.ofOrder(at.since.id)).status).toBe('reversed');
      expect((await at.explain((await at.ofOrder(at.since.id)).id)).text).toContain(reason);
      await at.verified();
      const back = await house.admin.post(`${at.self}/returns`, { reason: 'A mistake.' });
      const all = firstDay === null ? 1200 : 2400;
      expect([back.status, back.body.restoredAmount]).toEqual([201, all]);
      await at.clock(60);
      expect(await at.balance()).toEqual([0, all, 0]);
      await at.verified();
    },
  );

  test('is taken when the appeal is dismissed, without a word of its decider', async () => {
    const at = await scene();
    await house.admin.post(`${at.self}/appeals`, { text: 'No.' });
    const out = await at.decide('appeal', { decision: 'reject' }, at.second());
    expect([out.status, out.body.status]).toEqual([200, 'evicted']);
    expect(await at.balance()).toEqual([0, 0, 0]);
    await at.verified();
  });

  test('goes on with all the rest when the appeal is upheld', async () => {
    const at = await scene();
    await house.admin.post(`${at.self}/appeals`, { text: 'Not me.' });
    const upheld = await at.decide('appeal', { decision: 'approve' }, at.second());
    expect([upheld.status, upheld.body.status]).toEqual([200, 'active']);
    await at.clock(60);
    expect(await at.balance()).toEqual([0, 2400, 0]);
    await at.verified();
  });

  test('stays when only named orders were taken back', async () => {
    const at = await given();
    const bad = await at.sell(28);
    await at.suspend();
    await at.confirm({ orders: [bad.id] });
    await at.sell(30);
    await at.clock(60);
    expect(await at.balance()).toEqual([0, 1200, 0]);
  });
});

describe('a refund of a reversed order', () => {
  test('takes nothing a second time, and what comes back by an appeal is what is left', async () => {
    const at = await given();
    const [half, whole, none] = [await at.sell(28), await at.sell(28), await at.sell(29)];
    await at.suspend();
    await at.confirm();
    await at.refund(half.id, 6000, 30);
    await at.refund(whole.id, 12_000, 30);
    expect(await at.balance()).toEqual([0, 0, 0]);
    expect((await at.commissions(at.sponsor.id)).map(({ amount }) => amount).sort()).toEqual([
      0, 300, 600,
    ]);
    await at.verified();
    await house.admin.post(`${at.self}/appeals`, { text: 'They are my mother’s.' });
    const upheld = await at.decide('appeal', { decision: 'approve' }, at.second());
    expect([upheld.status, upheld.body.status]).toEqual([200, 'active']);
    expect(await at.balance()).toEqual([1800, 0, 0]);
    expect(await at.reversals()).toMatchObject([{ amount: 3600, restoredAmount: 1800 }]);
    const back = await at.ofOrder(half.id);
    expect(back).toMatchObject({ amount: 600, status: 'held' });
    expect((await at.explain(back.id)).text).toContain('CNY 6.00 was given back');
    await at.verified();
    await at.refund(none.id, 12_000, 30);
    expect(await at.balance()).toEqual([600, 0, 0]);
    await at.clock(60);
    expect(await at.balance()).toEqual([0, 600, 0]);
    await at.verified();
  });
});

describe('who is out after a suspension', () => {
  test.each([
    [{}, 2400],
    [{ restoreCommissions: false }, 0],
  ])('is reinstated within 30 days with %j: %d come back, once', async (more, expected) => {
    const at = await given();
    await at.sell(1);
    await at.sell(29);
    await at.clock(30.5);
    await at.suspend();
    await at.confirm();
    await at.clock(45);
    const back = await house.admin.post(`${at.self}/returns`, { reason: 'A mistake.', ...more });
    expect([back.status, back.body.restoredAmount, back.text]).toEqual([201, expected, back.text]);
    // Of what was reversed, the first was available and the second is over its hold by now.
    await at.clock(46);
    expect(await at.balance()).toEqual([0, expected, 0]);
    await at.verified();
  });

  test('has nothing back after 30 days', async () => {
    const at = await given();
    await at.sell(29);
    await at.suspend();
    await at.confirm();
    await at.clock(77);
    const late = await house.admin.post(`${at.self}/returns`, { reason: 'A mistake.' });
    expect([late.status, late.body.code]).toEqual([409, 'not_possible_now']);
    expect(await at.balance()).toEqual([0, 0, 0]);
  });

  test('by an appeal that is dismissed: its decider may reverse what is left', async () => {
    const at = await given();
    const [first, rest] = [await at.sell(28), await at.sell(29)];
    await at.suspend();
    await at.confirm({ orders: [first.id] });
    await house.admin.post(`${at.self}/appeals`, { text: 'No.' });
    const early = await at.decide('appeal', { decision: 'approve', reverse: {} }, at.second());
    expect([early.status, early.body.code]).toEqual([422, 'reversal_not_possible']);
    const out = await at.decide('appeal', { decision: 'reject', reverse: {} }, at.second());
    expect([out.status, out.body.status]).toEqual([200, 'evicted']);
    expect((await at.ofOrder(rest.id)).status).toBe('reversed');
    expect((await at.reversals()).map(({ amount }: { amount: number }) => amount)).toEqual([
      1200, 1200,
    ]);
    await at.verified();
  });
});

describe('bonuses', () => {
  const local = new Date(Date.now() + 8 * 3_600_000);
  /** So many days into a month after this one, in Shanghai. */
  const inMonth = (ahead: number, days: number) =>
    new Date(
      Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + ahead, 1) +
        (days * 24 - 8) * 3_600_000,
    ).toISOString();

  test('are reversed too; what a refund takes of them meanwhile does not come back', async () => {
    const startsAt = new Date().toISOString();
    const programId = await postProgram(house.shop, { startsAt });
    const made = await house.shop.post(`/v1/programs/${programId}/plans`, {
      plan: {
        levels: 1,
        rules: [{ id: 'direct', level: 1, match: {}, rate: { bps: 1000 } }],
        tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
        bonuses: [
          { id: 'invite', kind: 'invitation', amount: 2000, onFirstOrderOfAtLeastAmount: 10_000 },
          { id: 'team', kind: 'team', bps: 100, depth: 1, maxAmount: 500_000 },
        ],
      },
    });
    const published = await publishWithWaivers(house.shop, house.admin, made.body.id);
    expect([published.status, published.text]).toEqual([200, published.text]);
    const clock = async (now: string) => {
      const moved = await house.shop.post(`/v1/programs/${programId}/clock`, { now });
      expect([moved.status, moved.text]).toEqual([200, moved.text]);
    };
    const join = async (more: Record<string, unknown> = {}) =>
      (await postDistributor(house.shop, programId, more)).body as { id: string; code: string };
    const sponsor = await join();
    const invited = await join({ sponsorCode: sponsor.code });
    await clock(inMonth(1, 5));
    const attribution = { distributorCode: invited.code };
    const order = await house.shop.post(
      '/v1/orders',
      orderBody(programId, { paidAt: inMonth(1, 3), attribution }),
    );
    await clock(inMonth(2, 1));
    const self = `/v1/distributors/${sponsor.id}`;
    const own = async () =>
      (
        (await house.shop.get(`/v1/commissions?distributorId=${sponsor.id}`)).body
          .data as (Commission & { kind: string })[]
      ).sort((a, b) => (a.kind < b.kind ? -1 : 1));
    expect(await own()).toMatchObject([
      { kind: 'invitation', amount: 2000, status: 'held' },
      { kind: 'team', amount: 120, status: 'held' },
    ]);
    await house.admin.post(`${self}/suspensions`, fraud);
    const decide = async (kind: string, body: object, by = house.admin) => {
      const found = await house.shop.get(`/v1/reviews?subjectId=${sponsor.id}&kind=${kind}`);
      const done = await by.post(`/v1/reviews/${found.body.data[0].id as string}/decisions`, {
        ...{ reason, ...body },
      });
      expect([done.status, done.text]).toEqual([200, done.text]);
    };
    const verified = async () => {
      const asked = await house.shop.post(`/v1/programs/${programId}/verifications`, {});
      const read = async () =>
        (await house.shop.get(`/v1/verifications/${asked.body.id as string}`)).body;
      await until(async () => (await read()).status === 'done', 'the verification is done');
      expect((await read()).differences).toEqual([]);
    };
    await decide('suspension', { decision: 'approve', reverse: {} });
    expect((await own()).map(({ status }) => status)).toEqual(['reversed', 'reversed']);
    const refunded = await house.shop.post(`/v1/orders/${order.body.id as string}/refunds`, {
      ...{ externalId: unique('R'), refundedAt: inMonth(2, 0.5) },
      lines: [{ externalId: '1', quantity: 1, amount: 6000 }],
    });
    expect([refunded.status, refunded.text]).toEqual([201, refunded.text]);
    await verified();
    await house.admin.post(`${self}/appeals`, { text: 'No.' });
    const second = testClient(house.url, house.store.secondAdmin.token);
    await decide('appeal', { decision: 'approve' }, second);
    expect(await own()).toMatchObject([
      { kind: 'invitation', amount: 0, status: 'reversed' },
      { kind: 'team', amount: 60, status: 'held' },
    ]);
    await verified();
    for (const { id } of await own()) {
      const explained = await house.shop.get(`/v1/commissions/${id}/explanation`);
      expect(explained.body.verified).toBe(true);
      expect(explained.body.text).toContain('was given back');
    }
  });
});
