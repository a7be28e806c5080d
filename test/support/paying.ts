import type { TestHouse } from './app';
import { publishWithWaivers } from './plan';
import { postDistributor, postProgram, unique } from './program';
import { until } from './until';
import { planBody } from './world';

/** A payout as the API shows it, as far as tests look at it. */
export interface ShownPayout {
  id: string;
  status: string;
  channelNumber: string;
  amount: number;
  attempts: { operation: string; outcome: string }[];
  confirmation: Record<string, string> | null;
}

/** Adds a channel of a kind and answers with its id. */
export async function givenChannelOf(
  house: TestHouse,
  kind: string,
  settings: object,
  limits?: object,
): Promise<string> {
  const body = { kind, name: kind, settings, ...(limits === undefined ? {} : { limits }) };
  const made = await house.admin.post('/v1/channels', body);
  if (made.status !== 201) throw new Error(made.text);
  return (made.body as { id: string }).id;
}

/** Over HTTP: a distributor with 60.00 yuan of commission that is due, and where it is paid to. */
export async function givenDuePayee(
  house: TestHouse,
  payee: { channelId: string; account: string; holderName: string },
) {
  const programId = await postProgram(house.shop, { tax: { method: 'none' } });
  const plan = await house.shop.post(`/v1/programs/${programId}/plans`, { plan: planBody });
  await publishWithWaivers(house.shop, house.admin, (plan.body as { id: string }).id);
  const made = await postDistributor(house.shop, programId, { joinedAt: undefined });
  const { id, code } = made.body as { id: string; code: string };
  const put = await house.shop.put(`/v1/distributors/${id}/payout-account`, payee);
  if (put.status >= 300) throw new Error(put.text);
  const order = await house.shop.post('/v1/orders', {
    programId,
    externalId: unique('SO'),
    paidAt: new Date().toISOString(),
    currency: 'CNY',
    customer: { externalId: unique('u') },
    attribution: { distributorCode: code },
    lines: [{ externalId: '1', sku: 'TEA-1', quantity: 10, unitPriceAmount: 6000 }],
  });
  if (order.status !== 201) throw new Error(order.text);
  const now = new Date(Date.now() + 8 * 24 * 3600 * 1000).toISOString();
  const moved = await house.shop.post(`/v1/programs/${programId}/clock`, { now });
  if (moved.status !== 200) throw new Error(moved.text);
  return { programId, distributorId: id };
}

/** Opens a settlement, waits for its review and approves it. */
export async function approvedSettlement(house: TestHouse, programId: string): Promise<string> {
  const { id } = (await house.shop.post(`/v1/programs/${programId}/settlements`)).body as {
    id: string;
  };
  const read = async () => (await house.shop.get(`/v1/settlements/${id}`)).body;
  await until(async () => (await read()).status === 'review', 'the settlement is reviewed', 60_000);
  const { reviewId } = (await read()) as { reviewId: string };
  const decision = { decision: 'approve', reason: 'fine' };
  const decided = await house.admin.post(`/v1/reviews/${reviewId}/decisions`, decision);
  if (decided.status !== 200) throw new Error(decided.text);
  return id;
}

/** Follows the only payout of a settlement until it has a status. */
export async function payoutThat(
  house: TestHouse,
  settlementId: string,
  status: string,
): Promise<ShownPayout> {
  const read = async () => {
    const { data } = (await house.shop.get(`/v1/payouts?settlementId=${settlementId}`)).body as {
      data: ShownPayout[];
    };
    return data[0];
  };
  await until(async () => (await read())?.status === status, `the payout is ${status}`, 60_000);
  const payout = await read();
  if (payout === undefined) throw new Error('there is no payout');
  return payout;
}
