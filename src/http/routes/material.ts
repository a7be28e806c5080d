import { z } from 'zod';
import { findDistributor } from '../../db/distributor';
import {
  changeMaterial,
  createMaterial,
  findMaterial,
  listMaterials,
  type MaterialOnClock,
  materialsFor,
  type MaterialSettings,
  withdrawMaterial,
} from '../../db/material';
import { findProgram } from '../../db/program';
import { programNow } from '../../domain/kernel/clock';
import { Refusal } from '../../domain/kernel/refusal';
import { madeOwn, materialStatusAt, type PromotionLink } from '../../domain/promotion/material';
import { listOf, listQuery, mapPage, page } from '../list';
import { demandPrivilege, privilegesFor } from '../privilege';
import { answer, defineRoute } from '../route';
import { distributorParams } from '../schemas/distributor';
import {
  contradictions,
  MaterialBody,
  materialParams,
  MaterialPatch,
  MaterialView,
  OwnMaterialView,
} from '../schemas/material';
import { programParams } from '../schemas/program';
import { linkUrl } from './link';

const tag = 'Materials';
const mayRead = { scope: 'plans:read' } as const;
const mayWrite = { scope: 'plans:write', roles: ['owner', 'operations'] } as const;

const postMaterial = defineRoute({
  method: 'post',
  path: '/v1/programs/:id/materials',
  summary: 'Give the distributors of a program something to promote with',
  description:
    'An image, a text or a page of the shop, for all tiers or some, from `startsAt` to `endsAt`. The same externalId with the same content answers the first material.',
  tag,
  access: mayWrite,
  params: programParams,
  body: MaterialBody,
  answers: { 201: MaterialView, 200: MaterialView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const program = await findProgram(tx, caller, params.id);
    const context = { caller, now };
    const input = { program, material: body };
    const { material, created } = await createMaterial(tx, context, input);
    if (!created) return answer(200, materialView(material, now));
    const after = { programId: program.id, ...body };
    await audit({ action: 'material.created', subjectId: material.id, after });
    return answer(201, materialView(material, now));
  },
});

const getMaterials = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/materials',
  summary: 'List the materials of a program',
  description: 'The newest first, also those that are over or withdrawn.',
  tag,
  access: mayRead,
  params: programParams,
  query: listQuery,
  answers: { 200: listOf(MaterialView) },
  handle: async ({ params, query: { limit, cursor }, caller, now, deps: { db } }) => {
    const { id: programId } = await findProgram(db.read, caller, params.id);
    const rows = await listMaterials(db.read, { programId, cursor, limit: limit + 1 });
    return answer(
      200,
      mapPage(
        page(rows, limit, ({ id }) => id),
        (row) => materialView(row, now),
      ),
    );
  },
});

const getMaterial = defineRoute({
  method: 'get',
  path: '/v1/materials/:id',
  summary: 'Read a material',
  tag,
  access: mayRead,
  params: materialParams,
  answers: { 200: MaterialView },
  handle: async ({ params, caller, now, deps: { db } }) =>
    answer(200, materialView(await findMaterial(db.read, caller, params.id), now)),
});

const patchMaterial = defineRoute({
  method: 'patch',
  path: '/v1/materials/:id',
  summary: 'Change a material for whoever reads it from now on',
  description: 'What is left out stays. One that was withdrawn: 409.',
  tag,
  access: mayWrite,
  params: materialParams,
  body: MaterialPatch,
  answers: { 200: MaterialView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const before = await findMaterial(tx, caller, params.id, 'lock');
    const after = patched(settingsOf(before), body);
    mustNotContradict(after);
    const changed = await changeMaterial(tx, caller, { before, after, now });
    await audit({
      action: 'material.changed',
      subjectId: before.id,
      before: settingsOf(before),
      after,
    });
    return answer(200, materialView(changed, now));
  },
});

const deleteMaterial = defineRoute({
  method: 'delete',
  path: '/v1/materials/:id',
  summary: 'Withdraw a material for good',
  description: 'No distributor is shown it any more; the shop still reads what it was.',
  tag,
  access: mayWrite,
  params: materialParams,
  answers: { 204: z.void() },
  write: async ({ tx, params, caller, now, audit }) => {
    const row = await findMaterial(tx, caller, params.id, 'lock');
    await withdrawMaterial(tx, row, now);
    await audit({ action: 'material.withdrawn', subjectId: row.id, after: { withdrawnAt: now } });
    return answer(204, undefined);
  },
});

const getOwnMaterials = defineRoute({
  method: 'get',
  path: '/v1/distributors/:id/materials',
  summary: 'What a distributor may promote with now, with its own link and code in it',
  description:
    'As the tier is shown it, the newest first. A distributor’s token needs the privilege `materials`. A page of the shop is reached by the distributor’s own short link; `{link}` and `{code}` in a text are its own.',
  tag,
  access: { scope: 'distributors:read' },
  params: distributorParams,
  query: listQuery,
  answers: { 200: listOf(OwnMaterialView) },
  handle: async ({ params, query: { limit, cursor }, caller, now, deps: { db, config } }) => {
    const distributor = await findDistributor(db.read, caller, params.id);
    const privileges = await privilegesFor(db.read, caller, distributor, now);
    demandPrivilege(privileges, ({ materials }) => materials, 'materials');
    const slice = { limit: limit + 1, before: cursor, realNow: now };
    const rows = await materialsFor(db.read, distributor, slice);
    const own = { code: distributor.code, url: linkUrl(config, distributor.code) };
    return answer(
      200,
      mapPage(
        page(rows, limit, ({ id }) => id),
        (row) => ownView(row, own),
      ),
    );
  },
});

type Patch = z.output<typeof MaterialPatch>;

function settingsOf(row: MaterialSettings): MaterialSettings {
  const { title, kind, url, text, skus, productIds, categories, tiers, startsAt, endsAt } = row;
  return { title, kind, url, text, skus, productIds, categories, tiers, startsAt, endsAt };
}

function patched(before: MaterialSettings, patch: Patch): MaterialSettings {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  return { ...before, ...(Object.fromEntries(given) as Partial<MaterialSettings>) };
}

/** @throws Refusal settings_contradict */
function mustNotContradict(material: MaterialSettings): void {
  const errors = contradictions(material).map(({ field, code, error }) => ({
    pointer: `/${field}`,
    code,
    message: error,
  }));
  if (errors.length === 0) return;
  throw new Refusal('settings_contradict', 'The material contradicts itself.', { errors });
}

function materialView(row: MaterialOnClock, realNow: Date) {
  const { id, programId, externalId, createdAt, changedAt, withdrawnAt } = row;
  const { skus, productIds, categories, tiers, ...settings } = settingsOf(row);
  return {
    ...{ id, programId, externalId, ...settings, createdAt, changedAt, withdrawnAt },
    ...{ skus: [...skus], productIds: [...productIds] },
    ...{ categories: [...categories], tiers: [...tiers] },
    status: materialStatusAt(row, programNow(row, realNow)),
  };
}

function ownView(row: MaterialOnClock, own: PromotionLink) {
  const { id, title, kind, skus, productIds, categories, startsAt, endsAt } = row;
  return {
    ...{ id, title, kind, ...madeOwn(row, own) },
    ...{ skus: [...skus], productIds: [...productIds], categories: [...categories] },
    ...{ startsAt, endsAt, code: own.code, link: own.url },
  };
}

export const materialRoutes = [
  postMaterial,
  getMaterials,
  getMaterial,
  patchMaterial,
  deleteMaterial,
  getOwnMaterials,
];
