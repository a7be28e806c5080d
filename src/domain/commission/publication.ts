import { floorToSecond } from '../kernel/clock';
import { Refusal } from '../kernel/refusal';

export interface PublicationFacts {
  /** What the admin asks for; undefined: as early as it can be. */
  requestedAt: Date | undefined;
  programStartsAt: Date;
  /** The moment of the program's clock. */
  now: Date;
  /** Whether another plan of the program was published before. */
  hasPublished: boolean;
  /** The latest payment among the accepted orders. */
  lastPaidAt: Date | undefined;
  /** The end of the last month whose bonuses are booked, or are being booked. */
  bonusesUntil?: Date | undefined;
}

/**
 * The moment from which a plan decides. Nothing that was already booked may come out differently:
 * it is never before the program's start nor the end of a month whose bonuses are booked, and always
 * after the last accepted payment. Without a wish, the first plan of a program without orders decides from the program's start, any other from
 * now, or from just after the last payment when that lies ahead.
 * @throws Refusal plan_would_rewrite
 */
export function effectiveMoment(facts: PublicationFacts): Date {
  const { requestedAt, programStartsAt, lastPaidAt, bonusesUntil } = facts;
  if (requestedAt === undefined) return earliestMoment(facts);
  if (requestedAt < programStartsAt) throw wouldRewrite('is before the start of the program');
  if (lastPaidAt !== undefined && requestedAt <= lastPaidAt) {
    throw wouldRewrite('is not after the payment of an accepted order');
  }
  if (bonusesUntil !== undefined && requestedAt < bonusesUntil) {
    throw wouldRewrite('is in a month whose bonuses are booked');
  }
  return requestedAt;
}

function earliestMoment({
  programStartsAt,
  now,
  hasPublished,
  lastPaidAt,
  bonusesUntil,
}: PublicationFacts): Date {
  if (!hasPublished && lastPaidAt === undefined && bonusesUntil === undefined)
    return programStartsAt;
  const afterLastPayment = lastPaidAt === undefined ? 0 : lastPaidAt.getTime() + 1;
  const current = floorToSecond(now).getTime();
  const afterBonuses = bonusesUntil?.getTime() ?? 0;
  return new Date(Math.max(current, afterLastPayment, afterBonuses, programStartsAt.getTime()));
}

function wouldRewrite(message: string): Refusal {
  return new Refusal('plan_would_rewrite', `effectiveAt ${message}`, {
    errors: [{ pointer: '/effectiveAt', code: 'plan_would_rewrite', message }],
  });
}
