import { payoutStatuses } from '../../../src/domain/payout/state';
import { whyNotYet } from '../../../src/domain/payout/waiting';

describe('why there is no money yet', () => {
  test('every payout that is under way says why, in both languages', () => {
    for (const status of payoutStatuses) {
      const over = ['paid', 'returned', 'failed', 'canceled'].includes(status);
      expect(whyNotYet(status, null, 'en') === null).toBe(over);
      expect(whyNotYet(status, null, 'zh-CN') === null).toBe(over);
    }
  });

  test('a stored reason says more than the status', () => {
    expect(whyNotYet('queued', 'suspended', 'en')).toMatch(/suspended/);
    expect(whyNotYet('unknown', 'review', 'zh-CN')).toMatch(/人工/);
  });

  test('a reason that was stored once does not outlive the end', () => {
    expect(whyNotYet('paid', 'review', 'en')).toBeNull();
  });
});
