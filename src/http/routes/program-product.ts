import { findProgram, lockProgram } from '../../db/program';
import { productScopeOf, putProductScope } from '../../db/program-product';
import { answer, defineRoute } from '../route';
import { ProductsBody, programParams } from '../schemas/program';

const tag = 'Programs';
const mayRead = { scope: 'programs:read' } as const;
const mayWrite = { scope: 'programs:write', roles: ['owner', 'operations'] } as const;

const getProducts = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/products',
  summary: 'What a program with designated products covers',
  tag,
  access: mayRead,
  params: programParams,
  answers: { 200: ProductsBody },
  handle: async ({ params, caller, deps: { db } }) => {
    const { id } = await findProgram(db.read, caller, params.id);
    return answer(200, await productScopeOf(db.read, id));
  },
});

const putProducts = defineRoute({
  method: 'put',
  path: '/v1/programs/:id/products',
  summary: 'Say what a program with designated products covers',
  description: 'Replaces the lists. Counts for orders accepted from now on.',
  tag,
  access: mayWrite,
  params: programParams,
  body: ProductsBody,
  answers: { 200: ProductsBody },
  write: async ({ tx, params, body, caller, audit }) => {
    const { id } = await lockProgram(tx, await findProgram(tx, caller, params.id));
    const before = await productScopeOf(tx, id);
    await putProductScope(tx, id, body);
    const after = await productScopeOf(tx, id);
    await audit({ action: 'program.products_changed', subjectId: id, before, after });
    return answer(200, after);
  },
});

export const programProductRoutes = [getProducts, putProducts];
