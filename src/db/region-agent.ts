import { effectiveMoment } from '../domain/commission/publication';
import type { RegionAgent } from '../domain/commission/region';
import type { Caller } from '../domain/kernel/access';
import { programNow } from '../domain/kernel/clock';
import { groupBy } from '../domain/kernel/group';
import { type Fault, Refusal } from '../domain/kernel/refusal';
import { type DistributorHistory, type PathMember, uplineAt } from '../domain/referral/upline';
import { insertMany } from './bulk';
import type { Tx } from './database';
import { newId } from './id';
import type { ProgramRow } from './program';
import { lockProgramAlone } from './program-lock';
import { loadHistories } from './referral';

/** Who earns the difference on orders of a region, and up to which rate in basis points. */
export interface AgentTerms {
  region: string;
  distributorId: string;
  bps: number;
}

/** An agent over a stretch of time. */
export interface RegionAgentRow extends AgentTerms {
  id: string;
  validFrom: Date;
  /** null: until further notice */
  validTo: Date | null;
}

const agentSelect =
  'SELECT id, region, distributor_id, bps, valid_from, valid_to FROM region_agent';

/**
 * The agents of a program by region: those in force at a moment, or without one those of the list
 * that was given last.
 */
export function listAgents(
  read: Tx,
  programId: string,
  at: Date | undefined,
): Promise<RegionAgentRow[]> {
  return at === undefined
    ? read.rows<RegionAgentRow>(
        `${agentSelect} WHERE program_id = $1 AND valid_to IS NULL ORDER BY region COLLATE "C"`,
        [programId],
      )
    : read.rows<RegionAgentRow>(
        `${agentSelect}
         WHERE program_id = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
         ORDER BY region COLLATE "C"`,
        [programId, at],
      );
}

/**
 * Replaces the whole list of a program's regional agents. Who stays with the same rate keeps its
 * row; the others end, and new ones begin, at one moment: the program's start when nothing was
 * decided before, else now or just after the last accepted payment, so that nothing that is booked
 * would come out differently. No order can be booked meanwhile.
 * @returns the agents before and after
 * @throws Refusal not_found when a distributor is not of this program
 */
export async function replaceAgents(
  tx: Tx,
  context: { caller: Caller; now: Date },
  input: { program: ProgramRow; agents: readonly AgentTerms[] },
): Promise<{ before: RegionAgentRow[]; after: RegionAgentRow[] }> {
  const { program, agents } = input;
  await lockProgramAlone(tx, program.id);
  await mustBelong(tx, program.id, agents);
  const before = await listAgents(tx, program.id, undefined);
  const stays = (one: AgentTerms, list: readonly AgentTerms[]) =>
    list.some(
      ({ region, distributorId, bps }) =>
        region === one.region && distributorId === one.distributorId && bps === one.bps,
    );
  const ending = before.filter((agent) => !stays(agent, agents));
  const beginning = agents.filter((agent) => !stays(agent, before));
  if (ending.length + beginning.length === 0) return { before, after: before };
  const validFrom = await changeMoment(tx, program, context.now);
  await tx.run('UPDATE region_agent SET valid_to = $2 WHERE id = ANY($1)', [
    ending.map(({ id }) => id),
    validFrom,
  ]);
  const { actor } = context.caller;
  await insertMany(
    tx,
    'region_agent',
    agentColumns,
    beginning.map(({ region, distributorId, bps }) => ({
      id: newId('regionAgent'),
      programId: program.id,
      region,
      distributorId,
      bps,
      validFrom,
      actor,
      createdAt: context.now,
    })),
  );
  return { before, after: await listAgents(tx, program.id, undefined) };
}

const agentColumns = {
  id: 'text',
  programId: 'text',
  region: 'text',
  distributorId: 'text',
  bps: 'int4',
  validFrom: 'timestamptz',
  actor: 'text',
  createdAt: 'timestamptz',
} as const;

async function mustBelong(tx: Tx, programId: string, agents: readonly AgentTerms[]): Promise<void> {
  const found = await tx.rows<{ id: string }>(
    'SELECT id FROM distributor WHERE program_id = $1 AND id = ANY($2)',
    [programId, agents.map(({ distributorId }) => distributorId)],
  );
  const known = new Set(found.map(({ id }) => id));
  const errors = agents.flatMap(({ distributorId }, index): Fault[] =>
    known.has(distributorId)
      ? []
      : [
          {
            pointer: `/agents/${index}/distributorId`,
            code: 'not_found',
            message: 'There is no such distributor in this program.',
          },
        ],
  );
  if (errors.length === 0) return;
  throw new Refusal('not_found', 'There is no such distributor in this program.', { errors });
}

/** The moment from which another list counts: the rule by which a plan takes effect. */
async function changeMoment(tx: Tx, program: ProgramRow, realNow: Date): Promise<Date> {
  const facts = await tx.first<{ hasAgents: boolean; lastPaidAt: Date | null }>(
    `SELECT EXISTS (SELECT 1 FROM region_agent WHERE program_id = $1) AS has_agents,
       (SELECT max(paid_at) FROM orders WHERE program_id = $1) AS last_paid_at`,
    [program.id],
  );
  return effectiveMoment({
    requestedAt: undefined,
    programStartsAt: program.startsAt,
    now: programNow(program, realNow),
    hasPublished: facts?.hasAgents ?? false,
    lastPaidAt: facts?.lastPaidAt ?? undefined,
  });
}

/** An order as far as its region's agent depends on it. */
export interface RegionalOrder {
  programId: string;
  region?: string | undefined;
  paidAt: Date;
  customerExternalId: string;
}

/**
 * The agent of each order's region as of its payment, with the standing of that moment. Orders
 * without a region cost no statement, and those of regions without an agent one in all.
 */
export async function agentsAt(
  read: Tx,
  orders: readonly RegionalOrder[],
): Promise<(RegionAgent | undefined)[]> {
  const regional = orders.filter(({ region }) => region !== undefined);
  if (regional.length === 0) return orders.map(() => undefined);
  const times = regional.map(({ paidAt }) => paidAt.getTime());
  const from = new Date(times.reduce((a, b) => Math.min(a, b)));
  const to = new Date(times.reduce((a, b) => Math.max(a, b)));
  const keys = new Map(regional.map((order) => [regionKey(order), order]));
  const rows = await read.rows<RegionAgentRow & { programId: string }>(
    `SELECT a.program_id, a.region, a.distributor_id, a.bps, a.valid_from, a.valid_to
     FROM unnest($1::text[], $2::text[]) AS w (program_id, region)
     JOIN region_agent a ON a.program_id = w.program_id AND a.region = w.region
     WHERE a.valid_from <= $4 AND (a.valid_to IS NULL OR a.valid_to > $3)`,
    [
      [...keys.values()].map(({ programId }) => programId),
      [...keys.values()].map(({ region }) => region),
      from,
      to,
    ],
  );
  if (rows.length === 0) return orders.map(() => undefined);
  const histories = new Map<string, DistributorHistory>();
  const ids = rows.map(({ distributorId }) => distributorId);
  await loadHistories(read, histories, ids, { levelsUp: 0, from, to });
  const agents = groupBy(rows, regionKey);
  return orders.map((order) => {
    const at = order.paidAt;
    const row = agents
      .get(regionKey(order))
      ?.find(({ validFrom, validTo }) => validFrom <= at && (validTo === null || validTo > at));
    if (row === undefined) return undefined;
    const { region, distributorId, bps } = row;
    return { region, bps, ...memberAt(histories, distributorId, order) };
  });
}

function regionKey(one: { programId: string; region?: string | undefined }): string {
  return `${one.programId}\n${one.region}`;
}

function memberAt(
  histories: ReadonlyMap<string, DistributorHistory>,
  distributorId: string,
  { paidAt: at, customerExternalId }: RegionalOrder,
): PathMember {
  const rules = { levels: 1, onIneligible: 'skip', selfPurchase: 'deny' } as const;
  const path = uplineAt(histories, { distributorId, at, customerExternalId }, rules);
  if ('missing' in path) throw new Error(`the agent ${distributorId} is not loaded`);
  return path.members[0]!;
}
