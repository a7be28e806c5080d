import { z } from 'zod';
import { amount, count, idOf, idParam, moment, signedAmount } from './common';
import { listQuery } from '../list';
import { PlanView } from './plan';

export const SimulationBody = z.strictObject({
  from: moment.meta({ description: 'Orders paid from this moment on' }),
  to: moment.meta({ description: 'Orders paid before this moment; not after the clock' }),
});

const sides = {
  inForceAmount: amount.meta({ description: 'Under the plans that decided when they were paid' }),
  planAmount: amount.meta({ description: 'Under the simulated plan' }),
  differenceAmount: signedAmount.meta({ description: 'planAmount - inForceAmount' }),
};

const share = z
  .int()
  .nullable()
  .meta({ description: 'Basis points, rounded half up; null where there is nothing to share' });

const hash = z.string().nullable();

const Mover = z.strictObject({ distributorId: idOf('distributor'), ...sides });

export const SimulationResult = z
  .strictObject({
    orders: count,
    lines: count,
    baseAmount: amount.meta({ description: 'What refunds left of the bases' }),
    refundedAmount: amount,
    ...sides,
    inForceBps: share,
    planBps: share,
    levels: z.array(
      z.strictObject({
        kind: z.enum(['sale', 'region']),
        level: z.int().nullable(),
        ...sides,
      }),
    ),
    tiers: z
      .array(z.strictObject({ tier: z.string(), ...sides }))
      .meta({ description: 'By the tier of the one who earns, as of the payment' }),
    margin: z
      .strictObject({
        marginAmount: signedAmount,
        linesWithoutCost: count,
        ...sides,
        inForceBps: share,
        planBps: share,
      })
      .meta({ description: 'Base less cost, and commission as a share of it: lines with a cost' }),
    capped: z.strictObject({ inForceLines: count, planLines: count }),
    distributors: z.strictObject({ winners: count, losers: count, unchanged: count }),
    winners: z.array(Mover).meta({ description: 'At most 10, the largest difference first' }),
    losers: z.array(Mover).meta({ description: 'At most 10, the largest difference first' }),
  })
  .meta({ id: 'SimulationResult' });

export const SimulationView = z
  .strictObject({
    id: idOf('simulation'),
    programId: idOf('program'),
    planId: idOf('plan'),
    from: moment,
    to: moment,
    status: z.enum(['queued', 'running', 'done', 'canceled']),
    progress: z.strictObject({ done: count, total: count }).meta({ description: 'Orders' }),
    excludes: z
      .array(z.enum(['campaigns', 'bonuses', 'assessments']))
      .meta({ description: 'In neither amount: no line of an order costs them by its plan alone' }),
    findings: PlanView.shape.findings,
    result: SimulationResult.nullable().meta({ description: 'There when done' }),
    hash: hash.meta({
      description:
        'SHA-256 over plan, period and every fact that entered; the same input, the same',
    }),
    resultHash: hash.meta({ description: 'SHA-256 over the result' }),
    createdAt: moment.meta({
      description: 'Orders and refunds that were stored later are not in it',
    }),
    finishedAt: moment.nullable(),
  })
  .meta({ id: 'Simulation' });

export const SimulatedDistributorView = z
  .strictObject({ distributorId: idOf('distributor'), tiers: z.array(z.string()), ...sides })
  .meta({ id: 'SimulatedDistributor' });

export const distributorsQuery = z.strictObject({
  ...listQuery.shape,
  sort: z.enum(['distributorId', 'difference', '-difference']).default('distributorId').meta({
    description: '`-difference`: who gains most first; `difference`: who loses most first',
  }),
});

export const simulationParams = z.strictObject({ id: idParam('simulation') });
