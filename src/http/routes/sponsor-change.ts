import { findDistributor } from '../../db/distributor';
import { changeSponsor } from '../../db/sponsor-change';
import { answer, defineRoute } from '../route';
import { distributorParams } from '../schemas/distributor';
import { SponsorChangeBody, SponsorChangeView } from '../schemas/sponsor-change';

const postSponsorChange = defineRoute({
  method: 'post',
  path: '/v1/distributors/:id/sponsor-changes',
  summary: 'Give a distributor another sponsor from a moment on',
  description:
    'What was booked keeps its upline. A sponsor who is below the distributor, at any depth and from that moment on, is refused with `sponsor_cycle`. The history of the distributor shows every change.',
  tag: 'Distributors',
  access: { adminOnly: { roles: ['owner', 'operations'] } },
  params: distributorParams,
  body: SponsorChangeBody,
  answers: { 201: SponsorChangeView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const distributor = await findDistributor(tx, caller, params.id);
    const { sponsorCode, effectiveAt, reason } = body;
    const asked = { distributor, sponsorCode, effectiveAt, reason };
    const change = await changeSponsor(tx, { caller, now }, asked);
    await audit({
      action: 'distributor.sponsor_changed',
      subjectId: distributor.id,
      reason,
      before: { sponsorId: change.previousSponsorId },
      after: { sponsorId: change.sponsorId, effectiveAt: change.effectiveAt },
    });
    return answer(201, change);
  },
});

export const sponsorChangeRoutes = [postSponsorChange];
