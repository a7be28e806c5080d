import { z } from 'zod';
import { normalizePhone } from '../../domain/distributor/phone';
import { distributorStatuses } from '../../domain/distributor/state';
import { listOf, listQuery } from '../list';
import { PrivilegesView } from './tier';
import {
  amount,
  code,
  externalId,
  idOf,
  idParam,
  moment,
  personName,
  signedAmount,
  text,
} from './common';

const answersAtMost = 50;
const teamDepthAtMost = 10;

const phone = z
  .string()
  .min(1)
  .max(40)
  .refine((value) => normalizePhone(value) !== undefined, {
    error: 'must be a phone number',
    params: { code: 'invalid_phone' },
  })
  .transform((value) => normalizePhone(value) ?? value)
  .meta({ description: 'Spaces, dashes and +86 do not matter', examples: ['138 0013 8000'] });

const reply = z.union([text(2000), z.boolean(), z.int(), z.array(text(200)).max(50)]);

export const Replies = z
  .record(code, reply)
  .refine((replies) => Object.keys(replies).length <= answersAtMost, {
    error: `at most ${answersAtMost} answers`,
    params: { code: 'too_big' },
  })
  .meta({ description: "Answers to the program's questions; no ID or account numbers" });

export const NewDistributorBody = z
  .strictObject({
    programId: idOf('program'),
    externalId,
    name: personName,
    phone,
    sponsorCode: code.optional(),
    customerExternalId: externalId.optional(),
    joinedAt: moment.optional().meta({ description: 'Only to bring existing people in' }),
    answers: Replies.optional(),
    agreement: z
      .strictObject({ version: code })
      .optional()
      .meta({ description: "The version of the program's agreement that the person accepted" }),
    tier: code.optional().meta({ description: 'Only to bring existing people in' }),
  })
  .meta({ id: 'NewDistributor' });

const status = z.enum(distributorStatuses);

export const DistributorView = z
  .strictObject({
    id: z.string(),
    programId: z.string(),
    externalId: z.string(),
    name: z.string(),
    phone: z.string().meta({ description: 'Masked' }),
    code: z.string(),
    status,
    tier: z.string(),
    privileges: PrivilegesView,
    sponsorId: z.string().nullable(),
    customerExternalId: z.string().nullable(),
    answers: Replies,
    joinedAt: moment,
    createdAt: moment,
    links: z.strictObject({
      self: z.string(),
      balance: z.string(),
      ledger: z.string(),
      team: z.string(),
      history: z.string(),
      growth: z.string(),
      promotion: z.string().meta({ description: 'The short link to give to buyers' }),
    }),
  })
  .meta({ id: 'Distributor' });

export const distributorParams = z.strictObject({ id: idParam('distributor') });

export const distributorQuery = z.strictObject({
  ...listQuery.shape,
  programId: idOf('program').optional(),
  status: status.optional(),
  sponsorId: idOf('distributor').optional(),
  code: code.optional(),
  externalId: externalId.optional(),
});

export const BalanceView = z
  .strictObject({
    heldAmount: amount,
    availableAmount: amount,
    settlingAmount: amount,
    receivableAmount: amount.meta({ description: 'Owed by the distributor after a late refund' }),
    paidAmount: amount.meta({ description: 'Net of returns' }),
  })
  .meta({ id: 'Balance' });

export const EntryView = z
  .strictObject({
    id: z.string(),
    reference: z.string(),
    kind: z.string(),
    account: z.enum(['held', 'available', 'settling', 'receivable']),
    amount: signedAmount,
    occurredAt: moment,
  })
  .meta({ id: 'DistributorEntry' });

const depthText = z
  .string()
  .regex(/^([1-9]|10)$/)
  .transform(Number)
  .meta({ type: 'integer', description: `1 to ${teamDepthAtMost}, default 1` });

export const teamQuery = z.strictObject({ ...listQuery.shape, depth: depthText.default(1) });

export const MemberView = z
  .strictObject({
    id: z.string(),
    code: z.string(),
    name: z.string(),
    tier: z.string(),
    status,
    sponsorId: z.string(),
    joinedAt: moment,
    level: z.int().meta({ description: '1: sponsored by the distributor itself' }),
  })
  .meta({ id: 'TeamMember' });

/** A page of a team. */
export const TeamView = listOf(MemberView).extend({
  sums: z
    .strictObject({
      distributors: z.int(),
      levels: z.array(z.strictObject({ level: z.int(), distributors: z.int() })),
    })
    .nullable()
    .meta({ description: 'People down to the depth that was asked for; only with the first page' }),
});

export const StandingView = z
  .strictObject({
    status,
    tier: z.string(),
    sponsorId: z.string().nullable(),
    from: moment,
    to: moment.nullable(),
    cause: z.string(),
    reason: z.string().nullable(),
    actor: z.string(),
    at: moment.meta({ description: 'When it was recorded (real time)' }),
  })
  .meta({ id: 'Standing' });

export const PayoutAccountBody = z
  .strictObject({
    channelId: idOf('channel'),
    account: text(128),
    holderName: personName,
  })
  .meta({ id: 'NewPayoutAccount' });

export const PayoutAccountView = z
  .strictObject({
    id: z.string(),
    channelId: z.string(),
    account: z.string().meta({ description: 'Masked' }),
    holderName: z.string(),
    createdAt: moment,
  })
  .meta({ id: 'PayoutAccount' });

const residency = z.enum(['mainland', 'nonResident']);
const taxpayer = z.enum(['individual', 'individualBusiness', 'company']);

export const TaxProfileBody = z
  .strictObject({
    kind: taxpayer,
    name: personName,
    idNumber: z.string().trim().min(1).max(64),
    residency: residency.default('mainland').meta({
      description:
        'A non-resident individual has a passport or travel permit; payments stop for review',
    }),
  })
  .meta({ id: 'NewTaxProfile' });

export const TaxProfileView = z
  .strictObject({
    kind: taxpayer,
    name: z.string(),
    idNumber: z.string().meta({ description: 'Masked' }),
    residency,
    updatedAt: moment,
  })
  .meta({ id: 'TaxProfile' });
