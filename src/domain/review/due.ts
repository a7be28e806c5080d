import type { Role } from '../kernel/access';
import { addDays } from '../kernel/clock';
import { type ReviewKind, reviewRules } from './kind';

/** So many days before its due moment a task reminds, where its opener says nothing else. */
export const remindBeforeDaysUsually = 1;

/**
 * When a task reminds whoever has it. Null: never, because 0 days were asked for, or because the
 * moment would not lie after the opening.
 * @param beforeDays whole or broken days of 24 hours, 0 or more
 */
export function remindAt(
  { createdAt, dueAt }: { readonly createdAt: Date; readonly dueAt: Date },
  beforeDays: number,
): Date | null {
  if (beforeDays === 0) return null;
  const at = addDays(dueAt, -beforeDays);
  return at > createdAt ? at : null;
}

/** An admin of the task's store who can sign in. */
export interface Colleague {
  readonly id: string;
  readonly roles: readonly Role[];
  readonly createdAt: Date;
}

/**
 * To whom a task goes that nobody decided in time: the owner who has been there longest (then the
 * smaller id) among those who may still decide it. Null: there is none, and it stays where it is.
 */
export function leadOf(
  task: {
    readonly kind: ReviewKind;
    readonly deciders: readonly string[];
    readonly excluded: readonly string[];
  },
  colleagues: readonly Colleague[],
): string | null {
  const barred = mayNotDecide(task);
  const [lead] = colleagues
    .filter(({ id, roles }) => roles.includes('owner') && !barred.includes(id))
    .filter(({ roles }) => roles.some((role) => reviewRules[task.kind].roles.includes(role)))
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
  return lead?.id ?? null;
}

/** The admins who may not decide a task whatever their role: the excluded, and who did already. */
export function mayNotDecide(task: {
  readonly deciders: readonly string[];
  readonly excluded: readonly string[];
}): string[] {
  return [...new Set([...task.excluded, ...task.deciders])];
}
