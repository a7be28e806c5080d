import { type Finding, found } from './guard';
import type { Bonus, PlanBody } from './plan';

/** How far down a team bonus may look at most. */
const teamDepthAtMost = 3;

/** An invitation that pays without an order of some worth pays for the head. */
export function headCountBonuses(plan: PlanBody): Finding[] {
  return eachBonus(plan, (bonus, pointer) =>
    bonus.kind === 'invitation' && bonus.onFirstOrderOfAtLeastAmount === 0
      ? [
          found('head-count-pay', `${pointer}/onFirstOrderOfAtLeastAmount`, {
            subject: 'bonus',
            id: bonus.id,
          }),
        ]
      : [],
  );
}

/** Where own purchases are not denied, marks and first orders can be bought. */
export function boughtBonuses(plan: PlanBody): Finding[] {
  if (plan.selfPurchase === 'deny') return [];
  return eachBonus(plan, (bonus, pointer) => {
    const mark = buyableMark(bonus);
    return mark === undefined
      ? []
      : [found('purchase-to-qualify', `${pointer}${mark}`, { subject: 'bonus', id: bonus.id })];
  });
}

/** A team bonus ends somewhere: at a depth, and at an amount. */
export function unlimitedTeams(plan: PlanBody): Finding[] {
  return eachBonus(plan, (bonus, pointer) => {
    if (bonus.kind !== 'team') return [];
    const { id } = bonus;
    return [
      ...(bonus.depth > teamDepthAtMost
        ? [found('unlimited-team-bonus', `${pointer}/depth`, { id, fault: 'depth' })]
        : []),
      ...(bonus.maxAmount === undefined
        ? [found('unlimited-team-bonus', pointer, { id, fault: 'maximum' })]
        : []),
    ];
  });
}

/** A step at 0 is reached by everybody, without any order. */
export function unearnedSteps(plan: PlanBody): Finding[] {
  return eachBonus(plan, (bonus, pointer) =>
    bonus.kind !== 'breakthrough'
      ? []
      : bonus.steps.flatMap(({ ownSalesAtLeastAmount }, step) =>
          ownSalesAtLeastAmount > 0
            ? []
            : [
                found('pay-without-order', `${pointer}/steps/${step}/ownSalesAtLeastAmount`, {
                  id: bonus.id,
                }),
              ],
        ),
  );
}

export function teamBonuses(plan: PlanBody): Finding[] {
  return bonusesOf(plan, 'team', 'team-bonus');
}

export function invitationBonuses(plan: PlanBody): Finding[] {
  return bonusesOf(plan, 'invitation', 'invitation-bonus');
}

/** One finding for all bonuses of a kind, at the first of them: one waiver covers them. */
function bonusesOf(
  { bonuses }: PlanBody,
  kind: Bonus['kind'],
  rule: 'team-bonus' | 'invitation-bonus',
): Finding[] {
  const ids = bonuses.filter((bonus) => bonus.kind === kind).map(({ id }) => id);
  const first = bonuses.findIndex((bonus) => bonus.kind === kind);
  return first < 0 ? [] : [found(rule, `/bonuses/${first}`, { ids })];
}

function buyableMark(bonus: Bonus): string | undefined {
  switch (bonus.kind) {
    case 'invitation':
      return '/onFirstOrderOfAtLeastAmount';
    case 'team':
      return (bonus.ownSalesAtLeastAmount ?? 0) > 0 ? '/ownSalesAtLeastAmount' : undefined;
    case 'breakthrough':
      return '/steps';
  }
}

function eachBonus(
  { bonuses }: PlanBody,
  judge: (bonus: Bonus, pointer: string) => Finding[],
): Finding[] {
  return bonuses.flatMap((bonus, index) => judge(bonus, `/bonuses/${index}`));
}
