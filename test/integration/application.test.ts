import { idNumberOf } from '../../demo/people';
import { type TestHouse, testHouse } from '../support/app';
import { givenChannel } from '../support/payout';
import { postDistributor, postProgram } from '../support/program';
import { givenAccount, givenProfile } from '../support/settlement';

jest.setTimeout(120_000);

const dayMs = 86_400_000;
let house: TestHouse;
let phones = 0;

beforeAll(async () => {
  house = await testHouse();
});
afterAll(() => house.close());

const words = (text: string) => ({ 'zh-CN': `因为${text}`, en: `because ${text}` });
const policy = {
  fields: [
    { key: 'fans', type: 'number', label: words('fans'), required: true },
    { key: 'born', type: 'birthDate', label: words('born') },
    { key: 'region', type: 'region', label: words('region') },
  ],
  rules: [
    { id: 'minor', when: { age: { lte: 17 } }, outcome: 'reject', reason: words('too young') },
    {
      id: 'known',
      when: { answer: 'fans', gte: 1000 },
      outcome: 'approve',
      reason: words('known'),
    },
  ],
  decideWithinDays: 5,
  reapplyAfterDays: 10,
};

const freshPhone = () => {
  phones += 1;
  return `139${String(10_000_000 + phones)}`;
};
const given = async (change: object = {}) => {
  const programId = await postProgram(house.shop, { enrolment: 'review' });
  const path = `/v1/programs/${programId}/application-policy`;
  const put = await house.admin.put(path, { ...policy, ...change });
  if (put.status !== 200) throw new Error(put.text);
  return programId;
};
const apply = (programId: string, answers: object, more: object = {}) =>
  postDistributor(house.shop, programId, { phone: freshPhone(), answers, ...more });
const noticesOf = async (id: string, language = 'en') => {
  const headers = { 'accept-language': language };
  const { body } = await house.shop.get(`/v1/distributors/${id}/notices`, { headers });
  return body.data as { id: string; template: string; title: string; text: string }[];
};
const eventsOf = async (id: string) => {
  const rows = await house.db.read.rows<{ type: string }>(
    'SELECT type FROM event WHERE subject_id = $1 ORDER BY sequence',
    [id],
  );
  return rows.map(({ type }) => type.replace('distributor.', ''));
};
const moveTo = (programId: string, days: number) =>
  house.shop.post(`/v1/programs/${programId}/clock`, {
    now: new Date(Date.now() + days * dayMs).toISOString(),
  });

describe('an application', () => {
  test('that is clear is approved at once, with everything on record', async () => {
    const programId = await given();
    const { status, body } = await apply(programId, { fans: 1000, region: 'CN-33' });
    expect([status, body.status]).toEqual([201, 'active']);
    const history = await house.shop.get(`/v1/distributors/${body.id}/history`);
    expect(history.body.data).toMatchObject([
      { status: 'applied' },
      { status: 'under_review' },
      { status: 'active', cause: 'application_approved', reason: '因为known / because known' },
    ]);
    const applications = await house.shop.get(`/v1/distributors/${body.id}/applications`);
    expect(applications.body.data).toMatchObject([
      { policyVersion: 1, outcome: 'approve', decidedBy: 'rule:known', reapplyFrom: null },
    ]);
    expect(await eventsOf(body.id)).toEqual(['applied', 'activated']);
    expect((await noticesOf(body.id)).map(({ template }) => template)).toEqual([
      'activated',
      'applied',
    ]);
  });

  test('that a rule rejects says why and from when on another one is possible', async () => {
    const programId = await given();
    const { body } = await apply(programId, { fans: 5000, born: '2015-01-01' });
    expect(body.status).toBe('rejected');
    const path = `/v1/distributors/${body.id}/applications`;
    const early = await house.shop.post(path, { answers: { fans: 1 } });
    expect([early.status, early.body.code]).toEqual([409, 'cannot_apply_now']);
    expect(early.body.detail).toContain('possible from');
    const told = (await noticesOf(body.id))[0];
    expect(told).toMatchObject({ template: 'rejected', title: 'Application declined' });
    expect(told?.text).toMatch(/too young.*apply again from \d{4}-/);
    expect((await noticesOf(body.id, 'zh-CN'))[0]?.title).toBe('申请未通过');
    await moveTo(programId, 11);
    const wrong = await house.shop.post(path, { answers: { born: 'x' } });
    expect(wrong.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/answers/fans',
      '/answers/born',
    ]);
    const again = await house.shop.post(path, { answers: { fans: 2000 } });
    expect([again.status, again.body.status]).toEqual([201, 'active']);
    expect(await eventsOf(body.id)).toEqual(['applied', 'rejected', 'applied', 'activated']);
  });

  test('that is not clear goes to a person, with what is known of the applicant', async () => {
    const programId = await given();
    const phone = freshPhone();
    const before = await apply(programId, { fans: 5, born: '2015-01-01' }, { phone });
    const { body } = await apply(programId, { fans: 1000 }, { phone });
    expect(body.status).toBe('under_review');
    const reviews = await house.admin.get(`/v1/reviews?subjectId=${body.id}`);
    const [review] = reviews.body.data;
    expect(review.facts).toMatchObject({
      rules: ['known'],
      risk: { level: 'high', samePhone: [before.body.id], blockedBefore: [before.body.id] },
    });
    expect(Date.parse(review.dueAt) - Date.parse(body.joinedAt)).toBe(5 * dayMs);
    const decided = await house.admin.post(`/v1/reviews/${review.id}/decisions`, {
      decision: 'reject',
      reason: 'Known from before.',
    });
    expect([decided.status, decided.body.status]).toEqual([200, 'rejected']);
    const applications = await house.shop.get(`/v1/distributors/${body.id}/applications`);
    expect(applications.body.data).toMatchObject([
      {
        outcome: 'reject',
        decidedBy: `admin:${house.store.admin.id}`,
        reason: 'Known from before.',
      },
    ]);
    expect(applications.body.data[0].reapplyFrom).not.toBeNull();
  });

  test('by somebody who was here before names who shares the ID number or the payout account', async () => {
    const programId = await given();
    const channelId = await givenChannel(house.db, house.vault, house.store.id);
    const other = await apply(programId, { fans: 1000 });
    const { body } = await apply(programId, { fans: 1000, born: '2015-01-01' });
    expect(body.status).toBe('rejected');
    for (const { id } of [other.body, body]) {
      await givenAccount(house.db, house.vault, id, channelId, 'shared');
      await givenProfile(house.db, house.vault, id, { person: 'shared' });
    }
    await moveTo(programId, 11);
    const path = `/v1/distributors/${body.id}/applications`;
    const again = await house.shop.post(path, { answers: { fans: 2000 } });
    expect([again.status, again.body.status]).toEqual([201, 'under_review']);
    const { data } = (await house.admin.get(`/v1/reviews?subjectId=${body.id}&status=open`)).body;
    expect(data[0].facts.risk).toMatchObject({
      ...{ level: 'high', sameIdNumber: [other.body.id], samePayoutAccount: [other.body.id] },
    });
  });

  test('that waits shows whose ID number and payout account are given meanwhile, and no more once decided', async () => {
    const programId = await given();
    const channelId = await givenChannel(house.db, house.vault, house.store.id);
    const other = await apply(programId, { fans: 1000 });
    const { body } = await apply(programId, { fans: 5 });
    expect([other.body.status, body.status]).toEqual(['active', 'under_review']);
    const riskOf = async (status: string) => {
      const path = `/v1/reviews?subjectId=${body.id}&status=${status}`;
      return (await house.admin.get(path)).body.data[0].facts.risk as object;
    };
    expect(await riskOf('open')).toMatchObject({ level: 'low', sameIdNumber: [] });
    const idNumber = idNumberOf('application', phones);
    const put = async (id: string, path: string, what: object) => {
      const reply = await house.shop.put(`/v1/distributors/${id}/${path}`, what);
      expect([reply.status, reply.text]).toEqual([200, reply.text]);
    };
    for (const { id } of [other.body, body]) {
      await put(id, 'tax-profile', { kind: 'individual', name: '王伟', idNumber });
    }
    expect(await riskOf('open')).toMatchObject({
      ...{ sameIdNumber: [other.body.id], samePayoutAccount: [] },
    });
    for (const { id } of [body, other.body]) {
      await put(id, 'payout-account', { channelId, account: 'shared-9', holderName: '王伟' });
    }
    // Somebody else's account came after: it is seen when the applicant's own is given again.
    await put(body.id, 'payout-account', { channelId, account: 'shared-9', holderName: '王伟' });
    const seen = { sameIdNumber: [other.body.id], samePayoutAccount: [other.body.id] };
    expect(await riskOf('open')).toMatchObject(seen);
    const { data } = (await house.admin.get(`/v1/reviews?subjectId=${body.id}`)).body;
    const decision = { decision: 'reject', reason: 'The same person.' };
    await house.admin.post(`/v1/reviews/${data[0].id}/decisions`, decision);
    await put(body.id, 'tax-profile', {
      ...{ kind: 'individual', name: '王伟', idNumber: idNumberOf('application', phones + 1) },
    });
    expect(await riskOf('decided')).toMatchObject(seen);
  });

  test.each([
    ['approve', 'active'],
    ['reject', 'rejected'],
    ['escalate', 'under_review'],
  ])('that nobody decides: the policy %s leaves it %s', async (onUndecided, status) => {
    const programId = await given({ onUndecided });
    const { body } = await apply(programId, { fans: 5 });
    await moveTo(programId, 4.9);
    const path = `/v1/distributors/${body.id}`;
    expect((await house.shop.get(path)).body.status).toBe('under_review');
    await moveTo(programId, 5.1);
    expect((await house.shop.get(path)).body.status).toBe(status);
    const { body: reviews } = await house.admin.get(`/v1/reviews?subjectId=${body.id}`);
    expect(reviews.data[0].status).toBe(onUndecided === 'escalate' ? 'open' : 'decided');
    await moveTo(programId, 6);
    const templates = {
      approve: ['activated', 'applied'],
      reject: ['rejected', 'applied'],
      escalate: ['applied'],
    }[onUndecided];
    const told = await noticesOf(body.id);
    expect(told.map(({ template }) => template)).toEqual(templates);
    if (onUndecided !== 'reject') return;
    expect(told[0]?.text).toMatch(/declined by policy.*apply again from \d{4}-/);
    const { data } = (await house.shop.get(`${path}/history`)).body;
    expect(data.at(-1)).toMatchObject({ status: 'rejected', actor: 'system:undecided' });
  });

  test('needs the agreement of today, which is kept; a new version waits to be accepted', async () => {
    const agreement = { version: '2026-11', url: 'https://shop.example.com/terms' };
    const programId = await given({ agreement });
    const without = await apply(programId, { fans: 1000 });
    expect([without.status, without.body.code]).toEqual([422, 'agreement_required']);
    const old = await apply(programId, { fans: 1000 }, { agreement: { version: '2025' } });
    expect([old.status, old.body.code]).toEqual([422, 'agreement_outdated']);
    const { body } = await apply(programId, { fans: 1000 }, { agreement: { version: '2026-11' } });
    const path = `/v1/distributors/${body.id}/agreements`;
    expect((await house.shop.get(path)).body).toMatchObject({
      current: { version: '2026-11', accepted: true },
      accepted: [{ version: '2026-11' }],
    });
    const next = { ...agreement, version: '2027-01' };
    await house.admin.put(`/v1/programs/${programId}/application-policy`, {
      ...policy,
      agreement: next,
    });
    expect((await house.shop.get(path)).body.current).toMatchObject({ accepted: false });
    const accepted = await house.shop.post(path, { version: '2027-01' });
    expect(accepted.status).toBe(201);
    expect(accepted.body.accepted).toHaveLength(2);
  });

  test('a policy that contradicts itself is refused with every fault', async () => {
    const programId = await postProgram(house.shop, { enrolment: 'review' });
    const bad = await house.admin.put(`/v1/programs/${programId}/application-policy`, {
      fields: [{ key: 'a', type: 'choice', label: words('a') }],
      rules: [
        { id: 'x', when: { answer: 'b', eq: 1 }, outcome: 'approve', reason: words('x') },
        { id: 'x', when: { age: { gte: 18 } }, outcome: 'approve', reason: words('x') },
      ],
    });
    expect(bad.status).toBe(400);
    expect(bad.body.errors.length).toBeGreaterThan(0);
  });

  test('a notice is read once, and another store sees none', async () => {
    const programId = await given();
    const { body } = await apply(programId, { fans: 1000 });
    const [notice] = await noticesOf(body.id);
    const path = `/v1/distributors/${body.id}/notices/${notice?.id}/read`;
    const first = await house.shop.put(path);
    const second = await house.shop.put(path);
    expect(first.body.readAt).not.toBeNull();
    expect(second.body.readAt).toBe(first.body.readAt);
    const unread = await house.shop.get(`/v1/distributors/${body.id}/notices?unread=true`);
    expect(unread.body.data).toHaveLength(1);
  });
});
