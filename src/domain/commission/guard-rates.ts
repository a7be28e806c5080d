import { wholeBps } from '../kernel/money';
import { type Finding, found } from './guard';
import type { PlanBody, PlanRule } from './plan';
import { productSide } from './rule';

/** Words that name a payment to join, letters and digits only. */
const entryFeeWords = [
  ...['入门费', '入会费', '加盟费', '代理费', '门槛费'],
  ...['entryfee', 'joinfee', 'joiningfee', 'admissionfee', 'franchisefee', 'registrationfee'],
  ...['enrolmentfee', 'enrollmentfee'],
];

/** A rule that shares out what somebody pays to join. Goods are known by their names only. */
export function paidOnEntry({ rules }: PlanBody): Finding[] {
  return rules.flatMap((rule, index) => {
    const asked = productSide(rule.match);
    if (asked === undefined || !namesEntryFee(asked.value)) return [];
    const pointer = `/rules/${index}/match/${asked.key}`;
    return [found('entry-fee', pointer, { subject: 'rule', id: rule.id, value: asked.value })];
  });
}

/** Whoever stands above earns on what others sell: rules from level 2 on, and team bonuses. */
export function paysOnDownlineSales({ rules, bonuses }: PlanBody): Finding[] {
  const places = [
    ...rules.map(({ id, level }, index) => ({
      id,
      pointer: `/rules/${index}/level`,
      hit: level >= 2,
    })),
    ...bonuses.map(({ id, kind }, index) => ({
      id,
      pointer: `/bonuses/${index}`,
      hit: kind === 'team',
    })),
  ].filter(({ hit }) => hit);
  const [first] = places;
  return first === undefined
    ? []
    : [found('pays-on-downline-sales', first.pointer, { ids: places.map(({ id }) => id) })];
}

/** For some goods a level pays more than the level below it. */
export function ratesRise({ levels, rules }: PlanBody): Finding[] {
  for (let level = 2; level <= levels; level += 1) {
    const index = rules.findIndex(
      (rule) => rule.level === level && outpays(rule, applicable(rules, level - 1, rule)),
    );
    const rule = rules[index];
    if (rule) {
      return [found('rates-rise-with-depth', `/rules/${index}/rate`, { id: rule.id, level })];
    }
  }
  return [];
}

/** All levels at their highest rates together, beside what one line may cost. */
export function ratesOverCap({ levels, rules, caps }: PlanBody): Finding[] {
  const limitBps = caps.totalBps ?? Number(wholeBps);
  let sumBps = 0;
  for (let level = 1; level <= levels; level += 1) {
    const rates = rules.filter((rule) => rule.level === level).map(({ rate }) => bpsOf(rate));
    sumBps += Math.max(0, ...rates);
  }
  const pointer = caps.totalBps === undefined ? '/rules' : '/caps/totalBps';
  return sumBps > limitBps ? [found('rates-over-own-cap', pointer, { sumBps, limitBps })] : [];
}

/** The rules of a level that can decide about the goods of a rule of another level. */
function applicable(rules: readonly PlanRule[], level: number, of: PlanRule): PlanRule[] {
  const product = productSide(of.match);
  const sameLevel = rules.filter((rule) => rule.level === level);
  const named = sameLevel.filter(({ match }) => {
    const side = productSide(match);
    return side?.key === product?.key && side?.value === product?.value;
  });
  return named.length > 0
    ? named
    : sameLevel.filter(({ match }) => productSide(match) === undefined);
}

/** An amount per unit and a share of the base cannot be compared without a price. */
function outpays({ rate }: PlanRule, below: readonly PlanRule[]): boolean {
  const inBps = 'bps' in rate;
  if (below.some((rule) => 'bps' in rule.rate !== inBps)) return false;
  const worth = ({ rate: one }: Pick<PlanRule, 'rate'>) =>
    'bps' in one ? one.bps : one.amountPerUnit;
  return worth({ rate }) > Math.max(0, ...below.map(worth));
}

function bpsOf(rate: PlanRule['rate']): number {
  return 'bps' in rate ? rate.bps : 0;
}

function namesEntryFee(value: string): boolean {
  const letters = value.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  return entryFeeWords.some((word) => letters.includes(word));
}
