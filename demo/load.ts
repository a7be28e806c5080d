import type { Matching } from './cancellations';
import { type Api, ApiError, inParallel } from './client';
import type { Book } from './invoices';
import { dayBegin } from './london';
import { batchesOf, type OrderBody, ordersOf, refundOf } from './orders';
import type { People, Person } from './people';
import type { Progress } from './progress';
import { planBody, programBody } from './setup';

export interface Program {
  id: string;
  now: string;
  startsAt: string;
}

export interface Distributor {
  id: string;
  code: string;
}

interface Draft {
  id: string;
  status: string;
  findings: { rule: string; needsWaiver: boolean }[];
}

/** The callers of the demo: the shop's key, and two admins of the store. */
export interface Callers {
  shop: Api;
  admin: Api;
  secondAdmin: Api;
}

const width = 8;
const channelName = 'Online Retail demo sandbox';

/** The program of this file with its plan in force from the first day. Made once. */
export async function makeProgram(
  { admin, secondAdmin }: Callers,
  people: People,
  book: Book,
): Promise<Program> {
  const first = book.sales[0];
  if (first === undefined) throw new Error('the file has no sale');
  const body = programBody(people, dayBegin(first.paidAt));
  const program = await admin.post<Program>('/v1/programs', body);
  const plansPath = `/v1/programs/${program.id}/plans`;
  const plans = await admin.all<Draft>(plansPath);
  if (plans.some(({ status }) => status === 'published')) return program;
  const draft =
    plans.find(({ status }) => status === 'draft') ??
    (await admin.post<Draft>(
      plansPath,
      { plan: planBody, note: 'The plan of the demo' },
      `${people.tag}-plan`,
    ));
  await waiveWarnings(secondAdmin, draft);
  await admin.post(`/v1/plans/${draft.id}/publication`, { effectiveAt: program.startsAt });
  return program;
}

/**
 * The second admin takes the risks that the guard names, one by one. Two levels and rates beside a
 * lower cap are the point of the demo; another shop would write down its own reasons.
 */
async function waiveWarnings(secondAdmin: Api, { id, findings }: Draft): Promise<void> {
  for (const { rule } of findings.filter(({ needsWaiver }) => needsWaiver)) {
    const reason = 'The demo shows how two levels and a cap work together.';
    await secondAdmin.post(`/v1/plans/${id}/waivers`, { rule, reason });
  }
}

/** The sandbox channel of the demo. Made once; it is found by its name. */
export async function makeChannel({ admin }: Callers): Promise<string> {
  const channels = await admin.all<{ id: string; kind: string; name: string }>('/v1/channels');
  const known = channels.find(({ kind, name }) => kind === 'sandbox' && name === channelName);
  if (known !== undefined) return known.id;
  const body = { kind: 'sandbox', name: channelName, settings: {} };
  return (await admin.post<{ id: string }>('/v1/channels', body)).id;
}

/** Brings the distributors in, uplines before their downlines, each with account and tax profile. */
export async function makeDistributors(
  { shop }: Callers,
  context: { people: People; program: Program; channelId: string; progress: Progress },
): Promise<Distributor[]> {
  const { people, program, channelId, progress } = context;
  const made: Distributor[] = [];
  for (const generation of generationsOf(people.list)) {
    await inParallel(generation, width, async (person) => {
      const sponsor = person.sponsor === undefined ? undefined : made[person.sponsor];
      const distributor = await shop.post<Distributor>('/v1/distributors', {
        programId: program.id,
        externalId: person.externalId,
        name: person.name,
        phone: person.phone,
        joinedAt: program.startsAt,
        tier: person.tier,
        ...(sponsor === undefined ? {} : { sponsorCode: sponsor.code }),
      });
      await makePayable(shop, { person, distributor, channelId });
      made[person.index] = distributor;
      progress.at(Object.keys(made).length, people.list.length, 'distributors');
    });
  }
  return made;
}

async function makePayable(
  shop: Api,
  who: { person: Person; distributor: Distributor; channelId: string },
): Promise<void> {
  const { person, distributor, channelId } = who;
  const { account, idNumber, name } = person;
  const path = `/v1/distributors/${distributor.id}`;
  if (account !== undefined) {
    await shop.put(`${path}/payout-account`, { channelId, account, holderName: name });
  }
  if (idNumber !== undefined) {
    await shop.put(`${path}/tax-profile`, { kind: 'individual', name, idNumber });
  }
}

/** People whose sponsor is in an earlier list. */
export function generationsOf(list: readonly Person[]): Person[][] {
  const depths: number[] = [];
  const generations: Person[][] = [];
  for (const person of list) {
    const depth = person.sponsor === undefined ? 0 : (depths[person.sponsor] ?? 0) + 1;
    depths[person.index] = depth;
    (generations[depth] ??= []).push(person);
  }
  return generations;
}

export interface StoredOrder {
  id: string;
  externalId: string;
}

export interface Loaded {
  /** order id by invoice number of the source */
  readonly orders: ReadonlyMap<string, string>;
  readonly created: number;
  readonly known: number;
  readonly refused: readonly string[];
}

interface BatchAnswer {
  results: {
    index: number;
    status: number;
    order?: StoredOrder;
    problem?: { code: string; detail?: string };
  }[];
}

/** Sends all orders, one batch after another: an order may rest on the binding an earlier one made. */
export async function sendOrders(
  { shop }: Callers,
  context: {
    people: People;
    program: Program;
    distributors: readonly Distributor[];
    book: Book;
    progress: Progress;
  },
): Promise<Loaded> {
  const { people, program, distributors, book, progress } = context;
  const bodies = ordersOf(book.sales, {
    people,
    programId: program.id,
    codeOf: (index) => distributors[index]?.code,
  });
  const orders = new Map<string, string>();
  const refused: string[] = [];
  let created = 0;
  let sent = 0;
  for (const batch of batchesOf(bodies)) {
    const { results } = await shop.post<BatchAnswer>('/v1/orders/batch', { orders: batch });
    for (const { index, status, order, problem } of results) {
      const invoice = invoiceOf(batch[index], people);
      if (order === undefined)
        refused.push(`${invoice}: ${problem?.code} ${problem?.detail ?? ''}`);
      else orders.set(invoice, order.id);
      if (status === 201) created += 1;
    }
    sent += batch.length;
    progress.at(sent, bodies.length, 'orders');
  }
  return { orders, created, known: orders.size - created, refused };
}

function invoiceOf(order: OrderBody | undefined, people: People): string {
  return order?.externalId.slice(people.tag.length + 1) ?? '';
}

export interface Refunded {
  readonly sent: number;
  readonly refused: readonly string[];
}

/** Sends the refunds; the same ones again are answered with what they did the first time. */
export async function sendRefunds(
  { shop }: Callers,
  context: { people: People; matching: Matching; loaded: Loaded; progress: Progress },
): Promise<Refunded> {
  const { people, matching, loaded, progress } = context;
  const refused: string[] = [];
  let sent = 0;
  await inParallel(matching.refunds, width, async (draft) => {
    const orderId = loaded.orders.get(draft.invoice);
    const body = refundOf(draft, people.tag);
    try {
      if (orderId === undefined) throw new ApiError(404, 'no_order', 'its order was refused');
      await shop.post(`/v1/orders/${orderId}/refunds`, body);
      sent += 1;
      progress.at(sent, matching.refunds.length, 'refunds');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refused.push(`${draft.cancellation} of ${draft.invoice}: ${error.message}`);
    }
  });
  return { sent, refused };
}
