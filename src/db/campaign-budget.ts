import {
  chargeKey,
  type Charges,
  chargesOf,
  type LineCalculation,
} from '../domain/commission/calculation';
import type { Overlay } from '../domain/commission/overlay';
import { groupBy } from '../domain/kernel/group';
import { insertMany } from './bulk';
import { campaignsUsed } from './campaign';
import type { Tx } from './database';

/** A campaign as an overlay, with the moment from which on payments are outside. */
export interface CampaignOverlay extends Overlay {
  programId: string;
  endsAt: Date;
}

const overlayColumns = `c.id, c.program_id, c.starts_at, least(c.ends_at, c.stopped_at) AS ends_at,
  c.match, c.effect, c.levels, c.stacks, c.budget_amount - c.used_amount AS budget_left_amount`;

/**
 * The campaigns whose window could hold one of these payments, in one statement and without a lock:
 * the budgets are right only for those that `lockCampaigns` reads again.
 */
export async function loadOverlays(
  read: Tx,
  orders: readonly { programId: string; paidAt: Date }[],
): Promise<CampaignOverlay[]> {
  if (orders.length === 0) return [];
  const programs = [...groupBy(orders, ({ programId }) => programId)].map(([programId, own]) => {
    const times = own.map(({ paidAt }) => paidAt.getTime());
    return {
      programId,
      from: new Date(times.reduce((a, b) => Math.min(a, b))),
      to: new Date(times.reduce((a, b) => Math.max(a, b))),
    };
  });
  return read.rows<CampaignOverlay>(
    `SELECT ${overlayColumns}
     FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS w (program_id, first, last)
     JOIN campaign c ON c.program_id = w.program_id
       AND c.starts_at <= w.last AND c.ends_at > w.first
       AND (c.stopped_at IS NULL OR c.stopped_at > w.first)
     ORDER BY c.id`,
    [
      programs.map(({ programId }) => programId),
      programs.map(({ from }) => from),
      programs.map(({ to }) => to),
    ],
  );
}

/** Those of a program's overlays that count for a payment. */
export function overlaysAt(
  overlays: readonly CampaignOverlay[],
  { programId, paidAt }: { programId: string; paidAt: Date },
): CampaignOverlay[] {
  return overlays.filter(
    (one) => one.programId === programId && one.startsAt <= paidAt && one.endsAt > paidAt,
  );
}

/**
 * Holds campaigns until the end of the transaction, in id order, and reads what is left of their
 * budgets and whether they were stopped. Take no lock of the ledger before it.
 * @returns all the overlays, those with these ids as they are now
 */
export async function lockCampaigns(
  tx: Tx,
  overlays: readonly CampaignOverlay[],
  ids: ReadonlySet<string>,
): Promise<CampaignOverlay[]> {
  if (ids.size === 0) return [...overlays];
  const rows = await tx.rows<CampaignOverlay>(
    `SELECT ${overlayColumns} FROM campaign c WHERE c.id = ANY($1)
     ORDER BY c.id FOR NO KEY UPDATE`,
    [[...ids]],
  );
  const locked = new Map(rows.map((row) => [row.id, row]));
  return overlays.map((overlay) => locked.get(overlay.id) ?? overlay);
}

/** What one level of a line takes from a campaign, or (below 0) gives back. */
export interface CampaignUse {
  campaignId: string;
  orderLineId: string;
  level: number;
  refundId: string | null;
  amount: bigint;
  /** whether the campaign has a budget */
  limited: boolean;
}

/** What a booked line takes from campaigns. */
export function usesOf(orderLineId: string, calculation: LineCalculation | null): CampaignUse[] {
  if (calculation === null) return [];
  const { commissions, extras } = calculation;
  return extras.flatMap((own, index) =>
    own.flatMap(({ campaignId, limited, chargedAmount: amount }) => {
      const { level } = commissions[index]!;
      return amount === 0n
        ? []
        : [{ campaignId, orderLineId, level, refundId: null, amount, limited }];
    }),
  );
}

/** What a refund changes in what a line's campaigns pay. */
export function useChanges(
  orderLineId: string,
  refundId: string,
  charges: Charges,
  calculation: LineCalculation,
): CampaignUse[] {
  const now = chargesOf(calculation);
  return calculation.extras.flatMap((own, index) =>
    own.flatMap(({ campaignId, limited }) => {
      const { level } = calculation.commissions[index]!;
      const key = chargeKey(level, campaignId);
      const amount = (now.get(key) ?? 0n) - (charges.get(key) ?? 0n);
      if (amount === 0n) return [];
      // Without a budget a campaign can come to pay more: under a cap another level's loss is a gain.
      return [{ campaignId, orderLineId, level, refundId, amount, limited }];
    }),
  );
}

const useColumns = {
  campaignId: 'text',
  orderLineId: 'text',
  level: 'int4',
  refundId: 'text',
  amount: 'int8',
} as const;

/**
 * Writes uses of campaigns; the database moves what each has used, in id order, and refuses what is
 * above its budget. Before the ledger: whoever books holds campaigns first, then accounts.
 */
export async function writeUses(tx: Tx, uses: readonly CampaignUse[]): Promise<void> {
  if (uses.length === 0) return;
  const rows = uses.map(({ limited: _, ...row }): Omit<CampaignUse, 'limited'> => row);
  await insertMany(tx, 'campaign_use', useColumns, rows);
  const spent = uses.filter(({ limited, amount }) => limited && amount > 0n);
  await campaignsUsed(tx, [...new Set(spent.map(({ campaignId }) => campaignId))].sort());
}

/** What campaigns pay for lines by now, by the line's id. */
export async function loadCharges(
  read: Tx,
  orderLineIds: readonly string[],
): Promise<Map<string, Charges>> {
  if (orderLineIds.length === 0) return new Map();
  const rows = await read.rows<{
    orderLineId: string;
    level: number;
    campaignId: string;
    amount: bigint;
  }>(
    `SELECT order_line_id, level, campaign_id, sum(amount)::bigint AS amount FROM campaign_use
     WHERE order_line_id = ANY($1) GROUP BY order_line_id, level, campaign_id`,
    [orderLineIds],
  );
  return new Map(
    [...groupBy(rows, ({ orderLineId }) => orderLineId)].map(([id, own]) => [
      id,
      new Map(own.map(({ level, campaignId, amount }) => [chargeKey(level, campaignId), amount])),
    ]),
  );
}
