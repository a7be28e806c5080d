import type { z } from 'zod';
import {
  type CampaignOnClock,
  type CampaignUseRow,
  createCampaign,
  findCampaign,
  listCampaigns,
  listCampaignUses,
  type NewCampaign,
  stopCampaign,
} from '../../db/campaign';
import { findProgram } from '../../db/program';
import { campaignFindings, type Finding, findingView } from '../../domain/commission/findings';
import { programNow } from '../../domain/kernel/clock';
import type { Language } from '../../domain/kernel/language';
import { remainingAmount, statusAt } from '../../domain/promotion/campaign';
import { listOf, listQuery, mapPage, page, wholeNumber } from '../list';
import { answer, defineRoute } from '../route';
import {
  CampaignBody,
  campaignParams,
  CampaignStopBody,
  CampaignUseView,
  CampaignView,
} from '../schemas/campaign';
import { programParams } from '../schemas/program';

const tag = 'Campaigns';
const mayRead = { scope: 'plans:read' } as const;
const mayWrite = { scope: 'plans:write', roles: ['owner', 'operations'] } as const;

const postCampaign = defineRoute({
  method: 'post',
  path: '/v1/programs/:id/campaigns',
  summary: 'Put a reward on top of the plan, in a window and with a budget',
  description:
    'Counts for orders that are paid inside its window and booked after it was stored: what is ' +
    'booked already never changes, whatever its window says. An overlay never lowers, so ' +
    '`multiplyBps` of 10000 or less is a 400. `budgetAmount: null` is no limit, and a finding. ' +
    'The same externalId with the same content answers the first campaign.',
  tag,
  access: mayWrite,
  params: programParams,
  body: CampaignBody,
  answers: { 201: CampaignView, 200: CampaignView },
  write: async ({ tx, params, body, caller, now, locale, audit }) => {
    const program = await findProgram(tx, caller, params.id);
    const { campaign, created } = await createCampaign(
      tx,
      { caller, now },
      { program, campaign: newCampaign(body) },
    );
    const view = campaignView(campaign, now, locale);
    if (!created) return answer(200, view);
    await audit({
      action: 'campaign.created',
      subjectId: campaign.id,
      after: { programId: program.id, ...body },
    });
    return answer(201, view);
  },
});

// The schema has refused every effect with another number of keys than one.
function newCampaign(body: z.output<typeof CampaignBody>): NewCampaign {
  return { ...body, match: definedOnly(body.match) };
}

/** Match keys that were not given are left out, as the plan's rules have them. */
function definedOnly(match: z.output<typeof CampaignBody>['match']): NewCampaign['match'] {
  return Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined));
}

const getCampaigns = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/campaigns',
  summary: 'List the campaigns of a program',
  tag,
  access: mayRead,
  params: programParams,
  query: listQuery,
  answers: { 200: listOf(CampaignView) },
  handle: async ({ params, query: { limit, cursor }, caller, now, locale, deps: { db } }) => {
    const { id: programId } = await findProgram(db.read, caller, params.id);
    const rows = await listCampaigns(db.read, { programId, cursor, limit: limit + 1 });
    const found = page(rows, limit, ({ id }) => id);
    return answer(
      200,
      mapPage(found, (campaign) => campaignView(campaign, now, locale)),
    );
  },
});

const getCampaign = defineRoute({
  method: 'get',
  path: '/v1/campaigns/:id',
  summary: 'Read a campaign and what is left of its budget',
  tag,
  access: mayRead,
  params: campaignParams,
  answers: { 200: CampaignView },
  handle: async ({ params, caller, now, locale, deps: { db } }) =>
    answer(200, campaignView(await findCampaign(db.read, caller, params.id), now, locale)),
});

const getUses = defineRoute({
  method: 'get',
  path: '/v1/campaigns/:id/uses',
  summary: 'Which order lines took what from the budget, and which refunds gave back',
  description: 'The newest first. The amounts sum to `usedAmount`.',
  tag,
  access: mayRead,
  params: campaignParams,
  query: listQuery,
  answers: { 200: listOf(CampaignUseView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id: campaignId } = await findCampaign(db.read, caller, params.id);
    const rows = await listCampaignUses(db.read, {
      campaignId,
      cursor: wholeNumber(cursor),
      limit: limit + 1,
    });
    const found = page(rows, limit, ({ id }) => id.toString());
    return answer(200, mapPage(found, useView));
  },
});

const postStop = defineRoute({
  method: 'post',
  path: '/v1/campaigns/:id/stop',
  summary: 'End a campaign before its time',
  description:
    "Orders paid from this moment of the program's clock on are outside. What was booked keeps " +
    'its extra. A campaign that is over already: 409.',
  tag,
  access: mayWrite,
  params: campaignParams,
  body: CampaignStopBody,
  answers: { 200: CampaignView },
  write: async ({ tx, params, body, caller, now, locale, audit }) => {
    const campaign = await stopCampaign(tx, caller, { id: params.id, now });
    const { id, endsAt, stoppedAt } = campaign;
    await audit({
      action: 'campaign.stopped',
      subjectId: id,
      reason: body.reason,
      before: { endsAt },
      after: { stoppedAt },
    });
    return answer(200, campaignView(campaign, now, locale));
  },
});

export const campaignRoutes = [postCampaign, getCampaigns, getCampaign, getUses, postStop];

function campaignView(campaign: CampaignOnClock, realNow: Date, language: Language) {
  const { storeId: _store, actor: _actor, clockOffsetMs, levels, ...shown } = campaign;
  return {
    ...shown,
    levels: [...levels],
    status: statusAt(campaign, programNow({ clockOffsetMs }, realNow)),
    remainingAmount: remainingAmount(campaign),
    findings: campaignFindings(campaign).map((finding) => shownFinding(finding, language)),
  };
}

/** A campaign is not published, so there is nothing to waive. */
function shownFinding(finding: Finding, language: Language) {
  const { rule, severity, message, pointer, source } = findingView(finding, language);
  return { rule, severity, message, pointer, source };
}

function useView({ id: _id, ...use }: CampaignUseRow) {
  return use;
}
