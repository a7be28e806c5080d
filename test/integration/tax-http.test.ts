import { parse } from 'csv-parse/sync';
import { createReviewActivities } from '../../activities/review';
import { giveBackPayout } from '../../src/db/withholding';
import { call, type Credentials, givenShop, startApi, type TestApi } from '../support/api';
import { type TestDatabase, testDatabase } from '../support/database';
import { givenDistributor, givenProgram } from '../support/given';
import { givenAccount } from '../support/settlement';
import { givenChannel } from '../support/payout';
import {
  decideAndBook,
  givenEarning,
  givenOpenSettlement,
  lockAndCompute,
} from '../support/settlement';

let db: TestDatabase;
let api: TestApi;
let shop: Credentials;
let other: Credentials;
let auditor: Credentials;

beforeAll(async () => {
  db = await testDatabase();
  api = await startApi(db);
  shop = await givenShop(db);
  other = await givenShop(db);
  auditor = await givenShop(db, { roles: ['auditor'] });
}, 120_000);
afterAll(async () => {
  await api.close();
  await db.drop();
});

const ask = (path: string, token = shop.adminToken) => call(`${api.url}${path}`, { token });
const send = (method: string, path: string, body: unknown, token = shop.adminToken) =>
  call(`${api.url}${path}`, { method, token, body });

const november = new Date('2026-11-20T02:00:00Z');
const resident = '11010519491231002x';

/** A program of its own payer whose clock is in December, so that November is over. */
async function givenScene(storeId = shop.storeId) {
  const programId = await givenProgram(db, storeId);
  const december = BigInt(new Date('2026-12-20T02:00:00Z').getTime() - Date.now());
  await db.read.run('UPDATE program SET clock_offset_ms = greatest($2::bigint, 0) WHERE id = $1', [
    programId,
    december,
  ]);
  const channelId = await givenChannel(db, api.deps.vault, storeId);
  const row = await db.read.first<{ payerId: string }>(
    'SELECT payer_id FROM program WHERE id = $1',
    [programId],
  );
  return { storeId, programId, channelId, payerId: row!.payerId };
}

type Scene = Awaited<ReturnType<typeof givenScene>>;

async function givenPerson(scene: Scene, profile: object) {
  const id = await givenDistributor(db, scene);
  await givenAccount(db, api.deps.vault, id, scene.channelId);
  expect(await send('PUT', `/v1/distributors/${id}/tax-profile`, profile)).toMatchObject({
    status: 200,
  });
  return id;
}

const person = (name = '张三') => ({ kind: 'individual', name, idNumber: resident });

async function pay(scene: Scene, distributorId: string, amount: bigint, at = november) {
  const { vault } = api.deps;
  await givenEarning(db, scene.programId, distributorId, amount);
  const settlementId = await givenOpenSettlement(db, scene.programId, at);
  await lockAndCompute(db, vault, settlementId);
  await decideAndBook(db, vault, settlementId, 'approve', { at });
  const payout = await db.read.first<Parameters<typeof giveBackPayout>[1]>(
    'SELECT *, 0::bigint AS clock_offset_ms FROM payout WHERE settlement_id = $1',
    [settlementId],
  );
  return payout!;
}

const comeBack = (payout: Parameters<typeof giveBackPayout>[1]) =>
  db.transaction((tx) =>
    giveBackPayout(tx, payout, { netAt: 'settling', realNow: new Date('2026-12-20T02:00:00Z') }),
  );

const readCsv = (text: string) => parse<Record<string, string>>(text, { columns: true, bom: true });

const balances = async (programId: string) => {
  const rows = await db.read.rows<{ code: string; balance: bigint }>(
    `SELECT code, balance FROM ledger_account WHERE program_id = $1 AND code LIKE 'tax-%'`,
    [programId],
  );
  return Object.fromEntries(rows.map(({ code, balance }) => [code, Number(balance)]));
};

describe('the declaration of a month', () => {
  test('open, declared, corrected: what was declared is kept and what came later is listed against it', async () => {
    const scene = await givenScene();
    const id = await givenPerson(scene, person('=张三'));
    const payout = await pay(scene, id, 300_000n);
    const base = `/v1/payers/${scene.payerId}/declarations`;
    const month = `${base}/2026-11`;
    expect((await ask(month)).json).toMatchObject({
      mode: 'test',
      status: 'open',
      declared: null,
      totals: { people: 1, incomeAmount: 300_000, withheldAmount: 44_000 },
      data: [
        {
          name: '=张三',
          documentType: 'residentId',
          idNumber: '1101**********002X',
          method: 'general',
          figures: { incomeAmount: 300_000, expenseAmount: 80_000, dueAmount: 44_000 },
        },
      ],
      corrections: [],
    });
    const file = await ask(`${month}.csv`);
    expect(file.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(readCsv(file.text)).toMatchObject([
      { 姓名: "'=张三", 证照号: '1101**********002X', 本期收入: '3000.00', 应补退: '440.00' },
    ]);

    const declared = await send('POST', base, { month: '2026-11', reference: 'D-11' });
    expect(declared).toMatchObject({ status: 201, json: { version: 1, reference: 'D-11' } });
    expect(await send('POST', base, { month: '2026-11' })).toMatchObject({
      status: 422,
      json: { code: 'nothing_to_declare' },
    });
    expect((await ask(month)).json).toMatchObject({ status: 'declared', corrections: [] });

    await comeBack(payout);
    const after = {
      status: 'declared',
      totals: { people: 0, incomeAmount: 0 },
      data: [{ figures: { incomeAmount: 300_000, withheldAmount: 44_000 } }],
      corrections: [
        {
          month: '2026-11',
          declared: { withheldAmount: 44_000 },
          figures: { incomeAmount: 0, withheldAmount: 0 },
          incomeDifferenceAmount: -300_000,
          withheldDifferenceAmount: -44_000,
        },
      ],
    };
    expect((await ask(month)).json).toMatchObject(after);
    // The next month's declaration lists what is to be corrected of the earlier one.
    const next = await ask(`${base}/2026-12.csv`);
    expect(readCsv(next.text)).toMatchObject([
      { 税款所属期起: '2026-11-01', 申报类型: '更正申报', 实扣税额差额: '-440.00' },
    ]);
    expect(await send('POST', base, { month: '2026-11', reference: 'D-11-2' })).toMatchObject({
      status: 201,
      json: { version: 2 },
    });
    expect((await ask(month)).json).toMatchObject({
      declared: { version: 2 },
      data: [],
      corrections: [],
    });
  });

  test('whole ID numbers are for finance only, and every look is recorded', async () => {
    const scene = await givenScene();
    await pay(scene, await givenPerson(scene, person()), 300_000n);
    const path = `/v1/payers/${scene.payerId}/declarations/2026-11`;
    for (const suffix of ['', '.csv']) {
      expect(await ask(`${path}${suffix}?idNumbers=full`, shop.apiKey)).toMatchObject({
        status: 403,
        json: { code: 'role_required' },
      });
      const full = await ask(`${path}${suffix}?idNumbers=full`);
      expect(full.text).toContain('11010519491231002X');
      expect((await ask(`${path}${suffix}`)).text).not.toContain('11010519491231002X');
    }
    const looks = await db.read.rows<{ actor: string; after: object }>(
      `SELECT actor, after FROM audit_record WHERE action = 'payer.id_numbers_disclosed'
       AND subject_id = $1`,
      [scene.payerId],
    );
    expect(looks).toHaveLength(2);
    expect(looks[0]).toEqual({
      actor: `admin:${shop.adminId}`,
      after: { month: '2026-11', mode: 'test' },
    });
  });

  test('names everybody who was paid, also whose tax is 0, and says by when it is due', async () => {
    const scene = await givenScene();
    await pay(scene, await givenPerson(scene, person('赵六')), 80_000n);
    const { json } = await ask(`/v1/payers/${scene.payerId}/declarations/2026-11`);
    expect(json).toMatchObject({
      dueOn: '2026-12-15',
      totals: { people: 1, incomeAmount: 80_000, withheldAmount: 0 },
      data: [{ name: '赵六', figures: { incomeAmount: 80_000, taxAmount: 0, dueAmount: 0 } }],
    });
    const file = await ask(`/v1/payers/${scene.payerId}/declarations/2026-11.csv`);
    expect(readCsv(file.text)).toMatchObject([
      {
        证照类型: '居民身份证',
        税款所属期起: '2026-11-01',
        税款所属期止: '2026-11-30',
        本期收入: '800.00',
        本期费用: '800.00',
        本期免税收入: '0.00',
        应纳税额: '0.00',
        应补退: '0.00',
      },
    ]);
  });

  test('a profile that changes later still leaves the month declared in the old name', async () => {
    const scene = await givenScene();
    const id = await givenPerson(scene, person('李四'));
    await pay(scene, id, 300_000n);
    await send('PUT', `/v1/distributors/${id}/tax-profile`, {
      kind: 'company',
      name: '某某公司',
      idNumber: '91310000MA1K000006',
    });
    const { json } = await ask(`/v1/payers/${scene.payerId}/declarations/2026-11`);
    expect(json).toMatchObject({ data: [{ name: '李四', documentType: 'residentId' }] });
  });

  test.each([
    ['a month that runs', { month: '2027-01' }, 422, 'month_not_over'],
    ['no month', { month: '2026-13' }, 400, 'invalid_request'],
    ['an unknown field', { month: '2026-11', year: 1 }, 400, 'invalid_request'],
  ])('%s cannot be declared', async (_, body, status, code) => {
    const { payerId } = await givenScene();
    const answer = await send('POST', `/v1/payers/${payerId}/declarations`, body);
    expect(answer).toMatchObject({ status, json: { code } });
  });
});

describe('tax paid to the bureau', () => {
  test('leaves tax-payable once; a return after that is a claim and calls finance', async () => {
    const scene = await givenScene();
    const id = await givenPerson(scene, person());
    const first = await pay(scene, id, 300_000n);
    await pay(scene, id, 200_000n);
    const path = `/v1/payers/${scene.payerId}/tax-remittances`;
    const body = { month: '2026-11', reference: 'T-11' };
    const paid = await send('POST', path, body);
    expect(paid).toMatchObject({ status: 201, json: { amount: 80_000, mode: 'test' } });
    expect(await send('POST', path, body)).toMatchObject({ status: 200, json: paid.json });
    expect(await send('POST', path, { ...body, month: '2026-10' })).toMatchObject({
      status: 409,
      json: { code: 'remittance_conflict' },
    });
    expect(await send('POST', path, { ...body, reference: 'T-11b' })).toMatchObject({
      status: 422,
      json: { code: 'nothing_to_remit' },
    });
    expect(await balances(scene.programId)).toEqual({ 'tax-payable': 0, 'tax-remitted': 80_000 });
    expect((await ask(path)).json).toMatchObject({ data: [{ reference: 'T-11' }] });

    await comeBack(first);
    expect(await balances(scene.programId)).toEqual({
      'tax-payable': 0,
      'tax-remitted': 80_000,
      'tax-receivable': -44_000,
    });
    const task = await db.read.first<{ id: string; kind: string; facts: object }>(
      'SELECT id, kind, facts FROM review_task WHERE subject_id = $1',
      [(first as { id: string }).id],
    );
    expect(task).toMatchObject({
      kind: 'reconciliation',
      facts: { about: 'returned_tax', month: '2026-11', taxAmount: '44000' },
    });
    const { decideReview } = createReviewActivities({ db, clock: { now: () => new Date() } });
    const decision = { reviewId: task!.id, deciderId: shop.adminId, decision: 'approve' as const };
    expect(await decideReview({ ...decision, reason: 'refunded' })).toMatchObject({
      outcome: 'decided',
    });
    expect(await balances(scene.programId)).toEqual({
      'tax-payable': 0,
      'tax-remitted': 36_000,
      'tax-receivable': 0,
    });
    const trial = await ask(`/v1/ledger/trial-balance?programId=${scene.programId}`);
    expect(trial.json).toMatchObject({ balanced: true });
  });

  test('what failed before is not paid, and remittance and return at once never lose a fen', async () => {
    const scene = await givenScene();
    const id = await givenPerson(scene, person());
    const payouts = [];
    for (let i = 0; i < 4; i += 1) payouts.push(await pay(scene, id, 100_000n));
    await comeBack(payouts[0]!);
    const path = `/v1/payers/${scene.payerId}/tax-remittances`;
    await Promise.all([
      send('POST', path, { month: '2026-11', reference: 'R-1' }),
      comeBack(payouts[1]!),
      comeBack(payouts[2]!),
    ]);
    const now = await balances(scene.programId);
    const kept = payouts[3] as unknown as { taxAmount: bigint };
    const sum = Object.values(now).reduce((total, one) => total + one, 0);
    expect(sum).toBe(Number(kept.taxAmount));
    expect(now['tax-payable']).toBe(0);
  });
});

describe('invoices', () => {
  test('are recorded, listed, used and said what is missing of', async () => {
    const scene = await givenScene();
    const id = await givenPerson(scene, {
      kind: 'company',
      name: '某某公司',
      idNumber: '91310000MA1K000006',
    });
    await givenEarning(db, scene.programId, id, 500_000n);
    const path = `/v1/distributors/${id}/invoices`;
    const invoice = {
      number: '24312000000012345678',
      amount: 300_000,
      issuedAt: '2026-11-01T00:00:00Z',
    };
    const made = await send('POST', path, invoice);
    expect(made).toMatchObject({ status: 201, json: { amount: 300_000, usedAmount: 0 } });
    expect(await send('POST', path, invoice)).toMatchObject({ status: 200, json: made.json });
    expect(await send('POST', path, { ...invoice, amount: 1 })).toMatchObject({
      status: 409,
      json: { code: 'invoice_conflict' },
    });
    expect((await ask(`/v1/distributors/${id}/invoice-cover`)).json).toMatchObject({
      availableAmount: 500_000,
      coveredAmount: 300_000,
      missingAmount: 200_000,
      text: expect.stringContaining('2000.00'),
    });
    await send('POST', path, { ...invoice, number: '2', amount: 250_000 });
    await pay(scene, id, 50_000n);
    expect((await ask(path)).json).toMatchObject({
      data: [{ number: '2', usedAmount: 250_000 }, { usedAmount: 300_000 }],
    });
    expect((await ask(`${path}/${String(made.json['id'])}`)).json).toMatchObject({
      usedAmount: 300_000,
    });
  });

  test.each([
    ['no amount', { number: '1', amount: 0, issuedAt: '2026-11-01T00:00:00Z' }, 400],
    ['half a fen', { number: '1', amount: 1.5, issuedAt: '2026-11-01T00:00:00Z' }, 400],
    ['no number', { number: '', amount: 1, issuedAt: '2026-11-01T00:00:00Z' }, 400],
    ['no moment', { number: '1', amount: 1, issuedAt: '2026-02-30T00:00:00Z' }, 400],
    ['of the future', { number: '1', amount: 1, issuedAt: '2199-01-01T00:00:00Z' }, 422],
    ['of an individual', { number: '1', amount: 1, issuedAt: '2026-11-01T00:00:00Z' }, 422],
  ])('an invoice %s is refused', async (_, body, status) => {
    const scene = await givenScene();
    const id = await givenPerson(scene, person());
    expect((await send('POST', `/v1/distributors/${id}/invoices`, body)).status).toBe(status);
  });
});

describe('payers and their methods', () => {
  test('a method changes with a month that lies ahead; what was paid stays as it was taxed', async () => {
    const scene = await givenScene();
    const path = `/v1/payers/${scene.payerId}`;
    await db.read.run(`UPDATE payer SET tax_number = '91310000MA1K000006' WHERE id = $1`, [
      scene.payerId,
    ]);
    const change = { month: '2027-02', method: 'platformCumulative', gapPolicy: 'keepIncome' };
    expect(await send('POST', `${path}/tax-methods`, change)).toMatchObject({
      status: 422,
      json: { code: 'platform_declaration_required' },
    });
    const platformDeclaration = { filedAt: '2026-10-01T00:00:00+08:00', reference: 'P-1' };
    const declared = { ...change, platformDeclaration };
    expect(
      await send('POST', `${path}/tax-methods`, { ...declared, month: '2026-12' }),
    ).toMatchObject({ status: 422, json: { code: 'tax_method_would_rewrite' } });
    expect(await send('POST', `${path}/tax-methods`, declared)).toMatchObject({
      status: 201,
      json: { validFrom: '2027-01-31T16:00:00.000Z', method: 'platformCumulative' },
    });
    expect((await ask(path)).json).toMatchObject({
      taxMethods: [{ method: 'general' }, { method: 'platformCumulative' }],
    });
    const id = await givenPerson(scene, person());
    expect(await pay(scene, id, 300_000n)).toMatchObject({ taxAmount: 44_000n });
    const february = new Date('2027-02-10T00:00:00Z');
    expect(await pay(scene, id, 1_000_000n, february)).toMatchObject({ taxAmount: 9_000n });
    expect((await ask(`/v1/programs/${scene.programId}`)).json).toMatchObject({
      tax: { method: 'general' },
    });
    expect((await ask('/v1/payers?limit=100')).json['data']).toContainEqual(
      expect.objectContaining({ id: scene.payerId }),
    );
  });

  test.each([
    ['GET', '', undefined],
    ['GET', '/declarations/2026-11', undefined],
    ['GET', '/declarations/2026-11.csv', undefined],
    ['GET', '/tax-remittances', undefined],
    ['POST', '/declarations', { month: '2026-11' }],
    ['POST', '/tax-remittances', { month: '2026-11', reference: 'x' }],
    ['POST', '/tax-methods', { month: '2027-02', method: 'none' }],
  ])('%s %s of another store is not found', async (method, path, body) => {
    const { payerId } = await givenScene();
    const answer = await send(method, `/v1/payers/${payerId}${path}`, body, other.adminToken);
    expect(answer).toMatchObject({ status: 404, json: { code: 'not_found' } });
  });

  test('an auditor pays and declares nothing', async () => {
    const { payerId } = await givenScene(auditor.storeId);
    const path = `/v1/payers/${payerId}`;
    const body = { month: '2026-11', reference: 'x' };
    for (const to of ['/declarations', '/tax-remittances']) {
      const answer = await send('POST', `${path}${to}`, body, auditor.adminToken);
      expect(answer.status).toBe(403);
    }
    const full = await ask(`${path}/declarations/2026-11?idNumbers=full`, auditor.adminToken);
    expect(full.status).toBe(403);
  });
});

test('the document of a statement is a PDF of an approved one of the own store', async () => {
  const scene = await givenScene();
  const payout = await pay(scene, await givenPerson(scene, person('𠮷·田')), 300_000n);
  const { statementId } = payout as { statementId: string };
  const pdf = await ask(`/v1/statements/${statementId}.pdf`);
  expect(pdf.status).toBe(200);
  expect(pdf.headers.get('content-type')).toBe('application/pdf');
  expect(pdf.text.startsWith('%PDF-')).toBe(true);
  expect((await ask(`/v1/statements/${statementId}`)).status).toBe(200);
  expect((await ask(`/v1/statements/${statementId}.pdf`, other.adminToken)).status).toBe(404);
  expect((await ask('/v1/statements/nothing.pdf')).status).toBe(404);
}, 30_000);

describe('names and numbers of a tax profile', () => {
  const profile = (own: object) => ({
    kind: 'individual',
    name: '张三',
    idNumber: resident,
    ...own,
  });
  test.each<[string, object, number]>([
    ['a small x', {}, 200],
    ['a middle dot', { name: '阿卜杜拉·买买提' }, 200],
    ['one character', { name: '张' }, 200],
    ['60 characters', { name: '长'.repeat(60) }, 200],
    ['60 rare Han characters', { name: '𠮷'.repeat(60) }, 200],
    ['65 characters', { name: '长'.repeat(65) }, 400],
    ['no name', { name: '' }, 400],
    ['spaces only', { name: '   ' }, 400],
    ['half a character', { name: '\ud842' }, 400],
    ['a line feed', { name: '张\n三' }, 400],
    ['text that turns', { name: '张\u202e三' }, 400],
    ['15 digits', { idNumber: '110105491231002' }, 422],
    ['a wrong checksum', { idNumber: '110105194912310021' }, 422],
    ['30 February', { idNumber: '11010519900230001X' }, 422],
    ['a passport of a non-resident', { residency: 'nonResident', idNumber: 'e12345678' }, 200],
    ['a passport of a resident', { idNumber: 'E12345678' }, 422],
    ['a company abroad', { residency: 'nonResident', kind: 'company', idNumber: 'E12345678' }, 422],
    ['an unknown residency', { residency: 'moon' }, 400],
  ])('%s', async (_, own, status) => {
    const id = await givenDistributor(db, await givenScene());
    const answer = await send('PUT', `/v1/distributors/${id}/tax-profile`, profile(own));
    expect(answer.status).toBe(status);
    const kept = await ask(`/v1/distributors/${id}/tax-profile`);
    expect(kept.status).toBe(status === 200 ? 200 : 404);
  });
});
