import { createPrivateKey, type KeyObject } from 'node:crypto';
import { contentOf, parseJson, whyNoAnswer } from '../answer';
import type { Unknown } from '../channel';
import { certificatesIn, rootSerialOf, serialOf } from './certificate';
import { alipayMoment } from './moment';
import type { AlipaySettings } from './settings';
import { isSignedBy, objectAfter, sign, signedText, signType } from './signature';
import { AnswerHead } from './wire';

/** A verified answer: the head, and the whole object for the schema of its method. */
export interface GatewayAnswer {
  kind: 'answer';
  head: { code: string; sub_code?: string | undefined; sub_msg?: string | undefined };
  content: unknown;
}

/** Speaks to Alipay's gateway with one app's credentials. */
export interface Gateway {
  call(method: string, content: object, timeoutMs: number): Promise<GatewayAnswer | Unknown>;
  /** Whether one of Alipay's certificates signed this text; a named one must be it. */
  isSigned(text: string, signature: string, serial: string | undefined): boolean;
}

/** A page of a bill has 2,000 rows of some hundred bytes. */
const pageAtMost = 8 * 1024 * 1024;

const unknown = (detail: string): Unknown => ({ kind: 'unknown', detail });

/** Opens the gateway: keys and serial numbers are made once for a channel. */
export function openGateway(settings: AlipaySettings): Gateway {
  const privateKey = createPrivateKey(settings.appPrivateKey);
  const [appCertificate] = certificatesIn(settings.appCertificate);
  if (appCertificate === undefined) throw new Error('the settings have no app certificate');
  const serials = {
    app_cert_sn: serialOf(appCertificate),
    alipay_root_cert_sn: rootSerialOf(settings.alipayRootCertificate),
  };
  const keys = alipayKeys(settings.alipayCertificates);
  const isSigned: Gateway['isSigned'] = (text, signature, serial) => {
    const named = serial === undefined ? [...keys.values()] : [keys.get(serial)];
    return named.some((key) => key !== undefined && isSignedBy(text, signature, key));
  };
  return {
    isSigned,
    async call(method, content, timeoutMs) {
      const params: Record<string, string> = {
        app_id: settings.appId,
        method,
        format: 'JSON',
        charset: 'utf-8',
        sign_type: signType,
        timestamp: alipayMoment(new Date()),
        version: '1.0',
        ...serials,
        biz_content: JSON.stringify(content),
      };
      params['sign'] = sign(signedText(params), privateKey);
      const text = await post(settings.gateway, new URLSearchParams(params), timeoutMs);
      return typeof text === 'string' ? readAnswer(text, method, isSigned) : text;
    },
  };
}

function alipayKeys(pems: readonly string[]): ReadonlyMap<string, KeyObject> {
  const certificates = pems.flatMap(certificatesIn);
  return new Map(certificates.map((each) => [serialOf(each), each.publicKey]));
}

async function post(
  url: string,
  form: URLSearchParams,
  timeoutMs: number,
): Promise<string | Unknown> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: form,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'application/json' },
    });
    if (response.status !== 200) return unknown(`the provider answered ${response.status}`);
    const content = await contentOf(response, pageAtMost);
    return content === undefined ? unknown('the answer is too long') : content.toString('utf8');
  } catch (error) {
    return unknown(whyNoAnswer(error));
  }
}

/**
 * Reads an answer whose signature is right. One without, or with another's, says nothing: a proxy
 * could have written it.
 */
function readAnswer(
  text: string,
  method: string,
  isSigned: Gateway['isSigned'],
): GatewayAnswer | Unknown {
  const whole = parseJson(text);
  if (typeof whole !== 'object' || whole === null) return unknown('the answer could not be read');
  const { sign: signature, alipay_cert_sn: serial } = whole as Record<string, unknown>;
  const name = `${method.replaceAll('.', '_')}_response`;
  const signed = objectAfter(text, name) ?? objectAfter(text, 'error_response');
  if (signed === undefined || typeof signature !== 'string') {
    return unknown('the answer is not signed');
  }
  if (!isSigned(signed, signature, typeof serial === 'string' ? serial : undefined)) {
    return unknown('the signature of the answer does not match');
  }
  const content = parseJson(signed);
  const head = AnswerHead.safeParse(content);
  if (!head.success) return unknown('the answer could not be read');
  return { kind: 'answer', head: head.data, content };
}
