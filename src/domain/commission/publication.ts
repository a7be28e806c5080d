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
}

/**
 * The moment from which a plan decides. Nothing that was already booked may come out differently:
 * it is never before the program's start, and always after the last accepted payment. Without a
 * wish, the first plan of a program without orders decides from the program's start, any other from
 * now, or from just after the last payment when that lies ahead.
 * @throws Refusal plan_would_rewrite
 */
export function effectiveMoment(facts: PublicationFacts): Date {
  const { requestedAt, programStartsAt, lastPaidAt } = facts;
  if (requestedAt === undefined) return earliestMoment(facts);
  if (requestedAt < programStartsAt) throw wouldRewrite('is before the start of the program');
  if (lastPaidAt !== undefined && requestedAt <= lastPaidAt) {
    throw wouldRewrite('is not after the payment of an accepted order');
  }
  return requestedAt;
}

function earliestMoment({
  programStartsAt,
  now,
  hasPublished,
  lastPaidAt,
}: PublicationFacts): Date {
  if (!hasPublished && lastPaidAt === undefined) return programStartsAt;
  const afterLastPayment = lastPaidAt === undefined ? 0 : lastPaidAt.getTime() + 1;
  const current = floorToSecond(now).getTime();
  return new Date(Math.max(current, afterLastPayment, programStartsAt.getTime()));
}

function wouldRewrite(message: string): Refusal {
  return new Refusal('plan_would_rewrite', `effectiveAt ${message}`, {
    errors: [{ pointer: '/effectiveAt', code: 'plan_would_rewrite', message }],
  });
}
