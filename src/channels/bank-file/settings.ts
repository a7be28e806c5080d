import { z } from 'zod';

const clearingCode = z.string().regex(/^\d{12}$/, { error: 'must be a CNAPS code of 12 digits' });
const bic = z
  .string()
  .regex(/^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/, { error: 'must be a BIC' });

/** Settings of a bank file channel: whose account the bank debits, and how the file is written. */
export const BankFileSettings = z
  .strictObject({
    debtorName: z.string().trim().min(1).max(140),
    debtorAccount: z.string().regex(/^[0-9A-Za-z]{1,34}$/, { error: 'must be letters and digits' }),
    /** the bank that gets the file: its CNAPS code or its BIC */
    debtorClearingCode: clearingCode.optional(),
    debtorBic: bic.optional(),
    format: z.enum(['csv', 'pain.001']).default('csv'),
    /** what the payee reads */
    remittance: z.string().trim().min(1).max(140).default('推广佣金'),
  })
  .refine(({ debtorClearingCode, debtorBic }) => (debtorClearingCode ?? debtorBic) !== undefined, {
    error: 'needs debtorClearingCode or debtorBic',
    path: ['debtorClearingCode'],
  });

export type BankFileSettings = z.output<typeof BankFileSettings>;
