import type { KnownCampaign } from '../domain/commission/verification-grants';
import type {
  KnownAgent,
  KnownHistory,
  KnownStanding,
} from '../domain/commission/verification-grounds';
import { groupBy } from '../domain/kernel/group';
import type { Pause } from '../domain/order/hold';
import type { Tx } from './database';

/** Everything that stood beside an order of one program when it was booked. */
export interface ProgramGrounds {
  campaigns: KnownCampaign[];
  agents: KnownAgent[];
}

/** The campaigns and regional agents of programs over a span of payments, by program. */
export async function loadGrounds(
  read: Tx,
  programIds: readonly string[],
  { from, to }: { from: Date; to: Date },
): Promise<Map<string, ProgramGrounds>> {
  const campaigns = await read.rows<KnownCampaign & { programId: string }>(
    `SELECT id, program_id, starts_at, ends_at, stopped_at, match, effect, levels, stacks,
       budget_amount IS NOT NULL AS limited, created_at
     FROM campaign WHERE program_id = ANY($1) AND starts_at <= $3 AND ends_at > $2 ORDER BY id`,
    [programIds, from, to],
  );
  const agents = await read.rows<KnownAgent & { programId: string }>(
    `SELECT program_id, region, distributor_id, bps, valid_from, valid_to, created_at
     FROM region_agent
     WHERE program_id = ANY($1) AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $2)
     ORDER BY id`,
    [programIds, from, to],
  );
  return new Map(
    programIds.map((id) => [
      id,
      {
        campaigns: campaigns.filter(({ programId }) => programId === id),
        agents: agents.filter(({ programId }) => programId === id),
      },
    ]),
  );
}

/** All standings of people until a moment, with the moments at which they were written. */
export async function loadKnownHistories(
  read: Tx,
  distributorIds: readonly string[],
  to: Date,
): Promise<Map<string, KnownHistory>> {
  if (distributorIds.length === 0) return new Map();
  type Row = KnownStanding & { distributorId: string; customerExternalId: string | null };
  const rows = await read.rows<Row>(
    `SELECT d.id AS distributor_id, d.customer_external_id, s.valid_from, s.valid_to, s.status,
       s.tier, s.sponsor_id, s.recorded_at
     FROM distributor d
     JOIN distributor_standing s ON s.distributor_id = d.id AND s.valid_from <= $2
     WHERE d.id = ANY($1) ORDER BY s.valid_from, s.id`,
    [distributorIds, to],
  );
  return new Map(
    [...groupBy(rows, ({ distributorId }) => distributorId)].map(([distributorId, own]) => [
      distributorId,
      {
        distributorId,
        customerExternalId: own[0]!.customerExternalId,
        standings: own.map(
          ({ distributorId: _, customerExternalId: __, ...span }): KnownStanding => span,
        ),
      },
    ]),
  );
}

/** The after-sale cases of each line of these orders that had one, by the line's id. */
export async function loadPauses(
  read: Tx,
  orderIds: readonly string[],
): Promise<Map<string, Pause[]>> {
  const rows = await read.rows<{ lineId: string; openedAt: Date; closedAt: Date | null }>(
    `SELECT l.id AS line_id, a.opened_at, a.closed_at FROM after_sale a
     JOIN order_line l ON l.order_id = a.order_id AND l.external_id = ANY(a.line_external_ids)
     WHERE a.order_id = ANY($1)`,
    [orderIds],
  );
  return new Map(
    [...groupBy(rows, ({ lineId }) => lineId)].map(([lineId, own]) => [
      lineId,
      own.map(({ openedAt, closedAt }) => ({ from: openedAt, to: closedAt })),
    ]),
  );
}
