import { newId } from '../../src/db/id';
import { testApp, type TestApp } from '../support/app';
import { postDistributor, postProgram } from '../support/program';
import { orderBody } from '../support/world';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
}, 60_000);
afterAll(() => app.close());

const dayMs = 86_400_000;
const startsAt = new Date(Date.now() - 40 * dayMs).toISOString();
const landingUrl = 'https://shop.example.com/welcome';
const links = { hosts: ['shop.example.com'], landingUrl, clickWindowDays: 30 };

interface Seller {
  programId: string;
  id: string;
  code: string;
}

async function seller(settings: object = { links }, own: object = {}): Promise<Seller> {
  const programId = await postProgram(app.shop, { startsAt, ...settings });
  const made = await postDistributor(app.shop, programId, { joinedAt: startsAt, ...own });
  expect([made.status, made.text]).toEqual([201, made.text]);
  return { programId, id: made.body.id, code: made.body.code };
}

async function follow(code: string, query = '', init: RequestInit = {}) {
  const reply = await fetch(`${app.url}/r/${code}${query}`, { redirect: 'manual', ...init });
  const to = reply.headers.get('location');
  const clickId = to === null ? null : new URL(to).searchParams.get('click_id');
  return { status: reply.status, to, clickId, reply };
}

const clicksOf = (distributorId: string) =>
  app.db.read.rows<{ id: string; channel: string | null; clickedAt: Date }>(
    'SELECT id, channel, clicked_at FROM click WHERE distributor_id = $1 ORDER BY id',
    [distributorId],
  );

async function order(one: Seller, attribution: object, more: object = {}) {
  const body = orderBody(one.programId, {
    paidAt: new Date(Date.now() + 5_000).toISOString(),
    attribution,
    ...more,
  });
  const reply = await app.shop.post('/v1/orders', body);
  expect([reply.status, reply.text]).toEqual([201, reply.text]);
  return reply.body.attribution;
}

describe('the short link of a distributor', () => {
  it('is there from the start, and leads to the landing page with a signed click', async () => {
    const one = await seller();
    const shown = await app.shop.get(`/v1/distributors/${one.id}`);
    expect(shown.body.links.promotion).toMatch(new RegExp(`^http://.*/r/${one.code}$`));
    const { status, to, clickId, reply } = await follow(one.code);
    expect(status).toBe(302);
    expect(to).toMatch(/^https:\/\/shop\.example\.com\/welcome\?click_id=clk_/);
    expect(reply.headers.get('cache-control')).toBe('no-store');
    const clicks = await clicksOf(one.id);
    expect(clicks).toHaveLength(1);
    expect(clickId?.startsWith(`${clicks[0]!.id}.`)).toBe(true);
    expect((await follow(one.code.toLowerCase())).status).toBe(302);
  });

  it('attributes an order by its click, and makes the binding', async () => {
    const one = await seller();
    const { clickId } = await follow(one.code);
    const customer = { externalId: 'buyer' };
    expect(await order(one, { clickId }, { customer })).toEqual({
      ...{ distributorId: one.id, by: 'click', rejected: [] },
    });
    expect(await order(one, {}, { customer })).toMatchObject({ by: 'binding' });
  });

  it.each([
    ['a changed tag', (id: string) => `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`],
    ['the id alone', (id: string) => id.split('.')[0]],
    ['the tag of another click', (id: string) => `${newId('click')}.${id.split('.')[1]}`],
    ['something else', () => 'hello'],
  ])('with %s is a click that nobody knows', async (_name, forge) => {
    const one = await seller();
    const { clickId } = await follow(one.code);
    const forged = forge(clickId ?? '');
    expect(await order(one, { clickId: forged })).toMatchObject({
      ...{ distributorId: null, by: 'none' },
      rejected: [{ by: 'click', given: forged, reason: 'click_unknown' }],
    });
  });

  it("of another program's distributor attributes nothing", async () => {
    const [one, other] = [await seller(), await seller()];
    const { clickId } = await follow(other.code);
    expect(await order(one, { clickId })).toMatchObject({
      rejected: [{ reason: 'click_unknown' }],
    });
  });

  it('counts inside the window of the program only, and says why it lost', async () => {
    const one = await seller();
    const { clickId } = await follow(one.code);
    const early = { paidAt: new Date(Date.now() - dayMs).toISOString() };
    expect(await order(one, { clickId }, early)).toMatchObject({
      by: 'none',
      rejected: [{ by: 'click', reason: 'click_after_payment', message: expect.any(String) }],
    });
    const late = new Date(Date.now() + 31 * dayMs);
    await app.db.read.run('UPDATE program SET clock_offset_ms = $2 WHERE id = $1', [
      ...[one.programId, 32 * dayMs],
    ]);
    expect(await order(one, { clickId }, { paidAt: late.toISOString() })).toMatchObject({
      rejected: [{ reason: 'click_expired' }],
    });
  });

  it('loses against a code on the order, and wins against a binding', async () => {
    const one = await seller();
    const two = (await postDistributor(app.shop, one.programId, { joinedAt: startsAt })).body;
    const { clickId } = await follow(two.code);
    const customer = { externalId: 'wanted' };
    expect(await order(one, { distributorCode: one.code, clickId }, { customer })).toMatchObject({
      ...{ distributorId: one.id, by: 'code' },
      rejected: [{ by: 'click', reason: 'outranked' }],
    });
    expect(await order(one, { clickId }, { customer })).toMatchObject({
      ...{ distributorId: two.id, by: 'click' },
      rejected: [{ by: 'binding', reason: 'outranked' }],
    });
  });

  it('leads to nowhere but the hosts of the program', async () => {
    const one = await seller();
    const page = encodeURIComponent('https://shop.example.com/p?a=1');
    expect((await follow(one.code, `?to=${page}`)).to).toMatch(
      /^https:\/\/shop\.example\.com\/p\?a=1&click_id=/,
    );
    for (const evil of ['https://evil.com', '//evil.com', 'https:\\\\evil.com']) {
      const { to } = await follow(one.code, `?to=${encodeURIComponent(evil)}`);
      expect(new URL(to ?? '').host).toBe('shop.example.com');
    }
  });

  it('without a page answers the click, for machines and for people', async () => {
    const one = await seller({});
    const json = await follow(one.code, '?to=https://shop.example.com/');
    expect([json.status, json.to]).toEqual([200, null]);
    const body = (await json.reply.json()) as { clickId: string };
    expect(body).toEqual({ distributorCode: one.code, clickId: expect.stringContaining('clk_') });
    expect(await order(one, { clickId: body.clickId })).toMatchObject({ by: 'click' });
    const page = await follow(one.code, '', { headers: { accept: 'text/html,*/*' } });
    expect(page.reply.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await page.reply.text()).toContain(one.code);
  });

  it('records nothing for HEAD, and nothing for somebody who does not earn', async () => {
    const one = await seller();
    const head = await follow(one.code, '', { method: 'HEAD' });
    expect([head.status, head.to]).toEqual([302, landingUrl]);
    await app.db.read.run(`UPDATE distributor SET status = 'left' WHERE id = $1`, [one.id]);
    const left = await follow(one.code);
    expect([left.status, left.to]).toEqual([302, landingUrl]);
    expect(await clicksOf(one.id)).toEqual([]);
  });

  it.each(['NOSUCHCODE', 'no-such', '%00', 'a'.repeat(100)])(
    'unknown is a 404: %s',
    async (code) => {
      expect((await follow(code)).status).toBe(404);
    },
  );

  it('works for a distributor who came before links, unless two have the code', async () => {
    const one = await seller();
    const fresh = 'ZZZZ2222';
    await app.db.read.run('UPDATE distributor SET code = $2 WHERE id = $1', [one.id, fresh]);
    expect((await follow(fresh)).clickId).toContain('clk_');
    const [two, three] = [await seller(), await seller()];
    await app.db.read.run(`UPDATE distributor SET code = 'ZZZZ3333' WHERE id = ANY($1)`, [
      [two.id, three.id],
    ]);
    expect((await follow('ZZZZ3333')).status).toBe(404);
  });
});

describe('more links', () => {
  it('have a channel and a page of their own, and are listed', async () => {
    const one = await seller();
    const path = `/v1/distributors/${one.id}/links`;
    const targetUrl = 'https://shop.example.com/p/7';
    const made = await app.shop.post(path, { channel: 'poster', targetUrl });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ channel: 'poster', targetUrl, distributorId: one.id });
    expect((await app.shop.get(`${path}/${made.body.code}`)).body).toEqual(made.body);
    expect((await follow(made.body.code)).to).toContain('/p/7?click_id=');
    await follow(one.code, '?channel=chat&utm_source=x');
    const channels = (await clicksOf(one.id)).map(({ channel }) => channel);
    expect(channels.sort()).toEqual(['chat', 'poster']);
    const first = await app.shop.get(`${path}?limit=1`);
    const second = await app.shop.get(`${path}?limit=1&cursor=${first.body.nextCursor}`);
    expect([first.body.data[0].code, second.body.data[0].code]).toEqual([
      ...[made.body.code, one.code],
    ]);
    expect(second.body.nextCursor).toBeNull();
  });

  it('lead to no other host', async () => {
    const one = await seller();
    const evil = { targetUrl: 'https://evil.com/' };
    const refused = await app.shop.post(`/v1/distributors/${one.id}/links`, evil);
    expect([refused.status, refused.body.code]).toEqual([422, 'link_host_not_allowed']);
    const landing = { links: { landingUrl: 'https://evil.com/' } };
    const patched = await app.shop.patch(`/v1/programs/${one.programId}`, landing);
    expect([patched.status, patched.body.code]).toEqual([422, 'link_host_not_allowed']);
  });
});

it('the settings of a program come back as they were given', async () => {
  const { programId } = await seller();
  const read = (await app.shop.get(`/v1/programs/${programId}`)).body;
  expect(read.links).toEqual(links);
  expect(read.binding.transferObjectionDays).toBe(7);
  const patch = { links: { clickWindowDays: 3 }, binding: { transferObjectionDays: 0 } };
  const after = (await app.shop.patch(`/v1/programs/${programId}`, patch)).body;
  expect(after.links).toEqual({ ...links, clickWindowDays: 3 });
  expect(after.binding).toEqual({ ...read.binding, transferObjectionDays: 0 });
});

it('a purchase of one’s own by the own code brings no commission and no binding', async () => {
  const one = await seller({ links }, { customerExternalId: 'me' });
  const customer = { externalId: 'me' };
  const by = await order(one, { distributorCode: one.code }, { customer });
  expect(by).toMatchObject({ distributorId: one.id, by: 'code' });
  const bindings = await app.shop.get(`/v1/bindings?programId=${one.programId}`);
  expect(bindings.body.data).toEqual([]);
});
