import { z } from 'zod';
import { signClickId } from '../../db/click';
import { findDistributor } from '../../db/distributor';
import {
  createLink,
  findLink,
  type Followed,
  followLink,
  linkCursor,
  linkPath,
  type LinkRow,
  listLinks,
} from '../../db/link';
import { programById } from '../../db/program';
import { firstAllowed, withClickId } from '../../domain/referral/link';
import type { HttpConfig } from '../deps';
import { createLimiter } from '../limits';
import { listOf, listQuery, mapPage, page } from '../list';
import { media } from '../openapi';
import { demandPrivilege, privilegesFor } from '../privilege';
import { answer, defineRoute, RawBody, type Route } from '../route';
import {
  followParams,
  followQuery,
  FollowedView,
  LinkBody,
  linkParams,
  LinkView,
} from '../schemas/link';
import { distributorParams } from '../schemas/distributor';

const tag = 'Links';
const mayRead = { scope: 'distributors:read' } as const;
const mayWrite = { scope: 'distributors:write', roles: ['owner', 'operations'] } as const;
const plain = 'text/plain; charset=utf-8';
/** Many buyers may share one network address; a machine that makes up clicks is slowed down. */
const followsPerSecond = 100;

/** The full address of a short link. */
export function linkUrl({ callbackBaseUrl }: HttpConfig, code: string): string {
  return `${callbackBaseUrl}${linkPath(code)}`;
}

const postLink = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/links',
  summary: 'Make one more short link of a distributor',
  description:
    'Every distributor has one from the start (`links.promotion`). A channel tells links apart in what is made of their clicks.',
  tag,
  access: mayWrite,
  params: distributorParams,
  body: LinkBody,
  answers: { 201: LinkView },
  write: async ({ tx, params, body, caller, now, deps: { config }, audit }) => {
    const distributor = await findDistributor(tx, caller, params.id);
    const privileges = await privilegesFor(tx, caller, distributor, now);
    demandPrivilege(privileges, ({ ownLinks }) => ownLinks, 'links of your own');
    const { channel = null, targetUrl = null } = body;
    const program = await programById(tx, distributor.programId);
    const distributorId = distributor.id;
    const link = await createLink(tx, program, { distributorId, channel, targetUrl, now });
    const after = { code: link.code, channel, targetUrl };
    await audit({ action: 'link.created', subjectId: distributorId, after });
    return answer(201, linkView(config, link));
  },
});

function linkView(config: HttpConfig, { programId: _program, ...link }: LinkRow) {
  return { ...link, url: linkUrl(config, link.code) };
}

const getLinks = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/links',
  summary: 'The short links of a distributor, the newest first',
  tag,
  access: mayRead,
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(LinkView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db, config } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    const rows = await listLinks(db.read, id, { limit: limit + 1, after: cursor });
    return answer(
      200,
      mapPage(page(rows, limit, linkCursor), (link) => linkView(config, link)),
    );
  },
});

const getLink = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/links/:code',
  summary: 'Read a short link',
  tag,
  access: mayRead,
  params: linkParams,
  answers: { 200: LinkView },
  handle: async ({ params, caller, deps: { db, config } }) => {
    const { id } = await findDistributor(db.read, caller, params.id);
    return answer(200, linkView(config, await findLink(db.read, id, params.code)));
  },
});

/** The route that buyers follow; it counts by network address, each application on its own. */
function followRoute(): Route {
  const limiter = createLimiter('links', followsPerSecond, 1);
  return defineRoute({
    method: 'get',
    path: '/r/:code',
    summary: 'Follow a short link: records the click and leads to the shop',
    description:
      "302 to `to`, the link's page or the landing page of the program, whichever first is on one of its `links.hosts`, with `click_id` added; without such a page 200 with the click. HEAD records nothing, and so does the link of somebody who does not earn: the buyer is led to the shop all the same.",
    tag,
    access: 'open',
    params: followParams,
    query: followQuery,
    answers: { 200: z.union([FollowedView, media(plain)]), 302: z.void() },
    handle: async ({ params, query, method, address, headers, now, deps }) => {
      await limiter.use(address);
      const { code } = params;
      const record = method !== 'HEAD';
      const channel = readableChannel(query.channel);
      const following = { code, channel, record, now };
      const followed = await deps.db.transaction((tx) => followLink(tx, following));
      const clickId = followed.clickId && signClickId(deps.vault, followed.clickId);
      const { link, program } = followed;
      const pages = [query.to, link.targetUrl, program.landingUrl];
      const target = firstAllowed(pages, program.linkHosts);
      if (target !== undefined) {
        return answer(302, undefined, { Location: withClickId(target, clickId) });
      }
      return answer(200, noPage(followed, clickId, headers.accept));
    },
  });
}

/** What is no channel is left out: a buyer is never stopped by the form of an address. */
function readableChannel(text: string | undefined): string | undefined {
  return text !== undefined && /^[\p{L}\p{N}][\p{L}\p{N}._ -]*$/u.test(text) ? text : undefined;
}

/** For machines JSON, for people who look at it a line of text. */
function noPage(
  { distributorCode }: Followed,
  clickId: string | undefined,
  accept: string | undefined,
) {
  if (!/text\/html/i.test(accept ?? '')) return { clickId: clickId ?? null, distributorCode };
  const text = `推荐码 ${distributorCode}，请在下单时填写。\nThe code ${distributorCode} may be given with an order.\n`;
  return new RawBody(plain, text);
}

export function linkRoutes(): Route[] {
  return [postLink, getLinks, getLink, followRoute()];
}
