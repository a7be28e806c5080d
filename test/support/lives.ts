import type { TestHouse } from './app';
import { type Answer, testClient } from './http';
import { postDistributor, postProgram } from './program';
import { orderBody } from './world';

const dayMs = 86_400_000;

export interface LivingPerson {
  id: string;
  code: string;
}

/** What tests of whole lives do over HTTP; days count from the moment at which this was made. */
export function livesOf(house: TestHouse) {
  const begun = Date.now();
  const inDays = (days: number) => new Date(begun + days * dayMs).toISOString();
  const second = () => testClient(house.url, house.store.secondAdmin.token);
  const moveTo = async (programId: string, to: number | string) => {
    const now = typeof to === 'number' ? inDays(to) : to;
    const moved = await house.shop.post(`/v1/programs/${programId}/clock`, { now });
    expect([moved.status, moved.text]).toEqual([200, moved.text]);
  };
  const program = (settings: Record<string, unknown> = {}) =>
    postProgram(house.shop, { startsAt: inDays(-1), ...settings });
  const join = async (programId: string, more: Record<string, unknown> = {}) => {
    const reply = await postDistributor(house.shop, programId, more);
    expect([reply.status, reply.text]).toEqual([201, reply.text]);
    return reply.body as LivingPerson;
  };
  const read = async (id: string) => (await house.shop.get(`/v1/distributors/${id}`)).body;
  const statusOf = async (id: string) => (await read(id)).status as string;
  const act = (id: string, action: string, body: object = {}): Promise<Answer> =>
    house.admin.post(`/v1/distributors/${id}/${action}`, body);
  const reviewOf = async (id: string, kind: string) =>
    (await house.shop.get(`/v1/reviews?subjectId=${id}&kind=${kind}`)).body.data[0];
  const decide = async (id: string, kind: string, decision: string, by = house.admin) => {
    const { id: reviewId } = await reviewOf(id, kind);
    return by.post(`/v1/reviews/${reviewId}/decisions`, { decision, reason: 'Seen.' });
  };
  const sell = async (programId: string, seller: LivingPerson, days: number, customer = 'u-1') => {
    const reply = await house.shop.post(
      '/v1/orders',
      orderBody(programId, {
        ...{ paidAt: inDays(days), customer: { externalId: customer } },
        attribution: { distributorCode: seller.code },
      }),
    );
    expect([reply.status, reply.text]).toEqual([201, reply.text]);
    return reply.body;
  };
  const bindingOf = async (programId: string, customer: string) =>
    (await house.shop.get(`/v1/bindings?programId=${programId}&customerExternalId=${customer}`))
      .body.data[0];
  return {
    ...{ inDays, second, moveTo, program, join, read, statusOf, act, reviewOf, decide, sell },
    bindingOf,
  };
}
