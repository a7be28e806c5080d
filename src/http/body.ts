import type { IncomingMessage } from 'node:http';
import { ProtocolRefusal } from './problem';

/** 1 MB: the largest body of a route that does not say otherwise. */
export const defaultBodyLimit = 1_048_576;
// A body above the limit is still read (and thrown away) up to here, so that the client, which
// writes before it reads, gets to see the answer instead of a reset connection.
const drainAtMost = 32 * 1_048_576;

/** The client went away in the middle of the body: there is nobody to answer. */
export class ClientGone extends Error {
  constructor() {
    super('the client went away');
    this.name = 'ClientGone';
  }
}

/**
 * Reads a body up to its limit. Compressed bodies are not taken, so nothing can grow on reading.
 * @throws ProtocolRefusal payload_too_large, unsupported_media_type
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new ProtocolRefusal('unsupported_media_type', 'compressed bodies are not taken');
  }
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > drainAtMost) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > drainAtMost) throw tooLarge(limit);
      if (length <= limit) chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ProtocolRefusal) throw error;
    throw new ClientGone();
  }
  if (length > limit) throw tooLarge(limit);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function tooLarge(limit: number): ProtocolRefusal {
  return new ProtocolRefusal('payload_too_large', `a body of at most ${limit} bytes is taken`, {
    headers: { Connection: 'close' },
  });
}

const jsonType = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?;?$/i;

/** @throws ProtocolRefusal unsupported_media_type unless the body says that it is JSON in UTF-8 */
export function demandJson(contentType: string | undefined): void {
  if (contentType === undefined || !jsonType.test(contentType.trim())) {
    throw new ProtocolRefusal('unsupported_media_type', 'the body must be application/json, UTF-8');
  }
}
