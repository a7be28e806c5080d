export const campaignStatuses = ['scheduled', 'running', 'ended'] as const;

export type CampaignStatus = (typeof campaignStatuses)[number];

/** What can happen to a campaign. */
export type CampaignMove = 'started' | 'ended';

/** The whole life of a campaign: from a status, by a move, to a status. */
const moves: Readonly<
  Record<CampaignStatus, Readonly<Partial<Record<CampaignMove, CampaignStatus>>>>
> = {
  // One that is stopped before its start ends without ever having run.
  scheduled: { started: 'running', ended: 'ended' },
  running: { ended: 'ended' },
  ended: {},
};

export const firstCampaignStatus: CampaignStatus = 'scheduled';

/** The status after a move, or undefined when the move is not allowed from here. */
export function transition(from: CampaignStatus, move: CampaignMove): CampaignStatus | undefined {
  return moves[from][move];
}
