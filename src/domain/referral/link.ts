/** A short link leads nowhere longer than this. */
export const urlAtMost = 2048;

// The authority in plain ASCII and nothing but host and port: no userinfo, no brackets, no escapes,
// and exactly two slashes, so that no reader can take another part of the text for the host.
const shape = /^https?:\/\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?)(?:[/?#]|$)/i;
// What parsers drop or turn into something else before they look for the host.
const treacherous = /[\\\u0000-\u0020\u007f-\u00a0\u2028\u2029\ufeff]/;

/** A host as a program's settings name it: lower case, with a port only where it is not the usual. */
export function isHost(text: string): boolean {
  const match = /^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([0-9]{1,5}))?$/.exec(text);
  if (match === null || text.length > 255 || text.includes('..')) return false;
  return match[2] === undefined || (Number(match[2]) >= 1 && Number(match[2]) <= 65_535);
}

/**
 * The address if a short link may lead there, else undefined: http or https, and the host exactly
 * one of the program's. An address that two readers could understand differently is refused.
 */
export function allowedUrl(text: string, hosts: readonly string[]): URL | undefined {
  if (text.length > urlAtMost || treacherous.test(text)) return undefined;
  const authority = shape.exec(text)?.[1]?.toLowerCase();
  if (authority === undefined || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  // The default port may be written out; the parser leaves it away.
  const usual = url.protocol === 'https:' ? ':443' : ':80';
  const written = authority.endsWith(usual) ? authority.slice(0, -usual.length) : authority;
  return url.host === written && hosts.includes(url.host) ? url : undefined;
}

/**
 * Whether a text is an address of the web that every reader understands alike, whoever's host it is.
 */
export function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  return allowedUrl(text, [new URL(text).host]) !== undefined;
}

/** The first address of several, best first, to which a short link may lead. */
export function firstAllowed(
  candidates: readonly (string | null | undefined)[],
  hosts: readonly string[],
): URL | undefined {
  for (const candidate of candidates) {
    const url = typeof candidate === 'string' ? allowedUrl(candidate, hosts) : undefined;
    if (url !== undefined) return url;
  }
  return undefined;
}

/** Where somebody is sent: the page, with the id of the click for the shop to put on its order. */
export function withClickId(page: URL, clickId: string | undefined): string {
  const url = new URL(page);
  url.searchParams.delete('click_id');
  if (clickId !== undefined) url.searchParams.append('click_id', clickId);
  return url.href;
}
