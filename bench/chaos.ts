import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChaos } from '../test/support/chaos';
import { houseFolder } from '../test/support/house';

/**
 * `npm run chaos -- --payouts 2000`: payouts through a failing provider while our processes and
 * servers are killed, frozen and restarted, with the provider's books as judge. Ends with exit code 1
 * when a payout was paid twice, lost or stuck, or the books were not even at some read.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      payouts: { type: 'string', default: '2000' },
      'patience-seconds': { type: 'string', default: '600' },
    },
  });
  const began = performance.now();
  const result = await runChaos({
    payouts: Number(values.payouts),
    folder: houseFolder(join(__dirname, '..', '.local', 'bench')),
    faultyShare: 0.95,
    patienceMs: Number(values['patience-seconds']) * 1000,
    say: (line) => console.error(`${Math.round((performance.now() - began) / 1000)} s  ${line}`),
  });
  console.log(JSON.stringify(result, undefined, 2));
  const { paidTwice, lost, stuck, unbalancedReads } = result;
  process.exit(paidTwice + lost + stuck + unbalancedReads === 0 ? 0 : 1);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
});
