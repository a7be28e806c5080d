import { type TestApp, testApp } from '../support/app';
import { apiPlan } from '../support/api-plan';
import { givenProgram } from '../support/given';
import { testClient } from '../support/http';
import { publishWithWaivers } from '../support/plan';
import { testAdmin } from '../support/store';

const risks = ['pays-on-downline-sales', 'team-bonus', 'invitation-bonus'];
const reason = '商户已评估并承担该风险';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const second = () => app.admin.as(app.store.secondAdmin.token);

/** A draft of the contract's example plan, posted by the first admin. */
async function draft(settings = {}, plan: object = apiPlan): Promise<string> {
  const programId = await givenProgram(app.db, app.store.id, settings);
  const made = await app.admin.post(`/v1/programs/${programId}/plans`, { plan });
  expect(made.status).toBe(201);
  return made.body.id as string;
}

const waive = (id: string, body: object, client = second()) =>
  client.post(`/v1/plans/${id}/waivers`, body);

test('a plan with warnings is published when another admin has waived each of them', async () => {
  const id = await draft();
  const publish = () =>
    app.admin.post(`/v1/plans/${id}/publication`, {}, { headers: { 'accept-language': 'en' } });
  for (const [done, rule] of risks.entries()) {
    const refused = await publish();
    expect([refused.status, refused.body.code]).toEqual([422, 'plan_not_compliant']);
    expect(refused.body.errors.map(({ code }: { code: string }) => code)).toEqual(
      risks.slice(done),
    );
    expect(refused.body.errors[0].message).toContain(`POST /v1/plans/${id}/waivers`);
    const waived = await waive(id, { rule, reason });
    expect(waived.status).toBe(201);
    expect(waived.body).toMatchObject({
      planId: id,
      rule,
      reason,
      adminId: app.store.secondAdmin.id,
    });
  }
  expect((await publish()).status).toBe(200);
  const read = await app.admin.get(`/v1/plans/${id}`, { headers: { 'accept-language': 'en' } });
  expect(read.body.findings[0]).toMatchObject({
    rule: 'pays-on-downline-sales',
    needsWaiver: true,
    waiver: {
      adminId: app.store.secondAdmin.id,
      reason,
      text: "The merchant's own decision; it says nothing about legality.",
    },
  });
  const list = await app.shop.get(`/v1/plans/${id}/waivers`);
  expect(list.body.data.map(({ rule }: { rule: string }) => rule)).toEqual(risks);
});

test('the author cannot waive; of a plan that a key posted any admin can', async () => {
  const id = await draft();
  const own = await waive(id, { rule: 'team-bonus', reason }, app.admin);
  expect([own.status, own.body.code]).toEqual([403, 'second_person_required']);
  const programId = await givenProgram(app.db, app.store.id);
  const made = await app.shop.post(`/v1/programs/${programId}/plans`, { plan: apiPlan });
  expect((await publishWithWaivers(app.shop, app.admin, made.body.id as string)).status).toBe(200);
});

test.each([
  ['a rule that the plan does not break', { rule: 'depth-3', reason }, 'rule_not_waivable'],
  ['a rule that nobody knows', { rule: 'whatever', reason }, 'rule_not_waivable'],
  ['no reason', { rule: 'team-bonus' }, 'reason_required'],
  ['an empty reason', { rule: 'team-bonus', reason: '   ' }, 'reason_required'],
])('a waiver is refused for %s', async (_, body, code) => {
  const refused = await waive(await draft(), body);
  expect([refused.status, refused.body.code]).toEqual([422, code]);
});

test('an error cannot be waived, whoever asks', async () => {
  const id = await draft({}, { ...apiPlan, levels: 4 });
  const refused = await waive(id, { rule: 'depth-over-3', reason });
  expect([refused.status, refused.body.code]).toEqual([422, 'rule_not_waivable']);
  const published = await publishWithWaivers(app.admin, second(), id);
  expect(published.body).toMatchObject({
    code: 'plan_not_compliant',
    errors: [{ code: 'depth-over-3', pointer: '/plan/levels' }],
  });
});

test('only an admin waives, and no auditor', async () => {
  const id = await draft();
  const body = { rule: 'team-bonus', reason };
  expect((await waive(id, body, app.shop)).body.code).toBe('admin_required');
  const auditor = await testAdmin(app.db, app.store.id, ['auditor']);
  const refused = await waive(id, body, testClient(app.url, auditor.token));
  expect(refused.body.code).toBe('role_required');
});

test('the same rule again answers the first waiver, also when two come at once', async () => {
  const id = await draft();
  const answers = await Promise.all(
    ['first reason', 'other reason'].map((text) => waive(id, { rule: 'team-bonus', reason: text })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 201]);
  expect(answers[0]!.body.id).toBe(answers[1]!.body.id);
  const again = await waive(id, { rule: 'team-bonus', reason: 'third reason' });
  expect([again.status, again.body.reason]).toEqual([200, answers[0]!.body.reason]);
});

test('a waiver is kept for good: it is told in the audit log and cannot be changed', async () => {
  const id = await draft();
  await waive(id, { rule: 'team-bonus', reason });
  const change = app.db.read.run('UPDATE plan_waiver SET reason = $2 WHERE plan_id = $1', [id, '']);
  await expect(change).rejects.toThrow(/append-only/);
  const audit = await app.db.read.rows(
    `SELECT actor, reason FROM audit_record WHERE subject_id = $1 AND action = 'plan.waived'`,
    [id],
  );
  expect(audit).toEqual([{ actor: `admin:${app.store.secondAdmin.id}`, reason }]);
});

test('after the publication nothing is waived any more', async () => {
  const plan = { ...apiPlan, levels: 1, rules: apiPlan.rules.filter(({ level }) => level === 1) };
  const id = await draft({}, { ...plan, bonuses: [], rules: [plan.rules[0]] });
  expect((await app.admin.post(`/v1/plans/${id}/publication`)).status).toBe(200);
  const late = await waive(id, { rule: 'pays-on-downline-sales', reason });
  expect([late.status, late.body.code]).toEqual([409, 'plan_already_published']);
});

test('a draft is judged by the hold that the program has now, a published plan keeps its findings', async () => {
  const one = { levels: 1, rules: [apiPlan.rules[0]], tiers: [apiPlan.tiers[0]] };
  const id = await draft({ holdDays: 7 }, one);
  const rules = async () =>
    (await app.admin.get(`/v1/plans/${id}`)).body.findings.map(
      ({ rule }: { rule: string }) => rule,
    );
  const hold = (days: number) =>
    app.db.read.run(
      'UPDATE program SET hold_days = $2 WHERE id = (SELECT program_id FROM plan WHERE id = $1)',
      [id, days],
    );
  expect(await rules()).toEqual([]);
  await hold(6);
  expect(await rules()).toEqual(['hold-too-short']);
  expect((await app.admin.post(`/v1/plans/${id}/publication`)).status).toBe(422);
  expect((await publishWithWaivers(app.admin, second(), id)).status).toBe(200);
  await hold(30);
  expect(await rules()).toEqual(['hold-too-short']);
});
