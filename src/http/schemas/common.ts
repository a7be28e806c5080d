import { z } from 'zod';
import { idPrefixes, isId, type IdKind } from '../../domain/kernel/id';

/** 2^53 - 1: above it a JSON number is not exact everywhere. */
const amountAtMost = Number.MAX_SAFE_INTEGER;
const toBigint = (value: number): bigint => BigInt(value);

/** Money in the minor unit (fen), 0 or more: an integer JSON number outside, a bigint inside. */
export const amount = z
  .int()
  .min(0)
  .max(amountAtMost)
  .transform(toBigint)
  .meta({ description: 'Minor unit (fen)', examples: [6000] });

/** Money in the minor unit (fen), more than 0. */
export const positiveAmount = z
  .int()
  .min(1)
  .max(amountAtMost)
  .transform(toBigint)
  .meta({ description: 'Minor unit (fen), more than 0', examples: [6000] });

/** Money in the minor unit (fen) that may be negative; for answers such as ledger balances. */
export const signedAmount = z
  .int()
  .min(-amountAtMost)
  .max(amountAtMost)
  .transform(toBigint)
  .meta({ description: 'Minor unit (fen), may be negative' });

/** A rate in basis points: 10000 is 100 %. */
export const bps = z
  .int()
  .min(0)
  .max(10_000)
  .meta({ description: 'Basis points: 10000 = 100 %', examples: [1000] });

/** A count such as a quantity; 0 or more. */
export const count = z.int().min(0).max(1_000_000_000);

// RFC 3339 section 5.6; the zone is required, a leap second is not understood.
const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
const yearsFrom = 2000;
const yearsTo = 2199;

/** A moment in RFC 3339 with an offset; a Date inside, to the millisecond. */
export const moment = z
  .string()
  .max(40)
  .refine(isMoment, {
    error: 'must be an RFC 3339 moment with offset',
    params: { code: 'invalid_moment' },
  })
  .transform((value) => new Date(value))
  .meta({
    format: 'date-time',
    description: 'RFC 3339 with offset',
    examples: ['2026-11-01T10:00:00+08:00'],
  });

function isMoment(value: string): boolean {
  const match = rfc3339.exec(value);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const daysOfMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return (
    year >= yearsFrom &&
    year <= yearsTo &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysOfMonth
  );
}

/** The caller's own id: 1 to 128 printable characters without space at either end. */
export const externalId = z
  .string()
  .min(1)
  .max(128)
  .regex(
    /^[\p{L}\p{M}\p{N}\p{P}\p{S}]([\p{L}\p{M}\p{N}\p{P}\p{S} ]*[\p{L}\p{M}\p{N}\p{P}\p{S}])?$/u,
  )
  .meta({ description: "The caller's own id, unique per store and kind", examples: ['SO-1001'] });

// Control characters but line feed and tab, and the characters that turn the direction of text.
const hiddenCharacters =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/;

/** Text for people: 1 to `max` characters that are not all spaces, nothing that hides or turns text. */
export function text(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .refine((value) => !hiddenCharacters.test(value) && value.trim() !== '', {
      error: 'must be readable text',
      params: { code: 'unreadable_text' },
    });
}

// Half of a character, and what shows nothing or turns the text; `text` refuses the rest.
const unwritable = /[\ud800-\udfff\u200b-\u200f\u2028\u2029\ufeff\t\n]/u;
const nameAtMost = 64;

/**
 * The name of a person or company as documents have it: 1 to 64 characters, counted as people count
 * them, so that a rare Han character (U+20000 and up) is one. A middle dot and spaces may be inside.
 */
export const personName = text(2 * nameAtMost)
  .refine((value) => Array.from(value).length <= nameAtMost, {
    error: `at most ${nameAtMost} characters`,
    params: { code: 'too_big' },
  })
  .refine((value) => !unwritable.test(value), {
    error: 'must be readable text',
    params: { code: 'unreadable_text' },
  })
  .transform((value) => value.trim().normalize('NFC'))
  .meta({ description: '1 to 64 characters', examples: ['阿卜杜拉·买买提'] });

/** A short code of our own making or the shop's (SKU, tag, tier): printable, no space at the ends. */
export const code = externalId.max(64).meta({ description: 'A short code', examples: ['TEA-1'] });

/** An id of ours in a path. One that cannot exist is answered with 404 like one that does not. */
export function idParam(kind: IdKind) {
  return idOf(kind).meta({ examples: [`${idPrefixes[kind]}_01k9zq3v5wf8r8m2t4c6x0y1za`] });
}

/** An id of ours in a body or a query. */
export function idOf(kind: IdKind) {
  return z.string().refine((value) => isId(kind, value), {
    error: `must be an id that begins with ${idPrefixes[kind]}_`,
    params: { code: 'invalid_id' },
  });
}

/** A currency by ISO 4217, upper case. */
export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .meta({ description: 'ISO 4217', examples: ['CNY'] });
