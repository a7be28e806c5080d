import { z } from 'zod';
import type { DemoStore } from './demo-store';

const Found = z.object({ id: z.string() });
const Page = z.object({ data: z.array(z.object({ kind: z.string() })) });

/**
 * Makes the demo store's test program and its sandbox channel through the API, as any shop would; done
 * again, it finds them. Answers the program's id.
 */
export async function ensureDemoProgram(baseUrl: string, store: DemoStore): Promise<string> {
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${store.adminToken}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.ok) return response.json();
    throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  };
  const { data: channels } = Page.parse(await ask('GET', '/v1/channels?limit=100'));
  if (!channels.some(({ kind }) => kind === 'sandbox')) {
    await ask('POST', '/v1/channels', { kind: 'sandbox', name: 'Sandbox', settings: {} });
  }
  return Found.parse(await ask('POST', '/v1/programs', demoProgram(store.startsAt))).id;
}

function demoProgram(startsAt: string): object {
  return {
    externalId: 'demo',
    name: 'Demo program',
    currency: 'CNY',
    timeZone: 'Asia/Shanghai',
    mode: 'test',
    startsAt,
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
    tax: { method: 'general' },
    payer: { name: 'Demo Trading Ltd', taxNumber: '91310000MA1DEMA01N' },
  };
}
