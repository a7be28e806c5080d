import type { Fault } from '../kernel/refusal';
import type { Language } from '../kernel/language';
import type { ApplicationRule } from './criteria';

/** Answers to a program's own questions. Moments are texts, files are references of the shop's. */
export type Replies = Record<string, string | boolean | number | string[]>;

export const fieldTypes = [
  'text',
  'number',
  'boolean',
  'choice',
  'choices',
  /** YYYY-MM-DD */
  'date',
  /** YYYY-MM-DD; from it the age is reckoned */
  'birthDate',
  /** as on orders, for example CN-33 */
  'region',
  /** the shop's reference of a file, or several; the file itself stays with the shop */
  'file',
] as const;

export type FieldType = (typeof fieldTypes)[number];

/** One question of the form. */
export interface FormField {
  readonly key: string;
  readonly type: FieldType;
  readonly label: Readonly<Record<Language, string>>;
  readonly required: boolean;
  /** of `choice` and `choices` */
  readonly options?: readonly string[] | undefined;
}

/** What becomes of an application that nobody decides in time. */
export type UndecidedPolicy = 'approve' | 'reject' | 'escalate';

/** How a program takes people in. Immutable: a change is a new version. */
export interface ApplicationPolicy {
  readonly fields: readonly FormField[];
  readonly rules: readonly ApplicationRule[];
  readonly onUndecided: UndecidedPolicy;
  readonly decideWithinDays: number;
  /** 0: nobody is reminded */
  readonly remindBeforeDays: number;
  readonly reapplyAfterDays: number;
  /** what has to be accepted; null: nothing */
  readonly agreement: { readonly version: string; readonly url: string } | null;
}

/** Of a program that says nothing: no questions, a person decides. */
export const defaultPolicy: ApplicationPolicy = {
  fields: [],
  rules: [],
  onUndecided: 'escalate',
  decideWithinDays: 7,
  remindBeforeDays: 1,
  reapplyAfterDays: 30,
  agreement: null,
};

/**
 * Everything that is wrong with the answers to a form, with its place. A program without a form takes
 * any answers.
 */
export function faultsOfAnswers(fields: readonly FormField[], answers: Replies): Fault[] {
  if (fields.length === 0) return [];
  const known = new Map(fields.map((field) => [field.key, field]));
  const strange = Object.keys(answers)
    .filter((key) => !known.has(key))
    .map((key) => fault(key, 'unknown_answer', 'The form has no such question.'));
  const wrong = fields.flatMap((field) => faultOfAnswer(field, answers[field.key]));
  return [...wrong, ...strange];
}

function faultOfAnswer(field: FormField, answer: Replies[string] | undefined): Fault[] {
  if (answer === undefined || answer === '') {
    return field.required ? [fault(field.key, 'answer_required', 'This must be answered.')] : [];
  }
  return fits(field, answer) ? [] : [fault(field.key, 'wrong_answer', wanted(field))];
}

function fits({ type, options = [] }: FormField, answer: Replies[string]): boolean {
  switch (type) {
    case 'text':
      return typeof answer === 'string';
    case 'number':
      return typeof answer === 'number';
    case 'boolean':
      return typeof answer === 'boolean';
    case 'choice':
      return typeof answer === 'string' && options.includes(answer);
    case 'choices':
      return isTexts(answer) && answer.every((each) => options.includes(each));
    case 'date':
    case 'birthDate':
      return typeof answer === 'string' && isDate(answer);
    case 'region':
      return typeof answer === 'string' && /^[A-Z]{2}(-[A-Z0-9]{1,8})*$/.test(answer);
    case 'file':
      return typeof answer === 'string' || isTexts(answer);
  }
}

function isTexts(answer: Replies[string]): answer is string[] {
  return Array.isArray(answer) && answer.length > 0 && answer.every((each) => each !== '');
}

function wanted({ type, options = [] }: FormField): string {
  switch (type) {
    case 'text':
      return 'must be a text';
    case 'number':
      return 'must be a whole number';
    case 'boolean':
      return 'must be true or false';
    case 'choice':
      return `must be one of: ${options.join(', ')}`;
    case 'choices':
      return `must be a list of: ${options.join(', ')}`;
    case 'date':
    case 'birthDate':
      return 'must be a date such as 2000-12-31';
    case 'region':
      return 'must be a region such as CN-33';
    case 'file':
      return 'must be the reference of a file, or a list of them';
  }
}

function fault(key: string, code: string, message: string): Fault {
  const name = key.replaceAll('~', '~0').replaceAll('/', '~1');
  return { pointer: `/answers/${name}`, code, message };
}

/** Whether a text is a day that exists, `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 1900 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/**
 * Completed years of life on a day; both `YYYY-MM-DD`. A birthday counts from its day on, that of a
 * 29 February in other years from 1 March.
 */
export function ageOn(birthDate: string, day: string): number {
  const years = Number(day.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return day.slice(5) >= birthDate.slice(5) ? years : years - 1;
}
