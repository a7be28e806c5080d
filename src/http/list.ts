import { z } from 'zod';

const cursorText = z
  .string()
  .max(400)
  .refine((value) => readCursor(value) !== undefined, {
    error: 'must be a cursor of an earlier answer',
    params: { code: 'invalid_cursor' },
  })
  .transform((value) => readCursor(value) ?? '')
  .meta({ description: 'nextCursor of the answer before' });

const limitText = z
  .string()
  .regex(/^([1-9]\d?|100)$/)
  .transform(Number)
  .meta({ type: 'integer', description: '1 to 100, default 20', examples: ['20'] });

/**
 * The query of every list; extend it with filters: `z.strictObject({ ...listQuery.shape, status })`.
 * Inside, `cursor` is already what `cursorOf` returned for the last row of the page before.
 */
export const listQuery = z.strictObject({
  limit: limitText.default(20),
  cursor: cursorText.optional(),
});

/** The answer schema of a list. */
export function listOf<S extends z.ZodType>(item: S) {
  return z.strictObject({ data: z.array(item), nextCursor: z.string().nullable() });
}

export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}

/**
 * Cuts a page. Ask the database for `limit + 1` rows beyond the cursor, in a stable order (id
 * descending unless the route says otherwise); `cursorOf` gives what the next page begins after.
 */
export function page<T>(rows: readonly T[], limit: number, cursorOf: (row: T) => string): Page<T> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { data, nextCursor: more ? writeCursor(cursorOf(last)) : null };
}

/** Turns the rows of a page into their views. */
export function mapPage<T, V>(rows: Page<T>, view: (row: T) => V): Page<V> {
  return { data: rows.data.map(view), nextCursor: rows.nextCursor };
}

/** The cursor of a list by number; one that was made for another list begins this one again. */
export function wholeNumber(cursor: string | undefined): string | undefined {
  return cursor !== undefined && /^\d{1,18}$/.test(cursor) ? cursor : undefined;
}

function writeCursor(position: string): string {
  return Buffer.from(position, 'utf8').toString('base64url');
}

function readCursor(cursor: string): string | undefined {
  const position = Buffer.from(cursor, 'base64url').toString('utf8');
  // What does not come back the same was not made here.
  const ours =
    position !== '' && writeCursor(position) === cursor && /^[\x20-\x7e]+$/.test(position);
  return ours ? position : undefined;
}
