import { z } from 'zod';
import { amount, idOf } from './common';
import { CommissionView } from './commission';
import { OrderView } from './order';

export { PreviewBody } from './order';

export const previewQuery = z.strictObject({
  planId: idOf('plan')
    .optional()
    .meta({ description: 'A plan of this program, a draft too, instead of the one in force' }),
});

const { kind, lineExternalId, level, distributorId, baseAmount, rateBps, ruleId } =
  CommissionView.shape;

const PreviewCommission = z.strictObject({
  ...{ kind, lineExternalId, level, distributorId, baseAmount, rateBps, ruleId },
  amount,
  overlays: z.array(
    z.strictObject({
      campaignId: z.string(),
      extraAmount: amount.meta({ description: 'What it adds, before the caps' }),
      chargedAmount: amount.meta({ description: 'What the campaign pays, after the caps' }),
    }),
  ),
});

const capAmount = amount
  .nullable()
  .meta({ description: 'null: there is no such cap, or the unit cost is unknown' });

export const PreviewView = z
  .strictObject({
    programId: z.string(),
    planId: z.string().nullable(),
    attribution: OrderView.shape.attribution,
    currency: z.string(),
    paidAt: z.date(),
    releaseAt: z.date(),
    lines: z.array(
      z.strictObject({
        externalId: z.string(),
        sku: z.string(),
        quantity: z.int(),
        inScope: z.boolean().meta({ description: 'Whether the program covers the product' }),
        baseAmount: amount,
        totalCapAmount: capAmount,
        marginCapAmount: capAmount,
        capped: z.boolean(),
        passedOver: z.array(
          z.strictObject({ level: z.int(), distributorId: z.string(), why: z.string() }),
        ),
      }),
    ),
    commissions: z.array(PreviewCommission),
    totalAmount: amount,
  })
  .meta({ id: 'Preview' });
