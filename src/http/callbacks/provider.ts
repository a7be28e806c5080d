import { z } from 'zod';
import type { CallbackNews, CallbackReply, CallbackVerdict } from '../../channels/channel';
import { channelById, openSettings } from '../../db/channel';
import { receiveCallback, type Receipt } from '../../db/channel-inbox';
import { payeeAccount } from '../../db/payout-payee';
import { Refusal } from '../../domain/kernel/refusal';
import { storedNews } from '../../domain/payout/news';
import type { HttpDeps } from '../deps';
import { media } from '../openapi';
import { ProtocolRefusal } from '../problem';
import { answer, defineRoute, RawBody } from '../route';
import { idParam } from '../schemas/common';

const bodyLimitBytes = 64 * 1024;

const received = z.strictObject({ received: z.literal(true) });
/** In the words of a provider that has its own; others get JSON, or a problem when refused. */
const providerWords = media('text/plain');
type Refused = Exclude<CallbackVerdict, { kind: 'news' }>;

/** What a provider posts to us, in its own format and with its own signature. */
const receive = defineRoute({
  method: 'post',
  path: '/callbacks/:kind/:channelId',
  summary: "Take a provider's message about a payout",
  description:
    'The provider signs the raw body. A wrong signature is a 401 and nothing is kept; a repeat is a ' +
    "200. The answer's body is what the provider wants to read: nothing for WeChat Pay, `success` for Alipay.",
  tag: 'Callbacks',
  access: 'open',
  rawBody: true,
  bodyLimit: bodyLimitBytes,
  params: z.strictObject({
    kind: z.enum(['sandbox', 'wechat', 'alipay', 'bankFile']),
    channelId: idParam('channel'),
  }),
  answers: { 200: z.union([received, providerWords]), 400: providerWords, 401: providerWords },
  handle: async ({ params, headers, rawBody, now, deps }) => {
    const channel = await channelById(deps.db.read, params.channelId);
    if (channel?.kind !== params.kind) {
      throw new Refusal('not_found', 'There is no such channel.');
    }
    const adapter = deps.channels.open(openSettings(deps.vault, channel));
    const verdict = adapter.verifyCallback(headers, rawBody, now);
    const count = (outcome: string) => deps.metrics.callbacks.inc({ kind: channel.kind, outcome });
    if (verdict.kind !== 'news') {
      count(verdict.kind);
      if (verdict.kind === 'not_understood') {
        deps.log.warn({ channelId: channel.id, detail: verdict.detail }, 'callback not understood');
      }
      const words = adapter.callbackReply?.(false);
      if (words === undefined) throw refusalOf(verdict);
      return answer(verdict.kind === 'bad_signature' ? 401 : 400, bodyOf(words));
    }
    count(await keep(deps, channel, verdict.callback, now));
    const words = adapter.callbackReply?.(true);
    return answer(200, words === undefined ? { received: true as const } : bodyOf(words));
  },
});

const bodyOf = ({ contentType, body }: CallbackReply) => new RawBody(contentType, body);

function refusalOf(verdict: Refused): ProtocolRefusal {
  return verdict.kind === 'bad_signature'
    ? new ProtocolRefusal('unauthorized', 'The signature does not match.')
    : new ProtocolRefusal('invalid_request', verdict.detail);
}

async function keep(
  { db, vault, crashPoint }: HttpDeps,
  channel: Parameters<typeof receiveCallback>[1],
  { eventId, channelNumber, amount, account, news }: CallbackNews,
  receivedAt: Date,
): Promise<Receipt> {
  const ours =
    account === undefined
      ? undefined
      : await payeeAccount(db.read, vault, channel.id, channelNumber);
  const toOther = ours !== undefined && ours !== account;
  const entry = { eventId, channelNumber, amount, news: storedNews(news), toOther, receivedAt };
  crashPoint?.('callback.afterRead');
  const receipt = await db.transaction(async (tx) => {
    const kept = await receiveCallback(tx, channel, entry);
    crashPoint?.('callback.beforeCommit');
    return kept;
  });
  crashPoint?.('callback.afterCommit');
  return receipt;
}

export const callbackRoutes = [receive];
