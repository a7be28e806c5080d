import type { SimulationRow } from '../db/simulation';
import { type Sides, unpackOutcome, unpackTotals } from '../db/simulation-totals';
import { type Finding, findingView } from '../domain/commission/findings';
import type { PlanBody } from '../domain/commission/plan';
import { countedLevels, type Totals } from '../domain/commission/simulation';
import { divide, wholeBps } from '../domain/kernel/money';
import type { Locale } from './problem';

const excludes: ('campaigns' | 'bonuses' | 'assessments')[] = [
  'campaigns',
  'bonuses',
  'assessments',
];

/** A simulation as answers show it. */
export function simulationView(
  row: SimulationRow,
  plan: { body: Pick<PlanBody, 'levels'>; findings: readonly Finding[] },
  locale: Locale,
) {
  const { id, programId, planId, status, createdAt, finishedAt } = row;
  const done = status === 'done';
  return {
    ...{ id, programId, planId, status, createdAt, finishedAt, excludes },
    from: row.fromAt,
    to: row.toAt,
    progress: { done: row.progressDone, total: row.progressTotal },
    findings: plan.findings.map((finding) => findingView(finding, locale)),
    result: resultOf(row, plan.body),
    hash: done ? row.chainHash : null,
    resultHash: row.resultHash,
  };
}

function resultOf({ totals: stored }: SimulationRow, plan: Pick<PlanBody, 'levels'>) {
  if (stored?.outcome === undefined) return null;
  const totals = unpackTotals(stored.totals);
  const outcome = unpackOutcome(stored.outcome);
  const { baseAmount, refundedAmount, inForceAmount, planAmount } = totals;
  return {
    orders: Number(totals.orders),
    lines: Number(totals.lines),
    ...{ baseAmount, refundedAmount },
    ...sides({ inForceAmount, planAmount }),
    ...shares({ inForceAmount, planAmount }, baseAmount),
    levels: levelsOf(totals, plan),
    tiers: outcome.tiers.map(({ tier, ...amounts }) => ({ tier, ...sides(amounts) })),
    margin: marginOf(totals),
    capped: {
      inForceLines: Number(totals.inForceCappedLines),
      planLines: Number(totals.planCappedLines),
    },
    distributors: {
      winners: outcome.winnerCount,
      losers: outcome.loserCount,
      unchanged: outcome.unchangedCount,
    },
    winners: outcome.winners.map(mover),
    losers: outcome.losers.map(mover),
  };
}

/** The levels of the simulated plan, those above it that somebody earned, and the regional agents. */
function levelsOf(totals: Totals, plan: Pick<PlanBody, 'levels'>) {
  const levels = countedLevels.map((level) => ({
    kind: level === 0 ? ('region' as const) : ('sale' as const),
    level: level === 0 ? null : level,
    ...sides({
      inForceAmount: totals[`inForceLevel${level}Amount`],
      planAmount: totals[`planLevel${level}Amount`],
    }),
  }));
  const [region, ...sales] = levels;
  const shown = sales.filter((one, i) => i < plan.levels || one.inForceAmount > 0n);
  return [...shown, region!];
}

function marginOf(totals: Totals) {
  const { marginAmount } = totals;
  const paid = {
    inForceAmount: totals.inForceWithCostAmount,
    planAmount: totals.planWithCostAmount,
  };
  return {
    marginAmount,
    linesWithoutCost: Number(totals.linesWithoutCost),
    ...sides(paid),
    ...shares(paid, marginAmount),
  };
}

function mover({ distributorId, ...amounts }: Sides & { distributorId: string }) {
  return { distributorId, ...sides(amounts) };
}

function sides({ inForceAmount, planAmount }: Sides) {
  return { inForceAmount, planAmount, differenceAmount: planAmount - inForceAmount };
}

function shares({ inForceAmount, planAmount }: Sides, whole: bigint) {
  const share = (part: bigint) =>
    whole > 0n ? Number(divide(part * wholeBps, whole, 'halfUp')) : null;
  return { inForceBps: share(inForceAmount), planBps: share(planAmount) };
}
