import { compareCodePoints } from '../kernel/text';
import { earningLevels, type LevelTerms, plainValue } from './calculation';
import {
  applyOverlays,
  type FrozenOverlay,
  type Overlay,
  type OverlayEffect,
  overlayFits,
  overlaysInOrder,
} from './overlay';
import type { PlanBody } from './plan';
import type { Recomputation } from './recompute';
import { type RegionAgent, regionTerms, type RegionTerms } from './region';
import { raceMs } from './verification-grounds';

/** A campaign; of its budget only counts whether it has one. */
export interface KnownCampaign extends Omit<Overlay, 'budgetLeftAmount'> {
  limited: boolean;
  endsAt: Date;
  /** ended before its time */
  stoppedAt: Date | null;
  /** real time */
  createdAt: Date;
}

/** What decides about the campaigns of an order. */
export interface CampaignGrounds {
  paidAt: Date;
  /** real time */
  createdAt: Date;
  /** of the order's program */
  campaigns: readonly KnownCampaign[];
}

export interface GrantFault {
  expected: string;
  found: string;
}

/** A payment may be dated a little ahead, and a stop comes in between. */
const stopSlackMs = 600_000;

/**
 * Compares the campaigns frozen with a line with those that there were: which count and in which
 * order, their terms, and what each grants. How much was left of a budget then is not known again,
 * so of a campaign with one a smaller grant is right.
 */
export function overlayFaults(
  plan: Pick<PlanBody, 'rounding'>,
  again: Recomputation,
  grounds: CampaignGrounds,
): GrantFault[] {
  return again.terms.levels.flatMap((terms) => levelFaults(plan, again, terms, grounds));
}

function levelFaults(
  plan: Pick<PlanBody, 'rounding'>,
  again: Recomputation,
  terms: LevelTerms,
  grounds: CampaignGrounds,
): GrantFault[] {
  const frozen = terms.overlays ?? [];
  const earning = again.baseAmount === 0n ? undefined : earningLevels({ levels: [terms] })[0];
  if (earning === undefined) return frozen.length === 0 ? [] : [faultOf(terms.level, '', frozen)];
  const counted = countedFor(earning, again, frozen, grounds);
  if (counted.length === 0 && frozen.length === 0) return [];
  const whole = { baseAmount: again.baseAmount, quantity: again.line.quantity };
  const plain = plainValue(earning.rate, { ...whole, unitCostAmount: undefined });
  const found = frozen.map(({ campaignId }) => campaignId).join(', ');
  const orders = ordersOf(frozen).map((spent) => {
    const open = counted.filter(({ id }) => !spent.has(id));
    const chosen = [
      ...overlaysInOrder(open.map(unlimited), plain, whole),
      ...counted.filter(({ id }) => spent.has(id)),
    ];
    return chosen.map(({ id }) => id).join(', ');
  });
  if (!orders.includes(found)) return [faultOf(terms.level, orders[0] ?? '', frozen)];
  const wanted = frozen.map(({ effect, grantedAmount, limited, campaignId }) => {
    const campaign = counted.find(({ id }) => id === campaignId);
    return campaign === undefined ? { effect, limited } : { ...campaign, grantedAmount };
  });
  const steps = wanted.map(({ effect, limited }, index) => ({
    effect,
    atMostAmount: limited ? BigInt(frozen[index]!.grantedAmount) : null,
  }));
  const { extras } = applyOverlays(plain, steps, whole, plan.rounding);
  const expected = wanted.map(({ effect, limited }, index): FrozenOverlay => {
    const granted = extras[index]!;
    const grantedAmount = String(granted < 0n ? 0n : granted);
    return { campaignId: frozen[index]!.campaignId, effect, grantedAmount, limited };
  });
  const text = expected.map(grantText).join(', ');
  return text === frozen.map(grantText).join(', ') ? [] : [faultOf(terms.level, text, frozen)];
}

/** The campaigns that must have been in it, and those in it that may have been. */
function countedFor(
  earning: { level: number; distributorId: string; tier: string },
  { line }: Recomputation,
  frozen: readonly FrozenOverlay[],
  { paidAt, createdAt, campaigns }: CampaignGrounds,
): KnownCampaign[] {
  const ids = new Set(frozen.map(({ campaignId }) => campaignId));
  const paid = paidAt.getTime();
  const booked = createdAt.getTime();
  return campaigns
    .filter((one) => {
      if (one.startsAt > paidAt || one.endsAt <= paidAt) return false;
      const slack = ids.has(one.id) ? 1 : -1;
      const stop = one.stoppedAt?.getTime() ?? Infinity;
      return (
        one.createdAt.getTime() <= booked + slack * raceMs &&
        paid < stop + (ids.has(one.id) ? stopSlackMs : 0) &&
        overlayFits(one, earning.level, line, earning)
      );
    })
    .sort((a, b) => compareCodePoints(a.id, b.id));
}

/** Which of the frozen ones can have had nothing left: they stand at the end, and grant nothing. */
function ordersOf(frozen: readonly FrozenOverlay[]): Set<string>[] {
  const spent: Set<string>[] = [new Set()];
  for (const { campaignId, limited, grantedAmount } of [...frozen].reverse()) {
    if (!limited || grantedAmount !== '0') break;
    spent.push(new Set([...spent.at(-1)!, campaignId]));
  }
  return spent;
}

function unlimited(campaign: KnownCampaign): Overlay {
  return { ...campaign, budgetLeftAmount: null };
}

function faultOf(level: number, expected: string, frozen: readonly FrozenOverlay[]): GrantFault {
  const found = frozen.map(grantText).join(', ');
  const named = (text: string) => `campaigns of level ${level}: ${text === '' ? 'none' : text}`;
  return { expected: named(expected), found: named(found) };
}

function grantText({ campaignId, effect, grantedAmount, limited }: FrozenOverlay): string {
  const budget = limited ? ' of a budget' : '';
  return `${campaignId} ${effectText(effect)} grants ${grantedAmount}${budget}`;
}

function effectText(effect: OverlayEffect): string {
  return Object.entries(effect)
    .map(([name, value]) => `${name} ${value}`)
    .join(' ');
}

/**
 * Compares the regional agent frozen with a line with those that its order can have had.
 * @param agents `undefined` among them: there can have been none
 */
export function regionFaults(
  plan: Pick<PlanBody, 'selfPurchase'>,
  { line }: Pick<Recomputation, 'line'>,
  agents: readonly (RegionAgent | undefined)[],
): GrantFault[] {
  const found = regionText(line.terms.region);
  const possible = agents.map((agent) => regionText(agent && regionTerms(plan, agent, line)));
  return possible.includes(found) ? [] : [{ expected: possible[0] ?? 'an agent', found }];
}

function regionText(terms: RegionTerms | undefined): string {
  if (terms === undefined) return 'no regional agent';
  const { region, distributorId, tier, bps, why } = terms;
  return `agent of ${region}: ${distributorId} ${tier} at ${bps} bps, ${why ?? 'earns'}`;
}
