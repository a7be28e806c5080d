import type { Mode } from '../domain/kernel/access';
import { floorToSecond } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { allowedUrl } from '../domain/referral/link';
import { contentHash } from './content-hash';
import type { Tx } from './database';
import { storedUnder } from './external-id';
import { newId } from './id';
import { payerFor, type TaxTerms } from './payer';
import type { Enrolment, ProgramRow } from './program';

/** What a caller says of a new program; the schema has filled the defaults. */
export interface NewProgram extends ProgramSettings {
  externalId: string;
  currency: string;
  mode: Mode;
  startsAt?: Date | undefined;
  tax: TaxTerms;
  payer: { name: string; taxNumber: string };
}

/** The settings that can change later; new ones count from then on, running waits keep theirs. */
export interface ProgramSettings {
  name: string;
  timeZone: string;
  enrolment: Enrolment;
  productScope: ProgramRow['productScope'];
  hold: {
    startsAt: ProgramRow['holdStartsAt'];
    days: number;
    assumeReceivedAfterDays: number;
  };
  settlement: {
    calendar: ProgramRow['settlementCalendar'];
    payoutMode: ProgramRow['payoutMode'];
    minimumPayoutAmount: bigint;
    reviewAboveAmount: bigint;
    fee: { fixedAmount: bigint; bps: number };
  };
  binding: {
    touch: ProgramRow['bindingTouch'];
    windowDays: number | null;
    protectDays: number;
    transferObjectionDays: number;
  };
  links: { hosts: string[]; landingUrl: string | null; clickWindowDays: number };
  inactivity: { warnAfterDays: number; evictAfterDays: number; appealWindowDays: number };
  leaving: LeavingSettings;
}

/** How somebody leaves, and what becomes of downlines and customers then. */
export interface LeavingSettings {
  coolingOffDays: number;
  returnAfterDays: number;
  downlines: ProgramRow['downlinePolicy'];
  customers: ProgramRow['customerPolicy'];
}

type SettingColumns = Omit<
  ProgramRow,
  | 'id'
  | 'storeId'
  | 'externalId'
  | 'contentHash'
  | 'currency'
  | 'mode'
  | 'startsAt'
  | 'payerId'
  | 'clockOffsetMs'
  | 'createdAt'
>;

function settingColumns(settings: ProgramSettings): SettingColumns {
  const { name, timeZone, enrolment, productScope } = settings;
  const { hold, settlement, binding, links, inactivity, leaving } = settings;
  return {
    name,
    timeZone,
    enrolment,
    productScope,
    holdStartsAt: hold.startsAt,
    holdDays: hold.days,
    assumeReceivedAfterDays: hold.assumeReceivedAfterDays,
    settlementCalendar: settlement.calendar,
    payoutMode: settlement.payoutMode,
    minimumPayoutAmount: settlement.minimumPayoutAmount,
    reviewAboveAmount: settlement.reviewAboveAmount,
    feeFixedAmount: settlement.fee.fixedAmount,
    feeBps: settlement.fee.bps,
    bindingTouch: binding.touch,
    bindingWindowDays: binding.windowDays,
    bindingProtectDays: binding.protectDays,
    transferObjectionDays: binding.transferObjectionDays,
    clickWindowDays: links.clickWindowDays,
    linkHosts: links.hosts,
    landingUrl: links.landingUrl,
    ...inactivity,
    coolingOffDays: leaving.coolingOffDays,
    returnAfterDays: leaving.returnAfterDays,
    downlinePolicy: leaving.downlines,
    customerPolicy: leaving.customers,
  };
}

/** The settings of a stored program, in the form in which a caller writes them. */
export function settingsOf(program: ProgramRow): ProgramSettings {
  return {
    name: program.name,
    timeZone: program.timeZone,
    enrolment: program.enrolment,
    productScope: program.productScope,
    hold: {
      startsAt: program.holdStartsAt,
      days: program.holdDays,
      assumeReceivedAfterDays: program.assumeReceivedAfterDays,
    },
    settlement: {
      calendar: program.settlementCalendar,
      payoutMode: program.payoutMode,
      minimumPayoutAmount: program.minimumPayoutAmount,
      reviewAboveAmount: program.reviewAboveAmount,
      fee: { fixedAmount: program.feeFixedAmount, bps: program.feeBps },
    },
    binding: {
      touch: program.bindingTouch,
      windowDays: program.bindingWindowDays,
      protectDays: program.bindingProtectDays,
      transferObjectionDays: program.transferObjectionDays,
    },
    links: {
      hosts: program.linkHosts,
      landingUrl: program.landingUrl,
      clickWindowDays: program.clickWindowDays,
    },
    inactivity: {
      warnAfterDays: program.warnAfterDays,
      evictAfterDays: program.evictAfterDays,
      appealWindowDays: program.appealWindowDays,
    },
    leaving: {
      coolingOffDays: program.coolingOffDays,
      returnAfterDays: program.returnAfterDays,
      downlines: program.downlinePolicy,
      customers: program.customerPolicy,
    },
  };
}

/** What a program has that says nothing of links and transfers. */
export const defaultLinks = { hosts: [], landingUrl: null, clickWindowDays: 30 };
export const defaultObjectionDays = 7;
export const defaultLeaving: LeavingSettings = {
  coolingOffDays: 7,
  returnAfterDays: 180,
  downlines: 'nearestActiveUpline',
  customers: 'release',
};

/** The hash of what was asked for; settings that came later count only where they differ. */
function hashOf({ links, binding, leaving, ...input }: NewProgram): string {
  const { transferObjectionDays, ...ties } = binding;
  const usual = contentHash(links) === contentHash(defaultLinks);
  return contentHash({
    ...input,
    binding: transferObjectionDays === defaultObjectionDays ? ties : binding,
    ...(usual ? {} : { links }),
    ...(contentHash(leaving) === contentHash(defaultLeaving) ? {} : { leaving }),
  });
}

/**
 * Makes a program and, when its tax number is new in the store, its payer. The same externalId with
 * the same content answers the first one.
 * @throws Refusal `external_id_conflict`, `payer_method_conflict`
 */
export async function createProgram(
  tx: Tx,
  { storeId, input, realNow }: { storeId: string; input: NewProgram; realNow: Date },
): Promise<{ program: ProgramRow; created: boolean }> {
  const hash = hashOf(input);
  const before = await storedUnder<ProgramRow>(tx, 'program', {
    ...{ storeId, externalId: input.externalId, contentHash: hash },
  });
  if (before !== undefined) return { program: before, created: false };
  const startsAt = input.startsAt ?? floorToSecond(realNow);
  const { payer } = await payerFor(tx, {
    storeId,
    ...input.payer,
    terms: input.tax,
    validFrom: startsAt < realNow ? startsAt : realNow,
    realNow,
  });
  const program: ProgramRow = {
    id: newId('program'),
    storeId,
    externalId: input.externalId,
    contentHash: hash,
    currency: input.currency,
    mode: input.mode,
    startsAt,
    ...settingColumns(input),
    payerId: payer.id,
    clockOffsetMs: 0n,
    createdAt: realNow,
  };
  await tx.insert('program', program);
  return { program, created: true };
}

/** @throws Refusal link_host_not_allowed */
export function mustLandOnHost({ links }: Pick<ProgramSettings, 'links'>): void {
  const { landingUrl, hosts } = links;
  if (landingUrl === null || allowedUrl(landingUrl, hosts) !== undefined) return;
  const message = 'landingUrl must be an http or https address on one of links.hosts.';
  throw new Refusal('link_host_not_allowed', message, {
    errors: [{ pointer: '/links/landingUrl', code: 'link_host_not_allowed', message }],
  });
}

/** Writes new settings over the old ones. The row was locked by `lockProgram`. */
export async function updateSettings(
  tx: Tx,
  program: ProgramRow,
  settings: ProgramSettings,
): Promise<ProgramRow> {
  const columns = settingColumns(settings);
  await tx.run(
    `UPDATE program SET name = $2, time_zone = $3, enrolment = $4, product_scope = $5,
       hold_starts_at = $6, hold_days = $7, assume_received_after_days = $8,
       settlement_calendar = $9, payout_mode = $10, minimum_payout_amount = $11,
       review_above_amount = $12, fee_fixed_amount = $13, fee_bps = $14, binding_touch = $15,
       binding_window_days = $16, binding_protect_days = $17, warn_after_days = $18,
       evict_after_days = $19, appeal_window_days = $20, transfer_objection_days = $21,
       click_window_days = $22, link_hosts = $23, landing_url = $24, cooling_off_days = $25,
       return_after_days = $26, downline_policy = $27, customer_policy = $28
     WHERE id = $1`,
    [
      program.id,
      ...[columns.name, columns.timeZone, columns.enrolment, columns.productScope],
      ...[columns.holdStartsAt, columns.holdDays, columns.assumeReceivedAfterDays],
      ...[columns.settlementCalendar, columns.payoutMode, columns.minimumPayoutAmount],
      ...[columns.reviewAboveAmount, columns.feeFixedAmount, columns.feeBps],
      ...[columns.bindingTouch, columns.bindingWindowDays, columns.bindingProtectDays],
      ...[columns.warnAfterDays, columns.evictAfterDays, columns.appealWindowDays],
      ...[columns.transferObjectionDays, columns.clickWindowDays, columns.linkHosts],
      ...[columns.landingUrl, columns.coolingOffDays, columns.returnAfterDays],
      ...[columns.downlinePolicy, columns.customerPolicy],
    ],
  );
  return { ...program, ...columns };
}

/** Whether an order was accepted; from then on the calendar (time zone) is fixed. */
export async function hasOrders(read: Tx, programId: string): Promise<boolean> {
  const order = await read.first('SELECT 1 FROM orders WHERE program_id = $1 LIMIT 1', [programId]);
  return order !== undefined;
}
