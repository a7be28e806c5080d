import { z } from 'zod';
import { findDistributor } from '../../db/distributor';
import {
  createDistributorToken,
  listDistributorTokens,
  revokeDistributorToken,
} from '../../db/distributor-token';
import { campaignsFor, customersOf } from '../../db/own-view';
import { maskCustomer } from '../../domain/distributor/privilege';
import { listOf, listQuery, mapPage, page } from '../list';
import { demandPrivilege, privilegesFor } from '../privilege';
import { answer, defineRoute } from '../route';
import { distributorParams } from '../schemas/distributor';
import {
  CustomerView,
  MadeToken,
  OpenCampaignView,
  TokenBody,
  tokenParams,
  TokenView,
} from '../schemas/own';

const tag = 'Distributors';
const mayRead = { scope: 'distributors:read' } as const;
const mayWrite = { scope: 'distributors:write', roles: ['owner', 'operations'] } as const;
const tokensPath = '/v1/distributors/:id/tokens';

const postToken = defineRoute({
  method: 'post',
  path: tokensPath,
  summary: 'A short-lived token for a distributor’s page',
  description:
    'With it the page reads what is the distributor’s own, as far as the tier allows; everything else is 403, another distributor’s id 404. Asking for it is a sign of life.',
  tag,
  access: mayWrite,
  params: distributorParams,
  body: TokenBody,
  answers: { 201: MadeToken },
  secretAnswer: true,
  write: async ({ tx, params, body, caller, now, deps: { config }, audit }) => {
    const distributor = await findDistributor(tx, caller, params.id);
    const { row, token } = await createDistributorToken(tx, {
      distributor,
      ttlSeconds: body.ttlSeconds,
      createdBy: caller.actor,
      now,
      tokenPepper: config.tokenPepper,
    });
    await audit({
      action: 'distributor.token_created',
      subjectId: distributor.id,
      after: { tokenId: row.id, expiresAt: row.expiresAt },
    });
    return answer(201, { ...row, token });
  },
});

const getTokens = defineRoute({
  method: 'get',
  path: tokensPath,
  summary: 'The tokens of a distributor, without what opens the door',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(TokenView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const rows = await listDistributorTokens(db.read, id, { limit: limit + 1, before: cursor });
    return answer(
      200,
      page(rows, limit, (row) => row.id),
    );
  },
});

const deleteToken = defineRoute({
  method: 'delete',
  path: `${tokensPath}/:tokenId`,
  summary: 'End a token at once',
  tag,
  access: mayWrite,
  params: tokenParams,
  answers: { 204: z.void() },
  write: async ({ tx, params, caller, now, audit }) => {
    const { id } = await findDistributor(tx, caller, params.id);
    const { tokenId } = params;
    await revokeDistributorToken(tx, id, { tokenId, now });
    await audit({ action: 'distributor.token_revoked', subjectId: id, after: { tokenId } });
    return answer(204, undefined);
  },
});

const getCustomers = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/customers',
  summary: 'The customers who belong to a distributor now',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(CustomerView) },
  handle: async ({ params, query: { limit, cursor }, caller, now, deps: { db } }) => {
    const distributor = await findDistributor(db.read, caller, params.id);
    const privileges = await privilegesFor(db.read, caller, distributor, now);
    const slice = { limit: limit + 1, before: cursor, realNow: now };
    const rows = await customersOf(db.read, distributor, slice);
    const inFull = privileges === undefined || privileges.customerDetails === 'full';
    const view = (row: (typeof rows)[0]) =>
      inFull ? row : { ...row, customerExternalId: maskCustomer(row.customerExternalId) };
    return answer(
      200,
      mapPage(
        page(rows, limit, ({ id }) => id),
        view,
      ),
    );
  },
});

const getOpenCampaigns = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/campaigns',
  summary: 'The campaigns by which a distributor may earn, without their budgets',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(OpenCampaignView) },
  handle: async ({ params, query: { limit, cursor }, caller, now, deps: { db } }) => {
    const distributor = await findDistributor(db.read, caller, params.id);
    const privileges = await privilegesFor(db.read, caller, distributor, now);
    demandPrivilege(privileges, ({ campaigns }) => campaigns, 'campaigns');
    const slice = { limit: limit + 1, before: cursor, realNow: now };
    const rows = await campaignsFor(db.read, distributor, slice);
    return answer(
      200,
      page(rows, limit, ({ id }) => id),
    );
  },
});

export const ownRoutes = [postToken, getTokens, deleteToken, getCustomers, getOpenCampaigns];
