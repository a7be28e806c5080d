import {
  happenedAt,
  readNews,
  storedNews,
  type TransferNews,
} from '../../../src/domain/payout/news';

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

describe('the moment at which a provider says that it paid', () => {
  const sentAt = new Date('2026-11-25T10:00:00Z');
  const heardAt = new Date('2026-11-26T10:00:00Z');
  test.each([
    ['none', null, heardAt],
    ['between the order and the answer', '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z'],
    ['in another zone', '2026-11-25T20:00:00+08:00', '2026-11-25T12:00:00Z'],
    ['by a clock that is an hour slow', '2026-11-25T09:00:00Z', '2026-11-25T09:00:00Z'],
    ['by a clock that is an hour fast', '2026-11-26T11:00:00Z', '2026-11-26T11:00:00Z'],
    ['days before the order', '2026-11-23T10:00:00Z', heardAt],
    ['in 1970', '1970-01-01T00:00:00Z', heardAt],
    ['days after it said so', '2026-11-28T10:00:00Z', heardAt],
    ['in 9999', '9999-12-31T23:59:59Z', heardAt],
  ])('%s', (_, said, moment) => {
    const told = said === null ? null : new Date(said);
    expect(happenedAt(told, { sentAt, heardAt })).toEqual(new Date(moment));
  });

  test('of what we never sent only the future is not believed', () => {
    const old = new Date('2026-01-01T00:00:00Z');
    expect(happenedAt(old, { sentAt: null, heardAt })).toEqual(old);
  });
});
