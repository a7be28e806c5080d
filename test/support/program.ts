import { randomBytes } from 'node:crypto';
import type { Answer, TestClient } from './http';

let made = 0;

/** A text that no other call of this run gets; for externalIds. */
export function unique(prefix: string): string {
  made += 1;
  return `${prefix}-${made}-${randomBytes(4).toString('hex')}`;
}

/** The body of API.md for a new program, with what the test wants otherwise. */
export function programBody(settings: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    externalId: unique('club'),
    name: 'Club',
    currency: 'CNY',
    timeZone: 'Asia/Shanghai',
    mode: 'test',
    startsAt: '2026-11-01T00:00:00+08:00',
    enrolment: 'open',
    productScope: 'all',
    hold: { startsAt: 'paid', days: 7, assumeReceivedAfterDays: 15 },
    settlement: {
      calendar: 'monthly',
      payoutMode: 'auto',
      minimumPayoutAmount: 100,
      reviewAboveAmount: 5_000_000,
      fee: { fixedAmount: 0, bps: 0 },
    },
    binding: { touch: 'first', windowDays: null, protectDays: 0 },
    inactivity: { warnAfterDays: 60, evictAfterDays: 90, appealWindowDays: 14 },
    tax: { method: 'general', gapPolicy: 'restart' },
    payer: { name: 'Some Shop Ltd', taxNumber: '91310000MA1K000006' },
    ...settings,
  };
}

/** Makes a program over HTTP and answers its id. */
export async function postProgram(
  client: TestClient,
  settings: Record<string, unknown> = {},
): Promise<string> {
  const made = await client.post('/v1/programs', programBody(settings));
  if (made.status !== 201) throw new Error(`no program: ${made.text}`);
  return (made.body as { id: string }).id;
}

/** Asks for a distributor over HTTP, with a name and phone of its own. */
export function postDistributor(
  client: TestClient,
  programId: string,
  settings: Record<string, unknown> = {},
): Promise<Answer> {
  return client.post('/v1/distributors', {
    programId,
    externalId: unique('u'),
    name: '李明',
    phone: '13800138000',
    ...settings,
  });
}
