import { createPayoutActivities } from '../../../activities/payout';
import { applyNews, beginSubmission } from '../../../src/db/payout-booking';
import { type TestApp, testApp } from '../../support/app';
import { faultsOf } from '../../support/bank/pain';
import {
  balancesOf,
  givenPayingSettlement,
  givenQueuedPayout,
  type QueuedPayout,
  type Scene,
  statusOf,
} from '../../support/payout';

describe('a bank that takes files', () => {
  let app: TestApp;
  let scene: Scene;
  let payouts: QueuedPayout[];

  beforeAll(async () => {
    app = await testApp();
  });
  afterAll(() => app.close());

  const given = async (format: 'csv' | 'pain.001') => {
    const paying = await givenPayingSettlement(app.db, app.vault, {}, app.store.id);
    const { body } = await app.admin.post('/v1/channels', {
      kind: 'bankFile',
      name: 'The bank',
      settings: {
        ...{ debtorName: 'Some Shop Ltd', debtorAccount: '1234567890', format },
        debtorClearingCode: '102100099996',
      },
    });
    scene = { ...paying, channelId: body.id };
    payouts = [];
    for (let count = 0; count < 3; count += 1) {
      const payout = await givenQueuedPayout(app.db, app.vault, scene, `622202000000000${count}`);
      const at = new Date();
      await app.db.transaction((tx) => beginSubmission(tx, payout.id, at));
      const source = { operation: 'submit', at } as const;
      await app.db.transaction((tx) => applyNews(tx, payout.id, { kind: 'processing' }, source));
      payouts.push(payout);
    }
  };
  const makeFile = () =>
    app.admin.post(`/v1/channels/${scene.channelId}/bank-files`, { mode: 'test' });
  const importText = (text: string) =>
    fetch(`${app.url}/v1/channels/${scene.channelId}/bank-results`, {
      method: 'POST',
      body: text,
      headers: {
        authorization: `Bearer ${app.store.admin.token}`,
        'content-type': 'text/csv',
      },
    });
  /** The workflow's look at its row and inbox. */
  const look = async () => {
    const deps = {
      ...app.deps,
      crashPoint: () => undefined,
    };
    const { beginPayout } = createPayoutActivities(deps);
    for (const { id } of payouts) await beginPayout(id);
  };
  const statuses = () => Promise.all(payouts.map(({ id }) => statusOf(app.db, id)));

  test('every payout goes into one file once, also when two are asked for at the same moment', async () => {
    await given('csv');
    const answers = await Promise.all([makeFile(), makeFile(), makeFile()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422, 422]);
    const made = answers.find(({ status }) => status === 201)?.body;
    expect(made).toMatchObject({ payouts: 3, totalAmount: 27_000, mode: 'test' });
    const refused = answers.find(({ status }) => status === 422)?.body;
    expect(refused.code).toBe('nothing_to_export');
    const listed = await app.shop.get(`/v1/channels/${scene.channelId}/bank-files`);
    expect(listed.body.data).toEqual([made]);
    const live = await app.admin.post(`/v1/channels/${scene.channelId}/bank-files`, {});
    expect(live.body.code).toBe('nothing_to_export');
  });

  test('the text has the accounts in clear for finance alone, and the reading is on record', async () => {
    await given('csv');
    const { body: file } = await makeFile();
    const path = `/v1/bank-files/${file.id}/content`;
    const read = await app.admin.get(path);
    expect(read.headers.get('content-type')).toMatch(/text\/csv/);
    expect(read.headers.get('cache-control')).toBe('no-store');
    for (const { channelNumber } of payouts) expect(read.text).toContain(channelNumber);
    expect(read.text).toContain('6222020000000002');
    expect((await app.admin.get(path)).text).toBe(read.text);
    expect((await app.shop.get(path)).status).toBe(403);
    const audited = await app.db.read.rows(
      `SELECT 1 FROM audit_record WHERE subject_id = $1 AND action = 'bank_file.read'`,
      [file.id],
    );
    expect(audited).toHaveLength(2);
  });

  test('in ISO 20022 it has the published structure', async () => {
    await given('pain.001');
    const { body: file } = await makeFile();
    const read = await app.admin.get(`/v1/bank-files/${file.id}/content`);
    expect(read.headers.get('content-type')).toMatch(/application\/xml/);
    expect(faultsOf(read.text)).toEqual([]);
    expect(read.text).toContain('<CtrlSum>270.00</CtrlSum>');
  });

  test('partial results book what they name, once; the rest still waits; returned money comes back', async () => {
    await given('csv');
    await makeFile();
    const [one, two, three] = payouts.map(({ channelNumber }) => channelNumber);
    const text =
      'channelNumber,amount,result,bankReference,code,message\n' +
      `${one},90.00,SUCCESS,B1,,\n${two},90.00,FAILED,B2,E01,户名不符\nnobody,1.00,SUCCESS,B9,,\n` +
      `${three},91.00,SUCCESS,B3,,\nbroken line\n`;
    const answer = await importText(text);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      ...{ lines: 5, taken: 2, repeated: 0, strange: 2 },
      unreadable: [{ line: 6 }],
    });
    await look();
    expect(await statuses()).toEqual(['paid', 'failed', 'processing']);
    const again = await importText(text);
    expect(await again.json()).toMatchObject({ taken: 0, repeated: 4, strange: 0 });
    await look();
    const balances = await balancesOf(app.db, scene, payouts[1]?.distributorId ?? '');
    expect(balances['available']).toBe(10_000n);
    const reviews = await app.shop.get(`/v1/reviews?status=open&programId=${scene.programId}`);
    expect(reviews.body.data.map(({ kind }: { kind: string }) => kind)).toContain('payout');
    await importText(`channelNumber,amount,result,bankReference\n${one},90.00,退汇,B1R\n`);
    await look();
    expect(await statuses()).toEqual(['returned', 'failed', 'processing']);
    const trial = await app.shop.get(`/v1/ledger/trial-balance?programId=${scene.programId}`);
    expect(trial.body.balanced).toBe(true);
  });

  test('what is no result file, or no bank, is refused and changes nothing', async () => {
    await given('csv');
    const bad = await importText('a,b\n1,2\n');
    expect(bad.status).toBe(400);
    const sandbox = await app.admin.post('/v1/channels', { kind: 'sandbox', name: 'Sandbox' });
    const other = await app.admin.post(`/v1/channels/${sandbox.body.id}/bank-files`, {});
    expect([other.status, other.body.code]).toEqual([422, 'not_a_bank']);
    expect(await statuses()).toEqual(['processing', 'processing', 'processing']);
  });
});
