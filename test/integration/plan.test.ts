import { createPlan, plansAt } from '../../src/db/plan';
import { sharedProgramLock } from '../../src/db/program-lock';
import type { PlanBody } from '../../src/domain/commission/plan';
import { PlanJson } from '../../src/http/schemas/plan';
import { type TestApp, testApp } from '../support/app';
import { givenProgram } from '../support/given';
import { publishWithWaivers } from '../support/plan';
import { testStore } from '../support/store';

const rule = { id: 'direct', level: 1, match: {}, rate: { bps: 1000 } };
const plan = {
  levels: 2,
  rules: [rule, { id: 'upline', level: 2, match: {}, rate: { bps: 500 } }],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
};
const ambiguous = { ...plan, rules: [rule, { ...rule, id: 'again' }] };

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const program = (settings = {}) => givenProgram(app.db, app.store.id, settings);

async function draft(programId: string, body: object = plan): Promise<string> {
  const made = await app.shop.post(`/v1/programs/${programId}/plans`, { plan: body });
  expect(made.status).toBe(201);
  return (made.body as { id: string }).id;
}

const publish = (id: string, body: object = {}) =>
  publishWithWaivers(app.shop, app.admin, id, body);

describe('plan versions', () => {
  it('are numbered without gaps or repeats, however many are made at once', async () => {
    const programId = await program();
    await Promise.all(Array.from({ length: 8 }, () => draft(programId)));
    const list = await app.shop.get(`/v1/programs/${programId}/plans?limit=100`);
    const versions = list.body.data.map(({ version }: { version: number }) => version);
    expect(versions.sort((a: number, b: number) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('answer what was stored, with the defaults, and page through', async () => {
    const programId = await program();
    const first = await draft(programId);
    const second = await draft(programId);
    const read = await app.shop.get(`/v1/plans/${first}`);
    expect(read.body).toMatchObject({
      id: first,
      version: 1,
      status: 'draft',
      findings: [{ rule: 'pays-on-downline-sales', severity: 'warning', waiver: null }],
      effectiveAt: null,
      plan: { ...plan, rounding: 'floor', onIneligible: 'skip', selfPurchase: 'deny' },
    });
    const page = await app.shop.get(`/v1/programs/${programId}/plans?limit=1`);
    expect(page.body.data.map(({ id }: { id: string }) => id)).toEqual([second]);
    const rest = await app.shop.get(
      `/v1/programs/${programId}/plans?limit=1&cursor=${page.body.nextCursor}`,
    );
    expect(rest.body.data.map(({ id }: { id: string }) => id)).toEqual([first]);
    expect(rest.body.nextCursor).toBeNull();
  });

  it('cannot be changed, not even by SQL', async () => {
    const id = await draft(await program());
    const change = app.db.read.run(`UPDATE plan SET body = '{}' WHERE id = $1`, [id]);
    await expect(change).rejects.toThrow(/fixed/);
  });

  it('are refused with every fault at once', async () => {
    const faulty = { ...plan, levels: 11, colour: 'red', tiers: [] };
    const answer = await app.shop.post(`/v1/programs/${await program()}/plans`, { plan: faulty });
    expect(answer.status).toBe(400);
    const pointers = answer.body.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers).toEqual(
      expect.arrayContaining(['/plan/levels', '/plan/colour', '/plan/tiers']),
    );
  });

  it('of another store or of a live program do not exist for a test key', async () => {
    const other = await testStore(app.db);
    const id = await draft(await program());
    const live = await program({ mode: 'live' });
    expect((await app.shop.as(other.apiKey).get(`/v1/plans/${id}`)).status).toBe(404);
    expect((await app.shop.as(other.apiKey).post(`/v1/plans/${id}/publication`)).status).toBe(404);
    expect((await app.shop.get(`/v1/programs/${live}/plans`)).status).toBe(404);
    expect((await app.shop.post(`/v1/programs/${live}/plans`, { plan })).status).toBe(404);
    expect((await app.admin.get(`/v1/programs/${live}/plans`)).status).toBe(200);
  });
});

describe('a plan in which two rules can tie', () => {
  it('is stored with a finding that names both, in the language asked for', async () => {
    const programId = await program();
    const body = { plan: ambiguous, note: 'Try' };
    for (const [language, word] of [
      ['zh-CN', '规则'],
      ['en', 'priorities'],
    ] as const) {
      const headers = { 'accept-language': language };
      const made = await app.shop.post(`/v1/programs/${programId}/plans`, body, { headers });
      expect(made.status).toBe(201);
      const [finding] = made.body.findings;
      expect(finding).toMatchObject({
        rule: 'ambiguous-rules',
        severity: 'error',
        pointer: '/rules/1',
      });
      expect(finding.message).toContain('direct');
      expect(finding.message).toContain('again');
      expect(finding.message).toContain(word);
    }
  });

  it('cannot be published', async () => {
    const id = await draft(await program(), ambiguous);
    const refused = await publish(id);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({
      code: 'plan_not_compliant',
      errors: [{ pointer: '/plan/rules/1', code: 'ambiguous-rules' }],
    });
    expect((await app.shop.get(`/v1/plans/${id}`)).body.status).toBe('draft');
  });
});

describe('publication', () => {
  it('of the first plan, without a wish, decides from the start of the program', async () => {
    const id = await draft(await program());
    const published = await publish(id);
    expect(published.status).toBe(200);
    expect(published.body).toMatchObject({
      status: 'published',
      effectiveAt: '2026-01-01T00:00:00.000Z',
    });
  });

  it('happens once, and is told and recorded', async () => {
    const id = await draft(await program());
    await publish(id);
    const again = await publish(id);
    expect(again.status).toBe(409);
    expect(again.body.code).toBe('plan_already_published');
    const events = await app.db.read.rows(`SELECT type, payload FROM event WHERE subject_id = $1`, [
      id,
    ]);
    expect(events).toMatchObject([{ type: 'plan.published', payload: { version: 1 } }]);
    const audit = await app.db.read.rows(
      `SELECT action FROM audit_record WHERE subject_id = $1 ORDER BY id`,
      [id],
    );
    expect(audit).toEqual([
      { action: 'plan.created' },
      { action: 'plan.waived' },
      { action: 'plan.published' },
    ]);
  });

  it('retires the plan before only when the new one takes effect', async () => {
    const programId = await program();
    const [first, second, third] = [
      await draft(programId),
      await draft(programId),
      await draft(programId),
    ];
    await publish(first);
    await publish(second, { effectiveAt: '2099-01-01T00:00:00Z' });
    const status = async (id: string) => (await app.shop.get(`/v1/plans/${id}`)).body.status;
    expect([await status(first), await status(second)]).toEqual(['published', 'published']);
    await publish(third);
    expect(await Promise.all([first, second, third].map(status))).toEqual([
      'retired',
      'published',
      'published',
    ]);
  });

  it.each([
    ['before the start of the program', '2025-12-31T23:59:59Z'],
    ['at the payment of an accepted order', '2026-02-01T10:00:00Z'],
    ['before the payment of an accepted order', '2026-01-15T00:00:00Z'],
  ])('is refused %s', async (_, effectiveAt) => {
    const programId = await program();
    await givenOrder(programId, '2026-02-01T10:00:00Z');
    const id = await draft(programId);
    const refused = await publish(id, { effectiveAt });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({
      code: 'plan_would_rewrite',
      errors: [{ pointer: '/effectiveAt' }],
    });
    const after = await publish(id, { effectiveAt: '2026-02-01T10:00:01Z' });
    expect(after.status).toBe(200);
  });

  it('waits for orders that are being booked, so none is booked by the plan before', async () => {
    const programId = await program();
    const id = await draft(programId);
    let published: ReturnType<typeof publish> | undefined;
    await app.db.transaction(async (tx) => {
      await tx.run(`SELECT ${sharedProgramLock} FROM program p WHERE p.id = $1`, [programId]);
      expect(await plansAt(tx, programId, [new Date()])).toEqual([undefined]);
      published = publish(id, { effectiveAt: '2026-02-01T10:00:00Z' });
      await untilBlocked();
      await givenOrder(programId, '2026-02-01T10:00:00Z', tx);
    });
    expect((await published!).status).toBe(422);
  });

  it('comes about while orders never stop coming', async () => {
    const programId = await program();
    const id = await draft(programId);
    let goesOn = true;
    const hold = async () => {
      while (goesOn) {
        await app.db.transaction(async (tx) => {
          await tx.run(`SELECT ${sharedProgramLock} FROM program p WHERE p.id = $1`, [programId]);
          await tx.run('SELECT pg_sleep(0.02)');
        });
      }
    };
    const holders = [hold(), hold(), hold(), hold()];
    const answer = await publish(id, {});
    goesOn = false;
    await Promise.all(holders);
    expect(answer.status).toBe(200);
  });
});

describe('the difference of two versions', () => {
  it('is told in words, in the language asked for', async () => {
    const programId = await program();
    const from = await draft(programId);
    const rules = [{ ...rule, rate: { bps: 1200 } }, plan.rules[1]];
    const to = await draft(programId, { ...plan, rules });
    const path = `/v1/plans/${to}/difference?from=${from}`;
    const answer = await app.shop.get(path, { headers: { 'accept-language': 'en' } });
    expect(answer.body).toEqual({
      from,
      to,
      changes: [
        {
          pointer: '/rules/0/rate',
          kind: 'changed',
          before: { bps: 1000 },
          after: { bps: 1200 },
          text: 'Rule "direct" now pays 12 % instead of 10 %.',
        },
      ],
      text: 'Rule "direct" now pays 12 % instead of 10 %.',
    });
    const chinese = await app.shop.get(path, { headers: { 'accept-language': 'zh-CN' } });
    expect(chinese.body.text).toBe('规则“direct”现按 12 % 计佣，原为 10 %。');
    const other = await testStore(app.db);
    expect((await app.shop.as(other.apiKey).get(path)).status).toBe(404);
  });
});

describe('the plan in force', () => {
  it('is read for a moment, and is a 404 where none is', async () => {
    const programId = await program();
    const path = `/v1/programs/${programId}/plans/in-force`;
    expect((await app.shop.get(path)).status).toBe(404);
    const ids = [];
    for (const effectiveAt of ['2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z']) {
      const id = await draft(programId);
      await publish(id, { effectiveAt });
      ids.push(id);
    }
    const at = async (moment: string) => (await app.shop.get(`${path}?at=${moment}`)).body;
    expect((await at('2026-02-28T23:59:59Z')).id).toBe(ids[0]);
    expect((await at('2026-03-01T00:00:00Z')).id).toBe(ids[1]);
    expect((await at('2026-01-31T23:59:59Z')).code).toBe('not_found');
    expect((await app.shop.get(path)).body).toMatchObject({ id: ids[1], status: 'published' });
  });

  it('is found for many moments in one go', async () => {
    const programId = await program();
    const ids = [];
    for (const effectiveAt of ['2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z']) {
      const id = await draft(programId, { ...plan, levels: 2 });
      await publish(id, { effectiveAt });
      ids.push(id);
    }
    await draft(programId);
    const moments = [
      '2026-01-31',
      '2026-02-01',
      '2026-02-28T23:59:59.999Z',
      '2026-03-01',
      '2026-04-01',
    ];
    const found = await plansAt(
      app.db.read,
      programId,
      moments.map((text) => new Date(text)),
    );
    expect(found.map((one) => one?.id)).toEqual([undefined, ids[0], ids[0], ids[1], ids[1]]);
    expect(found[4]?.body.rules).toHaveLength(2);
    expect(await plansAt(app.db.read, programId, [])).toEqual([]);
  });

  it('is stored as it was written', async () => {
    const programId = await program();
    const body: PlanBody = PlanJson.parse({ ...plan, caps: { totalBps: 3000 } });
    const made = await app.db.transaction((tx) =>
      createPlan(tx, { programId, body, note: '', actor: 'test', now: new Date() }),
    );
    const read = await app.shop.get(`/v1/plans/${made.id}`);
    expect(read.body.plan).toEqual(body);
  });
});

/** An accepted order, as far as a publication looks at it. */
async function givenOrder(programId: string, paidAt: string, tx = app.db.read): Promise<void> {
  const id = `ord_${Math.random()}`;
  await tx.insert('orders', {
    id,
    storeId: app.store.id,
    programId,
    externalId: id,
    contentHash: '',
    paidAt: new Date(paidAt),
    currency: 'CNY',
    customerExternalId: 'u',
    attributedBy: 'none',
    attribution: '{}',
    upline: '[]',
    hold: '{}',
    orderDiscountAmount: 0n,
    shippingAmount: 0n,
    taxAmount: 0n,
    createdAt: new Date(),
  });
}

/** Waits until some session of this database waits for a lock. */
async function untilBlocked(): Promise<void> {
  for (;;) {
    const waiting = await app.db.read.first<{ count: bigint }>(
      `SELECT count(*) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (waiting!.count > 0n) return;
  }
}
