import { z } from 'zod';
import { statementFacts } from '../../db/statement-document';
import { statementDocument } from '../../domain/tax/document';
import { media } from '../openapi';
import { answer, defineRoute, RawBody } from '../route';
import { idParam } from '../schemas/common';
import { drawStatement } from '../statement-pdf';

const pdf = 'application/pdf';

const getDocument = defineRoute({
  method: 'get',
  path: '/v1/statements/:id.pdf',
  summary: "A statement as the payer's own document of income and withholding (PDF)",
  description:
    'In Chinese and English, with the ID number masked. It is not the official record of the tax bureau, and says so.',
  tag: 'Tax',
  access: { scope: 'settlements:read' },
  params: z.strictObject({ id: idParam('statement') }),
  answers: { 200: media(pdf) },
  handle: async ({ params, caller, now, deps: { db } }) => {
    const facts = await statementFacts(db.read, caller, params.id);
    const content = await drawStatement(statementDocument(facts), now);
    return answer(200, new RawBody(pdf, content), {
      'Content-Disposition': `inline; filename="statement-${params.id}.pdf"`,
      'Cache-Control': 'no-store',
    });
  },
});

export const statementDocumentRoutes = [getDocument];
