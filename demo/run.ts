import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { matchCancellations, type Matching } from './cancellations';
import { apiOf } from './client';
import { expectationOf, soldInFile } from './expectation';
import { bookOf } from './invoices';
import * as load from './load';
import { readOutcome } from './outcome';
import { peopleOf } from './people';
import { type Progress, progressOn } from './progress';
import { reportOf } from './report';
import * as settle from './settle';
import { parseRows, readText } from './source';

const root = join(__dirname, '..');
const credentialsFile = join(root, '.local', 'credentials.json');
const sampleFile = join(__dirname, 'online-retail-sample.csv.gz');

const Credentials = z.object({
  baseUrl: z.string(),
  apiKey: z.string(),
  adminToken: z.string(),
  secondAdminToken: z.string(),
  sandboxUrl: z.string(),
});

/**
 * `npm run demo [-- --file <csv or csv.gz>]`: a real shop's orders through the running server, from
 * invoices to money. All ids come from the file, so a second run finds everything and changes nothing.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      file: { type: 'string', default: sampleFile },
      credentials: { type: 'string', default: credentialsFile },
    },
  });
  const progress = progressOn(process.stdout);
  const credentials = readCredentials(values.credentials);
  const callers = callersOf(credentials);

  // npm runs scripts in the project's folder; a path is meant from where the person stands.
  const file = resolve(process.env['INIT_CWD'] ?? '.', values.file);
  progress.step(`Reading ${relative(process.cwd(), file)}`);
  const text = readText(file);
  const rows = parseRows(text);
  const people = peopleOf(createHash('sha256').update(text).digest('hex'));
  const book = bookOf(rows);
  const matching = matchCancellations(book.sales, book.cancelled);
  const expected = expectationOf(book, matching, people);
  const unmatchedFile = writeUnmatched(people.tag, matching);
  progress.say(
    `  ${rows.length} lines, ${book.sales.length} sales, ${book.cancelled.length} cancelled`,
  );

  progress.step(`Program, plan and distributors at ${credentials.baseUrl}`);
  const program = await load.makeProgram(callers, people, book);
  const channelId = await load.makeChannel(callers);
  const context = { people, program, channelId, progress };
  const distributors = await load.makeDistributors(callers, context);

  progress.step('Orders and refunds');
  const intake = { people, program, distributors, book, progress };
  const loaded = await load.sendOrders(callers, intake);
  const refunded = await load.sendRefunds(callers, { people, matching, loaded, progress });
  tellIntake(progress, loaded, refunded);

  const [before] = await settle.findSettlements(callers, program);
  const settlement = await settleOnce(callers, { program, before, progress });
  const returning = new Set(
    people.list
      .filter((p) => p.account === 'return')
      .flatMap((p) => distributors[p.index]?.id ?? []),
  );
  await settle.awaitReturns(callers, settlement.id, returning);

  progress.step('Counting');
  const { sandboxUrl, baseUrl } = credentials;
  const outcome = await readOutcome(callers, { program, distributors, sandboxUrl, progress });
  const intakeFindings = { lines: rows.length, book, soldInFile: soldInFile(rows), expected };
  const { lines, agrees } = reportOf({
    ...intakeFindings,
    ...{ loaded, refunded, outcome, matching, baseUrl, unmatchedFile },
    programId: program.id,
  });
  lines.forEach((line) => progress.say(line));
  if (loaded.created === 0 && before?.status === 'closed') {
    progress.say('\nAll of this was here before: this run changed nothing.');
  }
  if (!agrees || loaded.refused.length + refunded.refused.length > 0) process.exitCode = 1;
}

async function settleOnce(
  callers: load.Callers,
  context: {
    program: load.Program;
    before: settle.Settlement | undefined;
    progress: Progress;
  },
): Promise<settle.Settlement> {
  const { program, before, progress } = context;
  progress.step('Settlement');
  if (before !== undefined) {
    progress.say(`  there is one already (${before.period}, ${before.status}); not run again`);
    return settle.seeThrough(callers, before.id, progress);
  }
  const now = await settle.passHold(callers, program);
  progress.say(`  the program's clock says ${now}: every hold is over`);
  const { id } = await settle.startSettlement(callers, program);
  return settle.seeThrough(callers, id, progress);
}

function readCredentials(path: string): z.output<typeof Credentials> {
  if (!existsSync(path)) {
    throw new Error(`no ${relative(process.cwd(), path)}: run \`npm start\` first`);
  }
  return Credentials.parse(JSON.parse(readFileSync(path, 'utf8')));
}

function callersOf(credentials: z.output<typeof Credentials>): load.Callers {
  const { baseUrl, apiKey, adminToken, secondAdminToken } = credentials;
  return {
    shop: apiOf(baseUrl, apiKey),
    admin: apiOf(baseUrl, adminToken),
    secondAdmin: apiOf(baseUrl, secondAdminToken),
  };
}

/** What found no purchase is not dropped: a person can go through this list. */
function writeUnmatched(tag: string, { unmatched }: Matching): string {
  const folder = join(root, '.local', 'demo');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${tag}-unmatched.csv`);
  const lines = unmatched.map(({ line, quantity, why }) =>
    [line.row, line.invoice, line.cancelledAt, line.customer ?? '', line.sku]
      .concat([quantity, line.quantity, String(line.unitPriceAmount), why].map(String))
      .join(','),
  );
  const heading = 'line,invoice,at,customer,sku,unmatchedQuantity,quantity,unitPriceFen,why';
  writeFileSync(path, `${[heading, ...lines].join('\n')}\n`);
  return relative(process.cwd(), path);
}

function tellIntake(progress: Progress, loaded: load.Loaded, refunded: load.Refunded): void {
  progress.say(`  ${loaded.created} orders are new, ${loaded.known} were known`);
  for (const refusal of [...loaded.refused, ...refunded.refused]) {
    progress.say(`  REFUSED ${refusal}`);
  }
}

main().catch((error: unknown) => {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
