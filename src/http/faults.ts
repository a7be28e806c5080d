import { z } from 'zod';
import type { Fault } from '../domain/kernel/refusal';
import type { Locale } from './problem';
import { pointerOf } from './strict-json';

/** Chinese words for the fault codes that are ours; English ones are written where they arise. */
const chineseByCode: Readonly<Record<string, string>> = {
  required: '必填',
  unknown_field: '不支持的字段',
  duplicate_key: '字段重复',
  duplicate_parameter: '参数重复',
  unsafe_key: '字段名不允许',
  unsafe_text: '包含不允许的字符',
  unreadable_text: '包含不可见或控制字符',
  not_an_integer: '须写为整数，不带小数或指数',
  number_too_large: '不得超过 2^53 - 1',
  invalid_moment: '须为带时区的 RFC 3339 时间',
  invalid_id: '编号格式不正确',
  invalid_cursor: '须为之前返回的 nextCursor',
  repeated_id: '列表中编号重复',
  duplicate: '不得与列表中其他项重复',
  repeated: '不得与列表中其他项重复',
  repeated_line: '其他行已使用该 externalId',
  too_many_keys:
    '商品条件（sku、productId、category、tag）与受众条件（distributorId、tier）各至多一个',
  level_above_plan: '不得超过方案的层级数',
  ends_before_start: '须晚于 startsAt',
  out_of_order: '须大于 warnAfterDays',
  nothing_to_refund: 'quantity 与 amount 不得同时为 0',
  zero_amount: '不得为 0',
  not_for_this_kind: '该类型不得填写',
  invalid_url: '须为网址',
  invalid_host: '须为主机名，例如 shop.example.com，可带端口',
  invalid_phone: '须为电话号码',
  unknown_time_zone: '须为 IANA 时区',
  options_mismatch: '仅 choice 与 choices 类型有选项，且必须有',
  two_birth_dates: '至多一个 birthDate 字段',
  weights: '权重之和须为 10000',
  no_outcome: '须有一个结果从 0 起适用',
  head_count_pay: '奖励须至少有一个销售类指标：不按人数付酬',
};

// zod copies them and sets `async`: with one that is there the copy keeps its shape (ADR 16).
const parseOptions = {
  en: { error: z.locales.en().localeError, async: false },
  'zh-CN': { error: z.locales.zhCN().localeError, async: false },
} as const;

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Checks one part of a request and lists every fault of it.
 * @param prefix what a pointer begins with: empty for the body, `query:` or `path:`
 */
export function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
  prefix: string,
  locale: Locale,
): Checked<z.output<S>> {
  const result = schema.safeParse(value, parseOptions[locale]);
  if (result.success) return { ok: true, value: result.data };
  const faults = result.error.issues.flatMap((issue) => faultsOf(issue, value, prefix, []));
  return { ok: false, faults: translate(faults, locale) };
}

/** Faults in the words of the locale; codes and pointers stay. */
export function translate(faults: readonly Fault[], locale: Locale): readonly Fault[] {
  if (locale === 'en') return faults;
  return faults.map((fault) => ({ ...fault, message: chineseByCode[fault.code] ?? fault.message }));
}

/** One fault per pointer: the first says what is wrong with the text itself, later ones follow. */
export function onePerPointer(faults: readonly Fault[]): Fault[] {
  const first = new Map<string, Fault>();
  for (const fault of faults) {
    if (!first.has(fault.pointer)) first.set(fault.pointer, fault);
  }
  return [...first.values()];
}

type Issue = z.core.$ZodIssue;

function faultsOf(
  issue: Issue,
  root: unknown,
  prefix: string,
  above: readonly PropertyKey[],
): Fault[] {
  const path = [...above, ...issue.path];
  const at = (pointer: readonly PropertyKey[], code: string, message: string): Fault => ({
    pointer: prefix + pointerOf(pointer),
    code,
    message,
  });
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => at([...path, key], 'unknown_field', 'the field is not known'));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return nearestBranch(issue.errors).flatMap((inner) => faultsOf(inner, root, prefix, path));
  }
  return [at(path, codeOf(issue, path, root), messageOf(issue, path, root))];
}

/** The branch of a union that the value misses by the least. */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const wrongType = (branch: readonly Issue[]) =>
    branch.some(({ code, path }) => code === 'invalid_type' && path.length === 0) ? 1000 : 0;
  const misses = (branch: readonly Issue[]) => wrongType(branch) + branch.length;
  return [...branches].sort((a, b) => misses(a) - misses(b))[0] ?? [];
}

function codeOf(issue: Issue, path: readonly PropertyKey[], root: unknown): string {
  if (issue.code === 'custom') {
    const given: unknown = issue.params?.['code'];
    return typeof given === 'string' ? given : 'invalid';
  }
  return isMissing(issue, path, root) ? 'required' : issue.code;
}

function messageOf(issue: Issue, path: readonly PropertyKey[], root: unknown): string {
  return isMissing(issue, path, root) ? 'is required' : issue.message;
}

function isMissing(issue: Issue, path: readonly PropertyKey[], root: unknown): boolean {
  if (issue.code !== 'invalid_type' && issue.code !== 'invalid_value') return false;
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return false;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value === undefined;
}
