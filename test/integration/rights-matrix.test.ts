import { type TestApp, testApp } from '../support/app';
import type { Answer, TestClient } from '../support/http';
import { givenChannel } from '../support/payout';
import { unique } from '../support/program';
import { givenTiers, type Person, startsAt } from '../support/tiers';
import { givenAccount, givenEarning, givenProfile } from '../support/settlement';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

interface Asked {
  readonly id: string;
  readonly client: TestClient;
  readonly customer: string;
}

interface Right {
  /** as the plan writes it where it allows, and where it refuses */
  readonly privileges: { readonly allowed: object; readonly refused: object };
  readonly ask: (who: Asked) => Promise<Answer>;
  readonly isAllowed: (answer: Answer, who: Asked) => boolean;
  /** what a refusal says; a masked name is no refusal */
  readonly code: string | undefined;
}

const refusedAs = (code: string) => (answer: Answer) => answer.body.code !== code;
const withdraw =
  (amount: number) =>
  ({ id, client }: Asked) =>
    client.post(`/v1/distributors/${id}/withdrawals`, { amount });
const list =
  (path: string) =>
  ({ id, client }: Asked) =>
    client.get(`/v1/distributors/${id}/${path}`);
const required = {
  isAllowed: refusedAs('privilege_required'),
  code: 'privilege_required',
};
const limited = {
  isAllowed: refusedAs('withdrawal_limit_exceeded'),
  code: 'withdrawal_limit_exceeded',
};

const rights: Record<string, Right> = {
  'the directs': {
    privileges: { allowed: { teamView: 'directs' }, refused: { teamView: 'none' } },
    ask: list('team?depth=1'),
    ...required,
  },
  'the whole team': {
    privileges: { allowed: { teamView: 'all' }, refused: { teamView: 'directs' } },
    ask: list('team?depth=2'),
    ...required,
  },
  "customers' names": {
    privileges: { allowed: { customerDetails: 'full' }, refused: { customerDetails: 'masked' } },
    ask: list('customers'),
    isAllowed: ({ body }, { customer }) => {
      const [first] = body.data as { customerExternalId: string }[];
      return first!.customerExternalId === customer;
    },
    code: undefined,
  },
  'withdrawal in one transfer': {
    privileges: {
      allowed: { withdrawalPerTransferAmount: 100 },
      refused: { withdrawalPerTransferAmount: 99 },
    },
    ask: withdraw(100),
    ...limited,
  },
  'withdrawal in a day': {
    privileges: {
      allowed: { withdrawalPerDayAmount: 200 },
      refused: { withdrawalPerDayAmount: 199 },
    },
    ask: async (who) => {
      const first = await withdraw(100)(who);
      expect([first.status, first.text]).toEqual([202, first.text]);
      return withdraw(100)(who);
    },
    ...limited,
  },
  materials: {
    privileges: { allowed: { materials: true }, refused: { materials: false } },
    ask: list('materials'),
    ...required,
  },
  campaigns: {
    privileges: { allowed: { campaigns: true }, refused: { campaigns: false } },
    ask: list('campaigns'),
    ...required,
  },
  'links of one’s own': {
    privileges: { allowed: { ownLinks: true }, refused: { ownLinks: false } },
    ask: ({ id, client }) => client.post(`/v1/distributors/${id}/links`, {}),
    ...required,
  },
};

const tiers = ['bronze', 'silver', 'gold'];
const verdicts = ['allowed', 'refused'] as const;
const cases = Object.keys(rights).flatMap((right) =>
  tiers.flatMap((tier) => verdicts.map((verdict) => [right, tier, verdict] as const)),
);

/** The right as `verdict` says in one tier, and the contrary in the others. */
const tiersWith = ({ privileges }: Right, tier: string, verdict: (typeof verdicts)[number]) => {
  const contrary = verdict === 'allowed' ? 'refused' : 'allowed';
  return tiers.map((code, index) => ({
    ...{ code, rank: index + 1 },
    privileges: privileges[code === tier ? verdict : contrary],
  }));
};

/** What it takes to withdraw: 3.00, a payout account, a tax profile, a program that asks for requests. */
async function givenMoney(programId: string, distributorId: string): Promise<void> {
  await app.db.read.run("UPDATE program SET payout_mode = 'request' WHERE id = $1", [programId]);
  const channelId = await givenChannel(app.db, app.vault, app.store.id);
  await givenAccount(app.db, app.vault, distributorId, channelId);
  await givenProfile(app.db, app.vault, distributorId, {});
  await givenEarning(app.db, programId, distributorId, 300n, new Date(startsAt));
}

/** Somebody of a tier with a customer and 3.00 to withdraw. */
async function givenAsker(plan: readonly object[], tier: string): Promise<Asked> {
  const program = await givenTiers(app, ...plan);
  const person: Person = await program.join({ tier });
  const token = await app.shop.post(`/v1/distributors/${person.id}/tokens`, {});
  const customer = unique('customer');
  const bound = await app.shop.post('/v1/bindings', {
    programId: program.programId,
    customerExternalId: customer,
    distributorCode: person.code,
  });
  expect([token.status, bound.status]).toEqual([201, 201]);
  await givenMoney(program.programId, person.id);
  return { id: person.id, client: app.shop.as(token.body.token as string), customer };
}

describe('every right, in every tier, given and not given', () => {
  it.each(cases)('%s, %s: %s', async (name, tier, verdict) => {
    const right = rights[name]!;
    const asker = await givenAsker(tiersWith(right, tier, verdict), tier);
    const answer = await right.ask(asker);
    expect(right.isAllowed(answer, asker)).toBe(verdict === 'allowed');
    if (verdict === 'allowed' || right.code === undefined) {
      expect([answer.status < 300, answer.text]).toEqual([true, answer.text]);
    } else {
      expect([answer.status, answer.body.code]).toEqual([answer.status, right.code]);
      expect([403, 422]).toContain(answer.status);
      expect(answer.body.detail).not.toBe('');
    }
  });

  it('follows the tier: a promotion gives at once what the new tier allows', async () => {
    const plan = tiersWith(rights['materials']!, 'gold', 'allowed');
    const asker = await givenAsker(plan, 'bronze');
    expect((await list('materials')(asker)).status).toBe(403);
    const change = { tier: 'gold', reason: 'Has earned it.' };
    const changed = await app.admin.post(`/v1/distributors/${asker.id}/tier-changes`, change);
    expect([changed.status, changed.text]).toEqual([201, changed.text]);
    expect((await list('materials')(asker)).status).toBe(200);
  });
});
