import type { Caller } from '../domain/kernel/access';
import { Refusal } from '../domain/kernel/refusal';
import type { Route } from './route';

const self = '/v1/distributors/:id';

/**
 * Every route that a distributor's own token may call; all others are 403. Below `self` the id must
 * be the distributor's own, the rest finds out by whose row it is. A new route is closed until it is
 * put here.
 */
const open: ReadonlySet<string> = new Set([
  `get ${self}`,
  `get ${self}/balance`,
  `get ${self}/ledger`,
  `get ${self}/team`,
  `get ${self}/growth`,
  `get ${self}/history`,
  `get ${self}/courses`,
  `get ${self}/customers`,
  `get ${self}/campaigns`,
  `get ${self}/materials`,
  `get ${self}/statements`,
  `get ${self}/reversals`,
  `get ${self}/assessments`,
  `get ${self}/notices`,
  `put ${self}/notices/:noticeId/read`,
  `get ${self}/agreements`,
  `post ${self}/agreements`,
  `get ${self}/applications`,
  `get ${self}/links`,
  `get ${self}/links/:code`,
  `post ${self}/links`,
  `get ${self}/withdrawals`,
  `get ${self}/withdrawals/:withdrawalId`,
  `post ${self}/withdrawals`,
  `post ${self}/appeals`,
  `post ${self}/departures`,
  `post ${self}/departures/withdrawal`,
  `post ${self}/returns`,
  `get ${self}/payout-account`,
  `get ${self}/tax-profile`,
  'get /v1/commissions',
  'get /v1/commissions/:id',
  'get /v1/commissions/:id/explanation',
  'get /v1/statements/:id',
  'get /v1/statements/:id/lines',
  'get /v1/assessments/:id',
  'post /v1/assessments/:id/objections',
]);

export function isForDistributors({ method, path }: Pick<Route, 'method' | 'path'>): boolean {
  return open.has(`${method} ${path}`);
}

/**
 * Somebody else's id in the path is answered like one that does not exist, whatever the route does.
 * @throws Refusal not_found
 */
export function demandOwn(route: Pick<Route, 'path'>, caller: Caller, params: unknown): void {
  if (caller.kind !== 'distributor' || !route.path.startsWith(self)) return;
  const { id } = params as { id?: unknown };
  if (id !== caller.distributorId) {
    throw new Refusal('not_found', 'There is no such distributor.');
  }
}
