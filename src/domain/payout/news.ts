/** What a provider says about a transfer that it knows, in our words. Moments are real time. */
export type TransferNews =
  /** `waitsFor` balance: our account at the provider is short; risk: the provider looks at it */
  | { kind: 'processing'; waitsFor?: 'balance' | 'risk' }
  /** `confirmation`: what the payee's own page hands to the provider's front end */
  | {
      kind: 'awaiting_confirmation';
      until: Date | null;
      confirmation?: Readonly<Record<string, string>>;
    }
  | { kind: 'paid'; paidAt: Date | null }
  | { kind: 'failed'; code: string; message: string }
  | { kind: 'canceled' }
  | { kind: 'returned'; returnedAt: Date | null };

const dayMs = 86_400_000;

/**
 * When something happened at a provider: its own moment where that can be true, else when we heard of
 * it. A day on both sides is for clocks that are off. What was "paid in 1970" would be looked for in
 * the bill of no day.
 * @param sentAt when the order was handed over first; null: never
 */
export function happenedAt(
  said: Date | null,
  { sentAt, heardAt }: { sentAt: Date | null; heardAt: Date },
): Date {
  if (said === null) return heardAt;
  const moment = said.getTime();
  const isTooEarly = sentAt !== null && moment < sentAt.getTime() - dayMs;
  return isTooEarly || moment > heardAt.getTime() + dayMs ? heardAt : said;
}

/** The same, as it is kept in the inbox between a callback and the payout that reads it. */
export type StoredNews =
  | { kind: 'canceled' }
  | { kind: 'processing'; waitsFor?: 'balance' | 'risk' }
  | {
      kind: 'awaiting_confirmation';
      at: string | null;
      confirmation?: Readonly<Record<string, string>>;
    }
  | { kind: 'paid' | 'returned'; at: string | null }
  | { kind: 'failed'; code: string; message: string };

export function storedNews(news: TransferNews): StoredNews {
  const text = (moment: Date | null) => moment?.toISOString() ?? null;
  switch (news.kind) {
    case 'processing':
    case 'canceled':
    case 'failed':
      return news;
    case 'awaiting_confirmation': {
      const { kind, until, ...more } = news;
      return { kind, at: text(until), ...more };
    }
    case 'paid':
      return { kind: news.kind, at: text(news.paidAt) };
    case 'returned':
      return { kind: news.kind, at: text(news.returnedAt) };
  }
}

export function readNews(stored: StoredNews): TransferNews {
  const moment = (text: string | null) => (text === null ? null : new Date(text));
  switch (stored.kind) {
    case 'processing':
    case 'canceled':
    case 'failed':
      return stored;
    case 'awaiting_confirmation': {
      const { kind, at, ...more } = stored;
      return { kind, until: moment(at), ...more };
    }
    case 'paid':
      return { kind: stored.kind, paidAt: moment(stored.at) };
    case 'returned':
      return { kind: stored.kind, returnedAt: moment(stored.at) };
  }
}
