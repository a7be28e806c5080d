import { closeAfterSale, openAfterSale } from '../../src/db/after-sale';
import { type DueMoment, dueMomentColumns } from '../../src/db/clock';
import { doDuty } from '../../src/db/duty';
import { newId } from '../../src/db/id';
import { recordReceipt } from '../../src/db/receipt';
import { releaseDue } from '../../src/db/release';
import { openReview, recordDecision } from '../../src/db/review';
import { addDays } from '../../src/domain/kernel/clock';
import { type TestApp, testApp } from '../support/app';
import {
  acceptOne,
  acceptRefund,
  balancesOf,
  codeOf,
  givenLine,
  givenOrder,
  givenRefund,
  givenShop,
  type Shop,
  testNow,
  wrongBooks,
} from '../support/shop';
import { unique } from '../support/program';

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const day = (date: string) => new Date(`${date}T10:00:00Z`);

const open = (
  shop: Shop,
  orderId: string,
  openedAt: Date,
  more: { lines?: string[]; externalId?: string } = {},
) =>
  app.db.transaction(async (tx) => {
    const input = { externalId: newId('afterSale'), openedAt, ...more };
    const context = { caller: shop.caller, now: testNow };
    return (await openAfterSale(tx, context, orderId, input)).afterSale;
  });

const close = (shop: Shop, id: string, closedAt?: Date) =>
  app.db.transaction((tx) =>
    closeAfterSale(tx, { caller: shop.caller, now: testNow }, { id }, closedAt),
  );

const release = (shop: Shop, until: Date) =>
  releaseDue(app.db, { programId: shop.programId, until });

const receive = (shop: Shop, orderId: string, receivedAt: Date) =>
  app.db.transaction((tx) =>
    recordReceipt(tx, { caller: shop.caller, now: testNow }, orderId, receivedAt),
  );

const refund = (shop: Shop, orderId: string, quantity: number, amount: bigint) => {
  const lines = [{ externalId: '1', quantity, amount }];
  const input = givenRefund(lines, { refundedAt: day('2026-02-04') });
  return acceptRefund(app.db, shop, orderId, input);
};

/** The release of every earning of an order's line, the same for all. */
async function releaseOf(orderId: string, line = '1'): Promise<Date | null> {
  const rows = await app.db.read.rows<{ releaseAt: Date | null }>(
    `SELECT DISTINCT e.release_at FROM earning e JOIN commission c ON c.id = e.commission_id
     JOIN order_line l ON l.id = c.order_line_id WHERE c.order_id = $1 AND l.external_id = $2`,
    [orderId, line],
  );
  expect(rows).toHaveLength(1);
  return rows[0]!.releaseAt;
}

describe('while an after-sale case is open', () => {
  test('nothing of its lines is released, and the closing gives back what was left', async () => {
    const shop = await givenShop(app.db);
    const lines = [givenLine(), givenLine({ externalId: '2' })];
    const { id } = await acceptOne(app.db, shop, givenOrder(shop, { lines }));
    const { id: caseId } = await open(shop, id, day('2026-02-05'), { lines: ['1'] });
    expect([await releaseOf(id, '1'), await releaseOf(id, '2')]).toEqual([null, day('2026-02-08')]);
    await release(shop, day('2026-02-28'));
    expect(await balancesOf(app.db, shop.seller)).toMatchObject({ held: 1200n, available: 1200n });
    await close(shop, caseId, day('2026-02-15')); // 3 of 7 days were left
    expect(await releaseOf(id, '1')).toEqual(day('2026-02-18'));
    await release(shop, new Date(day('2026-02-18').getTime() - 1));
    expect(await balancesOf(app.db, shop.seller)).toMatchObject({ held: 1200n });
    await release(shop, day('2026-02-18'));
    expect(await balancesOf(app.db, shop.seller)).toMatchObject({ held: 0n, available: 2400n });
    expect(await wrongBooks(app.db, shop.programId)).toEqual([]);
  });

  test('another on the same line keeps the hold stopped, and shared time counts once', async () => {
    const shop = await givenShop(app.db);
    const { id } = await acceptOne(app.db, shop, givenOrder(shop));
    const first = await open(shop, id, day('2026-02-03'));
    const second = await open(shop, id, day('2026-02-05'));
    await close(shop, first.id, day('2026-02-06'));
    expect(await releaseOf(id)).toBeNull();
    await close(shop, second.id, day('2026-02-08'));
    expect(await releaseOf(id)).toEqual(day('2026-02-13')); // five days, not six
  });

  test('a receipt starts the hold, which stands still until the closing', async () => {
    const shop = await givenShop(app.db, { program: { holdStartsAt: 'received' } });
    const { id } = await acceptOne(app.db, shop, givenOrder(shop));
    const { id: caseId } = await open(shop, id, day('2026-02-03'));
    await receive(shop, id, day('2026-02-05'));
    expect(await releaseOf(id)).toBeNull();
    await close(shop, caseId, day('2026-02-09'));
    expect(await releaseOf(id)).toEqual(day('2026-02-16'));
  });

  test('a refund leaves the rest paused, and so is what it adds or creates', async () => {
    // Two pieces cost what they were sold for: no margin, no commission until one comes back.
    const shop = await givenShop(app.db, { plan: { caps: { marginBps: 10_000 } } });
    const lines = [givenLine({ unitPriceAmount: 20n, unitCostAmount: 20n })];
    const { id } = await acceptOne(app.db, shop, givenOrder(shop, { lines }));
    const plain = await acceptOne(app.db, shop, givenOrder(shop));
    const cases = [
      await open(shop, id, day('2026-02-03')),
      await open(shop, plain.id, day('2026-02-03')),
    ];
    await refund(shop, id, 1, 0n);
    await refund(shop, plain.id, 1, 6000n);
    expect([await releaseOf(id), await releaseOf(plain.id)]).toEqual([null, null]);
    await release(shop, day('2026-02-28'));
    expect(await balancesOf(app.db, shop.seller)).toMatchObject({ held: 604n, available: 0n });
    for (const one of cases) await close(shop, one.id, day('2026-02-06'));
    expect([await releaseOf(id), await releaseOf(plain.id)]).toEqual([
      day('2026-02-11'),
      day('2026-02-11'),
    ]);
    await release(shop, day('2026-02-28'));
    expect(await balancesOf(app.db, shop.seller)).toMatchObject({ held: 0n, available: 604n });
    expect(await wrongBooks(app.db, shop.programId)).toEqual([]);
  });

  test('what was released before stays available', async () => {
    const shop = await givenShop(app.db);
    const { id } = await acceptOne(app.db, shop, givenOrder(shop));
    await release(shop, day('2026-02-20'));
    const { id: caseId } = await open(shop, id, day('2026-02-05'));
    expect(await releaseOf(id)).toEqual(day('2026-02-08'));
    await close(shop, caseId, day('2026-02-06'));
    expect(await balancesOf(app.db, shop.seller)).toMatchObject({ held: 0n, available: 1200n });
  });

  test('one opened after the hold was over changes nothing, released or not', async () => {
    const shop = await givenShop(app.db);
    const { id } = await acceptOne(app.db, shop, givenOrder(shop));
    await open(shop, id, day('2026-02-08'));
    expect(await releaseOf(id)).toEqual(day('2026-02-08'));
  });

  test('releases, openings and closings at the same time keep the books right', async () => {
    const shop = await givenShop(app.db);
    const orders = await Promise.all(
      Array.from({ length: 8 }, () => acceptOne(app.db, shop, givenOrder(shop))),
    );
    const cases = await Promise.all(
      orders.slice(0, 4).map(({ id }) => open(shop, id, day('2026-02-03'))),
    );
    await Promise.all([
      ...cases.map((one) => close(shop, one.id, day('2026-02-04'))),
      ...orders.slice(4).map(({ id }) => open(shop, id, day('2026-02-03'))),
      ...Array.from({ length: 4 }, () => release(shop, day('2026-02-10'))),
    ]);
    await release(shop, day('2026-02-10'));
    const { held, available } = await balancesOf(app.db, shop.seller);
    expect(held + available).toBe(9600n);
    expect(available).toBeGreaterThanOrEqual(4800n);
    expect(await wrongBooks(app.db, shop.programId)).toEqual([]);
  });
});

test('a case that is closed while it is asked about leaves no task behind', async () => {
  const shop = await givenShop(app.db);
  for (let round = 0; round < 6; round += 1) {
    const order = await acceptOne(app.db, shop, givenOrder(shop));
    const { id } = await open(shop, order.id, day('2026-02-02'));
    const [moment] = await app.db.read.rows<DueMoment>(
      `SELECT ${dueMomentColumns} FROM due_moment d WHERE d.subject_id = $1`,
      [id],
    );
    await Promise.all([doDuty(app.db, moment!, testNow), close(shop, id)]);
    const left = await app.db.read.rows(
      `SELECT 1 FROM review_task WHERE subject_id = $1 AND status = 'open'`,
      [id],
    );
    expect(left).toEqual([]);
  }
});

describe('over HTTP', () => {
  const paidAt = new Date(Date.now() - 3_600_000);
  const at = (days: number) => addDays(paidAt, days).toISOString();
  let shop: Shop;

  beforeAll(async () => {
    shop = await givenShop(app.db, { storeId: app.store.id });
  });

  const reviewsOf = async (id: string) =>
    (await app.admin.get(`/v1/reviews?kind=dispute&subjectId=${id}`)).body.data as {
      id: string;
      escalatedAt: string | null;
    }[];

  async function placed(by = shop): Promise<{ id: string; externalId: string }> {
    const made = await app.shop.post('/v1/orders', {
      programId: by.programId,
      externalId: unique('SO'),
      paidAt: paidAt.toISOString(),
      currency: 'CNY',
      customer: { externalId: unique('u') },
      attribution: { distributorCode: codeOf(by.seller) },
      lines: [{ externalId: '1', sku: 'TEA-1', quantity: 2, unitPriceAmount: 6000 }],
    });
    expect(made.status).toBe(201);
    return made.body as { id: string; externalId: string };
  }

  test('a case is opened, listed, read, closed; each once, by id and by externalId', async () => {
    const order = await placed();
    const path = `/v1/orders/ext:${order.externalId}/after-sales`;
    const body = { externalId: unique('AS'), openedAt: at(0) };
    const first = await app.shop.post(path, body);
    expect(first).toMatchObject({
      status: 201,
      body: { orderId: order.id, status: 'open', closedAt: null, lines: ['1'] },
    });
    const again = await app.shop.post(path, body);
    expect([again.status, again.body]).toEqual([200, first.body]);
    const { id } = first.body as { id: string };
    expect((await app.shop.get(path)).body).toEqual({ data: [first.body], nextCursor: null });
    for (const one of [
      `${path}/${id}`,
      `${path}/ext:${body.externalId}`,
      `/v1/after-sales/${id}`,
    ]) {
      expect((await app.shop.get(one)).body).toEqual(first.body);
    }
    const shown = (await app.shop.get(`/v1/orders/${order.id}`)).body;
    expect(shown.commissions[0]).toMatchObject({ status: 'held', releaseAt: null });
    const commission = `/v1/commissions/${shown.commissions[0].id}`;
    expect((await app.shop.get(commission)).body).toMatchObject({ releaseAt: null });
    const story = await app.shop.get(`${commission}/explanation`);
    expect(story.body).toMatchObject({
      verified: true,
      hold: { releaseAt: null, afterSales: [{ openedAt: at(0), closedAt: null }] },
    });

    const closure = { closedAt: at(0.02), outcome: 'exchanged' };
    const closed = await app.shop.post(`${path}/${id}/closure`, closure);
    expect(closed).toMatchObject({ status: 200, body: { status: 'closed', closedAt: at(0.02) } });
    expect(await app.shop.post(`/v1/after-sales/${id}/closure`, closure)).toMatchObject({
      status: 200,
      body: closed.body,
    });
    expect((await app.shop.post(`/v1/after-sales/ext:${body.externalId}/closure`)).status).toBe(
      200,
    );
    const other = await app.shop.post(`/v1/after-sales/${id}/closure`, { closedAt: at(0.01) });
    expect(other).toMatchObject({ status: 409, body: { code: 'after_sale_closed' } });
    expect((await app.shop.get(`${commission}/explanation`)).body).toMatchObject({
      verified: true,
      hold: { releaseAt: at(7.02) },
    });
  });

  test.each([
    ['before the payment', { openedAt: at(-1) }, 422, 'after_sale_before_payment'],
    ['in the future', { openedAt: at(1) }, 422, 'in_the_future'],
    ['about a line that is not there', { lines: ['1', '9'] }, 422, 'unknown_order_line'],
    ['about no line', { lines: [] }, 400, 'invalid_request'],
  ])('a case is refused %s', async (_, change, status, code) => {
    const order = await placed();
    const body = { externalId: unique('AS'), openedAt: at(0), ...change };
    const reply = await app.shop.post(`/v1/orders/${order.id}/after-sales`, body);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
    expect((await app.shop.get(`/v1/orders/${order.id}/after-sales`)).body.data).toEqual([]);
  });

  test('an externalId belongs to one case, and a closure is not before its opening', async () => {
    const [one, two] = [await placed(), await placed()];
    const body = { externalId: unique('AS'), openedAt: at(0.01) };
    const { id } = (await app.shop.post(`/v1/orders/${one.id}/after-sales`, body)).body;
    for (const [order, change] of [
      [two, {}],
      [one, { openedAt: at(0) }],
      [one, { lines: ['1'] }],
    ] as const) {
      const reply = await app.shop.post(`/v1/orders/${order.id}/after-sales`, {
        ...body,
        ...change,
      });
      expect([reply.status, reply.body.code]).toEqual([409, 'external_id_conflict']);
    }
    const early = await app.shop.post(`/v1/after-sales/${id}/closure`, { closedAt: at(0) });
    expect([early.status, early.body.code]).toEqual([422, 'closure_before_opening']);
    const late = await app.shop.post(`/v1/after-sales/${id}/closure`, { closedAt: at(3) });
    expect([late.status, late.body.code]).toEqual([422, 'in_the_future']);
    const elsewhere = `/v1/orders/${two.id}/after-sales/${id}`;
    expect((await app.shop.get(elsewhere)).status).toBe(404);
    expect((await app.shop.post(`${elsewhere}/closure`)).status).toBe(404);
  });

  test('one that is open for 30 days is put before an admin; one that was closed is not', async () => {
    const [long, short] = [await placed(), await placed()];
    const idOf = async (order: { id: string }) => {
      const body = { externalId: unique('AS'), openedAt: at(0) };
      return (await app.shop.post(`/v1/orders/${order.id}/after-sales`, body)).body.id as string;
    };
    const [open, closed] = [await idOf(long), await idOf(short)];
    await app.shop.post(`/v1/after-sales/${closed}/closure`, {});
    const reviews = reviewsOf;
    const move = (days: number) =>
      app.shop.post(`/v1/programs/${shop.programId}/clock`, { now: at(days) });
    expect((await move(29.9)).status).toBe(200);
    expect(await reviews(open)).toEqual([]);
    expect((await move(30.1)).status).toBe(200);
    expect(await reviews(open)).toMatchObject([
      { kind: 'dispute', subjectId: open, status: 'open', facts: { orderId: long.id } },
    ]);
    expect(await reviews(closed)).toEqual([]);
  });

  test('while it stays open it is escalated, asked about again, and ended with the case', async () => {
    const own = await givenShop(app.db, { storeId: app.store.id });
    const order = await placed(own);
    const body = { externalId: unique('AS'), openedAt: at(0) };
    const made = await app.shop.post(`/v1/orders/${order.id}/after-sales`, body);
    const id = made.body.id as string;
    const reviews = () => reviewsOf(id);
    const move = (days: number) =>
      app.shop.post(`/v1/programs/${own.programId}/clock`, { now: at(days) });

    await move(30.1);
    const [first] = await reviews();
    expect(first).toMatchObject({ status: 'open', escalatedAt: null, dueAt: at(37) });
    // Whom nobody answers goes to the owner; there is one task however long that takes.
    await move(37.1);
    expect(await reviews()).toMatchObject([{ id: first!.id, status: 'open' }]);
    expect((await reviews())[0]!.escalatedAt).not.toBeNull();
    await move(60.1);
    expect(await reviews()).toHaveLength(1);
    // Decided, but the case is still open: thirty days later somebody has to look again.
    const decision = { decision: 'approve', reason: 'The goods are on their way back.' } as const;
    const by = { deciderId: app.store.admin.id, realNow: new Date() };
    const decide = () =>
      app.db.transaction((tx) =>
        recordDecision(tx, { reviewId: first!.id, ...decision, ...by, at: new Date(at(60.2)) }),
      );
    expect([await decide(), await decide()]).toMatchObject([{ ok: true }, { repeated: true }]);
    await move(90.1);
    const [second] = await reviews();
    expect(await reviews()).toHaveLength(2);
    expect(second).toMatchObject({ status: 'open', facts: { openDays: 90 } });

    const closed = await app.shop.post(`/v1/after-sales/${id}/closure`, {});
    expect(closed.body).toMatchObject({ status: 'closed' });
    const ended = (await reviews()).find((one) => one.id === second!.id);
    expect(ended).toMatchObject({ status: 'decided', outcome: 'reject', decisions: [] });
    const waiting = await app.db.read.rows(
      `SELECT 1 FROM due_moment WHERE subject_id = ANY($1) AND status = 'waiting'`,
      [[id, second!.id]],
    );
    expect(waiting).toEqual([]);
    const told = await app.db.read.rows(
      `SELECT 1 FROM outbox WHERE workflow_id = $1 AND signal_name = 'reviewClosed'`,
      [`review:${second!.id}`],
    );
    expect(told).toHaveLength(1);
    const said = await app.db.read.rows(
      'SELECT actor, action, reason FROM audit_record WHERE subject_id = $1',
      [second!.id],
    );
    expect(said).toEqual([
      { actor: 'system:after-sale', action: 'review.decided', reason: 'The case was closed.' },
    ]);
    await move(121);
    expect(await reviews()).toHaveLength(2);

    const about = { about: 'after_sale', orderId: order.id };
    const events = await app.db.read.rows(
      `SELECT type, payload FROM event WHERE subject_id = $1 AND type LIKE 'dispute.%' ORDER BY sequence`,
      [id],
    );
    expect(events).toEqual([
      { type: 'dispute.opened', payload: { ...about, reviewId: first!.id } },
      { type: 'dispute.decided', payload: { ...about, reviewId: first!.id, outcome: 'approve' } },
      { type: 'dispute.opened', payload: { ...about, reviewId: second!.id } },
      { type: 'dispute.decided', payload: { ...about, reviewId: second!.id, outcome: 'reject' } },
    ]);
  });

  test('the event of a dispute is there with its task or not at all', async () => {
    const events = () => app.db.read.rows("SELECT id FROM event WHERE type = 'dispute.opened'");
    const before = await events();
    const broken = app.db.transaction(async (tx) => {
      const at = new Date();
      const owner = { storeId: app.store.id, programId: shop.programId };
      const moments = { dueAt: addDays(at, 7), createdAt: at };
      await openReview(tx, {
        ...{ ...owner, ...moments, kind: 'dispute', subjectId: newId('afterSale'), facts: {} },
      });
      throw new Error('the process dies here');
    });
    await expect(broken).rejects.toThrow('the process dies here');
    expect(await events()).toEqual(before);
  });
});
