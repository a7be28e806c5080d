import { z } from 'zod';
import { clockMoved } from '../../contracts/workflow';
import { recordAudit } from '../../db/audit';
import { moveClock } from '../../db/clock-move';
import type { Tx } from '../../db/database';
import { payerView } from '../../db/payer';
import { findProgram, lockProgram, type ProgramRow } from '../../db/program';
import { movesCalendar, restartCalendar } from '../../db/settlement-cycle';
import {
  createProgram,
  hasOrders,
  mustLandOnHost,
  type NewProgram,
  settingsOf,
  updateSettings,
} from '../../db/program-settings';
import type { Caller } from '../../domain/kernel/access';
import { addDays, programNow } from '../../domain/kernel/clock';
import { Refusal } from '../../domain/kernel/refusal';
import { normalCreditCode } from '../../domain/tax/id-number';
import { listOf, listQuery, page } from '../list';
import { answer, defineRoute } from '../route';
import { externalId } from '../schemas/common';
import {
  ClockBody,
  ClockView,
  NewProgramBody,
  programParams,
  ProgramPatch,
  ProgramView,
} from '../schemas/program';

const tag = 'Programs';
const mayRead = { scope: 'programs:read' } as const;
const mayWrite = { scope: 'programs:write', roles: ['owner', 'operations'] } as const;
/** A program may be prepared a year ahead, not further. */
const startsAtMostDaysAhead = 366;

const postProgram = defineRoute({
  method: 'post',
  path: '/v1/programs',
  summary: 'Make a program',
  description:
    'A payer is the store and a tax number; all its programs share one tax method. Left out: open to everybody, all products, held 7 days, settled monthly.',
  tag,
  access: mayWrite,
  body: NewProgramBody,
  answers: { 201: ProgramView, 200: ProgramView },
  write: async ({ tx, body, caller, now, audit }) => {
    mustFit(body, caller, now);
    const input: NewProgram = {
      ...body,
      tax: { ...body.tax, platformDeclaration: body.tax.platformDeclaration ?? null },
    };
    const { storeId } = caller;
    const { program, created } = await createProgram(tx, { storeId, input, realNow: now });
    if (!created) return answer(200, await programView(tx, program, now));
    await audit({
      action: 'program.created',
      subjectId: program.id,
      after: { mode: program.mode, payerId: program.payerId, ...settingsOf(program) },
    });
    return answer(201, await programView(tx, program, now));
  },
});

/** Rules of a new program that take more than one field, or the clock, to judge. */
function mustFit(body: z.output<typeof NewProgramBody>, caller: Caller, now: Date): void {
  const { tax, payer, currency, startsAt } = body;
  mustLandOnHost(body);
  if (caller.mode !== 'both' && caller.mode !== body.mode) {
    const detail = `A ${caller.mode} key makes programs of mode ${caller.mode} only.`;
    throw new Refusal('scope_required', detail, {
      errors: [at('/mode', 'scope_required', detail)],
    });
  }
  if (startsAt !== undefined && startsAt > addDays(now, startsAtMostDaysAhead)) {
    throw refused('in_the_future', '/startsAt', 'startsAt is more than a year ahead.');
  }
  if (tax.method !== 'none' && currency !== 'CNY') {
    throw refused('currency_not_supported', '/currency', 'This tax method needs CNY.');
  }
  if (tax.method !== 'none' && normalCreditCode(payer.taxNumber) === undefined) {
    throw refused(
      'invalid_tax_number',
      '/payer/taxNumber',
      'A unified social credit code has 18 characters, the last one a check character.',
    );
  }
  if (tax.method === 'platformCumulative' && tax.platformDeclaration === undefined) {
    throw refused(
      'platform_declaration_required',
      '/tax/platformDeclaration',
      'platformCumulative is for payers that filed as a platform (STA Announcement 2025 No. 15).',
    );
  }
}

const at = (pointer: string, code: string, message: string) => ({ pointer, code, message });

function refused(code: Refusal['code'], pointer: string, detail: string): Refusal {
  return new Refusal(code, detail, { errors: [at(pointer, code, detail)] });
}

async function programView(read: Tx, program: ProgramRow, realNow: Date) {
  const { payer, tax } = await payerView(read, program.payerId, programNow(program, realNow));
  const { id, currency, mode, startsAt, createdAt } = program;
  const { method, gapPolicy, platformDeclaration } = tax;
  return {
    id,
    externalId: program.externalId,
    currency,
    mode,
    startsAt,
    ...settingsOf(program),
    tax: { method, gapPolicy, ...(platformDeclaration === null ? {} : { platformDeclaration }) },
    payer: { id: payer.id, name: payer.name, taxNumber: payer.taxNumber },
    now: programNow(program, realNow),
    createdAt,
  };
}

const getPrograms = defineRoute({
  method: 'get',
  path: '/v1/programs',
  summary: 'List programs',
  tag,
  access: mayRead,
  query: z.strictObject({ ...listQuery.shape, externalId: externalId.optional() }),
  answers: { 200: listOf(ProgramView) },
  handle: async ({ query: { limit, cursor, externalId: wanted }, caller, now, deps: { db } }) => {
    const rows = await db.prisma.program.findMany({
      where: {
        storeId: caller.storeId,
        ...(caller.mode === 'both' ? {} : { mode: caller.mode }),
        ...(wanted === undefined ? {} : { externalId: wanted }),
        ...(cursor === undefined ? {} : { id: { lt: cursor } }),
      },
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    const { data, nextCursor } = page(rows as ProgramRow[], limit, ({ id }) => id);
    const views = data.map((program) => programView(db.read, program, now));
    return answer(200, { data: await Promise.all(views), nextCursor });
  },
});

const getProgram = defineRoute({
  method: 'get',
  path: '/v1/programs/:id',
  summary: 'Read a program',
  tag,
  access: mayRead,
  params: programParams,
  answers: { 200: ProgramView },
  handle: async ({ params, caller, now, deps: { db } }) =>
    answer(200, await programView(db.read, await findProgram(db.read, caller, params.id), now)),
});

const patchProgram = defineRoute({
  method: 'patch',
  path: '/v1/programs/:id',
  summary: 'Change settings of a program',
  description:
    'New settings count from now on; running waits keep their deadline. Currency, mode, start, payer and tax method never change, the time zone not once there are orders.',
  tag,
  access: mayWrite,
  params: programParams,
  body: ProgramPatch,
  answers: { 200: ProgramView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const program = await lockProgram(tx, await findProgram(tx, caller, params.id));
    await mustStayFixed(tx, program, body, now);
    const before = settingsOf(program);
    const after = patched(before, body);
    mustStayInOrder(after);
    mustLandOnHost(after);
    const changed = await updateSettings(tx, program, after);
    if (movesCalendar(program, changed)) await restartCalendar(tx, changed, now);
    await audit({ action: 'program.changed', subjectId: program.id, before, after });
    return answer(200, await programView(tx, changed, now));
  },
});

type Patch = z.output<typeof ProgramPatch>;

async function mustStayFixed(
  tx: Tx,
  program: ProgramRow,
  patch: Patch,
  realNow: Date,
): Promise<void> {
  const { payer, tax } = await payerView(tx, program.payerId, programNow(program, realNow));
  const fixed = {
    '/externalId': differs(patch.externalId, program.externalId),
    '/currency': differs(patch.currency, program.currency),
    '/mode': differs(patch.mode, program.mode),
    '/startsAt': differs(patch.startsAt?.getTime(), program.startsAt.getTime()),
    '/timeZone': differs(patch.timeZone, program.timeZone) && (await hasOrders(tx, program.id)),
    '/tax':
      differs(patch.tax?.method, tax.method) ||
      (tax.method === 'platformCumulative' && differs(patch.tax?.gapPolicy, tax.gapPolicy)),
    '/payer':
      differs(patch.payer?.name, payer.name) || differs(patch.payer?.taxNumber, payer.taxNumber),
  };
  const errors = Object.entries(fixed)
    .filter(([, wanted]) => wanted)
    .map(([pointer]) => at(pointer, 'setting_is_fixed', 'cannot change any more'));
  if (errors.length === 0) return;
  const names = errors.map(({ pointer }) => pointer.slice(1)).join(', ');
  throw new Refusal('setting_is_fixed', `These cannot change any more: ${names}.`, { errors });
}

function differs<T>(wanted: T | undefined, current: T): boolean {
  return wanted !== undefined && wanted !== current;
}

type Settings = ReturnType<typeof settingsOf>;

function patched(before: Settings, patch: Patch): Settings {
  const { fee, ...settlement } = patch.settlement ?? {};
  return {
    name: patch.name ?? before.name,
    timeZone: patch.timeZone ?? before.timeZone,
    enrolment: patch.enrolment ?? before.enrolment,
    productScope: patch.productScope ?? before.productScope,
    hold: { ...before.hold, ...given(patch.hold) },
    settlement: {
      ...before.settlement,
      ...given(settlement),
      fee: { ...before.settlement.fee, ...given(fee) },
    },
    binding: { ...before.binding, ...given(patch.binding) },
    links: { ...before.links, ...given(patch.links) },
    inactivity: { ...before.inactivity, ...given(patch.inactivity) },
    leaving: { ...before.leaving, ...given(patch.leaving) },
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Only what was really given: a key with the value undefined would erase a setting. */
function given<T extends object>(part: T | undefined): Given<T> {
  const pairs = Object.entries(part ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs) as Given<T>;
}

function mustStayInOrder({ inactivity }: Settings): void {
  if (inactivity.evictAfterDays > inactivity.warnAfterDays) return;
  throw refused(
    'settings_contradict',
    '/inactivity/evictAfterDays',
    'evictAfterDays must be more than warnAfterDays.',
  );
}

const getClock = defineRoute({
  method: 'get',
  path: '/v1/programs/:id/clock',
  summary: "Read a program's clock",
  tag,
  access: mayRead,
  params: programParams,
  answers: { 200: ClockView },
  handle: async ({ params, caller, now, deps: { db } }) => {
    const program = await findProgram(db.read, caller, params.id);
    return answer(200, { now: programNow(program, now), mode: program.mode });
  },
});

const postClock = defineRoute({
  method: 'post',
  path: '/v1/programs/:id/clock',
  summary: "Move a test program's clock forwards",
  description:
    'Visits everything that falls due on the way, in order, and answers when all of it is done or waits for somebody. After a 503 the same move is repeated.',
  tag,
  access: mayWrite,
  params: programParams,
  body: ClockBody,
  answers: { 200: ClockView },
  handle: async ({ params, body, caller, deps, requestId }) => {
    const { db, clock, temporal } = deps;
    const program = await findProgram(db.read, caller, params.id);
    const wake = (workflowId: string) => temporal.signal(workflowId, clockMoved.name);
    const moved = await moveClock({ db, clock, wake }, program, body.now);
    await db.transaction((tx) =>
      recordAudit(tx, {
        storeId: caller.storeId,
        actor: caller.actor,
        action: 'program.clock_moved',
        subjectId: program.id,
        requestId,
        after: { now: moved },
        at: clock.now(),
      }),
    );
    return answer(200, { now: moved, mode: program.mode });
  },
});

export const programRoutes = [
  postProgram,
  getPrograms,
  getProgram,
  patchProgram,
  getClock,
  postClock,
];
