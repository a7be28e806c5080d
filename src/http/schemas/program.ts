import { z } from 'zod';
import { isHost, urlAtMost } from '../../domain/referral/link';
import { normalCreditCode } from '../../domain/tax/id-number';
import { amount, bps, code, currency, externalId, idParam, moment, text } from './common';

const daysAtMost = 3650;
const scopeAtMost = 1000;
const days = z.int().min(0).max(daysAtMost);

function fault(faultCode: string, message: string) {
  return { error: message, params: { code: faultCode } };
}

/** An IANA name such as Asia/Shanghai, or UTC; offsets such as +08:00 are no time zones. */
export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, fault('unknown_time_zone', 'must be an IANA time zone'))
  .meta({ description: 'IANA time zone', examples: ['Asia/Shanghai'] });

function isTimeZone(name: string): boolean {
  if (!/^(UTC|[A-Z][A-Za-z_]+(\/[A-Za-z0-9_+-]+)+)$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const Hold = z.strictObject({
  startsAt: z.enum(['paid', 'received']),
  days,
  assumeReceivedAfterDays: days,
});

const Settlement = z.strictObject({
  calendar: z.enum(['weekly', 'halfMonthly', 'monthly', 'onRequest']),
  payoutMode: z.enum(['auto', 'request']),
  minimumPayoutAmount: amount,
  reviewAboveAmount: amount,
  fee: z.strictObject({ fixedAmount: amount, bps }),
});

const Binding = z.strictObject({
  touch: z.enum(['first', 'last']),
  windowDays: z.int().min(1).max(daysAtMost).nullable(),
  protectDays: days,
  transferObjectionDays: z.int().min(0).max(365),
});

const hostsAtMost = 50;

const host = z
  .string()
  .max(255)
  .transform((value) => value.toLowerCase())
  .refine(isHost, fault('invalid_host', 'must be a host such as shop.example.com, or host:port'));

const Links = z.strictObject({
  hosts: z
    .array(host)
    .max(hostsAtMost)
    .meta({
      description: 'Hosts of the shop to which short links may lead; each exactly as written',
      examples: [['shop.example.com']],
    }),
  landingUrl: z.string().min(1).max(urlAtMost).nullable().meta({
    description: 'Where a short link leads that names no page; on one of the hosts',
  }),
  clickWindowDays: z.int().min(1).max(daysAtMost),
});

const Inactivity = z.strictObject({
  warnAfterDays: z.int().min(1).max(daysAtMost),
  evictAfterDays: z.int().min(1).max(daysAtMost),
  appealWindowDays: z.int().min(1).max(daysAtMost),
});

const Leaving = z.strictObject({
  coolingOffDays: z.int().min(0).max(365).meta({
    description: 'How long a departure may be taken back',
  }),
  returnAfterDays: days.meta({ description: 'How long after an eviction a return is possible' }),
  downlines: z.enum(['nearestActiveUpline', 'none']).meta({
    description: 'Who sponsors the downlines of whom is out',
  }),
  customers: z.enum(['release', 'nearestActiveUpline']).meta({
    description: 'To whom the customers of whom is out belong',
  }),
});

const enrolment = z.enum(['open', 'review', 'invite']);
const productScope = z.enum(['all', 'designated']);
const mode = z.enum(['test', 'live']);

/** A new program may leave any setting out; these are then its own. */
const NewHold = Hold.extend({
  startsAt: Hold.shape.startsAt.default('paid'),
  days: days.default(7),
  assumeReceivedAfterDays: days.default(15),
}).prefault({});

const NewSettlement = Settlement.extend({
  calendar: Settlement.shape.calendar.default('monthly'),
  payoutMode: Settlement.shape.payoutMode.default('auto'),
  minimumPayoutAmount: amount.prefault(100),
  reviewAboveAmount: amount.prefault(5_000_000),
  fee: z.strictObject({ fixedAmount: amount.prefault(0), bps: bps.default(0) }).prefault({}),
}).prefault({});

const NewBinding = Binding.extend({
  touch: Binding.shape.touch.default('first'),
  windowDays: Binding.shape.windowDays.default(null),
  protectDays: days.default(0),
  transferObjectionDays: Binding.shape.transferObjectionDays.default(7),
}).prefault({});

const NewLinks = Links.extend({
  hosts: Links.shape.hosts.default([]),
  landingUrl: Links.shape.landingUrl.default(null),
  clickWindowDays: Links.shape.clickWindowDays.default(30),
}).prefault({});

const NewInactivity = Inactivity.extend({
  warnAfterDays: Inactivity.shape.warnAfterDays.default(60),
  evictAfterDays: Inactivity.shape.evictAfterDays.default(90),
  appealWindowDays: Inactivity.shape.appealWindowDays.default(14),
}).prefault({});

const NewLeaving = Leaving.extend({
  coolingOffDays: Leaving.shape.coolingOffDays.default(7),
  returnAfterDays: Leaving.shape.returnAfterDays.default(180),
  downlines: Leaving.shape.downlines.default('nearestActiveUpline'),
  customers: Leaving.shape.customers.default('release'),
}).prefault({});

const Tax = z.strictObject({
  method: z.enum(['none', 'general', 'platformCumulative']),
  gapPolicy: z.enum(['restart', 'keepIncome']).default('restart'),
  platformDeclaration: z
    .strictObject({ filedAt: moment, reference: text(200) })
    .optional()
    .meta({ description: "The payer's record that it filed as a platform (platformCumulative)" }),
});

/** A payer's tax number in one spelling; its checksum is judged by the route. */
const Payer = z.strictObject({
  name: text(200),
  taxNumber: code.transform((value) => normalCreditCode(value) ?? value),
});

export const NewProgramBody = z
  .strictObject({
    externalId,
    name: text(200),
    currency,
    timeZone: timeZone.default('Asia/Shanghai'),
    mode: mode.default('live'),
    startsAt: moment.optional(),
    enrolment: enrolment.default('open'),
    productScope: productScope.default('all'),
    hold: NewHold,
    settlement: NewSettlement,
    binding: NewBinding,
    links: NewLinks,
    inactivity: NewInactivity,
    leaving: NewLeaving,
    tax: Tax,
    payer: Payer,
  })
  .superRefine(inactivityInOrder)
  .meta({ id: 'NewProgram' });

/** What is left out stays; the fields that never change are known, so that the refusal says which. */
export const ProgramPatch = z
  .strictObject({
    name: text(200),
    timeZone,
    enrolment,
    productScope,
    hold: Hold.partial(),
    settlement: Settlement.extend({ fee: Settlement.shape.fee.partial() }).partial(),
    binding: Binding.partial(),
    links: Links.partial(),
    inactivity: Inactivity.partial(),
    leaving: Leaving.partial(),
    externalId,
    currency,
    mode,
    startsAt: moment,
    tax: Tax,
    payer: Payer,
  })
  .partial()
  .superRefine(inactivityInOrder)
  .meta({ id: 'ProgramPatch' });

function inactivityInOrder(
  body: { inactivity?: { warnAfterDays?: number; evictAfterDays?: number } | undefined },
  context: z.RefinementCtx,
): void {
  const { warnAfterDays, evictAfterDays } = body.inactivity ?? {};
  if (warnAfterDays === undefined || evictAfterDays === undefined) return;
  if (evictAfterDays > warnAfterDays) return;
  context.addIssue({
    code: 'custom',
    path: ['inactivity', 'evictAfterDays'],
    message: 'must be more than warnAfterDays',
    params: { code: 'out_of_order' },
  });
}

export const ProgramView = z
  .strictObject({
    id: z.string(),
    externalId: z.string(),
    name: z.string(),
    currency: z.string(),
    timeZone: z.string(),
    mode,
    startsAt: moment,
    enrolment,
    productScope,
    hold: Hold,
    settlement: Settlement,
    binding: Binding,
    links: Links,
    inactivity: Inactivity,
    leaving: Leaving,
    tax: z.strictObject({
      method: z.string(),
      gapPolicy: z.string(),
      platformDeclaration: z
        .strictObject({ filedAt: z.string(), reference: z.string() })
        .optional(),
    }),
    payer: z.strictObject({ id: z.string(), name: z.string(), taxNumber: z.string() }),
    now: moment.meta({ description: "The program's clock" }),
    createdAt: moment,
  })
  .meta({ id: 'Program' });

export const programParams = z.strictObject({ id: idParam('program') });

const scopeList = z.array(externalId).max(scopeAtMost).default([]);

export const ProductsBody = z
  .strictObject({ skus: scopeList, productIds: scopeList, categories: scopeList, tags: scopeList })
  .meta({ id: 'ProgramProducts', description: 'A line that matches any of them is in scope' });

export const ClockBody = z.strictObject({ now: moment }).meta({ id: 'ClockMove' });

export const ClockView = z
  .strictObject({ now: moment.meta({ description: "The program's clock" }), mode })
  .meta({ id: 'ProgramClock' });
