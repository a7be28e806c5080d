import { decideCorrection, proposeCorrection } from '../../src/db/correction';
import { createReviewActivities } from '../../activities/review';
import { settlementById } from '../../src/db/settlement';
import { type TestApp, testApp } from '../support/app';
import { givenProgram } from '../support/given';
import { givenChannel } from '../support/payout';
import {
  decideAndBook,
  givenAccount,
  givenEarning,
  givenOpenSettlement,
  givenPayable,
  lockAndCompute,
  moneyOf,
  reviewOf,
} from '../support/settlement';

jest.setTimeout(180_000);

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const early = new Date('2026-03-01T00:00:00Z');

async function givenScene(people = 2) {
  const storeId = app.store.id;
  const programId = await givenProgram(app.db, storeId);
  const channelId = await givenChannel(app.db, app.vault, storeId);
  const owner = { storeId, programId, channelId };
  const ids: string[] = [];
  for (let i = 0; i < people; i += 1) ids.push(await givenPayable(app.db, app.vault, owner));
  return { ...owner, people: ids };
}

async function settledUpTo(programId: string, outcome: 'review' | 'approve'): Promise<string> {
  const id = await givenOpenSettlement(app.db, programId, new Date());
  await lockAndCompute(app.db, app.vault, id);
  if (outcome === 'approve') {
    await decideAndBook(app.db, app.vault, id, 'approve', { at: new Date() });
  }
  return id;
}

interface Statement {
  id: string;
  distributorId: string;
  grossAmount: number;
  links: Record<string, string>;
}

const statementsOf = async (settlementId: string) =>
  (await app.admin.get(`/v1/settlements/${settlementId}/statements`)).body['data'] as Statement[];

async function statementOf(settlementId: string, distributorId: string): Promise<Statement> {
  const all = await statementsOf(settlementId);
  return all.find((one) => one.distributorId === distributorId)!;
}

describe('one statement is taken out of a review', () => {
  test('its money is available again, the rest is what finance decides about', async () => {
    const { programId, people } = await givenScene();
    const [first, second] = people as [string, string];
    await givenEarning(app.db, programId, first, 7000n, early);
    await givenEarning(app.db, programId, second, 3000n, early);
    const id = await settledUpTo(programId, 'review');
    const statement = await statementOf(id, first);
    const taken = await app.admin.post(`/v1/statements/${statement.id}/exclusions`, {
      reason: 'looks like self-purchases',
    });
    expect(taken).toMatchObject({
      status: 201,
      body: { settlementId: id, distributorId: first, grossAmount: 7000, holdId: null },
    });
    expect(await moneyOf(app.db, programId, first)).toMatchObject({
      available: 7000n,
      settling: 0n,
      trialBalance: 0n,
    });
    expect((await app.admin.get(`/v1/settlements/${id}`)).body).toMatchObject({
      status: 'review',
      totals: { distributors: 1, grossAmount: 3000 },
      skipped: [{ reason: 'excluded', count: 1, amount: 7000 }],
    });
    expect((await reviewOf(app.db, id)).facts).toMatchObject({
      distributors: 1,
      grossAmount: '3000',
      skipped: [{ reason: 'excluded', count: 1, amount: '7000' }],
    });
    expect((await app.admin.get(`/v1/settlements/${id}/skipped?reason=excluded`)).body).toEqual({
      data: [
        {
          distributorId: first,
          reason: 'excluded',
          text: 'Finance took the statement out of this settlement; the next one takes it.',
          amount: 7000,
          missingAmount: null,
          note: 'looks like self-purchases',
          actor: expect.stringMatching(/^admin:/),
          links: {
            distributor: `/v1/distributors/${first}`,
            ledger: `/v1/distributors/${first}/ledger`,
            statement: `/v1/statements/${statement.id}`,
          },
        },
      ],
      nextCursor: null,
    });
    expect((await statementsOf(id)).map(({ distributorId }) => distributorId)).toEqual([second]);
    const again = await app.admin.post(`/v1/statements/${statement.id}/exclusions`, {
      reason: 'again',
    });
    expect([again.status, again.body['code']]).toEqual([409, 'statement_not_excludable']);

    await decideAndBook(app.db, app.vault, id, 'approve', { at: new Date() });
    expect((await moneyOf(app.db, programId, second)).settling).toBe(3000n);
    const next = await settledUpTo(programId, 'review');
    expect((await statementsOf(next)).map(({ distributorId }) => distributorId)).toEqual([first]);
  });

  test('when all are taken out, the approval pays nobody', async () => {
    const { programId, people } = await givenScene(1);
    await givenEarning(app.db, programId, people[0]!, 7000n, early);
    const id = await settledUpTo(programId, 'review');
    const { id: statementId } = await statementOf(id, people[0]!);
    await app.admin.post(`/v1/statements/${statementId}/exclusions`, { reason: 'no' });
    await decideAndBook(app.db, app.vault, id, 'approve', { at: new Date() });
    expect(await settlementById(app.db.read, id)).toMatchObject({
      distributors: 0,
      grossAmount: 0n,
      resultHash: expect.any(String),
    });
    expect((await moneyOf(app.db, programId, people[0]!)).available).toBe(7000n);
  });

  test('a hold keeps the person out, also of withdrawals, until it is lifted', async () => {
    const { programId, people } = await givenScene(1);
    const person = people[0]!;
    await givenEarning(app.db, programId, person, 7000n, early);
    const id = await settledUpTo(programId, 'review');
    const { id: statementId } = await statementOf(id, person);
    const held = await app.admin.post(`/v1/statements/${statementId}/exclusions`, {
      reason: 'a dispute is open',
      hold: true,
    });
    const { holdId } = held.body as { holdId: string };
    await decideAndBook(app.db, app.vault, id, 'approve', { at: new Date() });
    const next = await settledUpTo(programId, 'review');
    expect((await app.admin.get(`/v1/settlements/${next}`)).body).toMatchObject({
      status: 'closed',
      skipped: [{ reason: 'on_hold', count: 1, amount: 7000 }],
    });
    const [skip] = (await app.admin.get(`/v1/settlements/${next}/skipped`)).body['data'];
    expect((await app.admin.get(skip.links.hold)).body).toMatchObject({
      ...{ id: holdId, distributorId: person, reason: 'a dispute is open', liftedAt: null },
    });
    const withdrawal = await app.shop.post(`/v1/distributors/${person}/withdrawals`, {
      amount: 1000,
    });
    expect(withdrawal).toMatchObject({
      status: 422,
      body: { code: 'not_payable', errors: [{ code: 'on_hold' }] },
    });
    const holds = `/v1/programs/${programId}/settlement-holds`;
    expect((await app.admin.get(`${holds}?open=true`)).body['data']).toHaveLength(1);
    const lifting = `/v1/settlement-holds/${holdId}/lifting`;
    expect((await app.admin.post(lifting, { reason: 'settled' })).body).toMatchObject({
      id: holdId,
      liftReason: 'settled',
    });
    expect((await app.admin.post(lifting, { reason: 'twice' })).body['code']).toBe('hold_lifted');
    expect((await app.admin.get(`${holds}?open=true`)).body['data']).toEqual([]);
    const last = await settledUpTo(programId, 'review');
    expect((await app.admin.get(`/v1/settlements/${last}`)).body['status']).toBe('review');
  });

  test('without a reason, or after the approval, nothing happens', async () => {
    const { programId, people } = await givenScene(1);
    await givenEarning(app.db, programId, people[0]!, 7000n, early);
    const id = await settledUpTo(programId, 'approve');
    const { id: statementId } = await statementOf(id, people[0]!);
    const path = `/v1/statements/${statementId}/exclusions`;
    expect((await app.admin.post(path, {})).status).toBe(400);
    expect((await app.admin.post(path, { reason: 'late' })).body['code']).toBe(
      'statement_not_excludable',
    );
    expect((await moneyOf(app.db, programId, people[0]!)).settling).toBe(7000n);
  });
});

test('finance sees what is not as usual, and one click leads from a row to each line', async () => {
  const scene = await givenScene(3);
  const { programId, channelId } = scene;
  const [usual, grown, moved] = scene.people as [string, string, string];
  for (let cycle = 0; cycle < 2; cycle += 1) {
    for (const id of [usual, grown, moved]) await givenEarning(app.db, programId, id, 1000n, early);
    await settledUpTo(programId, 'approve');
  }
  await app.db.read.run('UPDATE payout_account SET replaced_at = now() WHERE distributor_id = $1', [
    moved,
  ]);
  await givenAccount(app.db, app.vault, moved, channelId, 'slow');
  await app.db.read.run(
    `UPDATE payout_account SET created_at = now()
     WHERE distributor_id = $1 AND replaced_at IS NULL`,
    [moved],
  );
  const fresh = await givenPayable(app.db, app.vault, scene);
  await givenEarning(app.db, programId, usual, 3000n, early);
  await givenEarning(app.db, programId, grown, 3001n, early);
  await givenEarning(app.db, programId, moved, 1000n, early);
  await givenEarning(app.db, programId, fresh, 800n, early);
  const id = await settledUpTo(programId, 'review');
  const view = (await app.admin.get(`/v1/settlements/${id}`)).body;
  const only = (distributorId: string, grossAmount: number, usualAmount: number | null) => ({
    count: 1,
    statements: [{ statementId: expect.any(String), distributorId, grossAmount, usualAmount }],
  });
  expect(view['outliers']).toEqual({
    muchLarger: only(grown, 3001, 1000),
    newPayees: only(fresh, 800, null),
    changedAccounts: only(moved, 1000, 1000),
    lastCycles: [
      expect.objectContaining({ distributors: 3, grossAmount: 3000, netAmount: 3000 }),
      expect.objectContaining({ distributors: 3, grossAmount: 3000, netAmount: 3000 }),
    ],
  });
  expect((await reviewOf(app.db, id)).facts['outliers']).toMatchObject({
    muchLarger: { count: 1 },
  });
  const statement = await statementOf(id, usual);
  const lines = await app.admin.get(statement.links['lines']!);
  expect(lines.body['data']).toMatchObject([{ amount: 3000, links: {} }]);

  const listed = async (query = '') =>
    (await app.admin.get(`${view['links'].outliers}${query}`)).body;
  const everyOne = (await listed()).data;
  expect(everyOne).toMatchObject([
    { distributorId: grown, kinds: ['muchLarger'], grossAmount: 3001, usualAmount: 1000 },
    { distributorId: moved, kinds: ['changedAccounts'], grossAmount: 1000 },
    { distributorId: fresh, kinds: ['newPayees'], grossAmount: 800, comparedWith: [] },
  ]);
  // What it is held against, and one click to each of it.
  const [large, other] = everyOne;
  expect(large.comparedWith).toMatchObject([{ grossAmount: 1000 }, { grossAmount: 1000 }]);
  for (const { link } of large.comparedWith) {
    expect((await app.admin.get(link)).body).toMatchObject({
      ...{ distributorId: grown, grossAmount: 1000, status: 'approved' },
    });
  }
  expect((await app.admin.get(large.links.statement)).body['id']).toBe(large.statementId);
  expect(Date.parse(other.account.since)).toBeGreaterThan(Date.parse(other.lastPayout.createdAt));
  expect((await app.admin.get(other.lastPayout.link)).body['distributorId']).toBe(moved);
  for (const kind of ['muchLarger', 'newPayees', 'changedAccounts'] as const) {
    expect((await listed(`?kind=${kind}`)).data).toHaveLength(view['outliers'][kind].count);
  }
  const pages = [await listed('?limit=2')];
  pages.push(await listed(`?limit=2&cursor=${pages[0].nextCursor}`));
  expect(pages.flatMap(({ data }) => data)).toEqual(everyOne);
  expect(pages[1].nextCursor).toBeNull();

  // The approval changes nothing of what finance saw.
  await decideAndBook(app.db, app.vault, id, 'approve', { at: new Date() });
  expect((await listed()).data).toEqual(everyOne);
});

test('everybody who is left out is listed with the reason, the amount and what to look at', async () => {
  const scene = await givenScene(1);
  const { programId } = scene;
  const small = await givenPayable(app.db, app.vault, scene);
  const homeless = await givenPayable(app.db, app.vault, scene);
  await app.db.read.run('UPDATE payout_account SET replaced_at = now() WHERE distributor_id = $1', [
    homeless,
  ]);
  await givenEarning(app.db, programId, scene.people[0]!, 7000n, early);
  await givenEarning(app.db, programId, small, 99n, early);
  await givenEarning(app.db, programId, homeless, 5000n, early);
  const id = await settledUpTo(programId, 'review');
  const view = (await app.admin.get(`/v1/settlements/${id}`)).body;
  expect(view).toMatchObject({
    totals: { distributors: 1, grossAmount: 7000 },
    skipped: [
      { reason: 'below_minimum', count: 1, amount: 99 },
      { reason: 'no_payout_account', count: 1, amount: 5000 },
    ],
    links: { review: `/v1/reviews/${view['reviewId']}` },
  });
  for (const { reason, count, amount } of view['skipped']) {
    const { data } = (await app.admin.get(`${view['links'].skipped}?reason=${reason}`)).body;
    expect(data).toHaveLength(count);
    expect(data[0]).toMatchObject({ reason, amount, text: expect.stringMatching(/\w+\.$/) });
    const person = await app.admin.get(data[0].links.distributor);
    expect(person.body['id']).toBe(data[0].distributorId);
  }
  const chinese = await app.admin.get(`${view['links'].skipped}?reason=no_payout_account`, {
    headers: { 'accept-language': 'zh-CN' },
  });
  expect(chinese.body['data'][0].text).toBe('分销员没有收款账户。');
});

test('the account is frozen into the payout at the approval; the income that is taxed is before the fee', async () => {
  const storeId = app.store.id;
  const programId = await givenProgram(app.db, storeId, { feeFixedAmount: 100n, feeBps: 1000 });
  const channelId = await givenChannel(app.db, app.vault, storeId);
  const person = await givenPayable(app.db, app.vault, { storeId, programId, channelId });
  await givenEarning(app.db, programId, person, 180_000n, early);
  const moveTo = (account: string) =>
    app.shop.put(`/v1/distributors/${person}/payout-account`, {
      ...{ channelId, account, holderName: '李明' },
    });
  const id = await settledUpTo(programId, 'review');
  // 1,800 yuan less 800 at 20 %, whatever the fee of 181 yuan takes of the rest.
  expect(await statementsOf(id)).toMatchObject([
    { grossAmount: 180_000, taxAmount: 20_000, feeAmount: 18_100, netAmount: 141_900 },
  ]);
  expect((await moveTo('before-the-approval-1111')).status).toBe(200);
  await decideAndBook(app.db, app.vault, id, 'approve', { at: new Date() });
  expect((await moveTo('after-the-approval-2222')).status).toBe(200);
  const paid = (await app.shop.get(`/v1/payouts?settlementId=${id}`)).body['data'];
  expect(paid).toMatchObject([{ account: '****1111', amount: 141_900, status: 'queued' }]);
});

describe('whom the tax or an invoice stops', () => {
  interface Skip {
    distributorId: string;
    reason: string;
    text: string;
    missingAmount: number | null;
    links: Record<string, string>;
  }
  const skipsOf = async (settlementId: string) =>
    (await app.admin.get(`/v1/settlements/${settlementId}/skipped`)).body['data'] as Skip[];
  const at = (month: string) => new Date(`2026-${month}-20T02:00:00Z`);

  async function settledAt(programId: string, when: Date): Promise<string> {
    const id = await givenOpenSettlement(app.db, programId, when);
    await lockAndCompute(app.db, app.vault, id);
    return id;
  }

  test.each([
    ['a minor', 'minor', 5000n, '110105201006150012', '2026-11'],
    ['income above the VAT exemption', 'vat_exemption', 10_000_001n, undefined, '2026-11'],
  ])('%s: one click to the review that decides', async (_, reason, amount, idNumber, month) => {
    const scene = await givenScene(0);
    const owner = { ...scene, ...(idNumber === undefined ? {} : { idNumber }) };
    const person = await givenPayable(app.db, app.vault, owner);
    await givenEarning(app.db, scene.programId, person, amount, early);
    const id = await settledAt(scene.programId, at('11'));
    const [skip, ...others] = await skipsOf(id);
    expect(others).toEqual([]);
    expect(skip).toMatchObject({ distributorId: person, reason, text: expect.any(String) });
    const review = (await app.admin.get(skip!.links['review']!)).body;
    expect(review).toMatchObject({
      ...{ kind: 'reconciliation', status: 'open' },
      facts: { about: 'tax_stop', reason, distributorId: person, month },
    });
    expect(skip!.links['invoices']).toBeUndefined();
  });

  test('a later stop of the same person is not what this settlement links to', async () => {
    const scene = await givenScene(0);
    const person = await givenPayable(app.db, app.vault, scene);
    await givenEarning(app.db, scene.programId, person, 10_000_001n, early);
    const november = await settledAt(scene.programId, at('11'));
    const december = await settledAt(scene.programId, at('12'));
    const linked = async (id: string) => (await skipsOf(id))[0]?.links['review'];
    const [first, second] = [await linked(november), await linked(december)];
    expect(first).not.toBe(second);
    expect((await app.admin.get(first!)).body['facts'].month).toBe('2026-11');
    expect((await app.admin.get(second!)).body['facts'].month).toBe('2026-12');
    // Another tax profile later: what stopped the person then is still found.
    await app.db.read.run(
      `UPDATE tax_profile SET id_number_index = 'somebody else' WHERE distributor_id = $1`,
      [person],
    );
    expect(await linked(november)).toBe(first);
  });

  test('a business without an invoice: one click to the invoices, and how much is missing', async () => {
    const scene = await givenScene(0);
    const idNumber = '91310000MA1K000006';
    const company = await givenPayable(app.db, app.vault, { ...scene, idNumber });
    await app.db.read.run(`UPDATE tax_profile SET kind = 'company' WHERE distributor_id = $1`, [
      company,
    ]);
    await givenEarning(app.db, scene.programId, company, 5000n, early);
    const id = await settledUpTo(scene.programId, 'review');
    const [skip] = await skipsOf(id);
    expect(skip).toMatchObject({ reason: 'needs_invoice', missingAmount: 5000 });
    expect(skip!.links['review']).toBeUndefined();
    const invoices = await app.admin.get(skip!.links['invoices']!);
    expect([invoices.status, invoices.body['data']]).toEqual([200, []]);
    const invoice = { number: 'INV-1', amount: 5000, issuedAt: new Date().toISOString() };
    expect((await app.admin.post(skip!.links['invoices']!, invoice)).status).toBe(201);
    const next = await settledUpTo(scene.programId, 'review');
    expect(await skipsOf(next)).toEqual([]);
    expect((await statementsOf(next)).map(({ grossAmount }) => grossAmount)).toEqual([5000]);
  });
});

describe('a closed period is corrected in the next one', () => {
  async function givenSettled() {
    const { programId, people } = await givenScene(1);
    const person = people[0]!;
    await givenEarning(app.db, programId, person, 7000n, early);
    const id = await settledUpTo(programId, 'approve');
    return { programId, person, id, statement: await statementOf(id, person) };
  }

  const propose = (id: string, statementId: string, amount: unknown, client = app.admin) =>
    client.post(`/v1/settlements/${id}/corrections`, {
      statementId,
      amount,
      reason: 'an order was attributed wrongly',
    });

  const decide = (reviewId: string, deciderId: string, decision: 'approve' | 'reject') =>
    createReviewActivities({ db: app.db, clock: app.deps.clock }).decideReview({
      reviewId,
      deciderId,
      decision,
      reason: 'checked',
    });

  test('a second person books it; nothing of the settlement changes', async () => {
    const { programId, person, id, statement } = await givenSettled();
    const before = (await app.admin.get(`/v1/settlements/${id}`)).body;
    const proposed = await propose(id, statement.id, 250);
    expect(proposed).toMatchObject({ status: 202, body: { status: 'proposed', amount: 250 } });
    const { reviewId, id: correctionId } = proposed.body as { reviewId: string; id: string };
    expect(await decide(reviewId, app.store.admin.id, 'approve')).toMatchObject({
      outcome: 'refused',
      code: 'second_person_required',
    });
    expect((await moneyOf(app.db, programId, person)).available).toBe(0n);
    expect(await decide(reviewId, app.store.secondAdmin.id, 'approve')).toEqual({
      outcome: 'decided',
      subject: { id: correctionId, status: 'booked' },
    });
    expect(await decide(reviewId, app.store.secondAdmin.id, 'approve')).toEqual({
      outcome: 'decided',
      subject: { id: correctionId, status: 'booked' },
    });
    expect(await moneyOf(app.db, programId, person)).toMatchObject({
      available: 250n,
      settling: 7000n,
      trialBalance: 0n,
    });
    expect((await app.admin.get(`/v1/settlements/${id}`)).body).toEqual(before);
    expect((await app.admin.post(`/v1/settlements/${id}/verification`)).body).toMatchObject({
      matches: true,
    });
    const next = await settledUpTo(programId, 'review');
    const { id: nextStatement } = await statementOf(next, person);
    expect((await app.admin.get(`/v1/statements/${nextStatement}`)).body['lines']).toMatchObject([
      {
        kind: 'adjustment',
        amount: 250,
        correctionId,
        correctionReason: 'an order was attributed wrongly',
        links: { correction: `/v1/corrections/${correctionId}` },
      },
    ]);
  });

  test('what is taken and is not there is owed, and comes off the next money', async () => {
    const { programId, person, id, statement } = await givenSettled();
    const { reviewId } = (await propose(id, statement.id, -500)).body as { reviewId: string };
    await decide(reviewId, app.store.secondAdmin.id, 'approve');
    expect(await moneyOf(app.db, programId, person)).toMatchObject({
      available: 0n,
      receivable: -500n,
      trialBalance: 0n,
    });
  });

  test('a rejected one books nothing, and stays on record', async () => {
    const { programId, person, id, statement } = await givenSettled();
    const { reviewId } = (await propose(id, statement.id, 500)).body as { reviewId: string };
    await decide(reviewId, app.store.secondAdmin.id, 'reject');
    expect((await moneyOf(app.db, programId, person)).available).toBe(0n);
    expect((await app.admin.get(`/v1/settlements/${id}/corrections`)).body['data']).toMatchObject([
      { status: 'rejected', amount: 500, reviewId },
    ]);
  });

  test('only what is approved is corrected, and only by an amount', async () => {
    const { programId, people } = await givenScene(1);
    await givenEarning(app.db, programId, people[0]!, 7000n, early);
    const id = await settledUpTo(programId, 'review');
    const { id: statementId } = await statementOf(id, people[0]!);
    expect((await propose(id, statementId, 100)).body['code']).toBe('settlement_not_approved');
    expect((await propose(id, statementId, 0)).status).toBe(400);
    const done = await givenSettled();
    expect((await propose(done.id, statementId, 100)).status).toBe(404);
    expect((await propose(done.id, done.statement.id, 100, app.shop)).status).toBe(202);
  });

  test('the same decision twice books once', async () => {
    const { programId, person, id, statement } = await givenSettled();
    const settlement = await settlementById(app.db.read, id);
    const proposed = await app.db.transaction((tx) =>
      proposeCorrection(tx, settlement, {
        statementId: statement.id,
        ...{ amount: 10n, reason: 'x', actor: 'test', adminId: undefined, realNow: new Date() },
      }),
    );
    const decision = { correctionId: proposed.id, outcome: 'approve' as const, at: new Date() };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => app.db.transaction((tx) => decideCorrection(tx, decision))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await moneyOf(app.db, programId, person)).available).toBe(10n);
  });
});

test('one by hand takes the place of what the calendar opened and nobody has begun to decide', async () => {
  const { programId, people } = await givenScene(2);
  await givenEarning(app.db, programId, people[0]!, 7000n, early);
  const automatic = await givenOpenSettlement(app.db, programId, new Date());
  await app.db.read.run(`UPDATE settlement SET requested_by = 'system:calendar' WHERE id = $1`, [
    automatic,
  ]);
  await lockAndCompute(app.db, app.vault, automatic);
  await givenEarning(app.db, programId, people[1]!, 2000n, early);
  const byHand = await app.admin.post(`/v1/programs/${programId}/settlements`, {});
  expect(byHand.status).toBe(202);
  const { id } = byHand.body as { id: string };
  expect(await settlementById(app.db.read, automatic)).toMatchObject({ status: 'rejected' });
  expect(await reviewOf(app.db, automatic)).toMatchObject({
    status: 'decided',
    outcome: 'reject',
  });
  await lockAndCompute(app.db, app.vault, id);
  expect(await settlementById(app.db.read, id)).toMatchObject({
    status: 'review',
    distributors: 2,
    grossAmount: 9000n,
  });
  const third = await app.admin.post(`/v1/programs/${programId}/settlements`, {});
  expect([third.status, third.body['code']]).toEqual([409, 'settlement_already_open']);
});
