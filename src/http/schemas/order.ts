import { z } from 'zod';
import { externalIdPrefix } from '../../db/order';
import { isId } from '../../domain/kernel/id';
import type { OrderInput } from '../../domain/order/order';
import { attributionOrder } from '../../domain/referral/attribution';
import { listQuery } from '../list';
import { Problem } from '../problem';
import { CommissionView } from './commission';
import { amount, code, currency, externalId, idOf, idParam, moment } from './common';

/** Wholesale invoices of real shops pass 1,000 lines. */
const linesAtMost = 2000;
const ordersAtMost = 1000;
const quantityAtMost = 1_000_000;
const tagsAtMost = 20;

const noAmount = 0n;

const OrderLineBody = z.strictObject({
  externalId,
  sku: code,
  productId: code.optional(),
  category: code.optional(),
  tags: z.array(code).max(tagsAtMost).default([]),
  quantity: z.int().min(1).max(quantityAtMost),
  unitPriceAmount: amount,
  discountAmount: amount.default(noAmount),
  unitCostAmount: amount.optional(),
});

/** An order as a shop reports it. */
export const OrderBody = z
  .strictObject({
    programId: idOf('program'),
    externalId,
    paidAt: moment,
    currency,
    customer: z.strictObject({ externalId }),
    attribution: z
      .strictObject({
        couponCode: code.optional(),
        distributorCode: code.optional(),
        clickId: code.optional(),
      })
      .default({}),
    region: code.optional(),
    lines: z.array(OrderLineBody).min(1).max(linesAtMost),
    orderDiscountAmount: amount.default(noAmount),
    shippingAmount: amount.default(noAmount),
    taxAmount: amount.default(noAmount),
  })
  .superRefine(checkLines)
  .meta({ id: 'NewOrder' });

/** An order that is only asked about: it need not say yet what it will be called and when. */
export const PreviewBody = z
  .strictObject({
    ...OrderBody.shape,
    programId: OrderBody.shape.programId.optional(),
    externalId: externalId.optional(),
    paidAt: moment.optional().meta({ description: "Default: now, on the program's clock" }),
  })
  .superRefine(checkLines)
  .meta({ id: 'NewPreview' });

type OrderBodyOutput = z.output<typeof OrderBody>;
type LineOutput = z.output<typeof OrderLineBody>;

/** The order as the domain wants it. */
export function orderInput({ customer, ...order }: OrderBodyOutput): OrderInput {
  return { customerExternalId: customer.externalId, ...order };
}

/** What the lines of an order must be together. */
function checkLines({ lines }: { lines: readonly LineOutput[] }, context: z.RefinementCtx): void {
  for (const pointer of repeated(lines)) addFault(context, pointer, repeatedLine);
  for (const path of tooLarge(lines)) addFault(context, path, tooLargeAmount);
}

const repeatedLine = { code: 'repeated_line', message: 'another line has this externalId' };
const tooLargeAmount = { code: 'number_too_large', message: 'the amounts exceed 2^53 - 1' };

type FaultPath = (string | number)[];

function addFault(
  context: z.RefinementCtx,
  path: FaultPath,
  { code: faultCode, message }: { code: string; message: string },
): void {
  context.addIssue({ code: 'custom', path, message, params: { code: faultCode } });
}

function repeated(lines: readonly { externalId: string }[]): FaultPath[] {
  const seen = new Set<string>();
  return lines.flatMap((line, index) => {
    const before = seen.has(line.externalId);
    seen.add(line.externalId);
    return before ? [['lines', index, 'externalId']] : [];
  });
}

/** Lines whose product alone, or together with the lines before, no JSON number holds exactly. */
function tooLarge(lines: readonly LineOutput[]): FaultPath[] {
  let total = 0n;
  return lines.flatMap((line, index) => {
    // After a fault of the field itself it is still the number that came.
    if (!isChecked(line)) return [];
    const quantity = BigInt(line.quantity);
    total += quantity * line.unitPriceAmount;
    const cost = quantity * (line.unitCostAmount ?? 0n);
    const fault = (field: string): FaultPath => ['lines', index, field];
    return [
      ...(total > Number.MAX_SAFE_INTEGER ? [fault('unitPriceAmount')] : []),
      ...(cost > Number.MAX_SAFE_INTEGER ? [fault('unitCostAmount')] : []),
    ];
  });
}

function isChecked({ quantity, unitPriceAmount, unitCostAmount }: LineOutput): boolean {
  const cost: unknown = unitCostAmount ?? noAmount;
  return (
    Number.isSafeInteger(quantity) &&
    typeof unitPriceAmount === 'bigint' &&
    typeof cost === 'bigint'
  );
}

/** Items are checked one by one, each with its own answer: see `NewOrder`. */
export const OrderBatchBody = z.strictObject({
  orders: z
    .array(z.unknown())
    .min(1)
    .max(ordersAtMost)
    .meta({ description: 'Orders as POST /v1/orders takes them; each is checked on its own' }),
});

/** An order in a path: its id, or `ext:` and the shop's own id. */
export const orderParams = z.strictObject({
  id: z
    .string()
    .max(externalIdPrefix.length + 128)
    .refine(isOrderReference, {
      error: 'must be an id that begins with ord_, or ext: and an externalId',
      params: { code: 'invalid_id' },
    })
    .meta({ examples: ['ord_01k9zq3v5wf8r8m2t4c6x0y1za', 'ext:SO-1001'] }),
});

function isOrderReference(value: string): boolean {
  return value.startsWith(externalIdPrefix)
    ? externalId.safeParse(value.slice(externalIdPrefix.length)).success
    : isId('order', value);
}

export const orderQuery = z.strictObject({
  ...listQuery.shape,
  programId: idOf('program').optional(),
});

export const OrderView = z
  .strictObject({
    id: z.string(),
    programId: z.string(),
    externalId: z.string(),
    status: z.enum(['paid', 'received', 'partially_refunded', 'refunded']),
    paidAt: z.date(),
    receivedAt: z.date().nullable(),
    currency: z.string(),
    customer: z.strictObject({ externalId: z.string() }),
    region: z.string().nullable(),
    attribution: z.strictObject({
      distributorId: z.string().nullable(),
      by: z.enum([...attributionOrder, 'none']),
      rejected: z.array(
        z.strictObject({
          by: z.enum(attributionOrder),
          given: z.string(),
          reason: z.string(),
          message: z.string(),
        }),
      ),
    }),
    planId: z.string().nullable(),
    orderDiscountAmount: amount,
    shippingAmount: amount,
    taxAmount: amount,
    lines: z.array(
      z.strictObject({
        externalId: z.string(),
        sku: z.string(),
        quantity: z.int(),
        baseAmount: amount,
        refundedQuantity: z.int(),
        refundedAmount: amount,
      }),
    ),
    commissions: z.array(CommissionView),
  })
  .meta({ id: 'Order' });

export const OrderBatchView = z.strictObject({
  results: z.array(
    z.strictObject({
      index: z.int(),
      status: z.int(),
      order: OrderView.optional(),
      problem: Problem.optional(),
    }),
  ),
});

export const ReceiptBody = z.strictObject({ receivedAt: moment });

export const RefundBody = z
  .strictObject({
    externalId,
    refundedAt: moment,
    lines: z
      .array(
        z.strictObject({
          externalId,
          quantity: z.int().min(0).max(quantityAtMost),
          amount,
        }),
      )
      .min(1)
      .max(linesAtMost),
  })
  .superRefine(({ lines }, context) => {
    for (const pointer of repeated(lines)) addFault(context, pointer, repeatedLine);
    lines.forEach((line, index) => {
      if (line.quantity === 0 && line.amount === 0n) {
        addFault(context, ['lines', index, 'amount'], {
          code: 'nothing_to_refund',
          message: 'quantity and amount are both 0',
        });
      }
    });
  })
  .meta({ id: 'NewRefund' });

export const refundParams = z.strictObject({
  ...orderParams.shape,
  refundId: idParam('refund'),
});

export const RefundView = z
  .strictObject({
    id: z.string(),
    orderId: z.string(),
    externalId: z.string(),
    refundedAt: z.date(),
    lines: z.array(z.strictObject({ externalId: z.string(), quantity: z.int(), amount })),
  })
  .meta({ id: 'Refund' });

/** A refund with what it left of the order. */
export const RefundResult = z.strictObject({
  ...RefundView.shape,
  orderStatus: OrderView.shape.status,
  commissions: z
    .array(CommissionView)
    .meta({ description: 'The commissions of the refunded lines, as they are now' }),
});
