import type { z } from 'zod';
import { clickIdReader } from '../../db/click';
import { previewOrder } from '../../db/preview';
import { findProgram, type ProgramRow } from '../../db/program';
import { programNow } from '../../domain/kernel/clock';
import { Refusal } from '../../domain/kernel/refusal';
import type { OrderInput } from '../../domain/order/order';
import { answer, defineRoute } from '../route';
import { orderInput } from '../schemas/order';
import { PreviewBody, previewQuery, PreviewView } from '../schemas/preview';
import { programParams } from '../schemas/program';

const postPreview = defineRoute({
  method: 'post',
  path: '/v1/programs/:id/previews',
  summary: 'Ask what an order would earn whom',
  description:
    'Calculates exactly what reporting the order now would book, with attribution, campaigns, ' +
    'regional agent and caps. Nothing is stored and no budget is reserved, so another order may ' +
    'take what is left of a campaign in the meantime.',
  tag: 'Orders',
  access: { scope: 'orders:read' },
  params: programParams,
  query: previewQuery,
  body: PreviewBody,
  answers: { 200: PreviewView },
  handle: async ({ params, query, body, caller, now, locale, deps: { db, vault } }) => {
    const program = await findProgram(db.read, caller, params.id);
    const order = wholeOrder(body, program, now);
    const readClickId = clickIdReader(vault);
    const context = { reach: caller, now, language: locale, readClickId };
    const { planId } = query;
    return answer(200, await previewOrder(db.read, context, { program, order, planId }));
  },
});

export const previewRoutes = [postPreview];

/** The order that it would be, were it reported now. */
function wholeOrder(
  body: z.output<typeof PreviewBody>,
  program: ProgramRow,
  now: Date,
): OrderInput {
  const { programId = program.id, externalId = 'preview', paidAt } = body;
  if (programId !== program.id) {
    const message = 'The body names another program than the path.';
    throw new Refusal('program_mismatch', message, {
      errors: [{ pointer: '/programId', code: 'program_mismatch', message }],
    });
  }
  const asked = { ...body, programId, externalId, paidAt: paidAt ?? programNow(program, now) };
  return orderInput(asked);
}
