import { randomInt } from 'node:crypto';
import type { ApplicationPolicy, Replies } from '../domain/distributor/application';
import { makeCode, normalizeCode } from '../domain/distributor/code';
import {
  type ArrivalCause,
  enrol,
  firstTier,
  tierWithoutPlan,
} from '../domain/distributor/enrolment';
import { type DistributorStatus, maySponsor } from '../domain/distributor/state';
import type { Caller } from '../domain/kernel/access';
import { floorToSecond, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import { contentHash } from './content-hash';
import type { Tx } from './database';
import { keepAcceptance, mustBeCurrent } from './agreement';
import { type JudgedApplication, judge, mustFitForm, reasonOf, stepsAfter } from './application';
import { applicationPolicyOf } from './application-policy';
import { announce, takeApplication } from './application-case';
import { notify } from './notice';
import { storedUnder } from './external-id';
import { newId } from './id';
import { createDefaultLink, isLinkCodeTaken } from './link';
import type { ProgramRow, Reach } from './program';
import { beginStanding, type FirstStandings } from './standing';
import { maskPhone, type Vault } from './vault';

/** A distributor as it is stored; status, tier and sponsor are those of the standing in force. */
export interface DistributorRow {
  id: string;
  storeId: string;
  programId: string;
  externalId: string;
  contentHash: string;
  name: string;
  phoneCipher: string;
  phoneIndex: string;
  phoneMasked: string;
  code: string;
  customerExternalId: string | null;
  joinedAt: Date;
  answers: Replies;
  status: DistributorStatus;
  tier: string;
  sponsorId: string | null;
  createdAt: Date;
}

/**
 * The distributor that a caller names.
 * @throws Refusal `not_found`, also for one of another store or of a program of the other mode, and
 *   with a distributor's token for anybody else
 */
export async function findDistributor(
  read: Tx,
  caller: Reach,
  id: string,
): Promise<DistributorRow> {
  const found = await read.first<DistributorRow>(
    `SELECT d.* FROM distributor d JOIN program p ON p.id = d.program_id
     WHERE d.id = $1 AND d.store_id = $2 AND ($3 = 'both' OR p.mode = $3)
       AND ($4::text IS NULL OR d.id = $4)`,
    [id, caller.storeId, caller.mode, caller.distributorId ?? null],
  );
  if (found === undefined) throw new Refusal('not_found', 'There is no such distributor.');
  return found;
}

export interface NewDistributor {
  externalId: string;
  name: string;
  /** in its one spelling (`normalizePhone`) */
  phone: string;
  sponsorCode?: string | undefined;
  customerExternalId?: string | undefined;
  /** only for people who are brought in */
  joinedAt?: Date | undefined;
  tier?: string | undefined;
  answers?: Replies | undefined;
  /** the version of the program's agreement that the person accepted */
  agreement?: { version: string } | undefined;
}

export interface Arriving {
  program: ProgramRow;
  input: NewDistributor;
  caller: Caller;
  realNow: Date;
  vault: Vault;
}

/**
 * Takes somebody into a program: row, first standing and event and, where the program reviews, the
 * task, its due moment and the start of the workflow, all in one transaction. The same externalId
 * with the same content answers the first row.
 */
export async function createDistributor(
  tx: Tx,
  arriving: Arriving,
): Promise<{ distributor: DistributorRow; created: boolean }> {
  const { program, input, caller, vault } = arriving;
  const phoneIndex = vault.index('phone', input.phone);
  const hash = contentHash({ ...input, phone: phoneIndex, programId: program.id });
  const before = await storedUnder<DistributorRow>(tx, 'distributor', {
    ...{ storeId: caller.storeId, externalId: input.externalId, contentHash: hash },
  });
  if (before !== undefined) return { distributor: before, created: false };
  const start = await judgeArrival(tx, arriving);
  const id = newId('distributor');
  const row: Omit<DistributorRow, 'code'> = {
    id,
    storeId: program.storeId,
    programId: program.id,
    externalId: input.externalId,
    contentHash: hash,
    name: input.name,
    phoneCipher: vault.seal(`distributor.phone:${id}`, input.phone),
    phoneIndex,
    phoneMasked: maskPhone(input.phone),
    customerExternalId: input.customerExternalId ?? null,
    joinedAt: start.joinedAt,
    answers: input.answers ?? {},
    status: start.steps.at(-1)?.status ?? start.status,
    tier: start.tier,
    sponsorId: start.sponsorId,
    createdAt: arriving.realNow,
  };
  const distributor = { ...row, code: await insertWithFreeCode(tx, row) };
  await beginLife(tx, distributor, start, caller.actor);
  return { distributor, created: true };
}

interface Start {
  status: DistributorStatus;
  cause: ArrivalCause;
  /** the statuses of the first moment, in order; the last one stays */
  steps: FirstStandings['steps'];
  /** of one who applied */
  application: JudgedApplication | undefined;
  agreement: ApplicationPolicy['agreement'];
  joinedAt: Date;
  tier: string;
  sponsorId: string | null;
}

async function judgeArrival(tx: Tx, arriving: Arriving): Promise<Start> {
  const { program, input, caller } = arriving;
  const imported = input.joinedAt !== undefined;
  if (imported || input.tier !== undefined) mustBeAllowedToImport(caller);
  const enrolled = enrol({
    enrolment: program.enrolment,
    imported,
    byAdmin: caller.kind === 'admin',
  });
  if (!enrolled.ok) {
    throw new Refusal(enrolled.code, 'This program takes only people whom an admin appoints.');
  }
  const sponsorId =
    input.sponsorCode === undefined ? null : await sponsorByCode(tx, program.id, input.sponsorCode);
  const tier = await tierFor(tx, program, arriving.realNow, input.tier);
  const joinedAt = joinedAtOf(arriving);
  const stored = await applicationPolicyOf(tx, program.id);
  // Who is brought in or appointed filled in no form; the agreement waits for them.
  const asks = !imported && enrolled.cause !== 'appointed';
  if (asks) mustFitForm(stored.policy, input.answers ?? {});
  if (asks) mustBeCurrent(stored.policy.agreement, input.agreement?.version);
  const applicant = {
    program,
    phoneIndex: arriving.vault.index('phone', input.phone),
    distributorId: null,
    answers: input.answers ?? {},
    invited: sponsorId !== null,
    at: joinedAt,
  };
  const application =
    enrolled.status === 'applied' ? await judge(tx, applicant, stored) : undefined;
  return {
    ...enrolled,
    joinedAt,
    tier,
    sponsorId,
    steps: stepsOf(enrolled, application),
    application,
    agreement: asks ? stored.policy.agreement : null,
  };
}

function stepsOf(
  { status, cause }: { status: DistributorStatus; cause: ArrivalCause },
  application: JudgedApplication | undefined,
): FirstStandings['steps'] {
  const later = application === undefined ? [] : stepsAfter[application.judgement.outcome];
  const reason = application === undefined ? null : reasonOf(application.judgement);
  return [
    { status, cause, reason: null },
    ...later.map((step, index) => ({
      status: step.status,
      cause: step.move,
      reason: index === later.length - 1 ? reason : null,
    })),
  ];
}

function mustBeAllowedToImport(caller: Caller): void {
  if (caller.kind === 'admin' || caller.scopes.includes('distributors:import')) return;
  throw new Refusal('scope_required', 'joinedAt and tier need the scope distributors:import.');
}

/** Never before the program's start; without a given moment the whole second that runs. */
function joinedAtOf({ program, input, realNow }: Arriving): Date {
  const now = programNow(program, realNow);
  const { joinedAt } = input;
  if (joinedAt === undefined) {
    const second = floorToSecond(now);
    return second < program.startsAt ? program.startsAt : second;
  }
  if (joinedAt > now) throw new Refusal('in_the_future', 'joinedAt is later than the clock.');
  if (joinedAt < program.startsAt) {
    throw new Refusal('before_program_start', 'joinedAt is before the program starts.');
  }
  return joinedAt;
}

/**
 * The id of the one whom a `sponsorCode` names, when it may sponsor.
 * @throws Refusal unknown_sponsor, distributor_inactive
 */
export async function sponsorByCode(tx: Tx, programId: string, code: string): Promise<string> {
  const sponsor = await tx.first<{ id: string; status: DistributorStatus }>(
    'SELECT id, status FROM distributor WHERE program_id = $1 AND code = $2',
    [programId, normalizeCode(code)],
  );
  if (sponsor === undefined) {
    throw new Refusal('unknown_sponsor', 'No distributor of this program has the sponsorCode.');
  }
  if (!maySponsor(sponsor.status)) {
    throw new Refusal('distributor_inactive', `The sponsor is ${sponsor.status}.`);
  }
  return sponsor.id;
}

/** The tiers of the plan in force; before the first comes into force, of the next one. */
async function tierFor(
  tx: Tx,
  program: ProgramRow,
  realNow: Date,
  wanted: string | undefined,
): Promise<string> {
  const plan = await tx.first<{ tiers: { code: string; rank: number }[] }>(
    `SELECT body -> 'tiers' AS tiers FROM plan
     WHERE program_id = $1 AND effective_at IS NOT NULL AND status <> 'draft'
     ORDER BY (effective_at <= $2) DESC,
       CASE WHEN effective_at <= $2 THEN effective_at END DESC, effective_at, version DESC
     LIMIT 1`,
    [program.id, programNow(program, realNow)],
  );
  if (plan === undefined) return wanted ?? tierWithoutPlan;
  if (wanted === undefined) return firstTier(plan.tiers);
  if (plan.tiers.some(({ code }) => code === wanted)) return wanted;
  throw new Refusal('unknown_tier', `The plan has no tier ${wanted}.`);
}

const codeTriesAtMost = 20;

async function insertWithFreeCode(tx: Tx, row: Omit<DistributorRow, 'code'>): Promise<string> {
  for (let tries = 0; tries < codeTriesAtMost; tries += 1) {
    const code = makeCode((below) => randomInt(below));
    // The code is also that of the default link, so it must be free in the whole house.
    if (await isLinkCodeTaken(tx, code)) continue;
    const inserted = await tx.run(
      `INSERT INTO distributor (id, store_id, program_id, external_id, content_hash, name,
         phone_cipher, phone_index, phone_masked, code, customer_external_id, joined_at, answers,
         status, tier, sponsor_id, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
       ON CONFLICT (program_id, code) DO NOTHING`,
      [
        ...[row.id, row.storeId, row.programId, row.externalId, row.contentHash, row.name],
        ...[row.phoneCipher, row.phoneIndex, row.phoneMasked, code, row.customerExternalId],
        ...[row.joinedAt, JSON.stringify(row.answers), row.status, row.tier, row.sponsorId],
        row.createdAt,
      ],
    );
    if (inserted === 0) continue;
    await createDefaultLink(tx, { ...row, code });
    return code;
  }
  throw new Error(`no free distributor code in ${row.programId} after ${codeTriesAtMost} tries`);
}

async function beginLife(
  tx: Tx,
  distributor: DistributorRow,
  { application, agreement, steps }: Start,
  actor: string,
): Promise<void> {
  const { id, joinedAt, tier, sponsorId, createdAt, programId } = distributor;
  const first = { distributorId: id, joinedAt, tier, sponsorId, actor, recordedAt: createdAt };
  await beginStanding(tx, { ...first, steps });
  if (agreement !== null)
    await keepAcceptance(tx, id, { ...agreement, acceptedAt: joinedAt, actor });
  if (application === undefined) {
    await announce(tx, distributor, 'activated', joinedAt);
    const told = { template: 'activated', params: {}, subjectId: id } as const;
    await notify(tx, { programId, distributorId: id, ...told, at: joinedAt });
    return;
  }
  await takeApplication(tx, distributor, application, joinedAt);
}
