import { payoutStatuses } from '../../../src/domain/payout/state';
import { type Language, waitingReasons, whyNotYet } from '../../../src/domain/payout/waiting';

const until = new Date('2026-11-03T01:05:00Z');
const zone = 'Asia/Shanghai';
const languages: Language[] = ['zh-CN', 'en'];
const over = ['paid', 'returned', 'failed', 'canceled'];
const open = payoutStatuses.filter((status) => !over.includes(status));

describe('why there is no money yet', () => {
  const cases = open.flatMap((status) =>
    [null, ...waitingReasons].flatMap((reason) =>
      languages.map((language) => ({ status, reason, language })),
    ),
  );

  test.each(cases)('$status, $reason, $language: one sentence, with its date', (each) => {
    const { status, reason, language } = each;
    const dated = whyNotYet({ status, reason, until }, language, zone);
    expect(dated?.until).toEqual(until);
    expect(dated?.text).toContain('2026-11-03 09:05 (Asia/Shanghai)');
    const open = whyNotYet({ status, reason, until: null }, language, zone);
    expect(open?.until).toBeNull();
    // Where nobody knows until when, the sentence says since when.
    const made = whyNotYet({ status, reason, until: null, madeAt: until }, language, zone);
    expect(made?.until).toBeNull();
    expect(made?.text).toContain('2026-11-03 09:05 (Asia/Shanghai)');
    for (const text of [dated?.text ?? '', open?.text ?? '', made?.text ?? '']) {
      expect(text.length).toBeGreaterThan(8);
      expect(text.match(language === 'en' ? /\./g : /。/g)).toHaveLength(1);
    }
  });

  test.each(over)('%s: nothing is waited for, whatever was stored before', (status) => {
    const payout = { status, until, reason: 'review' } as Parameters<typeof whyNotYet>[0];
    expect(whyNotYet(payout, 'en', zone)).toBeNull();
  });

  test('a stored reason says more than the status', () => {
    const suspended = { status: 'queued', reason: 'suspended', until: null } as const;
    expect(whyNotYet(suspended, 'en', zone)?.text).toMatch(/suspended/);
    const review = { status: 'unknown', reason: 'review', until: null } as const;
    expect(whyNotYet(review, 'zh-CN', zone)?.text).toMatch(/人工/);
  });
});
