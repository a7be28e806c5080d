import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { tokenHash } from '../../db/token';
import { bearerToken } from '../authenticate';
import { docsPage } from '../docs-page';
import { media, openApiDocument, problemTable } from '../openapi';
import { heldChannels } from '../../db/channel-state';
import { holdCauses } from '../../domain/payout/asking';
import type { HttpDeps } from '../deps';
import { ProtocolRefusal } from '../problem';
import { answer, defineRoute, RawBody, type Route } from '../route';
import { encodeJson } from '../strict-json';
import { version } from '../version';

const tag = 'System';
const json = 'application/json; charset=utf-8';
const html = 'text/html; charset=utf-8';
const prometheus = 'text/plain; version=0.0.4; charset=utf-8';

const health = defineRoute({
  method: 'get',
  path: '/healthz',
  summary: 'The process runs',
  tag,
  access: 'open',
  answers: { 200: z.strictObject({ status: z.literal('ok') }) },
  handle: () => Promise.resolve(answer(200, { status: 'ok' as const })),
});

const Readiness = z
  .strictObject({
    status: z.enum(['ready', 'not_ready']),
    database: z.enum(['up', 'down']),
    temporal: z.enum(['up', 'down']),
  })
  .meta({ id: 'Readiness' });

const readiness = defineRoute({
  method: 'get',
  path: '/readyz',
  summary: 'The database answers; Temporal is reported, not required',
  tag,
  access: 'open',
  answers: { 200: Readiness, 503: Readiness },
  handle: async ({ deps }) => {
    const [database, temporal] = await Promise.all([
      deps.db.read.first('SELECT 1 AS one').then(
        () => true,
        () => false,
      ),
      deps.temporal.reachable(),
    ]);
    const word = (up: boolean) => (up ? ('up' as const) : ('down' as const));
    const body = { database: word(database), temporal: word(temporal) };
    return database
      ? answer(200, { status: 'ready' as const, ...body })
      : answer(503, { status: 'not_ready' as const, ...body }, { 'Retry-After': '2' });
  },
});

const metrics = defineRoute({
  method: 'get',
  path: '/metrics',
  summary: 'Prometheus metrics; with METRICS_TOKEN set, only for its bearer',
  tag,
  access: 'open',
  answers: { 200: media(prometheus) },
  handle: async ({ deps, headers }) => {
    const { metricsToken, tokenPepper } = deps.config;
    if (metricsToken !== undefined) {
      const digest = (token: string) => Buffer.from(tokenHash(tokenPepper, token));
      const given = digest(bearerToken(headers.authorization) ?? '');
      if (!timingSafeEqual(given, digest(metricsToken))) {
        throw new ProtocolRefusal('unauthorized', 'METRICS_TOKEN is needed', {
          headers: { 'WWW-Authenticate': 'Bearer realm="metrics"' },
        });
      }
    }
    await countHeldChannels(deps).catch(() => deps.metrics.channelsHeld.reset());
    return answer(200, new RawBody(prometheus, await deps.metrics.registry.metrics()));
  },
});

/** One channel that is held keeps many people waiting: it is worth an alarm. */
async function countHeldChannels({ db, metrics }: HttpDeps): Promise<void> {
  const held = await heldChannels(db.read);
  for (const cause of holdCauses) {
    metrics.channelsHeld.set({ cause }, held.find((each) => each.cause === cause)?.count ?? 0);
  }
}

/** The routes about the service itself; the document describes `others` and these. */
export function systemRoutes(others: readonly Route[]): Route[] {
  const made: { document?: object } = {};
  const document = () => (made.document ??= openApiDocument([...others, ...own], version));
  const openApi = defineRoute({
    method: 'get',
    path: '/openapi.json',
    summary: 'This contract as OpenAPI 3.1',
    tag,
    access: 'open',
    answers: { 200: media('application/json') },
    handle: () => Promise.resolve(answer(200, new RawBody(json, encodeJson(document())))),
  });
  const docs = defineRoute({
    method: 'get',
    path: '/docs',
    summary: 'This contract as a page',
    tag,
    access: 'open',
    answers: { 200: media('text/html') },
    handle: () =>
      Promise.resolve(answer(200, new RawBody(html, docsPage(document(), problemTable())))),
  });
  const own: Route[] = [health, readiness, metrics, openApi, docs];
  return own;
}
