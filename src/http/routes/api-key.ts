import { z } from 'zod';
import { createApiKey, findApiKey, listApiKeys, revokeApiKey } from '../../db/api-key';
import type { ApiKeyRow } from '../../db/api-key';
import { Refusal } from '../../domain/kernel/refusal';
import { listOf, listQuery, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import { ApiKeyBody, ApiKeyView, NewApiKeyView } from '../schemas/admin';
import { idParam } from '../schemas/common';

const tag = 'API keys';
const access = { adminOnly: { roles: ['owner'] } } as const;
const params = z.strictObject({ id: idParam('apiKey') });

const create = defineRoute({
  method: 'post',
  path: '/v1/api-keys',
  summary: 'Make an API key; the key is shown once',
  tag,
  access,
  body: ApiKeyBody,
  answers: { 201: NewApiKeyView },
  secretAnswer: true,
  write: async ({ tx, body, caller, now, deps, audit }) => {
    const unique = [...new Set(body.scopes)];
    const { id, key } = await createApiKey(tx, {
      ...body,
      scopes: unique,
      storeId: caller.storeId,
      createdBy: caller.actor,
      now,
      tokenPepper: deps.config.tokenPepper,
    });
    const { mode, name } = body;
    await audit({ action: 'apiKey.created', subjectId: id, after: { mode, scopes: unique } });
    return answer(201, { id, key, name, mode, scopes: unique });
  },
});

const list = defineRoute({
  method: 'get',
  path: '/v1/api-keys',
  summary: 'List the API keys of the store',
  tag,
  access,
  query: listQuery,
  answers: { 200: listOf(ApiKeyView) },
  handle: async ({ query, caller, deps }) => {
    const rows = await listApiKeys(deps.db.read, { storeId: caller.storeId, ...query });
    return answer(
      200,
      mapPage(
        page(rows, query.limit, ({ id }) => id),
        viewOf,
      ),
    );
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/api-keys/:id',
  summary: 'Read an API key; never the key itself',
  tag,
  access,
  params,
  answers: { 200: ApiKeyView },
  handle: async ({ params, caller, deps }) => {
    const row = await findApiKey(deps.db.read, caller.storeId, params.id);
    if (row === undefined) throw new Refusal('not_found', 'no such API key');
    return answer(200, viewOf(row));
  },
});

const revoke = defineRoute({
  method: 'delete',
  path: '/v1/api-keys/:id',
  summary: 'End an API key at once',
  tag,
  access,
  params,
  answers: { 200: ApiKeyView },
  write: async ({ tx, params, caller, now, audit }) => {
    const row = await findApiKey(tx, caller.storeId, params.id);
    if (row === undefined) throw new Refusal('not_found', 'no such API key');
    if (row.revokedAt !== null) return answer(200, viewOf(row));
    await revokeApiKey(tx, row.id, now);
    await audit({ action: 'apiKey.revoked', subjectId: row.id });
    return answer(200, viewOf({ ...row, revokedAt: now }));
  },
});

function viewOf(row: ApiKeyRow) {
  const { id, name, hint, mode, scopes, createdBy, createdAt, revokedAt } = row;
  return { id, name, hint, mode, scopes, createdBy, createdAt, revokedAt };
}

export const apiKeyRoutes = [create, list, get, revoke];
