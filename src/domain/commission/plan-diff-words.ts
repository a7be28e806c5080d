import { amountText } from '../kernel/format';
import type { Language } from '../kernel/language';
import type { Bonus, Condition, Conditions, PlanRule, Rate, RuleMatch, Tier } from './plan';
import { audienceSide, productSide } from './rule';

export type Part = 'rules' | 'tiers' | 'bonuses';

/** How the words are made: amounts are of the minor unit of the currency. */
export interface DifferenceStyle {
  language: Language;
  currency: string;
}

type Item = Readonly<Record<string, unknown>>;
type Words = Readonly<Record<Language, string>>;

const partWords: Readonly<Record<Part, Words>> = {
  rules: { en: 'Rule', 'zh-CN': '规则' },
  tiers: { en: 'Tier', 'zh-CN': '等级' },
  bonuses: { en: 'Bonus', 'zh-CN': '奖金' },
};

/** What the fields of a plan are called; a field without an entry is called by its own name. */
const fieldWords: Readonly<Record<string, Words>> = {
  levels: { en: 'The number of levels', 'zh-CN': '层级数' },
  rounding: { en: 'Rounding', 'zh-CN': '舍入方式' },
  onIneligible: { en: 'What follows an ineligible beneficiary', 'zh-CN': '受益人无资格时的处理' },
  selfPurchase: { en: 'Own purchases', 'zh-CN': '自购' },
  totalBps: { en: 'The cap on the base', 'zh-CN': '按基数的上限' },
  marginBps: { en: 'The cap on the margin', 'zh-CN': '按毛利的上限' },
  level: { en: 'the level', 'zh-CN': '层级' },
  match: { en: 'what it applies to', 'zh-CN': '适用范围' },
  priority: { en: 'the priority', 'zh-CN': '优先级' },
  rank: { en: 'the rank', 'zh-CN': '排序' },
  promote: { en: 'the condition for promotion', 'zh-CN': '晋级条件' },
  keep: { en: 'the condition for keeping', 'zh-CN': '保级条件' },
  privileges: { en: 'the list of privileges', 'zh-CN': '权益' },
  kind: { en: 'the kind', 'zh-CN': '类型' },
  amount: { en: 'the amount', 'zh-CN': '金额' },
  onFirstOrderOfAtLeastAmount: { en: 'the least first order', 'zh-CN': '首单最低金额' },
  maxPerMonth: { en: 'the maximum per month', 'zh-CN': '每月上限次数' },
  bps: { en: 'the rate', 'zh-CN': '比例' },
  depth: { en: 'the depth', 'zh-CN': '深度' },
  ownSalesAtLeastAmount: { en: 'the least own sales', 'zh-CN': '本人销售额下限' },
  maxAmount: { en: 'the maximum', 'zh-CN': '金额上限' },
  steps: { en: 'the scale', 'zh-CN': '阶梯' },
};

const metricWords: Readonly<Record<Condition['metric'], Words>> = {
  ownSales: { en: 'own sales', 'zh-CN': '本人销售额' },
  directSales: { en: 'sales of directs', 'zh-CN': '直属销售额' },
  teamSales: { en: 'team sales', 'zh-CN': '团队销售额' },
  ownOrders: { en: 'own orders', 'zh-CN': '本人订单数' },
  activeDirects: { en: 'active directs', 'zh-CN': '活跃直属人数' },
  directs: { en: 'directs', 'zh-CN': '直属人数' },
  daysSinceJoined: { en: 'days since joining', 'zh-CN': '加入天数' },
  coursesPassed: { en: 'courses passed', 'zh-CN': '通过课程数' },
};

const matchWords: Readonly<Record<keyof RuleMatch, Words>> = {
  sku: { en: 'SKU', 'zh-CN': 'SKU' },
  productId: { en: 'product', 'zh-CN': '商品' },
  category: { en: 'category', 'zh-CN': '类目' },
  tag: { en: 'tag', 'zh-CN': '标签' },
  distributorId: { en: 'distributor', 'zh-CN': '分销员' },
  tier: { en: 'tier', 'zh-CN': '等级' },
};

export function settingText(
  name: string,
  before: unknown,
  after: unknown,
  style: DifferenceStyle,
): string {
  const word = fieldWords[name]![style.language];
  const [old, now] = [before, after].map((value) => valueText(name, value, style));
  return style.language === 'en'
    ? `${word}: now ${now} instead of ${old}.`
    : `${word}现为 ${now}，原为 ${old}。`;
}

/** The item by its name, such as `Rule "gold"`. */
export function itemText(part: Part, name: string, language: Language): string {
  const word = partWords[part][language];
  return language === 'en' ? `${word} "${name}"` : `${word}“${name}”`;
}

/** An item that only one of the versions has, with all that it says. */
export function partText(
  part: Part,
  item: Item,
  kind: 'added' | 'removed',
  style: DifferenceStyle,
): string {
  const { language } = style;
  const name = String(part === 'tiers' ? item['code'] : item['id']);
  const says = Object.entries(item)
    .filter(([field, value]) => !['id', 'code'].includes(field) && isTold(value))
    .map(([field, value]) => `${fieldWord(field, language)} ${valueText(field, value, style)}`);
  const subject = itemText(part, name, language);
  if (language === 'en') return `${subject} is ${kind}: ${says.join(', ')}.`;
  return `${kind === 'added' ? '新增' : '删除'}${subject}：${says.join('，')}。`;
}

/** One field of an item that both versions have. */
export function fieldText(
  subject: string,
  field: string,
  { before, after }: { before: unknown; after: unknown },
  style: DifferenceStyle,
): string {
  const [old, now] = [before, after].map((value) => valueText(field, value, style));
  const en = style.language === 'en';
  if (field === 'rate') {
    return en
      ? `${subject} now pays ${now} instead of ${old}.`
      : `${subject}现按 ${now} 计佣，原为 ${old}。`;
  }
  const word = fieldWord(field, style.language);
  return en
    ? `${subject}: ${word} is now ${now} instead of ${old}.`
    : `${subject}的${word}现为 ${now}，原为 ${old}。`;
}

function fieldWord(field: string, language: Language): string {
  if (field === 'rate') return language === 'en' ? 'the rate' : '费率';
  return fieldWords[field]?.[language] ?? field;
}

function isTold(value: unknown): boolean {
  return value !== undefined && value !== 0;
}

function valueText(field: string, value: unknown, style: DifferenceStyle): string {
  const en = style.language === 'en';
  if (value === undefined) return en ? 'none' : '无';
  switch (field) {
    case 'rate':
      return rateText(value as Rate, style);
    case 'match':
      return matchText(value as PlanRule['match'], en);
    case 'promote':
    case 'keep':
      return conditionsText(value as Conditions, style);
    case 'privileges':
      return privilegesText(value as Tier['privileges'], style);
    case 'steps':
      return stepsText(value as Extract<Bonus, { kind: 'breakthrough' }>['steps'], style);
    default:
      if (typeof value !== 'number')
        return typeof value === 'string' ? value : JSON.stringify(value);
      if (/bps$/i.test(field)) return percent(value);
      return /amount$/i.test(field) ? money(value, style) : String(value);
  }
}

function rateText(rate: Rate, style: DifferenceStyle): string {
  if ('bps' in rate) return percent(rate.bps);
  const amount = money(rate.amountPerUnit, style);
  return style.language === 'en' ? `${amount} per unit` : `每件 ${amount}`;
}

function matchText(match: RuleMatch, en: boolean): string {
  const sides = [productSide(match), audienceSide(match)].flatMap((side) =>
    side === undefined
      ? []
      : [
          en
            ? `${matchWords[side.key].en} "${side.value}"`
            : `${matchWords[side.key]['zh-CN']}“${side.value}”`,
        ],
  );
  if (sides.length === 0) return en ? 'everything' : '全部';
  return sides.join(en ? ' for ' : '、');
}

function conditionsText(part: Conditions, style: DifferenceStyle): string {
  const en = style.language === 'en';
  const [list, joint] =
    'all' in part ? [part.all, en ? ' and ' : '且'] : [part.any, en ? ' or ' : '或'];
  const conditions = list.map(({ metric, gte, windowDays }) => {
    const worth = /Sales$/.test(metric) ? money(gte, style) : String(gte);
    const window =
      windowDays === undefined ? '' : en ? ` in ${windowDays} days` : `（${windowDays} 天内）`;
    const word = metricWords[metric][style.language];
    return en ? `${word} of at least ${worth}${window}` : `${word}不低于 ${worth}${window}`;
  });
  const rest = part as { review?: boolean; noticeDays?: number; probationDays?: number };
  const extras = [
    ...(rest.review === true ? [en ? 'with a review' : '需审核'] : []),
    ...(rest.noticeDays === undefined
      ? []
      : [en ? `with ${rest.noticeDays} days of notice` : `提前 ${rest.noticeDays} 天通知`]),
    ...(rest.probationDays === undefined
      ? []
      : [
          en
            ? `after a probation of ${rest.probationDays} days`
            : `试用期 ${rest.probationDays} 天后考核`,
        ]),
  ];
  return [conditions.join(joint), ...extras].join(en ? ', ' : '，');
}

function privilegesText(privileges: Tier['privileges'], style: DifferenceStyle): string {
  const en = style.language === 'en';
  const names = Object.keys(privileges) as (keyof Tier['privileges'])[];
  const told = names.map((name) => {
    const value = privileges[name];
    const word = privilegeWords[name][style.language];
    if (typeof value === 'boolean') return `${word}${en ? ': ' : '：'}${yesOrNo(value, en)}`;
    return `${word} ${typeof value === 'number' ? money(value, style) : String(value)}`;
  });
  return told.join(en ? ' and ' : '、') || (en ? 'none' : '无');
}

function yesOrNo(value: boolean, en: boolean): string {
  if (en) return value ? 'yes' : 'no';
  return value ? '是' : '否';
}

const privilegeWords: Readonly<Record<keyof Tier['privileges'], Record<Language, string>>> = {
  teamView: { en: 'team view', 'zh-CN': '团队可见范围' },
  customerDetails: { en: 'customer details', 'zh-CN': '客户信息' },
  withdrawalPerDayAmount: { en: 'withdrawals per day up to', 'zh-CN': '每日提现不超过' },
  withdrawalPerTransferAmount: { en: 'one withdrawal up to', 'zh-CN': '单笔提现不超过' },
  materials: { en: 'materials', 'zh-CN': '素材' },
  campaigns: { en: 'campaigns', 'zh-CN': '活动' },
  ownLinks: { en: 'links of one’s own', 'zh-CN': '自建推广链接' },
};

function stepsText(
  steps: readonly { ownSalesAtLeastAmount: number; amount: number }[],
  style: DifferenceStyle,
): string {
  const en = style.language === 'en';
  return steps
    .map(({ ownSalesAtLeastAmount, amount }) => {
      const [from, pays] = [money(ownSalesAtLeastAmount, style), money(amount, style)];
      return en ? `${pays} from own sales of ${from}` : `本人销售额满 ${from} 奖 ${pays}`;
    })
    .join(en ? '; ' : '；');
}

function percent(bps: number): string {
  return `${bps / 100} %`;
}

function money(amount: number, { currency }: DifferenceStyle): string {
  return amountText(BigInt(amount), currency);
}
