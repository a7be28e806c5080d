import type { Language } from '../kernel/language';
import type { UplineDecision } from './explanation-facts';
import type { OnIneligible, PlanRule } from './plan';
import { type Audience, audienceSide, type Product, productSide, type RuleReason } from './rule';

interface RuleContext {
  rule: PlanRule;
  winner: PlanRule | undefined;
  product: Product;
  audience: Audience;
}

const keyWords = {
  sku: { en: 'SKU', 'zh-CN': 'SKU' },
  productId: { en: 'product', 'zh-CN': '商品' },
  category: { en: 'category', 'zh-CN': '类目' },
  tag: { en: 'tag', 'zh-CN': '标签' },
  distributorId: { en: 'distributor', 'zh-CN': '分销员' },
  tier: { en: 'tier', 'zh-CN': '等级' },
} as const;

/** Why a rule won or lost, as one sentence. */
export function ruleReasonText(
  reason: RuleReason,
  { rule, winner, product, audience }: RuleContext,
  language: Language,
): string {
  const en = language === 'en';
  switch (reason) {
    case 'chosen':
      return en
        ? 'It is the most specific rule that matches.'
        : '在所有匹配的规则中最具体，因此采用。';
    case 'product_differs':
      return differs(productSide(rule.match), productValues(product), language);
    case 'audience_differs':
      return differs(audienceSide(rule.match), audience, language);
    case 'product_less_specific':
      return en
        ? `Rule "${winner?.id}" says more about the product.`
        : `规则“${winner?.id}”对商品的限定更具体。`;
    case 'audience_less_specific':
      return en
        ? `Rule "${winner?.id}" says more about the beneficiary.`
        : `规则“${winner?.id}”对受益人的限定更具体。`;
    case 'lower_priority':
      return en
        ? `Rule "${winner?.id}" has the higher priority: ` +
            `${winner?.priority}, and this one ${rule.priority}.`
        : `规则“${winner?.id}”优先级更高（${winner?.priority} 高于 ${rule.priority}）。`;
  }
}

/** Why somebody on the path earns a level or not, as one sentence. */
export function uplineText(
  decision: UplineDecision,
  level: number | undefined,
  onIneligible: OnIneligible,
  language: Language,
): string {
  const en = language === 'en';
  switch (decision) {
    case 'earns':
      return en ? `Earns level ${level}.` : `获得第 ${level} 级佣金。`;
    case 'not_earning':
      return `${en ? 'Did not earn at the payment.' : '付款时不具备获佣资格。'}${after(onIneligible, en)}`;
    case 'buyer':
      return `${en ? 'Is the buyer.' : '是买家本人。'}${after(onIneligible, en)}`;
    case 'out_of_scope':
      return en ? 'The product is outside the program.' : '该商品不在计划范围内。';
    case 'not_reached':
      return en ? 'No level was left for this one.' : '没有可分配到此人的级别。';
  }
}

function productValues(product: Product): Record<string, string | undefined> {
  const { sku, productId, category, tags } = product;
  return { sku, productId, category, tag: tags.join(', ') || undefined };
}

function differs(
  asked: { key: keyof typeof keyWords; value: string } | undefined,
  given: object,
  language: Language,
): string {
  if (!asked) return '';
  const word = keyWords[asked.key][language];
  const found = (given as Record<string, string | undefined>)[asked.key];
  return language === 'en'
    ? `It asks for ${word} "${asked.value}", and here it is ${found ? `"${found}"` : 'none'}.`
    : `要求${word}为“${asked.value}”，而此处为${found ? `“${found}”` : '空'}。`;
}

function after(onIneligible: OnIneligible, en: boolean): string {
  switch (onIneligible) {
    case 'skip':
      return en ? ' The level earns nothing.' : '该级不计佣。';
    case 'compress':
      return en ? ' The next one takes the level.' : '该级由下一位符合条件的上级获得。';
    case 'stop':
      return en ? ' Nothing is earned from here up.' : '从此人起向上均不计佣。';
  }
}
