import { z } from 'zod';
import {
  type AdminRow,
  createAdmin,
  createSession,
  findAdmin,
  findSignIn,
  listAdmins,
  normalizeEmail,
  revokeSession,
} from '../../db/admin';
import { recordAudit } from '../../db/audit';
import { tokenHash } from '../../db/token';
import { roles } from '../../domain/kernel/access';
import { Refusal } from '../../domain/kernel/refusal';
import { bearerToken } from '../authenticate';
import { createLimiter } from '../limits';
import { listOf, listQuery, mapPage, page } from '../list';
import { createPasswordChecker, hashPassword } from '../password';
import { answer, defineRoute, type Route } from '../route';
import { AdminBody, AdminView, SignedIn, SignIn } from '../schemas/admin';
import { idParam } from '../schemas/common';

const tag = 'Admins';
const ownerOnly = { adminOnly: { roles: ['owner'] } } as const;

const signInWindowSeconds = 900;
/** One address may try for many people, but not for everybody. */
const addressFactor = 20;

/** The routes of admins; sign-ins are counted per set of routes, so per process. */
export function adminRoutes(limits: { readonly signInAttempts: number }): Route[] {
  return [signInRoute(limits.signInAttempts), signOut, createOne, list, get];
}

function signInRoute(attempts: number): Route {
  const checker = createPasswordChecker();
  const perPerson = createLimiter('sign-in', attempts, signInWindowSeconds);
  const perAddress = createLimiter('address', attempts * addressFactor, signInWindowSeconds);
  return defineRoute({
    method: 'post',
    path: '/v1/admin/sessions',
    summary: 'Sign in with e-mail and password',
    tag,
    access: 'open',
    body: SignIn,
    answers: { 201: SignedIn },
    handle: async ({ body, address, deps, now, requestId }) => {
      const person = `${normalizeEmail(body.email)} ${address}`;
      await perAddress.use(address);
      await perPerson.use(person);
      const admin = await findSignIn(deps.db.read, body.email);
      const right = await checker.matches(admin?.passwordHash, body.password);
      if (!right || admin === undefined) {
        throw new Refusal('sign_in_failed', 'e-mail or password is wrong');
      }
      await perPerson.forget(person);
      const expiresAt = new Date(now.getTime() + deps.config.sessionSeconds * 1000);
      const { tokenPepper } = deps.config;
      const token = await deps.db.transaction(async (tx) => {
        const session = await createSession(tx, { adminId: admin.id, expiresAt, now, tokenPepper });
        await recordAudit(tx, {
          storeId: admin.storeId,
          actor: `admin:${admin.id}`,
          action: 'session.created',
          subjectId: session.id,
          requestId,
          at: now,
        });
        return session.token;
      });
      return answer(201, { token, expiresAt, roles: admin.roles });
    },
  });
}

const signOut = defineRoute({
  method: 'delete',
  path: '/v1/admin/sessions/current',
  summary: 'Sign out: this token ends at once',
  tag,
  access: { adminOnly: { roles } },
  answers: { 204: z.void() },
  write: async ({ tx, headers, caller, now, deps, audit }) => {
    const token = bearerToken(headers.authorization) ?? '';
    await revokeSession(tx, tokenHash(deps.config.tokenPepper, token), now);
    await audit({ action: 'session.ended', subjectId: caller.adminId ?? caller.actor });
    return answer(204, undefined);
  },
});

const createOne = defineRoute({
  method: 'post',
  path: '/v1/admins',
  summary: 'Add an admin to the store',
  tag,
  access: ownerOnly,
  body: AdminBody,
  answers: { 201: AdminView },
  write: async ({ tx, body, caller, now, audit }) => {
    const passwordHash = await hashPassword(body.password);
    const { id } = await createAdmin(tx, {
      storeId: caller.storeId,
      email: body.email,
      name: body.name,
      passwordHash,
      roles: [...new Set(body.roles)],
      now,
    });
    await audit({ action: 'admin.created', subjectId: id, after: { roles: body.roles } });
    const row = await findAdmin(tx, caller.storeId, id);
    if (row === undefined) throw new Error('an admin just made is not there');
    return answer(201, viewOf(row));
  },
});

const list = defineRoute({
  method: 'get',
  path: '/v1/admins',
  summary: 'List the admins of the store',
  tag,
  access: ownerOnly,
  query: listQuery,
  answers: { 200: listOf(AdminView) },
  handle: async ({ query, caller, deps }) => {
    const rows = await listAdmins(deps.db.read, { storeId: caller.storeId, ...query });
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
  path: '/v1/admins/:id',
  summary: 'Read an admin of the store',
  tag,
  access: ownerOnly,
  params: z.strictObject({ id: idParam('admin') }),
  answers: { 200: AdminView },
  handle: async ({ params, caller, deps }) => {
    const row = await findAdmin(deps.db.read, caller.storeId, params.id);
    if (row === undefined) throw new Refusal('not_found', 'no such admin');
    return answer(200, viewOf(row));
  },
});

function viewOf(row: AdminRow) {
  const { id, email, name, roles, createdAt, disabledAt } = row;
  return { id, email, name, roles, createdAt, disabledAt };
}
