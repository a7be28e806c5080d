import { z } from 'zod';
import { listQuery } from '../list';
import { amount, code, count, idOf, idParam, moment, positiveAmount, signedAmount } from './common';
import { Tax } from './program';

export const month = z
  .string()
  .regex(/^(20|21)\d\d-(0[1-9]|1[0-2])$/)
  .meta({ description: 'YYYY-MM', examples: ['2026-11'] });

const mode = z.enum(['test', 'live']);

export const payerParams = z.strictObject({ id: idParam('payer') });
export const declarationParams = z.strictObject({ id: idParam('payer'), month });

const modeOf = mode
  .optional()
  .meta({ description: 'Whose programs; left out: live ones where the payer has any' });

const TaxMethodView = z
  .strictObject({
    validFrom: moment,
    method: z.enum(['none', 'general', 'platformCumulative']),
    gapPolicy: z.enum(['restart', 'keepIncome']),
    platformDeclaration: z.strictObject({ filedAt: z.string(), reference: z.string() }).nullable(),
  })
  .meta({ id: 'TaxMethod' });
export { TaxMethodView };

export const PayerView = z
  .strictObject({
    id: idOf('payer'),
    name: z.string(),
    taxNumber: z.string(),
    taxMethods: z
      .array(TaxMethodView)
      .meta({ description: 'The earliest first; each until the next one begins' }),
    createdAt: moment,
  })
  .meta({ id: 'Payer' });

export const TaxMethodBody = z
  .strictObject({
    month: month.meta({ description: 'The first month in which it counts, YYYY-MM' }),
    ...Tax.shape,
  })
  .meta({ id: 'NewTaxMethod' });

export const RemittanceBody = z
  .strictObject({
    month,
    reference: code.meta({
      description: 'Of the payment to the bureau',
      examples: ['TAX-2026-11'],
    }),
    mode: modeOf,
  })
  .meta({ id: 'NewTaxRemittance' });

export const RemittanceView = z
  .strictObject({
    id: idOf('taxRemittance'),
    payerId: idOf('payer'),
    mode,
    month,
    reference: z.string(),
    amount,
    actor: z.string(),
    createdAt: moment,
  })
  .meta({ id: 'TaxRemittance' });

export const DeclarationBody = z
  .strictObject({
    month,
    reference: code.optional().meta({ description: 'Of the declaration at the bureau' }),
    mode: modeOf,
  })
  .meta({ id: 'NewTaxDeclaration' });

const version = z.int().min(1);

export const DeclaredView = z
  .strictObject({
    id: idOf('taxDeclaration'),
    month,
    version: version.meta({ description: 'Above 1: a correction' }),
    reference: z.string().nullable(),
    createdAt: moment,
  })
  .meta({ id: 'TaxDeclared' });

const idNumbers = z
  .enum(['masked', 'full'])
  .default('masked')
  .meta({ description: '`full` is for admins with the role owner or finance, and audited' });

export const declarationQuery = z.strictObject({ ...listQuery.shape, mode: modeOf, idNumbers });
export const declarationFileQuery = z.strictObject({ mode: modeOf, idNumbers });

const FiguresView = z
  .strictObject({
    incomeAmount: z.int().meta({ description: '本期收入' }),
    expenseAmount: z.int().meta({ description: '本期费用' }),
    exemptAmount: z.int().meta({ description: '本期免税收入' }),
    cumulativeIncomeAmount: z.int().meta({ description: '累计收入额' }),
    cumulativeDeductionAmount: z.int().meta({ description: '累计减除费用' }),
    cumulativeTaxableAmount: z.int().meta({ description: '累计应纳税所得额' }),
    rateBps: z.int().meta({ description: '税率' }),
    quickDeductionAmount: z.int().meta({ description: '速算扣除数' }),
    taxAmount: z.int().meta({ description: '应纳税额' }),
    paidBeforeAmount: z.int().meta({ description: '已缴' }),
    dueAmount: z.int().meta({ description: '应补退' }),
    withheldAmount: z.int().meta({ description: 'Withheld in the month, give-backs taken off' }),
    carriedAmount: z.int().meta({
      description: 'Tax of the period less what was withheld; offset against later payments',
    }),
  })
  .meta({ id: 'DeclarationFigures', description: 'Minor unit (fen)' });

const personColumns = {
  name: z.string(),
  documentType: z.enum(['residentId', 'hongKongMacaoPermit', 'taiwanPermit', 'creditCode']),
  idNumber: z.string(),
  method: z.enum(['general', 'platformCumulative']),
};

const DeclarationRowView = z
  .strictObject({ ...personColumns, figures: FiguresView })
  .meta({ id: 'DeclarationRow' });

const CorrectionView = z
  .strictObject({
    ...personColumns,
    month,
    declared: FiguresView.nullable().meta({ description: 'null: nothing was declared' }),
    figures: FiguresView.meta({ description: 'As they are now' }),
    incomeDifferenceAmount: signedAmount,
    withheldDifferenceAmount: signedAmount,
  })
  .meta({ id: 'DeclarationCorrection' });

export const DeclarationView = z
  .strictObject({
    payerId: idOf('payer'),
    payerName: z.string(),
    taxNumber: z.string(),
    mode,
    month,
    dueOn: z.iso
      .date()
      .meta({ description: 'The 15th of the next month; the bureau moves it for holidays' }),
    status: z.enum(['open', 'declared']),
    declared: DeclaredView.nullable(),
    totals: z
      .strictObject({ people: count, incomeAmount: signedAmount, withheldAmount: signedAmount })
      .meta({ description: 'As they are now' }),
    data: z
      .array(DeclarationRowView)
      .meta({ description: 'As declared; of an open month as they are now' }),
    nextCursor: z.string().nullable(),
    corrections: z
      .array(CorrectionView)
      .meta({ description: 'What is not as it was declared, in months up to this one' }),
  })
  .meta({ id: 'TaxDeclaration' });

export const InvoiceBody = z
  .strictObject({ number: code, amount: positiveAmount, issuedAt: moment })
  .meta({ id: 'NewInvoice' });

export const InvoiceView = z
  .strictObject({
    id: idOf('invoice'),
    distributorId: idOf('distributor'),
    number: z.string(),
    amount,
    usedAmount: amount.meta({ description: 'What payments have used of it' }),
    issuedAt: moment,
    createdAt: moment,
  })
  .meta({ id: 'Invoice' });

export const invoiceParams = z.strictObject({
  id: idParam('distributor'),
  invoiceId: idParam('invoice'),
});

export const InvoiceCoverView = z
  .strictObject({
    availableAmount: amount.meta({ description: 'What a settlement would take' }),
    coveredAmount: amount.meta({ description: 'What is left of recorded invoices' }),
    missingAmount: amount,
    text: z.string(),
  })
  .meta({ id: 'InvoiceCover' });
