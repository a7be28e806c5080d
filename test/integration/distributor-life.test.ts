import { lifeActions } from '../../src/domain/distributor/action';
import { distributorStatuses, lifecycle } from '../../src/domain/distributor/state';
import { type TestHouse, testHouse } from '../support/app';
import { testClient } from '../support/http';
import { postDistributor, postProgram } from '../support/program';
import { givenScene } from '../support/scene';
import { orderBody } from '../support/world';

jest.setTimeout(180_000);

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse();
}, 120_000);
afterAll(() => house.close());

const dayMs = 86_400_000;
const begun = Date.now();
const inDays = (days: number) => new Date(begun + days * dayMs).toISOString();
const second = () => testClient(house.url, house.store.secondAdmin.token);

interface Person {
  id: string;
  code: string;
}

async function moveTo(programId: string, to: number | string): Promise<void> {
  const now = typeof to === 'number' ? inDays(to) : to;
  const moved = await house.shop.post(`/v1/programs/${programId}/clock`, { now });
  expect([moved.status, moved.text]).toEqual([200, moved.text]);
}

const program = (settings: Record<string, unknown> = {}) =>
  postProgram(house.shop, { startsAt: inDays(-1), ...settings });
const join = async (programId: string, more: Record<string, unknown> = {}): Promise<Person> => {
  const reply = await postDistributor(house.shop, programId, more);
  expect([reply.status, reply.text]).toEqual([201, reply.text]);
  return reply.body as Person;
};
const read = async (id: string) => (await house.shop.get(`/v1/distributors/${id}`)).body;
const statusOf = async (id: string): Promise<string> => (await read(id)).status;
const act = (id: string, action: string, body: object = {}) =>
  house.admin.post(`/v1/distributors/${id}/${action}`, body);
const reviewOf = async (id: string, kind: string) =>
  (await house.shop.get(`/v1/reviews?subjectId=${id}&kind=${kind}`)).body.data[0];
const decide = async (id: string, kind: string, decision: string, by = house.admin) =>
  by.post(`/v1/reviews/${(await reviewOf(id, kind)).id}/decisions`, { decision, reason: 'Seen.' });
const sell = async (programId: string, { code }: Person, days: number, customer = 'u-1') => {
  const order = orderBody(programId, {
    ...{ paidAt: inDays(days), customer: { externalId: customer } },
    attribution: { distributorCode: code },
  });
  const reply = await house.shop.post('/v1/orders', order);
  expect([reply.status, reply.text]).toEqual([201, reply.text]);
  return reply.body;
};
/** What the outside and the person heard, each in the order in which it was said. */
const told = async (id: string) => {
  const [events, notices] = await Promise.all([
    house.db.read.rows<{ type: string }>(
      `SELECT type FROM event WHERE subject_id = $1 AND type LIKE 'distributor.%'
       ORDER BY occurred_at, id`,
      [id],
    ),
    house.db.read.rows<{ template: string }>(
      'SELECT template FROM notice WHERE distributor_id = $1 ORDER BY at, id',
      [id],
    ),
  ]);
  return {
    events: events.map(({ type }) => type.replace('distributor.', '')),
    notices: notices.map(({ template }) => template),
  };
};
const lastTold = async (id: string) => {
  const { events, notices } = await told(id);
  return [events.at(-1), notices.at(-1)];
};
const causes = async (id: string) =>
  (await house.shop.get(`/v1/distributors/${id}/history`)).body.data.map(
    ({ status, cause }: { status: string; cause: string }) => `${status} ${cause}`,
  );
const evictionOf = async (id: string) =>
  (await house.shop.get(`/v1/distributors/${id}/evictions`)).body.data[0];

/** Somebody who never sold, at the beginning of the appeal window. */
async function atWindow(settings: Record<string, unknown> = {}) {
  const programId = await program(settings);
  const person = await join(programId);
  await moveTo(programId, 92);
  const decided = await decide(person.id, 'eviction', 'approve');
  expect([decided.status, decided.body.status]).toEqual([200, 'appeal_window']);
  const { appealUntil } = await evictionOf(person.id);
  return { programId, person, until: Date.parse(appealUntil) };
}

const at = (moment: number, plusMinutes: number) =>
  new Date(moment + plusMinutes * 60_000).toISOString();

describe('who does not sell', () => {
  test('from the application to the eviction over nine months, each step told once', async () => {
    const programId = await program({ enrolment: 'review' });
    const person = await join(programId);
    await decide(person.id, 'application', 'approve');
    await moveTo(programId, 0.2);
    await sell(programId, person, 0.1);
    await moveTo(programId, 58);
    expect(await statusOf(person.id)).toBe('active');
    await moveTo(programId, 62);
    expect(await statusOf(person.id)).toBe('warned');
    await moveTo(programId, 89);
    expect(await statusOf(person.id)).toBe('warned');
    await moveTo(programId, 92);
    expect(await statusOf(person.id)).toBe('eviction_proposed');
    const review = await reviewOf(person.id, 'eviction');
    expect(review).toMatchObject({ status: 'open', facts: { cause: 'inactivity' } });
    await moveTo(programId, 250);
    expect(await reviewOf(person.id, 'eviction')).toMatchObject({ status: 'open', overdue: true });
    expect(await statusOf(person.id)).toBe('eviction_proposed');
    expect((await decide(person.id, 'eviction', 'approve')).body.status).toBe('appeal_window');
    await moveTo(programId, 263);
    expect(await statusOf(person.id)).toBe('appeal_window');
    await moveTo(programId, 270);
    expect(await statusOf(person.id)).toBe('evicted');
    expect(await causes(person.id)).toEqual([
      ...['applied applied', 'under_review review_opened', 'active application_approved'],
      ...['warned inactivity_seen', 'eviction_proposed eviction_proposed'],
      ...['appeal_window eviction_approved', 'evicted window_closed'],
    ]);
    expect(await told(person.id)).toEqual({
      events: ['applied', 'activated', 'warned', 'eviction_proposed', 'evicted'],
      notices: [
        ...['applied', 'activated', 'warned', 'eviction_proposed'],
        ...['eviction_notice', 'appeal_reminder', 'evicted'],
      ],
    });
  });

  test('a sale at any moment before the end brings back active, and ends what was under way', async () => {
    const { programId, person, until } = await atWindow();
    await moveTo(programId, at(until, -1));
    await sell(programId, person, (until - begun) / dayMs - 0.001);
    expect(await statusOf(person.id)).toBe('active');
    expect((await evictionOf(person.id)).outcome).toBe('sold');
    await moveTo(programId, at(until, 5));
    expect(await statusOf(person.id)).toBe('active');
    expect(await lastTold(person.id)).toEqual(['reinstated', 'active_again']);
  });

  test('an old order that is brought in late is no sign of life', async () => {
    const programId = await program();
    const person = await join(programId);
    await moveTo(programId, 92);
    await sell(programId, person, 1);
    expect(await statusOf(person.id)).toBe('eviction_proposed');
    await sell(programId, person, 91, 'u-2');
    expect(await statusOf(person.id)).toBe('active');
    expect(await reviewOf(person.id, 'eviction')).toMatchObject({
      ...{ status: 'decided', outcome: 'reject', decisions: [] },
    });
  });

  test('an after-sale case that is open makes the proposal wait; it comes when that is closed', async () => {
    const programId = await program();
    const person = await join(programId);
    await moveTo(programId, 0.2);
    const order = await sell(programId, person, 0.1);
    const opened = await house.shop.post(`/v1/orders/${order.id}/after-sales`, {
      ...{ externalId: 'case-1', openedAt: inDays(0.15) },
    });
    expect([opened.status, opened.text]).toEqual([201, opened.text]);
    await moveTo(programId, 96);
    expect(await statusOf(person.id)).toBe('warned');
    const closedAt = inDays(96);
    const closed = await house.shop.post(`/v1/after-sales/${opened.body.id}/closure`, { closedAt });
    expect([closed.status, closed.text]).toEqual([200, closed.text]);
    await moveTo(programId, 100);
    expect(await statusOf(person.id)).toBe('eviction_proposed');
  });
});

describe('an appeal', () => {
  test('in the last minute is heard, by whom did not decide the eviction; upheld, all is as before', async () => {
    const { programId, person, until } = await atWindow();
    await moveTo(programId, at(until, -1));
    const made = await act(person.id, 'appeals', { text: 'I was ill.', evidence: ['file-1'] });
    expect([made.status, made.body.status, made.text]).toEqual([202, 'appealed', made.text]);
    await moveTo(programId, at(until, 60 * 24 * 30));
    expect(await statusOf(person.id)).toBe('appealed');
    const own = await decide(person.id, 'appeal', 'approve');
    expect([own.status, own.body.code]).toEqual([403, 'second_person_required']);
    const upheld = await decide(person.id, 'appeal', 'approve', second());
    expect([upheld.status, upheld.body.status]).toEqual([200, 'active']);
    const { body } = await house.shop.get(`/v1/distributors/${person.id}/appeals/${made.body.id}`);
    expect(body).toMatchObject({ outcome: 'approved', text: 'I was ill.', evidence: ['file-1'] });
  });

  test('one minute late is refused, with what is possible now', async () => {
    const { programId, person, until } = await atWindow();
    await moveTo(programId, at(until, 1));
    const late = await act(person.id, 'appeals', { text: 'Late.' });
    expect([late.status, late.body.code]).toEqual([409, 'not_possible_now']);
    expect(late.body.detail).toContain('evicted: appeals is not possible. Possible now: returns.');
  });

  test('dismissed, the eviction takes effect at once; of two admins at a time one decides', async () => {
    const { person } = await atWindow();
    await act(person.id, 'appeals', { text: 'No.' });
    const answers = await Promise.all([
      decide(person.id, 'appeal', 'reject', second()),
      decide(person.id, 'appeal', 'approve', second()),
      decide(person.id, 'appeal', 'reject'),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 409]);
    const won = answers.find(({ status }) => status === 200)?.body.status;
    expect(await statusOf(person.id)).toBe(won);
  });
});

describe('who is out', () => {
  test('loses downlines and customers by policy, and has them back within 30 days', async () => {
    const programId = await program();
    const top = await join(programId);
    const person = await join(programId, { sponsorCode: top.code });
    const below = [
      await join(programId, { sponsorCode: person.code }),
      await join(programId, { sponsorCode: person.code }),
    ];
    await moveTo(programId, 0.2);
    for (const customer of ['a', 'b']) await sell(programId, person, 0.1, customer);
    await moveTo(programId, 92);
    for (const { code } of [top, ...below]) {
      await sell(programId, { id: '', code }, 91, `of-${code}`);
    }
    await decide(person.id, 'eviction', 'approve');
    await moveTo(programId, 107);
    expect(await statusOf(person.id)).toBe('evicted');
    expect((await read(below[0]!.id)).sponsorId).toBe(top.id);
    const bindings = async (customer: string) =>
      (await house.shop.get(`/v1/bindings?programId=${programId}&customerExternalId=${customer}`))
        .body.data;
    expect((await bindings('a'))[0].endsAt).not.toBeNull();
    const changed = await act(below[1]!.id, 'sponsor-changes', { sponsorCode: null, reason: 'x' });
    expect([changed.status, changed.text]).toEqual([201, changed.text]);
    await sell(programId, below[0]!, 107, 'b');
    const back = await act(person.id, 'returns', { reason: 'A mistake.' });
    expect([back.status, back.body]).toMatchObject([
      201,
      { kind: 'reinstated', status: 'active', downlines: 1, customers: 1 },
    ]);
    expect((await read(below[0]!.id)).sponsorId).toBe(person.id);
    expect((await read(below[1]!.id)).sponsorId).toBeNull();
    expect((await bindings('a'))[0]).toMatchObject({
      ...{ distributorId: person.id, cause: 'reinstatement', endsAt: null },
    });
    expect((await bindings('b'))[0].distributorId).toBe(below[0]!.id);
  });

  test('comes back after the waiting period by an admin, not before, and without the team', async () => {
    const { programId, person, until } = await atWindow({ leaving: { returnAfterDays: 60 } });
    await moveTo(programId, at(until, 60 * 24 * 31));
    const early = await act(person.id, 'returns', { reason: 'Please.' });
    expect([early.status, early.body.code]).toEqual([409, 'not_possible_now']);
    expect(early.body.detail).toContain('A return is possible from');
    await moveTo(programId, at(until, 60 * 24 * 61));
    const back = await act(person.id, 'returns', { reason: 'A new start.' });
    expect([back.status, back.body]).toMatchObject([201, { kind: 'returned', status: 'active' }]);
  });
});

describe('a suspension', () => {
  test('holds the money at once; lifted, it is released', async () => {
    const plan = { levels: 1, rules: [{ id: 'own', level: 1, match: {}, rate: { bps: 1000 } }] };
    const scene = await givenScene(house, {
      ...{ rounding: 'floor', onIneligible: 'skip', selfPurchase: 'deny' },
      ...{ ...plan, tiers: [{ code: 'standard', rank: 1, privileges: {} }] },
    });
    const { programId, seller } = scene;
    await sell(programId, seller, -1);
    const made = await act(seller.id, 'suspensions', { reasonCode: 'fraud', reason: 'Own cards.' });
    expect([made.status, made.body.status, made.text]).toEqual([201, 'suspended', made.text]);
    await moveTo(programId, 20);
    const balance = async () =>
      (await house.shop.get(`/v1/distributors/${seller.id}/balance`)).body;
    const held = await balance();
    expect(held.availableAmount).toBe(0);
    expect(held.heldAmount).toBeGreaterThan(0);
    const lifted = await decide(seller.id, 'suspension', 'reject');
    expect([lifted.status, lifted.body.status]).toEqual([200, 'active']);
    await moveTo(programId, 21);
    expect(await balance()).toMatchObject({ heldAmount: 0, availableAmount: held.heldAmount });
  });

  test('has the same appeal: it stays suspended until another person decides', async () => {
    const programId = await program();
    const person = await join(programId);
    await act(person.id, 'suspensions', { reasonCode: 'spam', reason: 'Spam.' });
    const made = await act(person.id, 'appeals', { text: 'Not me.' });
    expect([made.status, made.body.status]).toEqual([202, 'suspended']);
    expect((await decide(person.id, 'suspension', 'approve')).body.status).toBe('suspended');
    await moveTo(programId, 40);
    expect(await statusOf(person.id)).toBe('suspended');
    expect((await decide(person.id, 'appeal', 'approve')).status).toBe(403);
    expect((await decide(person.id, 'appeal', 'approve', second())).body.status).toBe('active');
  });

  test('confirmed and not appealed against, it ends in an eviction', async () => {
    const programId = await program();
    const person = await join(programId);
    await act(person.id, 'suspensions', { reasonCode: 'spam', reason: 'Spam.' });
    await moveTo(programId, 30);
    expect(await statusOf(person.id)).toBe('suspended');
    expect((await decide(person.id, 'suspension', 'approve')).body.status).toBe('suspended');
    await moveTo(programId, 45);
    expect(await statusOf(person.id)).toBe('evicted');
  });
});

describe('leaving', () => {
  test('takes effect after the cooling-off period, and can be taken back until then', async () => {
    const programId = await program();
    const person = await join(programId);
    const asked = await act(person.id, 'departures');
    expect([asked.status, asked.body.status, asked.text]).toEqual([202, 'active', asked.text]);
    await moveTo(programId, 6);
    expect((await act(person.id, 'departures/withdrawal')).status).toBe(200);
    await moveTo(programId, 9);
    expect(await statusOf(person.id)).toBe('active');
    await act(person.id, 'departures', { reason: 'Moving.' });
    await moveTo(programId, 17);
    expect(await statusOf(person.id)).toBe('left');
    expect(await lastTold(person.id)).toEqual(['left', 'left']);
  });
});

describe('every step on the other ways out and back', () => {
  test('is told once, with its reason, in Chinese and in English', async () => {
    const programId = await program();
    const person = await join(programId);
    const suspension = { reasonCode: 'spam', reason: 'Spam.' };
    await act(person.id, 'suspensions', suspension);
    await decide(person.id, 'suspension', 'reject');
    await moveTo(programId, 1);
    await act(person.id, 'suspensions', suspension);
    await decide(person.id, 'suspension', 'approve');
    await moveTo(programId, 2);
    await act(person.id, 'appeals', { text: 'Not me.' });
    await decide(person.id, 'appeal', 'approve', second());
    await moveTo(programId, 3);
    await act(person.id, 'suspensions', suspension);
    await moveTo(programId, 4);
    await act(person.id, 'appeals', { text: 'Not me.' });
    await moveTo(programId, 5);
    await decide(person.id, 'suspension', 'approve');
    await moveTo(programId, 6);
    await decide(person.id, 'appeal', 'reject', second());
    await moveTo(programId, 7);
    expect((await act(person.id, 'returns', { reason: 'A mistake.' })).status).toBe(201);
    await moveTo(programId, 8);
    await act(person.id, 'departures');
    await moveTo(programId, 9);
    await act(person.id, 'departures/withdrawal');
    await moveTo(programId, 10);
    await act(person.id, 'departures', { reason: 'Moving.' });
    await moveTo(programId, 18);
    const heard = await told(person.id);
    expect(heard.events).toEqual([
      ...['activated', 'suspended', 'reinstated', 'suspended', 'appealed', 'reinstated'],
      ...['suspended', 'appealed', 'evicted', 'reinstated', 'left'],
    ]);
    expect(heard.notices).toEqual([
      ...['activated', 'suspended', 'suspension_lifted', 'suspended', 'suspension_confirmed'],
      ...['appealed', 'appeal_approved', 'suspended', 'appealed', 'suspension_confirmed'],
      ...['evicted', 'reinstated', 'departure_requested', 'departure_withdrawn'],
      ...['departure_requested', 'left'],
    ]);
    const reasoned = ['suspended', 'suspension_lifted', 'suspension_confirmed', 'evicted'];
    for (const language of ['zh-CN', 'en']) {
      const headers = { 'accept-language': language };
      const path = `/v1/distributors/${person.id}/notices?limit=100`;
      const { data } = (await house.shop.get(path, { headers })).body;
      expect(data).toHaveLength(heard.notices.length);
      for (const { template, title, text } of data) {
        expect(/\p{Script=Han}/u.test(title)).toBe(language === 'zh-CN');
        expect(text).not.toMatch(/undefined|null|NaN/);
        if (reasoned.includes(template)) expect(text).toMatch(/Spam\.|Seen\./);
      }
    }
  });
});

describe('every action in every state', () => {
  const bodies: Record<string, object> = {
    appeals: { text: 'No.' },
    suspensions: { reasonCode: 'other', reason: 'Other.' },
    departures: {},
    'departures/withdrawal': {},
    returns: { reason: 'Again.' },
  };
  const possible: Record<string, string[]> = {
    under_review: [],
    rejected: [],
    active: ['suspensions', 'departures'],
    warned: ['suspensions', 'departures'],
    eviction_proposed: ['suspensions', 'departures'],
    appeal_window: ['appeals', 'suspensions', 'departures'],
    appealed: ['suspensions', 'departures'],
    suspended: ['appeals'],
    evicted: ['returns'],
    left: ['returns'],
  };

  /** Brings somebody new into a status, as far as the API of a life is concerned. */
  async function inStatus(programId: string, status: string): Promise<Person> {
    const person = await join(programId);
    const { id } = person;
    if (status === 'under_review') return person;
    await decide(id, 'application', status === 'rejected' ? 'reject' : 'approve');
    if (status === 'suspended') await act(id, 'suspensions', bodies['suspensions']);
    if (status === 'left') {
      await act(id, 'departures');
      await moveTo(programId, await later(programId, 8));
    }
    const path = ['warned', 'eviction_proposed', 'appeal_window', 'appealed', 'evicted'];
    const steps = path.slice(0, path.indexOf(status) + 1);
    for (const step of steps.slice(0, status === 'evicted' ? 3 : undefined)) {
      if (step === 'warned') await moveTo(programId, await later(programId, 12));
      if (step === 'eviction_proposed') await moveTo(programId, await later(programId, 11));
      if (step === 'appeal_window') await decide(id, 'eviction', 'approve');
      if (step === 'appealed') await act(id, 'appeals', bodies['appeals']);
    }
    if (status === 'evicted') await moveTo(programId, await later(programId, 15));
    expect(await statusOf(id)).toBe(status);
    return person;
  }

  async function later(programId: string, days: number): Promise<string> {
    const { now } = (await house.shop.get(`/v1/programs/${programId}`)).body;
    return new Date(Date.parse(now) + days * dayMs).toISOString();
  }

  test('names every status and every action; who has just applied is under review at once', () => {
    const seen = distributorStatuses.filter((status) => status !== 'applied');
    expect(Object.keys(possible).sort()).toEqual([...seen].sort());
    expect(Object.keys(lifecycle.applied)).toEqual(['review_opened']);
    const paths = Object.keys(bodies).map((path) => path.split('/').at(-1));
    expect(paths.sort()).toEqual([...lifeActions].sort());
  });

  test.each(Object.entries(possible))('%s: %j, else 409 that says so', async (status, allowed) => {
    const inactivity = { warnAfterDays: 10, evictAfterDays: 20, appealWindowDays: 14 };
    const programId = await program({ enrolment: 'review', inactivity });
    const person = await inStatus(programId, status);
    for (const action of Object.keys(bodies).filter((one) => !allowed.includes(one))) {
      const refused = await act(person.id, action, bodies[action]);
      expect([action, refused.status, refused.body.code]).toEqual([
        action,
        409,
        'not_possible_now',
      ]);
      const named = allowed.length === 0 ? 'nothing' : allowed.join(', ');
      expect(refused.body.detail).toContain(`Possible now: ${named}.`);
      expect(await statusOf(person.id)).toBe(status);
    }
    const [first] = allowed;
    if (first === undefined) return;
    const done = await act(person.id, first, bodies[first]);
    expect([first, done.status < 300]).toEqual([first, true]);
  });
});
