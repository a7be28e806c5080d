import { type CommissionRow, findCommission, listCommissions } from '../../db/commission';
import { loadRewardFacts } from '../../db/assessment-reward';
import { loadBonusFacts } from '../../db/bonus-explanation';
import { isOfLine, loadCommissionFacts, loadMoneyFacts } from '../../db/commission-facts';
import { type BonusExplanation, explainBonus } from '../../domain/commission/bonus-explanation';
import { explain } from '../../domain/commission/explanation';
import {
  type MoneyFacts,
  payoutOf,
  settlementOf,
  taxOf,
} from '../../domain/commission/explanation-money';
import { commissionView } from '../../domain/commission/view';
import {
  explainReward,
  type RewardExplanation,
} from '../../domain/operations/assessment-explanation';
import { listOf, mapPage, page } from '../list';
import { answer, defineRoute } from '../route';
import { commissionParams, commissionQuery, ListedCommission } from '../schemas/commission';
import { ExplanationAnswer } from '../schemas/explanation';

const tag = 'Commissions';
const mayRead = { scope: 'commissions:read' } as const;

const getCommissions = defineRoute({
  method: 'get',
  path: '/v1/commissions',
  summary: 'List commissions',
  tag,
  access: mayRead,
  query: commissionQuery,
  answers: { 200: listOf(ListedCommission) },
  handle: async ({ query: { limit, cursor, ...filter }, caller, deps }) => {
    const rows = await listCommissions(deps.db.read, caller, { filter, cursor, limit: limit + 1 });
    return answer(
      200,
      mapPage(
        page(rows, limit, ({ id }) => id),
        listed,
      ),
    );
  },
});

const getCommission = defineRoute({
  method: 'get',
  path: '/v1/commissions/:id',
  summary: 'Read a commission',
  tag,
  access: mayRead,
  params: commissionParams,
  answers: { 200: ListedCommission },
  handle: async ({ params, caller, deps }) =>
    answer(200, listed(await findCommission(deps.db.read, caller, params.id))),
});

const getExplanation = defineRoute({
  method: 'get',
  path: '/v1/commissions/:id/explanation',
  summary: 'Explain a commission',
  description:
    'Calculates the commission again from the stored facts, compares it with what was booked ' +
    '(`verified`) and says every step, in Chinese or English by Accept-Language.',
  tag,
  access: mayRead,
  params: commissionParams,
  answers: { 200: ExplanationAnswer },
  handle: async ({ params, caller, locale, deps }) => {
    const reader = caller.kind === 'distributor' ? 'beneficiary' : 'shop';
    // One transaction, so that a refund in between cannot make the facts disagree.
    const explanation = await deps.db.transaction(async (tx) => {
      await tx.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const commission = await findCommission(tx, caller, params.id);
      if (commission.kind === 'assessment') {
        return rewardView(
          explainReward(await loadRewardFacts(tx, commission.id), locale),
          await loadMoneyFacts(tx, commission.id),
        );
      }
      return isOfLine(commission)
        ? explain(await loadCommissionFacts(tx, commission), locale, reader)
        : bonusView(
            explainBonus(await loadBonusFacts(tx, commission.id), locale),
            await loadMoneyFacts(tx, commission.id),
          );
    });
    const { distributorId } = caller;
    return answer(200, distributorId === undefined ? explanation : own(explanation, distributorId));
  },
});

type Explained =
  ReturnType<typeof explain> | ReturnType<typeof bonusView> | ReturnType<typeof rewardView>;

/** What goods cost, and what a line pays to everybody: a cap that applied is exactly that. */
const hiddenCaps = {
  totalBps: null,
  totalCapAmount: null,
  marginBps: null,
  unitCostAmount: null,
  marginCapAmount: null,
  beforeAmount: null,
  afterAmount: null,
} as const;

/** What a distributor may read of an explanation: nothing of what others earn, or goods cost. */
function own(explanation: Explained, distributorId: string) {
  const mine = <T extends { distributorId: string | null }>(parts: readonly T[]) =>
    parts.filter((part) => part.distributorId === distributorId);
  if ('levels' in explanation) {
    const { candidates, levels, upline, region, caps } = explanation;
    return {
      ...explanation,
      // Rules for other people are theirs.
      candidates: candidates.filter(({ reason }) => reason !== 'audience_differs'),
      levels: mine(levels),
      upline: mine(upline),
      region: region?.distributorId === distributorId ? region : null,
      caps: { ...caps, ...hiddenCaps },
    };
  }
  return 'orders' in explanation
    ? { ...explanation, orders: mine(explanation.orders) }
    : explanation;
}

/** A reward has neither line nor orders: what only those have is empty. */
function rewardView(reward: RewardExplanation, money: MoneyFacts) {
  return {
    ...reward,
    level: null,
    orderId: null,
    candidates: [],
    upline: [],
    overlays: [],
    refunds: [],
    settlement: settlementOf(money),
    tax: taxOf(money),
    payout: payoutOf(money),
  };
}

export const commissionRoutes = [getCommissions, getCommission, getExplanation];

function listed(row: CommissionRow) {
  const { orderId, orderExternalId, bonusId, period } = row;
  return { ...commissionView(row), orderId, orderExternalId, bonusId, period };
}

/** A bonus has no line: what only lines have is empty, and its maximum stands where the caps do. */
function bonusView({ maximum, ...bonus }: BonusExplanation, money: MoneyFacts) {
  return {
    ...bonus,
    level: null,
    candidates: [],
    upline: [],
    overlays: [],
    caps: maximum,
    settlement: settlementOf(money),
    tax: taxOf(money),
    payout: payoutOf(money),
  };
}
