import { type TestApp, testApp } from '../support/app';
import { postDistributor, postProgram, programBody, unique } from '../support/program';

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
}, 120_000);
afterAll(() => app.close());

const post = (settings: Record<string, unknown> = {}) =>
  app.shop.post('/v1/programs', programBody(settings));

describe('POST /v1/programs', () => {
  test('answers everything that was said, and the clock', async () => {
    const body = programBody();
    const made = await app.shop.post('/v1/programs', body);
    expect(made.status).toBe(201);
    const { startsAt, payer, ...said } = body;
    expect(made.body).toMatchObject(said);
    expect(new Date(made.body.startsAt)).toEqual(new Date(startsAt as string));
    expect(made.body.payer).toMatchObject(payer as object);
    expect(Math.abs(Date.parse(made.body.now) - Date.now())).toBeLessThan(60_000);
    const read = await app.shop.get(`/v1/programs/${made.body.id}`);
    expect(read.body).toEqual({ ...made.body, now: expect.any(String) });
  });

  test('fills what may be left out', async () => {
    const { tax, payer, currency, name } = programBody();
    const body = { externalId: unique('club'), tax, payer, currency, name, mode: 'test' };
    const made = await app.shop.post('/v1/programs', body);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      timeZone: 'Asia/Shanghai',
      enrolment: 'open',
      productScope: 'all',
      hold: { startsAt: 'paid', days: 7, assumeReceivedAfterDays: 15 },
      settlement: { calendar: 'monthly', fee: { fixedAmount: 0, bps: 0 } },
      binding: { touch: 'first', windowDays: null, protectDays: 0 },
      inactivity: { warnAfterDays: 60, evictAfterDays: 90, appealWindowDays: 14 },
    });
    expect(Date.parse(made.body.startsAt) % 1000).toBe(0);
    expect(Date.parse(made.body.startsAt)).toBeLessThanOrEqual(Date.now());
  });

  test('the same externalId gives the first program, other content is a conflict', async () => {
    const body = programBody();
    const [first, again] = await Promise.all([
      app.shop.post('/v1/programs', body),
      app.shop.post('/v1/programs', body),
    ]);
    expect([first.status, again.status].sort()).toEqual([200, 201]);
    expect(again.body.id).toBe(first.body.id);
    const other = await app.shop.post('/v1/programs', { ...body, name: 'Another' });
    expect([other.status, other.body.code]).toEqual([409, 'external_id_conflict']);
  });

  test('all programs of a payer share one tax method', async () => {
    const none = await post({ tax: { method: 'none' } });
    expect([none.status, none.body.code]).toEqual([422, 'payer_method_conflict']);
    const same = await post({ tax: { method: 'general' } });
    expect(same.status).toBe(201);
  });

  test.each([
    [
      'platformCumulative without its declaration',
      { tax: { method: 'platformCumulative' } },
      422,
      'platform_declaration_required',
    ],
    [
      'a wrong check character',
      { payer: { name: 'X', taxNumber: '91310000MA1K000007' } },
      422,
      'invalid_tax_number',
    ],
    ['a tax method with another currency', { currency: 'USD' }, 422, 'currency_not_supported'],
    ['an unknown time zone', { timeZone: 'Asia/Nowhere' }, 400, 'invalid_request'],
    ['an offset for a time zone', { timeZone: '+08:00' }, 400, 'invalid_request'],
    ['a lower-case currency', { currency: 'cny' }, 400, 'invalid_request'],
    ['a start years ahead', { startsAt: '2099-01-01T00:00:00Z' }, 422, 'in_the_future'],
    ['an unknown field', { colour: 'red' }, 400, 'invalid_request'],
    ['a fee above 100 %', { settlement: { fee: { bps: 10_001 } } }, 400, 'invalid_request'],
    ['a live program of a test key', { mode: 'live' }, 403, 'scope_required'],
    [
      'eviction before the warning',
      { inactivity: { warnAfterDays: 90, evictAfterDays: 60, appealWindowDays: 14 } },
      400,
      'invalid_request',
    ],
  ])('%s is refused', async (_, settings, status, code) => {
    const refused = await post(settings);
    expect([refused.status, refused.body.code]).toEqual([status, code]);
  });

  test('platformCumulative is taken with its declaration', async () => {
    const made = await post({
      tax: {
        method: 'platformCumulative',
        platformDeclaration: { filedAt: '2026-10-20T00:00:00+08:00', reference: '2026-11' },
      },
      payer: { name: 'A Platform Ltd', taxNumber: '91110000600037341L' },
    });
    expect(made.status).toBe(201);
    expect(made.body.tax).toMatchObject({ method: 'platformCumulative', gapPolicy: 'restart' });
  });
});

describe('PATCH /v1/programs/{id}', () => {
  test('changes what is named and leaves the rest', async () => {
    const id = await postProgram(app.shop);
    const changed = await app.shop.patch(`/v1/programs/${id}`, {
      name: 'New name',
      hold: { days: 14 },
      settlement: { fee: { bps: 50 } },
      binding: { windowDays: 30 },
    });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({
      name: 'New name',
      hold: { startsAt: 'paid', days: 14, assumeReceivedAfterDays: 15 },
      settlement: { calendar: 'monthly', fee: { fixedAmount: 0, bps: 50 } },
      binding: { touch: 'first', windowDays: 30, protectDays: 0 },
    });
  });

  test('takes the whole body back, when what never changes is as it was', async () => {
    const body = programBody();
    const made = await app.shop.post('/v1/programs', body);
    const changed = await app.shop.patch(`/v1/programs/${made.body.id}`, {
      ...body,
      name: 'Other',
    });
    expect([changed.status, changed.body.name]).toEqual([200, 'Other']);
  });

  test.each([
    ['currency', { currency: 'USD' }],
    ['mode', { mode: 'live' }],
    ['startsAt', { startsAt: '2026-10-01T00:00:00Z' }],
    ['externalId', { externalId: 'other' }],
    ['payer', { payer: { name: 'X', taxNumber: '91310000MA1K000006' } }],
    ['tax', { tax: { method: 'none' } }],
  ])('%s never changes', async (field, patch) => {
    const id = await postProgram(app.shop);
    const refused = await app.shop.patch(`/v1/programs/${id}`, { name: 'New name', ...patch });
    expect([refused.status, refused.body.code]).toEqual([409, 'setting_is_fixed']);
    expect(refused.body.errors).toMatchObject([{ pointer: `/${field}` }]);
    expect((await app.shop.get(`/v1/programs/${id}`)).body.name).toBe('Club');
  });

  test('the time zone may change as long as there is no order', async () => {
    const id = await postProgram(app.shop);
    const changed = await app.shop.patch(`/v1/programs/${id}`, { timeZone: 'Asia/Tokyo' });
    expect([changed.status, changed.body.timeZone]).toEqual([200, 'Asia/Tokyo']);
  });

  test('settings that contradict the stored ones are refused', async () => {
    const id = await postProgram(app.shop);
    const refused = await app.shop.patch(`/v1/programs/${id}`, {
      inactivity: { evictAfterDays: 10 },
    });
    expect([refused.status, refused.body.code]).toEqual([422, 'settings_contradict']);
  });
});

describe('the products of a program', () => {
  test('are replaced as a whole', async () => {
    const id = await postProgram(app.shop, { productScope: 'designated' });
    const path = `/v1/programs/${id}/products`;
    const body = { skus: ['TEA-1', 'TEA-1', 'CUP-1'], tags: ['new'] };
    const put = await app.shop.put(path, body);
    const expected = { skus: ['CUP-1', 'TEA-1'], productIds: [], categories: [], tags: ['new'] };
    expect([put.status, put.body]).toEqual([200, expected]);
    expect((await app.shop.get(path)).body).toEqual(expected);
    await app.shop.put(path, { categories: ['tea'] });
    expect((await app.shop.get(path)).body).toMatchObject({ skus: [], categories: ['tea'] });
  });
});

describe('the clock of a program', () => {
  test('is real time until it is moved, and moves without Temporal when nothing is due', async () => {
    const id = await postProgram(app.shop);
    const path = `/v1/programs/${id}/clock`;
    const target = new Date(Date.now() + 90 * 86_400_000).toISOString();
    const moved = await app.shop.post(path, { now: target });
    expect(moved.status).toBe(200);
    expect(Date.parse(moved.body.now)).toBeGreaterThanOrEqual(Date.parse(target));
    const read = await app.shop.get(path);
    expect(Math.abs(Date.parse(read.body.now) - Date.parse(target))).toBeLessThan(10_000);
  });

  test('only moves forwards', async () => {
    const id = await postProgram(app.shop);
    const refused = await app.shop.post(`/v1/programs/${id}/clock`, {
      now: '2026-11-02T00:00:00Z',
    });
    expect([refused.status, refused.body.code]).toEqual([422, 'clock_backwards']);
  });

  test('is real time for a live program', async () => {
    const id = await postProgram(app.admin, { mode: 'live' });
    const target = new Date(Date.now() + 86_400_000).toISOString();
    const refused = await app.admin.post(`/v1/programs/${id}/clock`, { now: target });
    expect([refused.status, refused.body.code]).toEqual([422, 'live_program']);
    expect((await app.shop.get(`/v1/programs/${id}`)).status).toBe(404);
  });

  test('waits for Temporal when a workflow is due, and the move can be repeated', async () => {
    const id = await postProgram(app.shop);
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    const made = await app.admin.post(`/v1/programs/${id}/campaigns`, {
      ...{ externalId: unique('c'), name: 'Eleven', startsAt: day(1), endsAt: day(2), match: {} },
      ...{ effect: { multiplyBps: 15_000 }, levels: [1], budgetAmount: 1000, stacks: false },
    });
    expect(made.status).toBe(201);
    const now = new Date(Date.now() + 30 * 86_400_000).toISOString();
    for (let tries = 0; tries < 2; tries += 1) {
      const down = await app.shop.post(`/v1/programs/${id}/clock`, { now });
      expect([down.status, down.body.code]).toEqual([503, 'temporal_unavailable']);
      expect(down.headers.get('retry-after')).not.toBeNull();
    }
    const { body } = await app.shop.get(`/v1/programs/${id}/clock`);
    expect(Date.parse(body.now)).toBeLessThan(Date.parse(now));
  });

  test('does what a life and its reviews have due by itself, Temporal or not', async () => {
    const id = await postProgram(app.shop, { enrolment: 'review' });
    await postDistributor(app.shop, id);
    const now = new Date(Date.now() + 20 * 86_400_000).toISOString();
    expect((await app.shop.post(`/v1/programs/${id}/clock`, { now })).status).toBe(200);
    const reviews = await app.shop.get(`/v1/reviews?programId=${id}&overdue=true`);
    expect(reviews.body.data).toHaveLength(1);
  });
});

describe('lists of programs', () => {
  test('show every program once, the latest first, page by page', async () => {
    const ids = await app.shop.get('/v1/programs?limit=100');
    const all = ids.body.data.map(({ id }: { id: string }) => id);
    const paged: string[] = [];
    let cursor = '';
    do {
      const page = await app.shop.get(`/v1/programs?limit=3${cursor}`);
      paged.push(...page.body.data.map(({ id }: { id: string }) => id));
      cursor = page.body.nextCursor === null ? '' : `&cursor=${page.body.nextCursor}`;
    } while (cursor !== '');
    expect(paged).toEqual(all);
    expect(new Set(all).size).toBe(all.length);
  });
});
