import type { BookedLine } from '../domain/commission/booking';
import { demandUnambiguous } from '../domain/commission/findings';
import type { OverlayExtra } from '../domain/commission/overlay';
import type { Language } from '../domain/kernel/language';
import { Refusal } from '../domain/kernel/refusal';
import { type OrderInput, whyRefused } from '../domain/order/order';
import type { ReadClickId } from '../domain/referral/click';
import type { Tx } from './database';
import { type OrderView, viewOfBooked } from './order';
import { bookFresh, readGrounds, whyUnbookable } from './order-booking';
import type { BookedCommission } from './order-write';
import { findPlan, type PlanInForce } from './plan';
import type { ProgramRow, Reach } from './program';

/** What an overlay would add to a commission. */
export type PreviewOverlay = Pick<OverlayExtra, 'campaignId' | 'extraAmount' | 'chargedAmount'>;

/** A commission that would be booked; amounts of 0 are not in it. */
export interface PreviewCommission extends Omit<
  BookedCommission,
  'id' | 'firstEarningId' | 'orderLineId'
> {
  overlays: PreviewOverlay[];
}

/** What a line would cost, and who on the path would be passed over. */
export interface PreviewLine {
  externalId: string;
  sku: string;
  quantity: number;
  inScope: boolean;
  baseAmount: bigint;
  /** null: the plan has no such cap, or the unit cost is unknown */
  totalCapAmount: bigint | null;
  marginCapAmount: bigint | null;
  /** whether a cap took something from the levels */
  capped: boolean;
  passedOver: { level: number; distributorId: string; why: string }[];
}

/** What an order would earn whom, were it booked at this moment. */
export interface PreviewView extends Pick<OrderView, 'planId' | 'attribution' | 'currency'> {
  programId: string;
  paidAt: Date;
  releaseAt: Date;
  lines: PreviewLine[];
  commissions: PreviewCommission[];
  totalAmount: bigint;
}

export interface PreviewContext {
  reach: Reach;
  /** real time */
  now: Date;
  language: Language;
  readClickId: ReadClickId;
}

/**
 * Books an order as it would be booked now, and keeps nothing: it takes no lock and reserves no
 * budget, so another order may use in the meantime what it counts on.
 * @param input.planId a plan of the same program that decides instead of the one in force
 * @throws Refusal in_the_future, before_program_start, currency_mismatch, discount_exceeds_lines,
 *   commission_too_large, not_found (the plan), plan_not_compliant
 */
export async function previewOrder(
  read: Tx,
  context: PreviewContext,
  input: { program: ProgramRow; order: OrderInput; planId: string | undefined },
): Promise<PreviewView> {
  const { program, order, planId } = input;
  const refusal = whyRefused(order, program, context.now);
  if (refusal !== undefined) throw refusal;
  const plan = planId === undefined ? undefined : await planToTry(read, context, input, planId);
  const fresh = { order, program, contentHash: '', plan };
  const grounds = await readGrounds(read, [fresh], context.readClickId);
  const [booked] = (await bookFresh(read, [fresh], 'read', grounds)).booked;
  if (booked === undefined) throw new Error('one order is booked once');
  const unbookable = whyUnbookable(booked);
  if (unbookable !== undefined) throw unbookable;
  const view = viewOfBooked(booked, context.language);
  const lines = new Map(booked.lines.map((line) => [line.id, line]));
  const commissions = booked.commissions.map(
    ({ id: _id, firstEarningId: _first, orderLineId, ...commission }) => ({
      ...commission,
      overlays: overlaysOf(lines.get(orderLineId)?.calculation ?? null, commission.level),
    }),
  );
  return {
    programId: program.id,
    planId: view.planId,
    attribution: view.attribution,
    currency: order.currency,
    paidAt: order.paidAt,
    releaseAt: booked.releaseAt,
    lines: booked.lines.map((line, position) => lineView(line, order.lines[position]!)),
    commissions,
    totalAmount: commissions.reduce((sum, { amount }) => sum + amount, 0n),
  };
}

async function planToTry(
  read: Tx,
  { reach, now, language }: Pick<PreviewContext, 'reach' | 'now' | 'language'>,
  { program, order }: { program: ProgramRow; order: OrderInput },
  planId: string,
): Promise<PlanInForce> {
  const { id, version, body, programId } = await findPlan(read, reach, planId, now);
  if (programId !== program.id) throw new Refusal('not_found', 'There is no such plan.');
  demandUnambiguous(body, language);
  return { id, version, body, effectiveAt: order.paidAt, publishedAt: order.paidAt };
}

function overlaysOf(
  calculation: BookedLine['calculation'],
  level: number | null,
): PreviewOverlay[] {
  if (calculation === null || level === null) return [];
  const index = calculation.commissions.findIndex((commission) => commission.level === level);
  return (calculation.extras[index] ?? []).map(({ campaignId, extraAmount, chargedAmount }) => ({
    campaignId,
    extraAmount,
    chargedAmount,
  }));
}

function lineView(
  { baseAmount, inScope, terms, calculation }: BookedLine & { inScope: boolean },
  { externalId, sku, quantity }: OrderInput['lines'][number],
): PreviewLine {
  return {
    ...{ externalId, sku, quantity, inScope, baseAmount },
    totalCapAmount: calculation?.totalCapAmount ?? null,
    marginCapAmount: calculation?.marginCapAmount ?? null,
    capped: calculation?.shrunk ?? false,
    passedOver: terms.levels.flatMap(({ level, passedOver }) =>
      passedOver.map((one) => ({ level, ...one })),
    ),
  };
}
