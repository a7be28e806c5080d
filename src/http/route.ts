import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { AuditNote } from '../db/audit';
import type { Tx } from '../db/database';
import type { Caller, Role, Scope } from '../domain/kernel/access';
import type { Refusal } from '../domain/kernel/refusal';
import type { HttpDeps } from './deps';
import type { Locale, Problem } from './problem';

/**
 * Who may call a route. `scope`: an API key needs it; admins need one of `roles` (left out: any
 * role). `adminOnly`: no API key at all. `open`: no token.
 */
export type Access =
  | 'open'
  | { readonly scope: Scope; readonly roles?: readonly Role[] }
  | { readonly adminOnly: { readonly roles: readonly Role[] } };

/** Answers by status; the schema's output is what a handler returns (bigint amounts, Dates). */
export type Answers = Readonly<Record<number, z.ZodType>>;

export interface Answer<S extends number = number, T = unknown> {
  readonly status: S;
  readonly body: T;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes an answer. A body of `undefined` sends none (204). */
export function answer<S extends number, T>(
  status: S,
  body: T,
  headers?: Readonly<Record<string, string>>,
): Answer<S, T> {
  return headers === undefined ? { status, body } : { status, body, headers };
}

/** A body that is not JSON; its schema in `answers` is `media('application/pdf')` (openapi.ts). */
export class RawBody {
  constructor(
    readonly contentType: string,
    readonly content: string | Buffer,
  ) {}
}

/** One item of a batch, checked on its own. */
export type Item<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export interface RouteContext<P, Q, B, C> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly caller: C;
  /** real time; the business moment is `programNow(program, now)` */
  readonly now: Date;
  readonly requestId: string;
  readonly locale: Locale;
  readonly deps: HttpDeps;
  readonly headers: IncomingHttpHeaders;
  /** the bytes as they came; only on routes with `rawBody` */
  readonly rawBody: Buffer;
  /** as it was sent: HEAD comes to the handlers of GET */
  readonly method: string;
  /** the caller's network address */
  readonly address: string;
  /**
   * Checks one item of a route with `itemsIn`, with the faults that the JSON text itself has there.
   * Pointers are relative to the item.
   */
  item<S extends z.ZodType>(schema: S, index: number, value: unknown): Item<z.output<S>>;
  /** The problem that a refusal, or a failure, would be answered with; for per-item outcomes. */
  problemOf(error: unknown): Problem;
}

export interface WriteContext<P, Q, B, C> extends RouteContext<P, Q, B, C> {
  readonly tx: Tx;
  /** Appends to the audit log in this transaction. Ids and settings only, no personal data. */
  audit(note: AuditNote): Promise<void>;
}

/** What became of one request of a group. */
export type GroupOutcome<T = Answer> =
  { readonly answer: T; readonly audit?: AuditNote | undefined } | { readonly refusal: Refusal };

/**
 * A write whose requests share transactions (group commit): those of one lane that wait together
 * are written together. Each has its own outcome; a refusal has changed nothing.
 */
export interface GroupedWrite<P, Q, B, C, T = Answer> {
  /** which requests may be written together */
  readonly lane: (context: RouteContext<P, Q, B, C>) => string;
  /** Writes requests of one lane, in the order in which they came. */
  readonly write: (
    tx: Tx,
    contexts: readonly RouteContext<P, Q, B, C>[],
  ) => Promise<readonly GroupOutcome<T>[]>;
}

export type AnswerOf<A extends Answers> = {
  [S in keyof A & number]: Answer<S, z.output<A[S]>>;
}[keyof A & number];

type CallerOf<X extends Access> = X extends 'open' ? undefined : Caller;

export interface RouteSpec<
  X extends Access,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  A extends Answers,
> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Express form: `/v1/programs/:id` */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly access: X;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answers: A;
  /** largest body in bytes; default 1 MB */
  readonly bodyLimit?: number;
  /** the body is not parsed: any content type, `rawBody` has the bytes */
  readonly rawBody?: boolean;
  /** name of the array in the body whose items are checked one by one with `item` */
  readonly itemsIn?: string;
  /** the answer holds a secret: what is stored of it for a repeat is sealed */
  readonly secretAnswer?: boolean;
  /**
   * For writes: ONE transaction, with the Idempotency-Key record. A refusal that is thrown undoes it;
   * one that is returned is answered the same way, but what was written stays: a person is called.
   */
  readonly write?: (
    context: WriteContext<z.output<P>, z.output<Q>, z.output<B>, CallerOf<X>>,
  ) => Promise<AnswerOf<A> | Refusal>;
  /** For writes that must be fast: a transaction shared with others, keys and audit included. */
  readonly grouped?: GroupedWrite<z.output<P>, z.output<Q>, z.output<B>, CallerOf<X>, AnswerOf<A>>;
  /** For reads, and for effects outside a transaction. */
  readonly handle?: (
    context: RouteContext<z.output<P>, z.output<Q>, z.output<B>, CallerOf<X>>,
  ) => Promise<AnswerOf<A>>;
}

/** A route with its types forgotten, as the kit runs it. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly access: Access;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answers: Answers;
  readonly bodyLimit?: number;
  readonly rawBody?: boolean;
  readonly itemsIn?: string;
  readonly secretAnswer?: boolean;
  readonly write?: (
    context: WriteContext<unknown, unknown, unknown, unknown>,
  ) => Promise<Answer | Refusal>;
  readonly grouped?: GroupedWrite<unknown, unknown, unknown, unknown>;
  readonly handle?: (context: RouteContext<unknown, unknown, unknown, unknown>) => Promise<Answer>;
}

/**
 * Declares a route. Its zod schemas type the handler, validate every request and make the OpenAPI
 * document. Exactly one of `write`, `grouped` and `handle` is given.
 */
export function defineRoute<
  const X extends Access,
  const A extends Answers,
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<X, P, Q, B, A>): Route {
  const given = [spec.write, spec.grouped, spec.handle].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new Error(`${spec.method} ${spec.path} needs one of write, grouped and handle`);
  }
  if (spec.grouped !== undefined && spec.secretAnswer === true) {
    throw new Error(`${spec.path}: answers of a group are kept as they are, so no secrets`);
  }
  // The one place where the types are forgotten: the kit calls a handler only with values that
  // came out of the very schemas it was typed by.
  return spec as unknown as Route;
}
