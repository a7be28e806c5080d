import { findPlan } from '../../db/plan';
import { waiveRule } from '../../db/plan-waiver';
import { listOf, listQuery, mapPage, page } from '../list';
import { waiverView } from '../plan-view';
import { answer, defineRoute } from '../route';
import { planParams, WaiverBody, WaiverView } from '../schemas/plan';

const tag = 'Plans';

const postWaiver = defineRoute({
  method: 'post',
  path: '/v1/plans/:id/waivers',
  summary: 'Waive one warning of a plan',
  description:
    "Another admin than the plan's author, with a reason; one waiver for each warning, kept for " +
    "good. It records the merchant's own decision to take a risk and says nothing about legality. " +
    'An error cannot be waived. The same rule again answers the waiver that is there (200).',
  tag,
  access: { adminOnly: { roles: ['owner', 'operations'] } },
  params: planParams,
  body: WaiverBody,
  answers: { 201: WaiverView, 200: WaiverView },
  write: async ({ tx, params, body, caller, now, locale, audit }) => {
    const plan = await findPlan(tx, caller, params.id, now);
    const { rule, reason } = body;
    const input = { plan, rule, reason: reason ?? undefined, caller, now };
    const { waiver, created } = await waiveRule(tx, input);
    if (!created) return answer(200, waiverView(waiver, locale));
    await audit({
      action: 'plan.waived',
      subjectId: plan.id,
      reason: waiver.reason,
      after: { rule },
    });
    return answer(201, waiverView(waiver, locale));
  },
});

const getWaivers = defineRoute({
  method: 'get',
  path: '/v1/plans/:id/waivers',
  summary: 'List the waivers of a plan',
  tag,
  access: { scope: 'plans:read' },
  params: planParams,
  query: listQuery,
  answers: { 200: listOf(WaiverView) },
  handle: async ({ params, query: { limit, cursor }, caller, now, locale, deps }) => {
    const { waivers } = await findPlan(deps.db.read, caller, params.id, now);
    const beyond = waivers.filter(({ id }) => cursor === undefined || id > cursor);
    const found = page(beyond, limit, ({ id }) => id);
    return answer(
      200,
      mapPage(found, (waiver) => waiverView(waiver, locale)),
    );
  },
});

export const planWaiverRoutes = [postWaiver, getWaivers];
