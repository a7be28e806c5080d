import { type TestApp, testApp } from '../../support/app';
import { postDistributor, postProgram, unique } from '../../support/program';
import { codeOf } from '../../support/shop';
import { peerShop } from './shop';

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

describe('CRMEB', () => {
  test('rewrites the bind time of all users when the option changes. Ours counts the new setting from now on; a binding keeps its own end', async () => {
    const users = [{ boundAt: '2025-01-01' }, { boundAt: '2026-01-01' }];
    const theirs = users.map(() => ({ boundAt: 'today' })); // resetSpreadTime
    expect(theirs).not.toEqual(users);

    const programId = await postProgram(app.shop);
    const made = (await postDistributor(app.shop, programId)).body as { code: string };
    const bind = async () => {
      const customerExternalId = unique('customer');
      const body = { programId, customerExternalId, distributorCode: made.code };
      return (await app.shop.post('/v1/bindings', body)).body as {
        id: string;
        startsAt: string;
        endsAt: string | null;
      };
    };
    const before = await bind();
    const binding = { touch: 'first', windowDays: 30, protectDays: 0 };
    expect((await app.shop.patch(`/v1/programs/${programId}`, { binding })).status).toBe(200);
    expect((await app.shop.get(`/v1/bindings/${before.id}`)).body).toEqual(before);
    expect(before.endsAt).toBeNull();
    const after = await bind();
    const days = (Date.parse(after.endsAt!) - Date.parse(after.startsAt)) / 86_400_000;
    expect(days).toBe(30);
  });

  test('and ruoyi overwrite whom a customer belongs to and keep no history. Ours ends one binding and begins another, each with its cause', async () => {
    const customer = { boundTo: 'first' };
    customer.boundTo = 'second';
    expect(Object.values(customer)).not.toContain('first');

    const shop = await peerShop(app, { program: { bindingTouch: 'last' } });
    const [first, second] = [await shop.distributor(), await shop.distributor()];
    const externalId = unique('customer');
    const order = (seller: string, paidAt: string) =>
      shop.order({
        paidAt,
        customer: { externalId },
        attribution: { distributorCode: codeOf(seller) },
      });
    const one = await order(first, '2026-02-01T00:00:00Z');
    const two = await order(second, '2026-02-10T00:00:00Z');
    const rows = await app.db.read.rows(
      `SELECT distributor_id, starts_at, ends_at, cause, cause_id FROM binding
       WHERE customer_external_id = $1 ORDER BY starts_at`,
      [externalId],
    );
    const [since, moved] = [new Date('2026-02-01Z'), new Date('2026-02-10Z')];
    const cause = 'order';
    expect(rows).toEqual([
      { distributorId: first, startsAt: since, endsAt: moved, cause, causeId: one.id },
      { distributorId: second, startsAt: moved, endsAt: null, cause, causeId: two.id },
    ]);
  });

  test('knows no protection: the next link takes a customer over. Ours keeps him through the protected days', async () => {
    const theirs = ['first', 'second'].at(-1);
    expect(theirs).toBe('second');

    const program = { bindingTouch: 'last', bindingProtectDays: 10 };
    const shop = await peerShop(app, { program });
    const [first, second] = [await shop.distributor(), await shop.distributor()];
    const customer = { externalId: unique('customer') };
    const at = (day: string, attribution: object) =>
      shop.order({ customer, attribution, paidAt: `2026-02-${day}T00:00:00Z` });
    await at('01', { distributorCode: codeOf(first) });
    await at('05', { distributorCode: codeOf(second) });
    expect((await at('06', {})).attribution).toMatchObject({ by: 'binding', distributorId: first });
    await at('15', { distributorCode: codeOf(second) });
    expect((await at('16', {})).attribution).toMatchObject({ distributorId: second });
  });
});

describe('lilishop', () => {
  test('keeps bindings in Redis with a time to live: a flush loses them. Ours are rows, and their dates decide about every payment', async () => {
    const cache = new Map([['customer', 'seller']]);
    cache.clear();
    expect(cache.get('customer')).toBeUndefined();

    const shop = await peerShop(app, { program: { bindingWindowDays: 10 } });
    const customer = { externalId: unique('customer') };
    const at = (day: string, attribution: object = {}) =>
      shop.order({ customer, attribution, paidAt: `2026-02-${day}T00:00:00Z` });
    await at('01', { distributorCode: codeOf(shop.seller) });
    // Reported in any order, months later: the binding of the payment's own moment is asked.
    expect((await at('12')).attribution).toMatchObject({ by: 'none', distributorId: null });
    expect((await at('10')).attribution).toMatchObject({
      by: 'binding',
      distributorId: shop.seller,
    });
  });
});
