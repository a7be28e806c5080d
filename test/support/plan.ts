import type { PlanBody } from '../../src/domain/commission/plan';
import type { Answer, TestClient } from './http';

/** 10 % to who sold and 5 % to the sponsor, for every product; nothing else. */
export const twoLevels: PlanBody = {
  levels: 2,
  rounding: 'floor',
  onIneligible: 'skip',
  selfPurchase: 'deny',
  caps: {},
  rules: [
    { id: 'direct', level: 1, match: {}, rate: { bps: 1000 }, priority: 0 },
    { id: 'upline', level: 2, match: {}, rate: { bps: 500 }, priority: 0 },
  ],
  tiers: [{ code: 'bronze', rank: 1, privileges: {} }],
  bonuses: [],
};

interface Found {
  rule: string;
  needsWaiver: boolean;
}

/**
 * Publishes a plan over HTTP as the merchant would: an admin who is not its author first waives
 * every warning that waits for it. Answers the publication.
 */
export async function publishWithWaivers(
  author: TestClient,
  waiver: TestClient,
  planId: string,
  body: object = {},
): Promise<Answer> {
  const { findings = [] } = (await author.get(`/v1/plans/${planId}`)).body as {
    findings?: Found[];
  };
  for (const { rule, needsWaiver } of findings) {
    if (!needsWaiver) continue;
    const waived = await waiver.post(`/v1/plans/${planId}/waivers`, {
      rule,
      reason: 'The merchant takes this risk.',
    });
    if (waived.status > 201) throw new Error(`no waiver of ${rule}: ${waived.text}`);
  }
  return author.post(`/v1/plans/${planId}/publication`, body);
}
