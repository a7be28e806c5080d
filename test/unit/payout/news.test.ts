import { readNews, storedNews, type TransferNews } from '../../../src/domain/payout/news';

test.each<TransferNews>([
  { kind: 'processing' },
  { kind: 'canceled' },
  { kind: 'awaiting_confirmation', until: new Date('2026-11-02T10:00:00Z') },
  { kind: 'awaiting_confirmation', until: null },
  { kind: 'paid', paidAt: new Date('2026-11-02T10:00:00.123Z') },
  { kind: 'returned', returnedAt: null },
  { kind: 'failed', code: 'ACCOUNT_FROZEN', message: 'frozen' },
])('news of kind $kind survives the inbox unchanged', (news) => {
  expect(readNews(JSON.parse(JSON.stringify(storedNews(news))))).toEqual(news);
});
