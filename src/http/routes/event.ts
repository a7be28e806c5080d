import { type EventRow, findEvent, listEvents } from '../../db/event-read';
import { listOf, mapPage, page, wholeNumber } from '../list';
import { answer, defineRoute } from '../route';
import { eventParams, eventQuery, EventView } from '../schemas/event';

const tag = 'Events';
const access = { scope: 'events:read' } as const;

const list = defineRoute({
  method: 'get',
  path: '/v1/events',
  summary: 'What happened, the latest recorded first',
  tag,
  access,
  query: eventQuery,
  answers: { 200: listOf(EventView) },
  handle: async ({ query: { limit, cursor, ...filters }, caller, deps: { db } }) => {
    const before = wholeNumber(cursor);
    const rows = await listEvents(db.read, caller, { ...filters, limit: limit + 1, before });
    return answer(
      200,
      mapPage(
        page(rows, limit, ({ sequence }) => sequence.toString()),
        viewOf,
      ),
    );
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/events/:id',
  summary: 'One thing that happened',
  tag,
  access,
  params: eventParams,
  answers: { 200: EventView },
  handle: async ({ params, caller, deps: { db } }) =>
    answer(200, viewOf(await findEvent(db.read, caller, params.id))),
});

function viewOf({ id, type, programId, subjectId, occurredAt, payload }: EventRow) {
  const data = Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name, shown(name, value)]),
  );
  return { id, type, programId, subjectId, occurredAt, data };
}

const amountName = /(^a|A)mount$/;

/** Amounts are stored as decimal text and shown like every amount of the API: as integers. */
function shown(name: string, value: unknown): unknown {
  const isAmount = amountName.test(name) && typeof value === 'string' && /^-?\d+$/.test(value);
  return isAmount ? BigInt(value) : value;
}

export const eventRoutes = [list, get];
