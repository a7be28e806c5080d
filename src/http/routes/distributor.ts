import { createDistributor, type DistributorRow, findDistributor } from '../../db/distributor';
import { privilegesIn } from '../../db/privilege';
import { findProgram } from '../../db/program';
import { standingsOf } from '../../db/standing';
import type { Tx } from '../../db/database';
import { normalizeCode } from '../../domain/distributor/code';
import type { GrantedPrivileges } from '../../domain/distributor/privilege';
import type { HttpConfig } from '../deps';
import { listOf, listQuery, mapPage, page, wholeNumber } from '../list';
import { answer, defineRoute } from '../route';
import { linkUrl } from './link';
import {
  distributorParams,
  distributorQuery,
  DistributorView,
  NewDistributorBody,
  StandingView,
} from '../schemas/distributor';

const tag = 'Distributors';
const mayRead = { scope: 'distributors:read' } as const;
const mayWrite = { scope: 'distributors:write', roles: ['owner', 'operations'] } as const;

const postDistributor = defineRoute({
  method: 'post',
  path: '/v1/distributors',
  summary: 'Take somebody into a program',
  description:
    'Open programs answer `active`, programs with review `under_review` until an admin decides. `joinedAt` and `tier` bring existing people in: they need the scope `distributors:import` and do not apply again.',
  tag,
  access: mayWrite,
  body: NewDistributorBody,
  answers: { 201: DistributorView, 200: DistributorView },
  write: async ({ tx, body, caller, now, deps: { vault, config }, audit }) => {
    const { programId, ...input } = body;
    const program = await findProgram(tx, caller, programId);
    const arriving = { program, input, caller, realNow: now, vault };
    const { distributor, created } = await createDistributor(tx, arriving);
    const [view] = await distributorViews(tx, config, [distributor], now);
    if (!created) return answer(200, view!);
    const { status, tier, sponsorId, code } = distributor;
    await audit({
      action: 'distributor.created',
      subjectId: distributor.id,
      after: { programId, status, tier, sponsorId, code },
    });
    return answer(201, view!);
  },
});

/** What a caller may see of distributors; phone numbers are masked. */
export async function distributorViews(
  read: Tx,
  config: HttpConfig,
  rows: readonly DistributorRow[],
  now: Date,
) {
  const privileges = await privilegesIn(read, rows, now);
  return rows.map((row, index) => distributorView(config, row, privileges[index]!));
}

function distributorView(config: HttpConfig, row: DistributorRow, privileges: GrantedPrivileges) {
  const self = `/v1/distributors/${row.id}`;
  return {
    id: row.id,
    programId: row.programId,
    externalId: row.externalId,
    name: row.name,
    phone: row.phoneMasked,
    code: row.code,
    status: row.status,
    tier: row.tier,
    privileges,
    sponsorId: row.sponsorId,
    customerExternalId: row.customerExternalId,
    answers: row.answers,
    joinedAt: row.joinedAt,
    createdAt: row.createdAt,
    links: {
      self,
      balance: `${self}/balance`,
      ledger: `${self}/ledger`,
      team: `${self}/team`,
      history: `${self}/history`,
      growth: `${self}/growth`,
      promotion: linkUrl(config, row.code),
    },
  };
}

const getDistributors = defineRoute({
  method: 'get',
  path: '/v1/distributors',
  summary: 'List distributors',
  tag,
  access: mayRead,
  query: distributorQuery,
  answers: { 200: listOf(DistributorView) },
  handle: async ({ query, caller, now, deps: { db, config } }) => {
    const { limit, cursor, code, ...equal } = query;
    const rows = await db.prisma.distributor.findMany({
      where: {
        storeId: caller.storeId,
        ...(caller.mode === 'both' ? {} : { program: { mode: caller.mode } }),
        ...Object.fromEntries(Object.entries(equal).filter(([, wanted]) => wanted !== undefined)),
        ...(code === undefined ? {} : { code: normalizeCode(code) }),
        ...(cursor === undefined ? {} : { id: { lt: cursor } }),
      },
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    const found = page(rows as DistributorRow[], limit, ({ id }) => id);
    const data = await distributorViews(db.read, config, found.data, now);
    return answer(200, { ...found, data });
  },
});

const getDistributor = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id',
  summary: 'Read a distributor',
  tag,
  access: mayRead,
  params: distributorParams,
  answers: { 200: DistributorView },
  handle: async ({ params, caller, now, deps: { db, config } }) => {
    const row = await findDistributor(db.read, caller, params.id);
    const [view] = await distributorViews(db.read, config, [row], now);
    return answer(200, view!);
  },
});

const getHistory = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/history',
  summary: 'Every status, tier and sponsor of a distributor, from the first',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(StandingView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const rows = await standingsOf(db.read, id, { limit: limit + 1, after: wholeNumber(cursor) });
    const standings = page(rows, limit, (row) => row.id.toString());
    const view = ({ status, tier, sponsorId, cause, reason, actor, ...row }: (typeof rows)[0]) => ({
      status,
      tier,
      sponsorId,
      from: row.validFrom,
      to: row.validTo,
      cause,
      reason,
      actor,
      at: row.recordedAt,
    });
    return answer(200, mapPage(standings, view));
  },
});

export const distributorRoutes = [postDistributor, getDistributors, getDistributor, getHistory];
