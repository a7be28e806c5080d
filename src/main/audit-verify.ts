import { sealAudit, verifyAudit } from '../db/audit';
import { composeParts } from './compose';

/**
 * `npm run audit:verify [-- --contains <hash>]`: seals what is unsealed and walks the whole chain.
 * Exit code 1 when a record or a link does not hold, or when the hash of an earlier run is gone.
 */
async function main(): Promise<number> {
  const expected = argument('--contains');
  const { db } = composeParts(process.env, 'audit-verify');
  try {
    const sealed = await sealAudit(db, { everything: true });
    const report = await verifyAudit(db, expected);
    console.log(`sealed now: ${sealed}`);
    console.log(`verified:   ${report.verified}`);
    console.log(`head:       ${report.head}`);
    if (report.bad !== undefined) {
      const { sequence, recordId, why } = report.bad;
      console.error(`BROKEN at seal ${sequence}, record ${recordId}: ${why}`);
      return 1;
    }
    if (report.foundExpected === false) {
      console.error(`BROKEN: ${expected ?? ''} is no longer in the chain; its end was cut off`);
      return 1;
    }
    console.log('the chain holds');
    return 0;
  } finally {
    await db.close();
  }
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`audit:verify: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  },
);
