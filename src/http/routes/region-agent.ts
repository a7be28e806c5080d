import { findProgram } from '../../db/program';
import { listAgents, type RegionAgentRow, replaceAgents } from '../../db/region-agent';
import { answer, defineRoute } from '../route';
import { programParams } from '../schemas/program';
import { regionAgentQuery, RegionAgentsBody, RegionAgentsView } from '../schemas/region-agent';

const tag = 'Programs';

const putAgents = defineRoute({
  method: 'put',
  path: '/v1/programs/:id/region-agents',
  summary: 'Say who is the agent of which region',
  description:
    'Replaces the whole list; who stays keeps its time. An agent earns on every order of exactly ' +
    'its region the difference between its rate and what the levels took. The first list of a ' +
    "program without orders counts from the program's start, any other from now, or from just " +
    'after the last accepted payment: what is booked never changes.',
  tag,
  access: { scope: 'programs:write', roles: ['owner', 'operations'] },
  params: programParams,
  body: RegionAgentsBody,
  answers: { 200: RegionAgentsView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const program = await findProgram(tx, caller, params.id);
    const input = { program, agents: body.agents };
    const { before, after } = await replaceAgents(tx, { caller, now }, input);
    await audit({
      action: 'program.region_agents_changed',
      subjectId: program.id,
      before: agentsView(before),
      after: agentsView(after),
    });
    return answer(200, agentsView(after));
  },
});

const getAgents = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/region-agents',
  summary: 'The agents of the regions, now or at a moment',
  tag,
  access: { scope: 'programs:read' },
  params: programParams,
  query: regionAgentQuery,
  answers: { 200: RegionAgentsView },
  handle: async ({ params, query, caller, deps: { db } }) => {
    const { id } = await findProgram(db.read, caller, params.id);
    return answer(200, agentsView(await listAgents(db.read, id, query.at)));
  },
});

export const regionAgentRoutes = [putAgents, getAgents];

function agentsView(agents: readonly RegionAgentRow[]) {
  return { agents: agents.map(({ id: _id, ...agent }) => agent) };
}
