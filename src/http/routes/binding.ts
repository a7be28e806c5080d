import type { z } from 'zod';
import { type BindingRow, createBinding, findBinding, listBindings } from '../../db/binding';
import { createCouponCode, findCouponCode, listCouponCodes } from '../../db/coupon-code';
import { findProgram } from '../../db/program';
import { listOf, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import {
  BindingBody,
  bindingParams,
  bindingQuery,
  BindingView,
  CouponCodeBody,
  couponCodeParams,
  couponCodeQuery,
  CouponCodeView,
} from '../schemas/binding';

const tag = 'Bindings';
const mayRead = { scope: 'bindings:read' } as const;
const mayWrite = { scope: 'bindings:write', roles: ['owner', 'operations'] } as const;

const postBinding = defineRoute({
  method: 'post',
  path: '/v1/bindings',
  summary: 'Tie a customer to a distributor',
  description:
    'By the rules of the program: with first touch, or while another distributor is protected, the customer cannot be taken over (409).',
  tag,
  access: mayWrite,
  body: BindingBody,
  answers: { 201: BindingView, 200: BindingView },
  write: async ({ tx, body, caller, now, audit }) => {
    const { programId, ...input } = body;
    const program = await findProgram(tx, caller, programId);
    const context = { caller, now };
    const { binding, created } = await createBinding(tx, context, { program, ...input });
    if (!created) return answer(200, bindingView(binding));
    const { id, distributorId, startsAt, endsAt } = binding;
    const after = { programId, distributorId, startsAt, endsAt };
    await audit({ action: 'binding.created', subjectId: id, after });
    return answer(201, bindingView(binding));
  },
});

const getBindings = defineRoute({
  method: 'get',
  path: '/v1/bindings',
  summary: 'List bindings, past ones too',
  tag,
  access: mayRead,
  query: bindingQuery,
  answers: { 200: listOf(BindingView) },
  handle: async ({ query, caller, deps: { db } }) => {
    const { limit } = query;
    const rows = await listBindings(db.read, caller, {
      ...query,
      limit: limit + 1,
      cursor: query.cursor,
    });
    return answer(
      200,
      mapPage(
        page(rows, limit, ({ id }) => id),
        bindingView,
      ),
    );
  },
});

const getBinding = defineRoute({
  method: 'get',
  path: '/v1/bindings/:id',
  summary: 'Read a binding',
  tag,
  access: mayRead,
  params: bindingParams,
  answers: { 200: BindingView },
  handle: async ({ params, caller, deps: { db } }) =>
    answer(200, bindingView(await findBinding(db.read, caller, params.id))),
});

function bindingView({ cause, ...row }: BindingRow) {
  return { ...row, cause: cause as z.output<typeof BindingView>['cause'] };
}

const postCouponCode = defineRoute({
  method: 'post',
  path: '/v1/coupon-codes',
  summary: 'Give a coupon code to a distributor',
  tag,
  access: mayWrite,
  body: CouponCodeBody,
  answers: { 201: CouponCodeView, 200: CouponCodeView },
  write: async ({ tx, body, caller, now, audit }) => {
    const { programId, ...input } = body;
    const program = await findProgram(tx, caller, programId);
    const context = { caller, now };
    const { coupon, created } = await createCouponCode(tx, context, { program, ...input });
    if (!created) return answer(200, coupon);
    const { id, code, distributorId } = coupon;
    await audit({
      action: 'coupon_code.created',
      subjectId: id,
      after: { programId, code, distributorId },
    });
    return answer(201, coupon);
  },
});

const getCouponCodes = defineRoute({
  method: 'get',
  path: '/v1/coupon-codes',
  summary: 'List coupon codes',
  tag,
  access: mayRead,
  query: couponCodeQuery,
  answers: { 200: listOf(CouponCodeView) },
  handle: async ({ query, caller, deps: { db } }) => {
    const { limit } = query;
    const rows = await listCouponCodes(db.read, caller, {
      ...query,
      limit: limit + 1,
      cursor: query.cursor,
    });
    return answer(
      200,
      page(rows, limit, ({ id }) => id),
    );
  },
});

const getCouponCode = defineRoute({
  method: 'get',
  path: '/v1/coupon-codes/:id',
  summary: 'Read a coupon code',
  tag,
  access: mayRead,
  params: couponCodeParams,
  answers: { 200: CouponCodeView },
  handle: async ({ params, caller, deps: { db } }) =>
    answer(200, await findCouponCode(db.read, caller, params.id)),
});

export const bindingRoutes = [
  postBinding,
  getBindings,
  getBinding,
  postCouponCode,
  getCouponCodes,
  getCouponCode,
];
