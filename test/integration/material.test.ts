import { type TestApp, testApp } from '../support/app';
import type { TestClient } from '../support/http';
import { bronze, day, givenTiers, type Person, startsAt } from '../support/tiers';
import { materialBody } from '../support/world';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const gold = { code: 'gold', rank: 2, privileges: { materials: false } };
const silver = { code: 'silver', rank: 3, privileges: {} };
const page = 'https://shop.example/tea?x=1&y=2';

async function given() {
  const tiers = await givenTiers(app, bronze, gold, silver);
  const path = `/v1/programs/${tiers.programId}`;
  const hosts = await app.shop.patch(path, { links: { hosts: ['shop.example'] } });
  expect([hosts.status, hosts.text]).toEqual([200, hosts.text]);
  const make = async (settings: object = {}) => {
    const made = await app.shop.post(`${path}/materials`, materialBody({ startsAt, ...settings }));
    expect([made.status, made.text]).toEqual([201, made.text]);
    return made.body as { id: string; status: string; [field: string]: unknown };
  };
  const tokenOf = async ({ id }: Person): Promise<TestClient> =>
    app.shop.as((await app.shop.post(`/v1/distributors/${id}/tokens`, {})).body.token as string);
  const shownTo = async ({ id }: Person, client: TestClient = app.shop) => {
    const { status, body } = await client.get(`/v1/distributors/${id}/materials?limit=100`);
    expect(status).toBe(200);
    return body.data as Record<string, unknown>[];
  };
  return { ...tiers, path, make, tokenOf, shownTo };
}

describe('a distributor is shown', () => {
  test('words, pages and images with its own link and code in them', async () => {
    const at = await given();
    const person = await at.join();
    await at.make({ text: '{code}, {link} and {code}; not {codes}', skus: ['TEA-1'] });
    await at.make({ kind: 'link', url: page, text: 'See {link}' });
    await at.make({ kind: 'image', url: 'https://cdn.example/a.png', text: null });
    const me = await at.tokenOf(person);
    const [image, link, words] = await at.shownTo(person, me);
    const own = `${app.deps.config.callbackBaseUrl}/r/${person.code}`;
    expect(words).toMatchObject({
      ...{ kind: 'text', url: null, code: person.code, link: own, skus: ['TEA-1'] },
      text: `${person.code}, ${own} and ${person.code}; not {codes}`,
    });
    expect(link).toMatchObject({
      ...{ kind: 'link', text: `See ${own}` },
      url: `${own}?to=${encodeURIComponent(page)}`,
    });
    expect(image).toMatchObject({ url: 'https://cdn.example/a.png', text: null, link: own });
    const { pathname, search } = new URL(link!['url'] as string);
    const followed = await fetch(`${app.url}${pathname}${search}`, { redirect: 'manual' });
    const target = new URL(followed.headers.get('location') ?? '');
    expect([target.host, target.searchParams.get('y')]).toEqual(['shop.example', '2']);
    expect(target.searchParams.get('click_id')).not.toBeNull();
    expect(followed.status).toBe(302);
  });

  test('what is active for its tier, and nothing else', async () => {
    const at = await given();
    const [plain, high] = [await at.join(), await at.join({ tier: 'silver' })];
    const everybody = await at.make();
    const silverOnly = await at.make({ tiers: ['silver'] });
    const later = await at.make({ startsAt: day(3), endsAt: day(5) });
    const withdrawn = await at.make();
    expect((await app.shop.delete(`/v1/materials/${withdrawn.id}`)).status).toBe(204);
    const ids = async (person: Person) => (await at.shownTo(person)).map(({ id }) => id);
    expect(await ids(plain)).toEqual([everybody.id]);
    expect(await ids(high)).toEqual([silverOnly.id, everybody.id]);
    await at.clock(day(4));
    expect(await ids(plain)).toEqual([later.id, everybody.id]);
    await at.clock(day(5, 13));
    expect(await ids(plain)).toEqual([everybody.id]);
    const { data } = (await app.shop.get(`${at.path}/materials`)).body;
    expect(data.map(({ status }: { status: string }) => status)).toEqual([
      ...['withdrawn', 'ended', 'active', 'active'],
    ]);
  });

  test('nothing where its tier has no materials, 403; the shop sees what it would be', async () => {
    const at = await given();
    const person = await at.join({ tier: 'gold' });
    await at.make();
    const me = await at.tokenOf(person);
    const refused = await me.get(`/v1/distributors/${person.id}/materials`);
    expect([refused.status, refused.body.code]).toEqual([403, 'privilege_required']);
    expect(await at.shownTo(person)).toHaveLength(1);
    const other = await at.join();
    const mine = await at.tokenOf(other);
    expect((await mine.get(`/v1/distributors/${person.id}/materials`)).status).toBe(404);
    for (const path of [`${at.path}/materials`, '/v1/materials/mat_01k9zq3v5wf8r8m2t4c6x0y1za']) {
      expect((await mine.get(path)).body.code).toBe('not_for_distributors');
    }
  });
});

describe('an admin or the shop', () => {
  test('makes one once, changes it for whoever reads it next, and withdraws it for good', async () => {
    const at = await given();
    const person = await at.join();
    const body = materialBody({ startsAt });
    const [made, again] = [
      await app.admin.post(`${at.path}/materials`, body),
      await app.shop.post(`${at.path}/materials`, body),
    ];
    expect([made.status, again.status, again.body.id]).toEqual([201, 200, made.body.id]);
    const other = await app.shop.post(`${at.path}/materials`, { ...body, title: 'Other' });
    expect([other.status, other.body.code]).toEqual([409, 'external_id_conflict']);
    const one = `/v1/materials/${made.body.id as string}`;
    const changed = await app.admin.patch(one, { text: 'Now {code}' });
    expect([changed.status, changed.body.text, changed.body.title]).toEqual([
      ...[200, 'Now {code}', body.title],
    ]);
    expect((await at.shownTo(person))[0]).toMatchObject({ text: `Now ${person.code}` });
    expect((await app.admin.delete(one)).status).toBe(204);
    for (const late of [await app.admin.delete(one), await app.admin.patch(one, { title: 'x' })]) {
      expect([late.status, late.body.code]).toEqual([409, 'material_withdrawn']);
    }
    expect((await app.shop.get(one)).body).toMatchObject({ status: 'withdrawn' });
    const done = await app.db.read.rows<{ action: string }>(
      'SELECT action FROM audit_record WHERE subject_id = $1 ORDER BY id',
      [made.body.id],
    );
    expect(done.map(({ action }) => action)).toEqual([
      ...['material.created', 'material.changed', 'material.withdrawn'],
    ]);
  });

  test.each<[string, object, number, string, string]>([
    ['a text without words', { text: null }, 400, 'invalid_request', '/text'],
    ['a text with an address', { url: page }, 400, 'invalid_request', '/url'],
    ['an image without one', { kind: 'image' }, 400, 'invalid_request', '/url'],
    ['no web address', { kind: 'image', url: 'javascript:x' }, 400, 'invalid_request', '/url'],
    ['an end before the start', { endsAt: startsAt }, 400, 'invalid_request', '/endsAt'],
    ['an unknown kind', { kind: 'video' }, 400, 'invalid_request', '/kind'],
    ['a tier that no plan has', { tiers: ['bronze', 'x'] }, 422, 'unknown_tier', '/tiers/1'],
    [
      'a page of another host',
      { kind: 'link', url: 'https://else.example/' },
      ...([422, 'link_host_not_allowed', '/url'] as const),
    ],
  ])('is refused %s, and nothing is stored', async (_, settings, status, code, pointer) => {
    const at = await given();
    const body = materialBody({ startsAt, ...settings });
    const refused = await app.shop.post(`${at.path}/materials`, body);
    expect([refused.status, refused.body.code]).toEqual([status, code]);
    expect(refused.body.errors.map((one: { pointer: string }) => one.pointer)).toContain(pointer);
    expect((await app.shop.get(`${at.path}/materials`)).body.data).toEqual([]);
  });

  test('is refused a change that contradicts what stays', async () => {
    const at = await given();
    const { id } = await at.make({ endsAt: day(3) });
    const one = `/v1/materials/${id}`;
    for (const [patch, pointer] of [
      [{ startsAt: day(4) }, '/endsAt'],
      [{ kind: 'image' }, '/url'],
      [{ text: null }, '/text'],
    ] as const) {
      const refused = await app.shop.patch(one, patch);
      expect([refused.status, refused.body.code]).toEqual([422, 'settings_contradict']);
      expect(refused.body.errors[0].pointer).toBe(pointer);
    }
    expect((await app.shop.get(one)).body).toMatchObject({ kind: 'text', startsAt });
  });
});
