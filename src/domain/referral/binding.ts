import { addDays } from '../kernel/clock';

/** How a program ties customers to distributors. */
export interface BindingRules {
  /** first: who came first keeps the customer; last: who came last has the customer. */
  touch: 'first' | 'last';
  /** null: a binding lasts for good */
  windowDays: number | null;
  /** so long nobody else can take the customer over; never longer than the window */
  protectDays: number;
}

/** One span in which a customer belongs to a distributor: from `startsAt` to before `endsAt`. */
export interface BindingSpan {
  id: string;
  distributorId: string;
  startsAt: Date;
  /** null: for good */
  endsAt: Date | null;
  /** null: not protected */
  protectedUntil: Date | null;
}

/** A distributor touches a customer: an order by coupon, code or click, or the shop says so. */
export interface Touch {
  distributorId: string;
  at: Date;
}

export type TouchOutcome =
  /** It is this distributor's customer already, and nothing needs to be written. */
  | { kind: 'same'; current: BindingSpan }
  /** Somebody else keeps the customer. */
  | { kind: 'kept'; current: BindingSpan; why: 'first_touch' | 'protected' }
  /** A new span begins, and the one it follows (if any) ends where it begins. */
  | { kind: 'made'; span: Omit<BindingSpan, 'id'>; follows: BindingSpan | undefined };

/** The span in force at a moment: of those that contain it, the one that began last. */
export function bindingAt(spans: readonly BindingSpan[], at: Date): BindingSpan | undefined {
  return spans
    .filter(({ startsAt, endsAt }) => startsAt <= at && (endsAt === null || endsAt > at))
    .reduce<BindingSpan | undefined>(
      (last, span) => (last === undefined || span.startsAt >= last.startsAt ? span : last),
      undefined,
    );
}

/**
 * What a touch does to a customer's bindings. Touches may be reported out of order: a span that
 * begins later stays as it is, and the new one ends where that begins. A repeated touch by the same
 * distributor renews the window under `last`, but not the protection: else nobody could ever come
 * after somebody who sells often.
 */
export function touch(
  rules: BindingRules,
  spans: readonly BindingSpan[],
  { distributorId, at }: Touch,
): TouchOutcome {
  const current = bindingAt(spans, at);
  if (current === undefined) {
    return {
      kind: 'made',
      span: spanFrom(rules, spans, { distributorId, at }),
      follows: undefined,
    };
  }
  if (current.distributorId === distributorId) {
    const renews = rules.touch === 'last' && rules.windowDays !== null && current.startsAt < at;
    if (!renews) return { kind: 'same', current };
    const span = spanFrom(rules, spans, { distributorId, at });
    const { protectedUntil } = current;
    return { kind: 'made', span: { ...span, protectedUntil }, follows: current };
  }
  if (rules.touch === 'first') return { kind: 'kept', current, why: 'first_touch' };
  if (current.protectedUntil !== null && current.protectedUntil > at) {
    return { kind: 'kept', current, why: 'protected' };
  }
  return { kind: 'made', span: spanFrom(rules, spans, { distributorId, at }), follows: current };
}

/**
 * What the transfer of a customer does: whoever it follows loses the customer at that moment, and
 * the new span begins with a window and a protection of its own.
 */
export function handOver(
  rules: BindingRules,
  spans: readonly BindingSpan[],
  to: Touch,
): { span: Omit<BindingSpan, 'id'>; follows: BindingSpan | undefined } {
  return { span: spanFrom(rules, spans, to), follows: bindingAt(spans, to.at) };
}

function spanFrom(
  { windowDays, protectDays }: BindingRules,
  spans: readonly BindingSpan[],
  { distributorId, at }: Touch,
): Omit<BindingSpan, 'id'> {
  const next = spans
    .map(({ startsAt }) => startsAt)
    .filter((startsAt) => startsAt > at)
    .reduce<Date | null>(earlier, null);
  const endsAt = earlier(windowDays === null ? null : addDays(at, windowDays), next);
  const protectedUntil = protectDays === 0 ? null : earlier(endsAt, addDays(at, protectDays));
  return { distributorId, startsAt: at, endsAt, protectedUntil };
}

/** The earlier of two moments; null is never. */
function earlier(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
