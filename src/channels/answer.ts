/** What a provider sent as JSON; undefined for anything else. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An answer of a provider is a few hundred bytes; what is longer than this is none of them. */
export const answerAtMost = 1024 * 1024;

/** The whole body of an answer; undefined: it is longer than `atMost` bytes, and was not read on. */
export async function contentOf(response: Response, atMost: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  if (response.body === null) return Buffer.alloc(0);
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    length += part.byteLength;
    if (length > atMost) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** China's time, wherever this machine is; China has no summer time. */
const aheadMs = 8 * 3_600_000;
const shape = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;

/** A moment as `YYYY-MM-DD HH:mm:ss` in China's time. */
export function chinaText(at: Date): string {
  return new Date(at.getTime() + aheadMs).toISOString().slice(0, 19).replace('T', ' ');
}

/**
 * The moment of such a text; null for every other text, also for a day or an hour that no calendar
 * has: `Date` would read February 30 as March 2.
 */
export function chinaMoment(text: string): Date | null {
  if (!shape.test(text)) return null;
  const at = new Date(`${text.replace(' ', 'T')}+08:00`);
  return !Number.isNaN(at.getTime()) && chinaText(at) === text ? at : null;
}

/** Why a call has no answer, in short, without addresses or content; it is stored with the attempt. */
export function whyNoAnswer(error: unknown): string {
  if (!(error instanceof Error)) return 'the call failed';
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : error.name;
  return `the call failed: ${code}`;
}
