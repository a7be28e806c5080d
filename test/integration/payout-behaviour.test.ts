import { workflowIds } from '../../src/contracts/workflow';
import { enqueueStart } from '../../src/db/outbox';
import { requestCancel } from '../../src/db/payout';
import { type TestHouse, testHouse } from '../support/app';
import {
  balancesOf,
  givenPayingSettlement,
  givenQueuedPayout,
  type QueuedPayout,
  type Scene,
  statusOf,
} from '../support/payout';
import { readBooks } from '../support/sandbox-process';
import { until } from '../support/until';

jest.setTimeout(120_000);

const patienceMs = 60_000;
const clearing = { clearing: 9_000n, 'tax-payable': 700n, 'fee-income': 300n };
const inCash = { cash: 9_000n, 'tax-payable': 700n, 'fee-income': 300n };
const givenBack = { available: 10_000n };

describe('payouts through the sandbox', () => {
  let house: TestHouse;

  beforeAll(async () => {
    house = await testHouse();
  });
  afterAll(() => house.close());

  interface Case {
    scene: Scene;
    payout: QueuedPayout;
  }

  /** Each payee in a settlement of its own, so that its channel's books are its own. */
  async function pay(account: string, settings: object = {}): Promise<Case> {
    const scene = await givenPayingSettlement(house.db, house.vault, settings);
    const payout = await givenQueuedPayout(house.db, house.vault, scene, account);
    await house.db.transaction((tx) =>
      enqueueStart(tx, {
        workflowType: 'payout',
        workflowId: workflowIds.payout(payout.id),
        input: { payoutId: payout.id },
      }),
    );
    return { scene, payout };
  }

  const reaches = ({ payout }: Case, status: string) =>
    until(async () => (await statusOf(house.db, payout.id)) === status, status, patienceMs);
  const balances = async ({ scene, payout }: Case) => {
    const { 'commission-expense': expense, ...rest } = await balancesOf(
      house.db,
      scene,
      payout.distributorId,
    );
    expect(expense).toBe(-10_000n);
    return rest;
  };
  const book = async ({ payout }: Case) =>
    (await readBooks(house.sandboxUrl)).get(payout.channelNumber);
  const attempts = async ({ payout }: Case) =>
    (
      await house.db.read.rows<{ operation: string; outcome: string }>(
        'SELECT operation, outcome FROM payout_attempt WHERE payout_id = $1 ORDER BY id',
        [payout.id],
      )
    ).map(({ operation, outcome }) => `${operation} ${outcome}`);

  describe('a payout through the sandbox, by payee', () => {
    test.concurrent.each(['ok', 'slow', 'dup-callback', 'late-callback', 'somebody'])(
      '%s: paid once, in cash',
      async (account) => {
        const c = await pay(account);
        await reaches(c, 'paid');
        expect(await balances(c)).toEqual(inCash);
        const line = await book(c);
        expect(line).toMatchObject({ account, amount: 9_000, submissions: 1 });
        expect(line?.paidAt).not.toBeNull();
      },
    );

    test.concurrent('fail:<CODE>: failed with that code, everything given back', async () => {
      const c = await pay('fail:ACCOUNT_FROZEN');
      await reaches(c, 'failed');
      expect(await balances(c)).toEqual(givenBack);
      expect((await book(c))?.paidAt).toBeNull();
      const row = await house.db.read.first<{ failureCode: string }>(
        'SELECT failure_code FROM payout WHERE id = $1',
        [c.payout.id],
      );
      expect(row?.failureCode).toBe('ACCOUNT_FROZEN');
    });

    test.concurrent('confirm: waits in clearing until the payee confirms', async () => {
      const c = await pay('confirm');
      await reaches(c, 'awaiting_confirmation');
      expect(await balances(c)).toEqual(clearing);
      await fetch(`${house.sandboxUrl}/confirmations/${c.payout.channelNumber}`, {
        method: 'POST',
      });
      await reaches(c, 'paid');
      expect(await balances(c)).toEqual(inCash);
    });

    test.concurrent(
      'confirm-expire: failed once the time is over, everything given back',
      async () => {
        const c = await pay('confirm-expire', { confirmSeconds: 3 });
        await reaches(c, 'failed');
        expect(await balances(c)).toEqual(givenBack);
        expect((await book(c))?.paidAt).toBeNull();
      },
    );

    test.concurrent('unknown-then-ok: asked about, not sent again, paid', async () => {
      const c = await pay('unknown-then-ok', { submitTimeoutMs: 500 });
      await reaches(c, 'paid');
      expect(await balances(c)).toEqual(inCash);
      expect(await book(c)).toMatchObject({ submissions: 1 });
      expect(await attempts(c)).toEqual(['submit sent', 'submit unknown', 'query paid']);
    });

    test.concurrent('unknown-then-none: sent again under its number only, given back', async () => {
      const c = await pay('unknown-then-none', { submitTimeoutMs: 500 });
      await reaches(c, 'failed');
      expect(await balances(c)).toEqual(givenBack);
      expect(await book(c)).toMatchObject({ paidAt: null, submissions: 2 });
      expect(await attempts(c)).toEqual([
        'submit sent',
        'submit unknown',
        'query not_found',
        'submit sent',
        'submit failed',
      ]);
    });

    test.concurrent('return: paid, then given back', async () => {
      const c = await pay('return');
      await reaches(c, 'returned');
      expect(await balances(c)).toEqual(givenBack);
      const line = await book(c);
      expect(line?.paidAt).not.toBeNull();
      expect(line?.returnedAt).not.toBeNull();
    });

    test.concurrent(
      'one whose provider was asked to stop it is canceled, and given back',
      async () => {
        const c = await pay('confirm');
        await reaches(c, 'awaiting_confirmation');
        await house.db.transaction((tx) => requestCancel(tx, c.payout.id, new Date()));
        await reaches(c, 'canceled');
        expect(await balances(c)).toEqual(givenBack);
      },
    );
  });
});
