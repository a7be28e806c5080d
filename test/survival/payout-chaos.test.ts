import { join } from 'node:path';
import { runChaos } from '../support/chaos';
import { houseFolder } from '../support/house';
import { testFolder } from '../support/servers';

/** Small enough for every run of the tests; `npm run chaos -- --payouts 2000` is the full one. */
const payouts = Number(process.env['CHAOS_PAYOUTS'] ?? 120);
const patienceMs = 180_000;

jest.setTimeout(900_000);

test('whatever fails or dies, every payout is paid once, none is lost or stuck, the books are even', async () => {
  const folder = houseFolder(join(testFolder, 'survival'));
  const said: string[] = [];
  const result = await runChaos({
    payouts,
    folder,
    patienceMs,
    say: (line) => said.push(line),
  });
  console.info(`payouts under faults: ${JSON.stringify(result)}`);
  expect(result).toMatchObject({ paidTwice: 0, lost: 0, stuck: 0, unbalancedReads: 0 });
  expect(result.paid + result.returned + result.failed).toBe(payouts);
  expect(result.reads).toBeGreaterThan(100);
  // The faults did happen.
  expect(Object.keys(result.blows)).toHaveLength(8);
  expect(Object.keys(result.faults).length).toBeGreaterThanOrEqual(6);
});
