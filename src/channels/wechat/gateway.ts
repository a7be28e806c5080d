import { isSignedByWechat, authorization, type HeaderReader } from './signature';
import { answerAtMost, contentOf } from '../answer';
import type { Unknown } from '../channel';
import type { KeyRing, NamedKey } from './keys';
import type { WechatSettings } from './settings';
import { errorCode } from './wire';

/** An answer of WeChat Pay. Whether a body that is not signed may be believed depends on who asks. */
export interface GatewayAnswer {
  kind: 'answer';
  status: number;
  text: string;
  signature: 'right' | 'wrong' | 'none';
}

export interface Question {
  method: 'GET' | 'POST';
  /** path and query, from /v3 on */
  target: string;
  /** sent as these very bytes */
  body?: string;
  /** serial of the platform key that a part of the body is encrypted with */
  encryptedWith?: string;
}

export interface Gateway {
  ask(question: Question): Promise<GatewayAnswer | Unknown>;
  /** Loads a file from an address that WeChat gave; such answers are not signed. */
  load(url: string): Promise<{ kind: 'file'; content: Buffer } | Unknown>;
}

const fileAtMost = 64 * 1024 * 1024;

/** Talks to the first access point that can be reached, with the first of our keys that is known. */
export function wechatGateway(settings: WechatSettings, ring: KeyRing): Gateway {
  const hosts = settings.gatewayUrls;
  return {
    async ask(question) {
      const signal = AbortSignal.timeout(settings.timeoutMs);
      let last: GatewayAnswer | Unknown = { kind: 'unknown', detail: 'no key to sign with' };
      for (const key of ring.signing) {
        last = await askHosts(settings, ring, key, question, signal);
        // A key that WeChat does not know (yet, or any more) was refused before the order was read.
        if (last.kind !== 'answer' || last.status !== 401) break;
        if (errorCode(last.text) !== 'SIGN_ERROR') break;
      }
      return last;
    },
    async load(url) {
      const [key] = ring.signing;
      if (key === undefined || !URL.canParse(url) || !hosts.some((host) => isAt(url, host))) {
        return { kind: 'unknown', detail: 'the file lies at an address that is not WeChat Pay' };
      }
      const { pathname, search } = new URL(url);
      const request = { method: 'GET', target: `${pathname}${search}`, body: '' } as const;
      const signal = AbortSignal.timeout(settings.timeoutMs * 4);
      const sent = await send(url, request, headersFor(settings, key, request), signal, fileAtMost);
      if ('kind' in sent) return { kind: 'unknown', detail: sent.detail };
      if (sent.status !== 200) return unknownStatus(sent.status);
      return { kind: 'file', content: sent.content };
    },
  };
}

function isAt(url: string, host: string): boolean {
  return new URL(url).origin === new URL(host).origin;
}

/** Only where no connection could be made is another access point tried: nothing was sent yet. */
async function askHosts(
  settings: WechatSettings,
  ring: KeyRing,
  key: NamedKey,
  question: Question,
  signal: AbortSignal,
): Promise<GatewayAnswer | Unknown> {
  const body = question.body ?? '';
  let failure: Unknown = { kind: 'unknown', detail: 'no access point' };
  for (const host of settings.gatewayUrls) {
    const target = `${new URL(host).pathname.replace(/\/$/, '')}${question.target}`;
    const request = { method: question.method, target, body };
    const headers = {
      ...headersFor(settings, key, request),
      ...(question.encryptedWith === undefined
        ? {}
        : { 'Wechatpay-Serial': question.encryptedWith }),
    };
    const sent = await send(`${host}${question.target}`, request, headers, signal, answerAtMost);
    if (!('kind' in sent)) return read(ring, sent);
    failure = sent;
    if (!sent.unreachable) break;
  }
  return { kind: 'unknown', detail: failure.detail };
}

function headersFor(
  settings: WechatSettings,
  key: NamedKey,
  request: { method: 'GET' | 'POST'; target: string; body: string },
): Record<string, string> {
  return {
    Authorization: authorization(settings.mchid, key, request),
    Accept: 'application/json',
    'Content-Type': 'application/json',
    'User-Agent': 'tributary',
  };
}

interface Sent {
  status: number;
  header: HeaderReader;
  content: Buffer;
}

type NotSent = Unknown & { unreachable: boolean };

async function send(
  url: string,
  { method, body }: { method: 'GET' | 'POST'; body: string },
  headers: Record<string, string>,
  signal: AbortSignal,
  atMost: number,
): Promise<Sent | NotSent> {
  try {
    const response = await fetch(url, {
      method,
      headers,
      signal,
      redirect: 'error',
      ...(method === 'POST' ? { body } : {}),
    });
    const content = await contentOf(response, atMost);
    if (content === undefined) {
      return { kind: 'unknown', detail: 'the answer is too long', unreachable: false };
    }
    const header = (name: string) => response.headers.get(name) ?? undefined;
    return { status: response.status, header, content };
  } catch (error) {
    return failureOf(error);
  }
}

const neverConnected = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

/** A short reason without addresses or content; it is stored with the attempt. */
function failureOf(error: unknown): NotSent {
  if (field(error, 'name') === 'TimeoutError') {
    return { kind: 'unknown', detail: 'no answer in time', unreachable: false };
  }
  const given = field(field(error, 'cause'), 'code') ?? field(error, 'name');
  const code = typeof given === 'string' ? given : 'no reason';
  const unreachable = neverConnected.includes(code);
  return { kind: 'unknown', detail: `the call failed: ${code}`, unreachable };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function read(ring: KeyRing, { status, header, content }: Sent): GatewayAnswer {
  const text = content.toString('utf8');
  const isGiven = header('wechatpay-signature') !== undefined;
  const isRight = isGiven && isSignedByWechat(ring, header, text, new Date());
  return {
    kind: 'answer',
    status,
    text,
    signature: isRight ? 'right' : isGiven ? 'wrong' : 'none',
  };
}

export const unknownStatus = (status: number): Unknown => ({
  kind: 'unknown',
  detail: `WeChat Pay answered ${status}`,
});
