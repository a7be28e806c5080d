import type { Tx } from '../../db/database';
import { findPlan } from '../../db/plan';
import { findProgram } from '../../db/program';
import {
  cancelSimulation,
  findSimulation,
  listSimulations,
  openSimulation,
  type SimulatedDistributor,
  simulatedDistributors,
  type SimulationRow,
} from '../../db/simulation';
import type { Caller } from '../../domain/kernel/access';
import { listOf, listQuery, page } from '../list';
import { answer, defineRoute, type WriteContext } from '../route';
import { planParams } from '../schemas/plan';
import {
  distributorsQuery,
  SimulatedDistributorView,
  SimulationBody,
  simulationParams,
  SimulationView,
} from '../schemas/simulation';
import { simulationView } from '../simulation-view';

const tag = 'Simulations';
const mayRead = { scope: 'plans:read' } as const;
const mayWrite = { scope: 'plans:write', roles: ['owner', 'operations'] } as const;

const post = defineRoute({
  method: 'post',
  path: '/v1/plans/:id/simulations',
  summary: 'Compute a plan over a past period',
  description:
    'What the orders of the period would have cost under this plan (a draft too), beside the plans ' +
    'that decided. Runs in the background and books nothing. What was refunded is out on both ' +
    'sides; campaigns and bonuses are on neither. At most 3 of a program at once.',
  tag,
  access: mayWrite,
  params: planParams,
  body: SimulationBody,
  answers: { 202: SimulationView },
  write: async ({ tx, params, body, caller, now, locale, audit }) => {
    const plan = await findPlan(tx, caller, params.id, now);
    const program = await findProgram(tx, caller, plan.programId);
    const simulation = await openSimulation(tx, {
      program,
      plan,
      ...body,
      requestedBy: caller.actor,
      now,
      language: locale,
    });
    await audit({
      action: 'simulation.requested',
      subjectId: simulation.id,
      after: { planId: plan.id, from: body.from, to: body.to },
    });
    return answer(202, simulationView(simulation, plan, locale));
  },
});

const list = defineRoute({
  method: 'get',
  path: '/v1/plans/:id/simulations',
  summary: 'List the simulations of a plan, the latest first',
  tag,
  access: mayRead,
  params: planParams,
  query: listQuery,
  answers: { 200: listOf(SimulationView) },
  handle: async ({ params, query: { limit, cursor }, caller, now, locale, deps: { db } }) => {
    const plan = await findPlan(db.read, caller, params.id, now);
    const rows = await listSimulations(db.read, { planId: plan.id, cursor, limit: limit + 1 });
    const { data, nextCursor } = page(rows, limit, ({ id }) => id);
    return answer(200, {
      data: data.map((row) => simulationView(row, plan, locale)),
      nextCursor,
    });
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/simulations/:id',
  summary: 'Read a simulation: progress, and at the end the result',
  tag,
  access: mayRead,
  params: simulationParams,
  answers: { 200: SimulationView },
  handle: async ({ params, deps: { db }, ...asking }) => {
    const row = await findSimulation(db.read, asking.caller, params.id);
    return answer(200, await viewOf(db.read, row, asking));
  },
});

const distributors = defineRoute({
  method: 'get',
  path: '/v1/simulations/:id/distributors',
  summary: 'What each distributor earns under the plans in force and under the simulated one',
  description:
    'Those who earn something on at least one side; while it runs, as far as it has come.',
  tag,
  access: mayRead,
  params: simulationParams,
  query: distributorsQuery,
  answers: { 200: listOf(SimulatedDistributorView) },
  handle: async ({ params, query: { limit, cursor, sort }, caller, deps: { db } }) => {
    const { id } = await findSimulation(db.read, caller, params.id);
    const after = readPosition(cursor);
    const rows = await simulatedDistributors(db.read, id, { sort, after, limit: limit + 1 });
    return answer(200, page(rows, limit, positionOf));
  },
});

const cancel = defineRoute({
  method: 'post',
  path: '/v1/simulations/:id/cancellation',
  summary: 'Stop a simulation',
  description: '202: it stops within moments. 200: it was over before, or had not begun.',
  tag,
  access: mayWrite,
  params: simulationParams,
  answers: { 200: SimulationView, 202: SimulationView },
  write: async ({ tx, params, caller, now, locale, audit }) => {
    const { before, after } = await cancelSimulation(tx, caller, params.id, now);
    if (before.cancelAskedAt === null && after.cancelAskedAt !== null) {
      await audit({ action: 'simulation.canceled', subjectId: after.id });
    }
    const view = await viewOf(tx, after, { caller, now, locale });
    return after.status === 'running' ? answer(202, view) : answer(200, view);
  },
});

export const simulationRoutes = [post, list, get, distributors, cancel];

type Asking = Pick<WriteContext<unknown, unknown, unknown, Caller>, 'caller' | 'now' | 'locale'>;

async function viewOf(read: Tx, row: SimulationRow, { caller, now, locale }: Asking) {
  return simulationView(row, await findPlan(read, caller, row.planId, now), locale);
}

/** Where a page ends in any order: whose row it was, and the difference there. */
function positionOf({ distributorId, differenceAmount }: SimulatedDistributor): string {
  return `${distributorId} ${differenceAmount}`;
}

/** A cursor that was made for another list begins this one again. */
function readPosition(cursor: string | undefined) {
  const match = /^(dst_[0-9a-z]{26}) (-?\d{1,18})$/.exec(cursor ?? '');
  if (match === null) return undefined;
  return { distributorId: match[1]!, differenceAmount: BigInt(match[2]!) };
}
