import { isUtf8 } from 'node:buffer';
import type { Fault } from '../domain/kernel/refusal';

/** Objects and arrays inside each other, at most. */
export const depthAtMost = 32;
/** More faults than this are not listed. */
export const faultsAtMost = 100;

/** The text is no JSON at all; `offset` counts UTF-16 units from 0. */
export class JsonSyntaxError extends Error {
  constructor(
    readonly why: string,
    readonly offset: number,
  ) {
    super(`${why} at offset ${offset}`);
    this.name = 'JsonSyntaxError';
  }
}

export interface StrictJson {
  readonly value: unknown;
  /** what `JSON.parse` would have hidden: doubled keys, numbers that change, unsafe keys and text */
  readonly faults: readonly Fault[];
}

/**
 * Parses JSON bytes in one pass and keeps what `JSON.parse` hides. Numbers must be plain integers
 * that a double holds exactly (no fraction, exponent or -0): every number of this API is one.
 * @throws JsonSyntaxError
 */
export function parseStrictJson(bytes: Buffer): StrictJson {
  if (!isUtf8(bytes)) throw new JsonSyntaxError('not UTF-8', 0);
  const parser = new Parser(bytes.toString('utf8'));
  const value = parser.document();
  return { value, faults: parser.faults };
}

const Char = {
  Tab: 9,
  LineFeed: 10,
  CarriageReturn: 13,
  Space: 32,
  Quote: 34,
  Comma: 44,
  Minus: 45,
  Zero: 48,
  Nine: 57,
  Colon: 58,
  OpenBracket: 91,
  Backslash: 92,
  CloseBracket: 93,
  OpenBrace: 123,
  CloseBrace: 125,
} as const;

// The grammar of RFC 8259; an integer that a double may not hold is sorted out afterwards.
const numberToken = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const loneSurrogate = /\p{Surrogate}/u;
const unsafeKeys = new Set(['__proto__', 'constructor', 'prototype']);

class Parser {
  readonly faults: Fault[] = [];
  private at = 0;
  private readonly path: (string | number)[] = [];

  constructor(private readonly text: string) {}

  document(): unknown {
    this.skipSpace();
    const value = this.value();
    this.skipSpace();
    if (this.at < this.text.length) throw this.syntax('text after the end');
    return value;
  }

  private value(): unknown {
    switch (this.text.charCodeAt(this.at)) {
      case Char.OpenBrace:
        return this.object();
      case Char.OpenBracket:
        return this.array();
      case Char.Quote:
        return this.string();
      case 116: // t
        return this.word('true', true);
      case 102: // f
        return this.word('false', false);
      case 110: // n
        return this.word('null', null);
      default:
        return this.number();
    }
  }

  private object(): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const depth = this.enter();
    if (this.closes(Char.CloseBrace)) return result;
    for (;;) {
      if (this.text.charCodeAt(this.at) !== Char.Quote) throw this.syntax('a key was expected');
      this.path[depth] = '';
      const key = this.string();
      this.path[depth] = key;
      this.skipSpace();
      if (this.text.charCodeAt(this.at) !== Char.Colon) throw this.syntax('a colon was expected');
      this.at += 1;
      this.skipSpace();
      const value = this.value();
      this.keep(result, key, value);
      if (this.ends(Char.CloseBrace)) break;
    }
    this.path.length = depth;
    return result;
  }

  private keep(result: Record<string, unknown>, key: string, value: unknown): void {
    if (unsafeKeys.has(key)) this.fault('unsafe_key', 'the key is not allowed');
    else if (Object.hasOwn(result, key)) this.fault('duplicate_key', 'the key is there twice');
    else result[key] = value;
  }

  private array(): unknown[] {
    const result: unknown[] = [];
    const depth = this.enter();
    if (this.closes(Char.CloseBracket)) return result;
    for (;;) {
      this.path[depth] = result.length;
      result.push(this.value());
      if (this.ends(Char.CloseBracket)) break;
    }
    this.path.length = depth;
    return result;
  }

  private enter(): number {
    const depth = this.path.length;
    if (depth >= depthAtMost) throw this.syntax(`nested deeper than ${depthAtMost}`);
    this.at += 1;
    this.skipSpace();
    this.path.push('');
    return depth;
  }

  private closes(end: number): boolean {
    if (this.text.charCodeAt(this.at) !== end) return false;
    this.at += 1;
    this.path.pop();
    return true;
  }

  /** After an item: a comma (false: go on) or the end (true). */
  private ends(end: number): boolean {
    this.skipSpace();
    const next = this.text.charCodeAt(this.at);
    if (next !== end && next !== Char.Comma) throw this.syntax('a comma or the end was expected');
    this.at += 1;
    if (next === end) return true;
    this.skipSpace();
    return false;
  }

  private string(): string {
    const start = this.at + 1;
    let at = start;
    for (;;) {
      const unit = this.text.charCodeAt(at);
      if (unit === Char.Quote) break;
      if (unit === Char.Backslash) return this.escapedString(start, at);
      if (!(unit >= Char.Space)) throw this.syntax('a string was not closed', at);
      at += 1;
    }
    this.at = at + 1;
    return this.text.slice(start, at);
  }

  private escapedString(start: number, firstEscape: number): string {
    let end = firstEscape;
    for (; ; end += 1) {
      const unit = this.text.charCodeAt(end);
      if (unit === Char.Quote) break;
      if (unit === Char.Backslash) end += 1;
      else if (!(unit >= Char.Space)) throw this.syntax('a string was not closed', end);
    }
    this.at = end + 1;
    const value = this.unescape(start, end);
    if (value.includes('\0')) this.fault('unsafe_text', 'NUL is not allowed');
    else if (loneSurrogate.test(value)) this.fault('unsafe_text', 'half a surrogate pair');
    return value;
  }

  private unescape(start: number, end: number): string {
    try {
      return JSON.parse(this.text.slice(start - 1, end + 1)) as string;
    } catch {
      throw this.syntax('a wrong escape', start);
    }
  }

  private number(): number {
    numberToken.lastIndex = this.at;
    const match = numberToken.exec(this.text);
    if (match === null) throw this.syntax('a value was expected');
    const token = match[0];
    this.at += token.length;
    const value = Number(token);
    if (match[1] !== undefined || match[2] !== undefined) {
      this.fault('not_an_integer', 'must be written as an integer, without fraction or exponent');
    } else if (!Number.isSafeInteger(value)) {
      this.fault('number_too_large', 'must be at most 2^53 - 1');
    } else if (Object.is(value, -0)) {
      this.fault('not_an_integer', 'must not be -0');
    }
    return value;
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.syntax('a value was expected');
    this.at += word.length;
    return value;
  }

  private skipSpace(): void {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (
        unit !== Char.Space &&
        unit !== Char.LineFeed &&
        unit !== Char.CarriageReturn &&
        unit !== Char.Tab
      ) {
        return;
      }
      this.at += 1;
    }
  }

  private fault(code: string, message: string): void {
    if (this.faults.length >= faultsAtMost) return;
    this.faults.push({ pointer: pointerOf(this.path), code, message });
  }

  private syntax(why: string, offset = this.at): JsonSyntaxError {
    return new JsonSyntaxError(why, Math.min(offset, this.text.length));
  }
}

/** A JSON pointer (RFC 6901); the empty text is the whole document. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/**
 * Writes an answer: bigint as an integer number, Date as RFC 3339, `undefined` fields left out.
 * @throws RangeError for a bigint that a JSON number does not hold exactly (above 2^53 - 1)
 */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value, bigintAsNumber);
}

function bigintAsNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError('an amount above 2^53 - 1');
  return number;
}
