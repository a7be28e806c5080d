import type { PlanBody } from './plan';
import {
  type DifferenceStyle,
  fieldText,
  itemText,
  type Part,
  partText,
  settingText,
} from './plan-diff-words';

/** One thing that two versions of a plan say differently. */
export interface PlanChange {
  /** JSON pointer into the later version; for what was removed, into the earlier one. */
  pointer: string;
  kind: 'added' | 'removed' | 'changed';
  /** null: the earlier version does not say it */
  before: unknown;
  /** null: the later version does not say it */
  after: unknown;
  text: string;
}

export interface PlanDifference {
  changes: PlanChange[];
  /** All changes, a line for each. */
  text: string;
}

type Item = Readonly<Record<string, unknown>>;

const settings = ['levels', 'rounding', 'onIneligible', 'selfPurchase'] as const;
const caps = ['totalBps', 'marginBps'] as const;

/** The lists of a plan, and by what an item is known in both versions, wherever it stands. */
const lists = [
  { part: 'rules', key: 'id' },
  { part: 'tiers', key: 'code' },
  { part: 'bonuses', key: 'id' },
] as const;

/** What the later version says differently, in words. The order of rules and tiers says nothing. */
export function differenceOf(from: PlanBody, to: PlanBody, style: DifferenceStyle): PlanDifference {
  const changes = [
    ...settings.flatMap((name) => setting(name, `/${name}`, from[name], to[name], style)),
    ...caps.flatMap((name) =>
      setting(name, `/caps/${name}`, from.caps[name], to.caps[name], style),
    ),
    ...lists.flatMap(({ part, key }) =>
      itemsOf(part, key, itemList(from[part]), itemList(to[part]), style),
    ),
  ];
  const same = style.language === 'en' ? 'Both versions say the same.' : '两个版本的内容相同。';
  return { changes, text: changes.map(({ text }) => text).join('\n') || same };
}

function setting(
  name: string,
  pointer: string,
  before: unknown,
  after: unknown,
  style: DifferenceStyle,
): PlanChange[] {
  if (isSame(before, after)) return [];
  return [changeOf(pointer, before, after, settingText(name, before, after, style))];
}

function itemsOf(
  part: Part,
  key: string,
  before: readonly Item[],
  after: readonly Item[],
  style: DifferenceStyle,
): PlanChange[] {
  const find = (list: readonly Item[], id: unknown) => list.find((item) => item[key] === id);
  const removed = before.flatMap((item, index) =>
    find(after, item[key])
      ? []
      : [changeOf(`/${part}/${index}`, item, undefined, partText(part, item, 'removed', style))],
  );
  const rest = after.flatMap((item, index) => {
    const pointer = `/${part}/${index}`;
    const old = find(before, item[key]);
    return old === undefined
      ? [changeOf(pointer, undefined, item, partText(part, item, 'added', style))]
      : fieldsOf(part, { old, item, pointer, name: String(item[key]) }, style);
  });
  return [...removed, ...rest];
}

function fieldsOf(
  part: Part,
  { old, item, pointer, name }: { old: Item; item: Item; pointer: string; name: string },
  style: DifferenceStyle,
): PlanChange[] {
  const fields = [...new Set([...Object.keys(item), ...Object.keys(old)])];
  return fields
    .filter((field) => !isSame(old[field], item[field]))
    .map((field) => {
      const [before, after] = [old[field], item[field]];
      const subject = itemText(part, name, style.language);
      const text = fieldText(subject, field, { before, after }, style);
      return changeOf(`${pointer}/${field}`, before, after, text);
    });
}

function changeOf(pointer: string, before: unknown, after: unknown, text: string): PlanChange {
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return { pointer, kind, before: before ?? null, after: after ?? null, text };
}

function itemList(list: readonly object[]): Item[] {
  return list.map((item) => ({ ...item }));
}

/** Whether two values are the same JSON, whatever the order of their keys. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]);
}
