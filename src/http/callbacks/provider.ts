import { z } from 'zod';
import type { CallbackNews } from '../../channels/channel';
import { channelById, openSettings } from '../../db/channel';
import { receiveCallback, type Receipt } from '../../db/channel-inbox';
import { Refusal } from '../../domain/kernel/refusal';
import { storedNews } from '../../domain/payout/news';
import type { HttpDeps } from '../deps';
import { ProtocolRefusal } from '../problem';
import { answer, defineRoute } from '../route';
import { idParam } from '../schemas/common';

const bodyLimitBytes = 64 * 1024;

/** What a provider posts to us, in its own format and with its own signature. */
const receive = defineRoute({
  method: 'post',
  path: '/callbacks/:kind/:channelId',
  summary: "Take a provider's message about a payout",
  description:
    'The provider signs the raw body. A wrong signature is a 401 and nothing is kept; a repeat is a 200.',
  tag: 'Callbacks',
  access: 'open',
  rawBody: true,
  bodyLimit: bodyLimitBytes,
  params: z.strictObject({
    kind: z.enum(['sandbox', 'wechat', 'alipay', 'bankFile']),
    channelId: idParam('channel'),
  }),
  answers: { 200: z.strictObject({ received: z.literal(true) }) },
  handle: async ({ params, headers, rawBody, now, deps }) => {
    const channel = await channelById(deps.db.read, params.channelId);
    if (channel?.kind !== params.kind) {
      throw new Refusal('not_found', 'There is no such channel.');
    }
    const adapter = deps.channels.open(openSettings(deps.vault, channel));
    const verdict = adapter.verifyCallback(headers, rawBody, now);
    const count = (outcome: string) => deps.metrics.callbacks.inc({ kind: channel.kind, outcome });
    if (verdict.kind === 'bad_signature') {
      count('bad_signature');
      throw new ProtocolRefusal('unauthorized', 'The signature does not match.');
    }
    if (verdict.kind === 'not_understood') {
      count('not_understood');
      deps.log.warn({ channelId: channel.id, detail: verdict.detail }, 'callback not understood');
      throw new ProtocolRefusal('invalid_request', verdict.detail);
    }
    const receipt = await keep(deps, channel, verdict.callback, now);
    count(receipt);
    return answer(200, { received: true as const });
  },
});

function keep(
  { db }: HttpDeps,
  channel: Parameters<typeof receiveCallback>[1],
  { eventId, channelNumber, amount, news }: CallbackNews,
  receivedAt: Date,
): Promise<Receipt> {
  const entry = { eventId, channelNumber, amount, news: storedNews(news), receivedAt };
  return db.transaction((tx) => receiveCallback(tx, channel, entry));
}

export const callbackRoutes = [receive];
