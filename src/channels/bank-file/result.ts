import { createHash } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { fenOf } from '../../domain/kernel/yuan';
import type { CallbackNews } from '../channel';

/** What one line of a bank's result file says, or why it cannot be read. */
export type ResultLine =
  | { line: number; channelNumber: string; ok: true; callback: CallbackNews }
  | { line: number; channelNumber: string | null; ok: false; message: string };

export type ResultFile = { ok: true; lines: ResultLine[] } | { ok: false; message: string };

const columns = ['channelNumber', 'amount', 'result', 'bankReference', 'at', 'code', 'message'];
const needed = columns.slice(0, 3);
export const linesAtMost = 10_000;

const words: Readonly<Record<string, 'paid' | 'failed' | 'returned'>> = {
  ...{ SUCCESS: 'paid', 成功: 'paid' },
  ...{ FAILED: 'failed', 失败: 'failed' },
  ...{ RETURNED: 'returned', 退汇: 'returned' },
};

const Moment = z.iso.datetime({ offset: true });

const Line = z.object({
  channelNumber: z.string().regex(/^[0-9A-Za-z]{1,64}$/, {
    error:
      'channelNumber must be letters and digits (a number like 1.23E+18 was changed by a spreadsheet)',
  }),
  amount: z
    .string()
    .refine((text) => (fenOf(text) ?? 0n) > 0n, { error: 'amount must be yuan with two decimals' })
    .transform((text) => fenOf(text) ?? 0n),
  result: z.string().refine((text) => Object.hasOwn(words, text.toUpperCase()), {
    error: 'result must be SUCCESS, FAILED or RETURNED',
  }),
  bankReference: z.string().max(128).default(''),
  at: z
    .string()
    .max(40)
    .refine((text) => text === '' || Moment.safeParse(text).success, {
      error: 'at must be a moment with its offset',
    })
    .default(''),
  code: z.string().max(64).default(''),
  message: z.string().max(512).default(''),
});

/**
 * Reads a bank's result file: CSV with a header, UTF-8 or GB18030, some or all of the orders of any
 * files. Each line stands for itself; one that cannot be read spoils no other.
 */
export function readResultFile(bytes: Buffer): ResultFile {
  const rows = tableOf(textOf(bytes));
  const [header, ...lines] = rows ?? [];
  if (header === undefined) return { ok: false, message: 'the file is not CSV' };
  const missing = needed.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    return { ok: false, message: `the first line does not name ${missing.join(', ')}` };
  }
  const strange = header.filter((name) => !columns.includes(name));
  if (strange.length > 0 || new Set(header).size !== header.length) {
    return { ok: false, message: `the first line may name ${columns.join(', ')}, each once` };
  }
  if (lines.length > linesAtMost) {
    return { ok: false, message: `the file has more than ${linesAtMost} lines` };
  }
  // The header is line 1.
  return { ok: true, lines: lines.map((cells, index) => readLine(header, cells, index + 2)) };
}

function readLine(header: readonly string[], cells: readonly string[], line: number): ResultLine {
  const given = Object.fromEntries(header.map((name, index) => [name, cells[index] ?? '']));
  const parsed = Line.safeParse(given);
  if (!parsed.success) {
    const message = parsed.error.issues.map((issue) => issue.message).join('; ');
    return { line, channelNumber: given['channelNumber'] || null, ok: false, message };
  }
  const { channelNumber, amount, result, bankReference, at } = parsed.data;
  const kind = words[result.toUpperCase()] ?? 'failed';
  const identity = [channelNumber, kind, bankReference, amount.toString()].join('|');
  const eventId = `bank-${createHash('sha256').update(identity).digest('hex').slice(0, 40)}`;
  const moment = at === '' ? null : new Date(at);
  return {
    line,
    channelNumber,
    ok: true,
    callback: { eventId, channelNumber, amount, news: newsOf(kind, moment, parsed.data) },
  };
}

function newsOf(
  kind: 'paid' | 'failed' | 'returned',
  at: Date | null,
  { code, message }: { code: string; message: string },
): CallbackNews['news'] {
  switch (kind) {
    case 'paid':
      return { kind, paidAt: at };
    case 'returned':
      return { kind, returnedAt: at };
    case 'failed':
      return { kind, code: code || 'BANK_REFUSED', message };
  }
}

/** Banks here write GB18030 as often as UTF-8; bytes that are no UTF-8 are read as that. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

function tableOf(text: string): string[][] | undefined {
  try {
    return parse(text, { bom: true, trim: true, skipEmptyLines: true, relaxColumnCount: true });
  } catch {
    return undefined;
  }
}
