/** What a program gives its distributors to promote with. The texts are public. */
export const materialKinds = ['image', 'text', 'link'] as const;

export type MaterialKind = (typeof materialKinds)[number];

export const materialStatuses = ['scheduled', 'active', 'ended', 'withdrawn'] as const;

export type MaterialStatus = (typeof materialStatuses)[number];

/** When a material is shown: from `startsAt` up to, but not including, its end. */
export interface MaterialWindow {
  startsAt: Date;
  /** null: for good */
  endsAt: Date | null;
  /** null: nobody withdrew it */
  withdrawnAt: Date | null;
}

/** Where a material stands at a moment of the program's clock; a withdrawn one stays so. */
export function materialStatusAt(window: MaterialWindow, at: Date): MaterialStatus {
  const { startsAt, endsAt, withdrawnAt } = window;
  if (withdrawnAt !== null) return 'withdrawn';
  if (at < startsAt) return 'scheduled';
  return endsAt === null || at < endsAt ? 'active' : 'ended';
}

/** What is said or shown, and where it leads. */
export interface MaterialContent {
  kind: MaterialKind;
  /** image: where it lies; link: the page of the shop that it leads to; text: null */
  url: string | null;
  text: string | null;
}

/** The own code of a distributor, and the short link that leads to the shop by it. */
export interface PromotionLink {
  code: string;
  url: string;
}

/**
 * A material as one distributor uses it: `{link}` and `{code}` are its own, and a page of the shop is
 * reached by its own link, so that whatever comes of it is attributed.
 */
export function madeOwn(
  { kind, url, text }: MaterialContent,
  own: PromotionLink,
): Pick<MaterialContent, 'url' | 'text'> {
  const filled = text === null ? null : filledIn(text, own);
  if (url === null) return { url: null, text: filled };
  const address = kind === 'link' ? `${own.url}?to=${encodeURIComponent(url)}` : url;
  return { url: address, text: filled };
}

function filledIn(text: string, { code, url }: PromotionLink): string {
  return text.replaceAll('{link}', () => url).replaceAll('{code}', () => code);
}
