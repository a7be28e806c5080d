import { createSign, createVerify, type KeyLike } from 'node:crypto';

/** Only RSA2, which is SHA256withRSA: what names another type is refused, not tried. */
export const signType = 'RSA2';

/** Parameters as Alipay signs them: without `sign` and empty ones, by name, joined by `&`. */
export function signedText(params: Readonly<Record<string, string>>): string {
  return Object.entries(params)
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

export function sign(text: string, privateKey: KeyLike): string {
  return createSign('RSA-SHA256').update(text, 'utf8').sign(privateKey, 'base64');
}

export function isSignedBy(text: string, signature: string, publicKey: KeyLike): boolean {
  return createVerify('RSA-SHA256').update(text, 'utf8').verify(publicKey, signature, 'base64');
}

/**
 * The JSON object that follows `"<name>":` in a text, character for character: Alipay signs these
 * very bytes. Undefined when there is none.
 */
export function objectAfter(text: string, name: string): string | undefined {
  const key = text.indexOf(`"${name}"`);
  const start = key < 0 ? -1 : text.indexOf('{', key);
  if (start < 0) return undefined;
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{') depth += 1;
    else if (char === '}') {
      depth -= 1;
      if (depth === 0) return text.slice(start, at + 1);
    }
  }
  return undefined;
}
