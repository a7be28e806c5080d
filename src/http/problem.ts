import { z } from 'zod';
import { type Fault, Refusal } from '../domain/kernel/refusal';
import { type ProblemCode, problemWords } from './refusals';

export type Locale = 'zh-CN' | 'en';

/** The body of every refusal (RFC 9457, `application/problem+json`). */
export const Problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
    errors: z
      .array(z.strictObject({ pointer: z.string(), code: z.string(), message: z.string() }))
      .optional(),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457 problem; codes never change, words follow Accept-Language',
  });

export type Problem = z.output<typeof Problem>;

/** A refusal by the HTTP part itself: code, words, and the headers that belong to the answer. */
export class ProtocolRefusal extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    options: { errors?: readonly Fault[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
    this.name = 'ProtocolRefusal';
    this.code = code;
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
  }
}

export interface ProblemContext {
  readonly requestId: string;
  readonly locale: Locale;
}

/**
 * Makes the problem of anything thrown. What is no refusal is ours: 500 without a word of the cause.
 */
export function problemOf(error: unknown, context: ProblemContext): Problem {
  if (error instanceof Refusal || error instanceof ProtocolRefusal) {
    return problemFor(error.code, error.message, error.errors, context);
  }
  return problemFor('internal_error', problemWords.internal_error.en, [], context);
}

/** Makes a problem from its parts. */
export function problemFor(
  code: ProblemCode,
  detail: string,
  errors: readonly Fault[],
  context: ProblemContext,
): Problem {
  const { status, en, zh } = problemWords[code];
  const chinese = context.locale === 'zh-CN';
  const sameWords = detail === en || detail === '';
  return {
    type: `/docs#${code}`,
    title: chinese ? zh : en,
    status,
    detail: chinese ? (sameWords ? zh : `${zh}：${detail}`) : sameWords ? en : detail,
    code,
    requestId: context.requestId,
    ...(errors.length > 0 ? { errors: errors.map((fault) => inWords(fault, chinese)) } : {}),
  };
}

/** A fault that carries the code of a refusal has Chinese words before its English ones. */
function inWords(fault: Fault, chinese: boolean): Fault {
  if (!chinese || !isProblemCode(fault.code)) return fault;
  const { en, zh } = problemWords[fault.code];
  return { ...fault, message: fault.message === en ? zh : `${zh}：${fault.message}` };
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemWords, code);
}

/** Headers that belong to the answer of a refusal, such as Retry-After. */
export function problemHeaders(error: unknown): Readonly<Record<string, string>> {
  if (error instanceof ProtocolRefusal) return error.headers;
  if (error instanceof Refusal && problemWords[error.code].status === 503) {
    return { 'Retry-After': '5' };
  }
  return {};
}

/** The first of zh and en that the header names by preference; English when it names neither. */
export function localeOf(acceptLanguage: string | undefined): Locale {
  if (acceptLanguage === undefined || acceptLanguage.length > 1000) return 'en';
  let best: { locale: Locale; quality: number } = { locale: 'en', quality: 0 };
  for (const part of acceptLanguage.split(',')) {
    const [tag = '', parameter = ''] = part.trim().toLowerCase().split(';');
    const quality = /^\s*q=(0(\.\d{0,3})?|1(\.0{0,3})?)\s*$/.exec(parameter)?.[1] ?? '1';
    const locale = /^zh(-|$)/.test(tag) ? 'zh-CN' : /^en(-|$)/.test(tag) ? 'en' : undefined;
    if (locale !== undefined && Number(quality) > best.quality) {
      best = { locale, quality: Number(quality) };
    }
  }
  return best.locale;
}
