import { type CampaignInput, workflowIds } from '../contracts/workflow';
import type { OverlayEffect } from '../domain/commission/overlay';
import type { RuleMatch } from '../domain/commission/plan';
import type { Caller } from '../domain/kernel/access';
import { programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { type CampaignState, isLow, statusAt } from '../domain/promotion/campaign';
import { firstCampaignStatus } from '../domain/promotion/state';
import { openDueMoment } from './clock';
import { contentHash } from './content-hash';
import type { Tx } from './database';
import { findDistributor } from './distributor';
import { storedUnder } from './external-id';
import { newId } from './id';
import { enqueueSignal, enqueueStart } from './outbox';
import type { ProgramRow, Reach } from './program';

/** What an admin asks for. Amounts are in the minor unit, rates basis points. */
export interface NewCampaign {
  externalId: string;
  name: string;
  startsAt: Date;
  endsAt: Date;
  match: RuleMatch;
  effect: OverlayEffect;
  levels: readonly number[];
  /** null: no limit */
  budgetAmount: bigint | null;
  stacks: boolean;
}

/** A campaign as it is stored. Its `status` is what its workflow has told; `statusAt` is the truth. */
export interface CampaignRow extends NewCampaign, CampaignState {
  id: string;
  storeId: string;
  programId: string;
  actor: string;
  createdAt: Date;
}

/** A campaign with the offset of its program's clock. */
export interface CampaignOnClock extends CampaignRow {
  clockOffsetMs: bigint;
}

const campaignSelect = `
  SELECT c.id, c.store_id, c.program_id, c.external_id, c.name, c.starts_at, c.ends_at, c.match,
    c.effect, c.levels, c.budget_amount, c.used_amount, c.stacks, c.status, c.low_at, c.stopped_at,
    c.actor, c.created_at, p.clock_offset_ms
  FROM campaign c JOIN program p ON p.id = c.program_id`;

/**
 * Stores a campaign and starts its workflow. It counts for orders that are booked from now on; what
 * is booked keeps its amount. The same externalId with the same content answers the first one.
 * @throws Refusal external_id_conflict, before_program_start, not_found (a distributor in `match`)
 */
export async function createCampaign(
  tx: Tx,
  context: { caller: Caller; now: Date },
  input: { program: ProgramRow; campaign: NewCampaign },
): Promise<{ campaign: CampaignOnClock; created: boolean }> {
  const { program, campaign } = input;
  const hash = contentHash({ ...campaign, programId: program.id });
  const before = await storedUnder<{ id: string; contentHash: string }>(tx, 'campaign', {
    ...{ storeId: program.storeId, externalId: campaign.externalId, contentHash: hash },
  });
  if (before !== undefined) {
    return { campaign: await findCampaign(tx, context.caller, before.id), created: false };
  }
  await mustFitProgram(tx, context.caller, input);
  const id = newId('campaign');
  await tx.insert('campaign', {
    ...campaign,
    id,
    storeId: program.storeId,
    programId: program.id,
    contentHash: hash,
    match: JSON.stringify(campaign.match),
    effect: JSON.stringify(campaign.effect),
    status: firstCampaignStatus,
    actor: context.caller.actor,
    createdAt: context.now,
  });
  await openCampaignMoment(tx, { id, programId: program.id }, 'start', campaign.startsAt);
  await enqueueStart(tx, workflowOf(id));
  return { campaign: await findCampaign(tx, context.caller, id), created: true };
}

async function mustFitProgram(
  tx: Tx,
  caller: Caller,
  { program, campaign }: { program: ProgramRow; campaign: NewCampaign },
): Promise<void> {
  if (campaign.startsAt < program.startsAt) {
    const message = 'The campaign starts before the program.';
    throw new Refusal('before_program_start', message, {
      errors: [{ pointer: '/startsAt', code: 'before_program_start', message }],
    });
  }
  const { distributorId } = campaign.match;
  if (distributorId === undefined) return;
  const found = await findDistributor(tx, caller, distributorId);
  if (found.programId === program.id) return;
  throw new Refusal('not_found', 'There is no such distributor in this program.');
}

/** The workflow of a campaign and what it starts from. */
export function workflowOf(campaignId: string) {
  const input: CampaignInput = { campaignId };
  return {
    workflowType: 'campaign',
    workflowId: workflowIds.campaign(campaignId),
    input,
  } as const;
}

/** The next moment for which a campaign's workflow waits; one at a time. */
export async function openCampaignMoment(
  tx: Tx,
  campaign: Pick<CampaignRow, 'id' | 'programId'>,
  what: 'start' | 'end',
  dueAt: Date,
): Promise<void> {
  await openDueMoment(tx, {
    programId: campaign.programId,
    dueAt,
    subjectId: campaign.id,
    name: `campaign.${what}`,
    workflow: workflowOf(campaign.id),
  });
}

/**
 * A campaign that the caller may see.
 * @throws Refusal not_found
 */
export async function findCampaign(read: Tx, reach: Reach, id: string): Promise<CampaignOnClock> {
  const row = await read.first<CampaignOnClock>(
    `${campaignSelect} WHERE c.id = $1 AND p.store_id = $2 AND ($3 = 'both' OR p.mode = $3)`,
    [id, reach.storeId, reach.mode],
  );
  if (row === undefined) throw noSuchCampaign();
  return row;
}

/**
 * A campaign by its id alone, locked until the end of the transaction, for work that no caller
 * asked for. Orders that use its budget wait.
 */
export async function lockCampaign(tx: Tx, id: string): Promise<CampaignOnClock> {
  const row = await tx.first<CampaignOnClock>(
    `${campaignSelect} WHERE c.id = $1 FOR NO KEY UPDATE OF c`,
    [id],
  );
  if (row === undefined) throw noSuchCampaign();
  return row;
}

function noSuchCampaign(): Refusal {
  return new Refusal('not_found', 'There is no such campaign.');
}

/** The campaigns of a program, the newest first, up to `limit` after the cursor. */
export function listCampaigns(
  read: Tx,
  query: { programId: string; cursor: string | undefined; limit: number },
): Promise<CampaignOnClock[]> {
  return read.rows<CampaignOnClock>(
    `${campaignSelect} WHERE c.program_id = $1 AND ($2::text IS NULL OR c.id < $2)
     ORDER BY c.id DESC LIMIT $3`,
    [query.programId, query.cursor ?? null, query.limit],
  );
}

/**
 * Ends a campaign before its time: orders paid from this moment of the program's clock on are
 * outside. Its workflow tells so.
 * @throws Refusal not_found, campaign_ended
 */
export async function stopCampaign(
  tx: Tx,
  reach: Reach,
  input: { id: string; now: Date },
): Promise<CampaignOnClock> {
  await findCampaign(tx, reach, input.id);
  const campaign = await lockCampaign(tx, input.id);
  const stoppedAt = programNow(campaign, input.now);
  if (statusAt(campaign, stoppedAt) === 'ended') {
    throw new Refusal('campaign_ended', 'The campaign is over already.');
  }
  await tx.run('UPDATE campaign SET stopped_at = $2 WHERE id = $1', [input.id, stoppedAt]);
  await enqueueSignal(tx, { ...workflowOf(input.id), signalName: 'clockMoved' });
  return { ...campaign, stoppedAt };
}

/**
 * Tells the workflows of campaigns that have just been used, and of which most is used now, to warn
 * the merchant. Call it with every use of a budget, in its transaction; it writes nothing for a
 * campaign that has warned already, is over, or is about to be told.
 */
export async function campaignsUsed(tx: Tx, campaignIds: readonly string[]): Promise<void> {
  if (campaignIds.length === 0) return;
  const used = await tx.rows<Pick<CampaignRow, 'id' | 'budgetAmount' | 'usedAmount'>>(
    `SELECT id, budget_amount, used_amount FROM campaign c
     WHERE id = ANY($1) AND budget_amount IS NOT NULL AND low_at IS NULL AND status <> 'ended'
       AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.done_at IS NULL
         AND o.workflow_id = 'campaign:' || c.id AND o.signal_name = 'budgetUsed')
     ORDER BY id`,
    [[...new Set(campaignIds)]],
  );
  const low = used.filter(isLow).map(({ id }) => workflowOf(id));
  await enqueueSignal(tx, ...low.map((start) => ({ ...start, signalName: 'budgetUsed' as const })));
}

/** What one level of one order line took from a campaign's budget, or (below 0) gave back. */
export interface CampaignUseRow {
  id: bigint;
  orderId: string;
  orderExternalId: string;
  lineExternalId: string;
  level: number;
  /** null: taken by the order itself */
  refundId: string | null;
  amount: bigint;
  /** the payment, or the refund */
  at: Date;
}

/** The uses of a campaign, the newest first. `cursor` is the id of the last row of the page before. */
export function listCampaignUses(
  read: Tx,
  query: { campaignId: string; cursor: string | undefined; limit: number },
): Promise<CampaignUseRow[]> {
  return read.rows<CampaignUseRow>(
    `SELECT u.id, o.id AS order_id, o.external_id AS order_external_id,
       l.external_id AS line_external_id, u.level, u.refund_id, u.amount,
       coalesce(r.refunded_at, o.paid_at) AS at
     FROM campaign_use u
     JOIN order_line l ON l.id = u.order_line_id
     JOIN orders o ON o.id = l.order_id
     LEFT JOIN refund r ON r.id = u.refund_id
     WHERE u.campaign_id = $1 AND ($2::bigint IS NULL OR u.id < $2::bigint)
     ORDER BY u.id DESC LIMIT $3`,
    [query.campaignId, query.cursor ?? null, query.limit],
  );
}
