import { declarationRows } from '../../src/db/declaration';
import { newId } from '../../src/db/id';
import { monthSpan } from '../../src/domain/kernel/period';
import { settlementById } from '../../src/db/settlement';
import { giveBackPayout } from '../../src/db/withholding';
import type { GapPolicy, MonthTotal } from '../../src/domain/tax/withhold';
import { type TestDatabase, testDatabase } from '../support/database';
import { type Dice, diceOf, seeds } from '../support/dice';
import { givenProgram, givenStore } from '../support/given';
import { givenChannel, testVault } from '../support/payout';
import { monthText, periodOf, type SecondMethod, taxOfTotal } from '../support/second-tax';
import {
  decideAndBook,
  givenEarning,
  givenOpenSettlement,
  givenPayable,
  lockAndCompute,
} from '../support/settlement';

const vault = testVault();
let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
}, 120_000);
afterAll(() => db.drop());

interface Rule {
  method: SecondMethod | 'none';
  gapPolicy: GapPolicy;
  since: number;
}

interface Paid {
  id: string;
  programId: string;
  settlementId: string;
  statementId: string;
  distributorId: string;
  channelId: string;
  amount: bigint;
  grossAmount: bigint;
  taxAmount: bigint;
  feeAmount: bigint;
}

/** Two programs of one payer in two zones; everybody has an account or two in each. */
async function givenWorld(dice: Dice, rules: readonly Rule[]) {
  const storeId = await givenStore(db);
  const payerId = newId('payer');
  const payer = { id: payerId, storeId, name: 'Some Shop Ltd', taxNumber: payerId };
  await db.read.insert('payer', { ...payer, createdAt: new Date('2026-01-01T00:00:00Z') });
  for (const { method, gapPolicy, since } of rules) {
    const validFrom = new Date(`${monthText(since)}-01T00:00:00+08:00`);
    await db.read.insert('payer_tax_method', { payerId, validFrom, method, gapPolicy });
  }
  const first = await givenProgram(db, storeId, { payerId });
  const second = await givenProgram(db, storeId, { payerId, timeZone: 'America/New_York' });
  const channelId = await givenChannel(db, vault, storeId);
  await db.read.run('UPDATE channel SET per_transfer_amount = 900000 WHERE id = $1', [channelId]);
  const programs = [
    { id: first, zone: 'Asia/Shanghai' },
    { id: second, zone: 'America/New_York' },
  ];
  const accounts: { programId: string; id: string; person: string }[] = [];
  for (const person of ['p', 'q', 'r']) {
    for (const { id: programId } of programs) {
      for (let i = 0; i <= dice.below(2); i += 1) {
        const owner = { storeId, programId, channelId, person };
        accounts.push({ programId, person, id: await givenPayable(db, vault, owner) });
      }
    }
  }
  return { payerId, programs, accounts };
}

const middleOf = (month: number) => new Date(`${monthText(month)}-15T10:00:00Z`);

async function settle(programId: string, at: Date): Promise<Paid[]> {
  const settlementId = await givenOpenSettlement(db, programId, at);
  await lockAndCompute(db, vault, settlementId, 2);
  const { status } = await settlementById(db.read, settlementId);
  if (status === 'closed') return [];
  await decideAndBook(db, vault, settlementId, 'approve', { at, chunk: 2 });
  return db.read.rows<Paid>('SELECT * FROM payout WHERE settlement_id = $1 ORDER BY id', [
    settlementId,
  ]);
}

const released = new Date('2026-07-01T00:00:00Z');

const giveBack = (payout: Paid, realNow: Date) =>
  db.transaction((tx) =>
    giveBackPayout(tx, { ...payout, clockOffsetMs: 0n }, { netAt: 'settling', realNow }),
  );

async function live(seed: number, rules: readonly Rule[], span: [number, number]): Promise<void> {
  const dice = diceOf(seed);
  const { payerId, programs, accounts } = await givenWorld(dice, rules);
  // Another gap policy alone begins no new totals.
  const ruleAt = (month: number) => {
    let index = rules.findLastIndex((rule) => rule.since <= month);
    const { method, gapPolicy } = rules[index]!;
    while (rules[index - 1]?.method === method) index -= 1;
    return { method, gapPolicy, since: rules[index]!.since };
  };
  const history = new Map<string, MonthTotal[]>(['p', 'q', 'r'].map((who) => [who, []]));
  const personOf = (id: string) => accounts.find((one) => one.id === id)!.person;
  const open: { payout: Paid; month: number }[] = [];
  let compared = 0;

  const dueOf = (person: string, month: number, more: bigint) => {
    const { method, gapPolicy, since } = ruleAt(month);
    if (method === 'none') return { due: 0n, withheld: 0n };
    const period = periodOf(method, gapPolicy, history.get(person)!, month, since);
    return { due: taxOfTotal(method, period.income + more, period.months), ...period };
  };
  const pay = async (now: number) => {
    const { id: programId, zone } = dice.one(programs);
    // At the turn of a month one program is in it already and the other is not.
    const month = now > span[0] && dice.below(4) === 0 ? now - 1 : now;
    const { from, to } = monthSpan(monthText(month), zone);
    const at = month < now ? new Date(to.getTime() - 1) : dice.one([from, middleOf(month)]);
    for (const { id } of accounts.filter((one) => one.programId === programId)) {
      const income = dice.one([0n, 0n, 80_000n, 80_100n, 400_001n, 625_013n, 999_999n, 1_333_337n]);
      if (income > 0n) await givenEarning(db, programId, id, income, released);
    }
    const paid = await settle(programId, at);
    for (const person of history.keys()) {
      const own = paid.filter(({ distributorId }) => personOf(distributorId) === person);
      if (own.length === 0) continue;
      const income = own.reduce((sum, { grossAmount }) => sum + grossAmount, 0n);
      const tax = own.reduce((sum, { taxAmount }) => sum + taxAmount, 0n);
      const { due, withheld } = dueOf(person, month, income);
      expect([person, monthText(month), tax]).toEqual([
        person,
        monthText(month),
        due > withheld ? due - withheld : 0n,
      ]);
      history.get(person)!.push({ month: monthText(month), incomeAmount: income, taxAmount: tax });
      compared += 1;
    }
    open.push(...paid.map((payout) => ({ payout, month })));
  };
  const lose = async (now: number) => {
    const [back] = open.splice(dice.below(open.length), 1);
    if (back === undefined) return;
    const { payout, month } = back;
    expect(await giveBack(payout, middleOf(now))).toBe(true);
    history.get(personOf(payout.distributorId))!.push({
      month: monthText(month),
      incomeAmount: -payout.grossAmount,
      taxAmount: -payout.taxAmount,
    });
  };
  /** What the payer would declare: withheld and carried are the tax of the period's total. */
  const agree = async (month: number) => {
    const scope = { payerId, mode: 'test' as const, month: monthText(month) };
    const rows = await declarationRows(db.read, scope, undefined);
    const { method } = ruleAt(month);
    for (const [person, totals] of history) {
      const row = rows.find((one) => one.person === person)?.figures;
      const own = totals.filter((total) => total.month === monthText(month));
      const income = own.reduce((sum, one) => sum + one.incomeAmount, 0n);
      if (row === undefined || method === 'none') {
        if (method !== 'none')
          expect([person, scope.month, income]).toEqual([person, scope.month, 0n]);
        continue;
      }
      const { due, withheld } = dueOf(person, month, 0n);
      expect(BigInt(row.incomeAmount)).toBe(income);
      expect([BigInt(row.taxAmount), BigInt(row.carriedAmount)]).toEqual([due, due - withheld]);
    }
  };

  for (let month = span[0]; month <= span[1]; month += 1) {
    // A month without any payment is a gap.
    const steps = dice.below(5) === 0 ? 0 : 1 + dice.below(3);
    for (let step = 0; step < steps; step += 1) {
      if (dice.below(3) === 0) await lose(month);
      else await pay(month);
      for (let earlier = span[0]; earlier <= month; earlier += 1) await agree(earlier);
    }
  }
  expect(compared).toBeGreaterThan(5);
  const balances = await db.read.first<{ sum: bigint }>(
    `SELECT sum(balance)::bigint AS sum FROM ledger_account
     WHERE program_id = ANY($1)`,
    [programs.map(({ id }) => id)],
  );
  expect(balances?.sum).toBe(0n);
}

const since = 1;
const worlds: [string, Rule[]][] = [
  ['general', [{ method: 'general', gapPolicy: 'restart', since }]],
  ['cumulative, restart', [{ method: 'platformCumulative', gapPolicy: 'restart', since }]],
  ['cumulative, keepIncome', [{ method: 'platformCumulative', gapPolicy: 'keepIncome', since }]],
  [
    'general until December, then cumulative',
    [
      { method: 'general', gapPolicy: 'restart', since },
      { method: 'platformCumulative', gapPolicy: 'keepIncome', since: 12 },
    ],
  ],
  [
    'cumulative, general, and cumulative again',
    [
      { method: 'platformCumulative', gapPolicy: 'keepIncome', since },
      { method: 'general', gapPolicy: 'restart', since: 10 },
      { method: 'platformCumulative', gapPolicy: 'keepIncome', since: 11 },
    ],
  ],
  [
    'one gap policy, then the other, then none',
    [
      { method: 'platformCumulative', gapPolicy: 'restart', since },
      { method: 'platformCumulative', gapPolicy: 'keepIncome', since: 10 },
      { method: 'none', gapPolicy: 'restart', since: 14 },
    ],
  ],
];

describe.each(worlds)(
  '%s: payments, failures and returns of people with several accounts',
  (_, rules) => {
    test.each(seeds(2))(
      'agree with a second calculation over the turn of a year (seed %i)',
      async (seed) => {
        await live(seed, rules, [8, 15]);
      },
      120_000,
    );
  },
);
