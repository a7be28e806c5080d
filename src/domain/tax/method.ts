import { type Month, monthOf } from '../kernel/period';
import type { GapPolicy, TaxMethod } from './withhold';

/** How a payer withholds from a moment on: the beginning of a month in the zone of a program. */
export interface DatedMethod {
  validFrom: Date;
  method: TaxMethod;
  gapPolicy: GapPolicy;
}

export interface MethodOfMonth {
  method: TaxMethod;
  gapPolicy: GapPolicy;
  /** the month with which its running totals began; null: from the first payment on */
  since: Month | null;
}

/** So long after a month began in whatever zone, it is this month in UTC. */
const begunEverywhereMs = 14 * 3_600_000;

/** The month with which a method begins, for the programs of all zones. */
export function firstMonthOf({ validFrom }: Pick<DatedMethod, 'validFrom'>): Month {
  return monthOf(new Date(validFrom.getTime() + begunEverywhereMs), 'UTC');
}

/**
 * The method by which the payments of a month are taxed. The first one also counts for months before
 * it was recorded. Running totals begin with the method; another gap policy alone does not end them.
 * @param methods the earliest first
 * @param only asks for this method, where a month has payments that another one taxed
 * @returns undefined when there is none
 */
export function methodOfMonth(
  methods: readonly DatedMethod[],
  month: Month,
  only?: TaxMethod,
): MethodOfMonth | undefined {
  const fits = ({ method }: DatedMethod) => only === undefined || method === only;
  const begun = methods.findLastIndex((one) => fits(one) && firstMonthOf(one) <= month);
  const index = begun < 0 ? methods.findIndex(fits) : begun;
  const found = methods[index];
  if (found === undefined) return undefined;
  let first = index;
  while (methods[first - 1]?.method === found.method) first -= 1;
  const { method, gapPolicy } = found;
  return { method, gapPolicy, since: first === 0 ? null : firstMonthOf(methods[first]!) };
}
