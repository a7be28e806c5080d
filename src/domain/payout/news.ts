/** What a provider says about a transfer that it knows, in our words. Moments are real time. */
export type TransferNews =
  | { kind: 'processing' }
  | { kind: 'awaiting_confirmation'; until: Date | null }
  | { kind: 'paid'; paidAt: Date | null }
  | { kind: 'failed'; code: string; message: string }
  | { kind: 'canceled' }
  | { kind: 'returned'; returnedAt: Date | null };

/** The same, as it is kept in the inbox between a callback and the payout that reads it. */
export type StoredNews =
  | { kind: 'processing' | 'canceled' }
  | { kind: 'awaiting_confirmation' | 'paid' | 'returned'; at: string | null }
  | { kind: 'failed'; code: string; message: string };

export function storedNews(news: TransferNews): StoredNews {
  const text = (moment: Date | null) => moment?.toISOString() ?? null;
  switch (news.kind) {
    case 'processing':
    case 'canceled':
      return { kind: news.kind };
    case 'awaiting_confirmation':
      return { kind: news.kind, at: text(news.until) };
    case 'paid':
      return { kind: news.kind, at: text(news.paidAt) };
    case 'returned':
      return { kind: news.kind, at: text(news.returnedAt) };
    case 'failed':
      return news;
  }
}

export function readNews(stored: StoredNews): TransferNews {
  const moment = (text: string | null) => (text === null ? null : new Date(text));
  switch (stored.kind) {
    case 'processing':
    case 'canceled':
      return { kind: stored.kind };
    case 'awaiting_confirmation':
      return { kind: stored.kind, until: moment(stored.at) };
    case 'paid':
      return { kind: stored.kind, paidAt: moment(stored.at) };
    case 'returned':
      return { kind: stored.kind, returnedAt: moment(stored.at) };
    case 'failed':
      return stored;
  }
}
