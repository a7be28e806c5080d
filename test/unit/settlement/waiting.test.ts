import { isOver, settlementStatuses } from '../../../src/domain/settlement/state';
import { type Language, whyNotWithdrawn } from '../../../src/domain/settlement/waiting';

const languages: Language[] = ['zh-CN', 'en'];
const dates = {
  requestedAt: '2026-11-03 09:05 (Asia/Shanghai)',
  dueAt: '2026-11-06 09:05 (Asia/Shanghai)',
  approvedAt: '2026-11-05 10:00 (Asia/Shanghai)',
};
const waits = [dates, { ...dates, dueAt: null }, { ...dates, dueAt: null, approvedAt: null }];

describe('why a withdrawal has not arrived', () => {
  test.each(
    settlementStatuses.flatMap((status) => languages.map((language) => ({ status, language }))),
  )('$status, $language: one sentence with a date, or nothing to wait for', (each) => {
    const { status, language } = each;
    for (const wait of waits) {
      const text = whyNotWithdrawn({ ...wait, status }, language);
      if (isOver(status)) {
        expect(text).toBeNull();
        continue;
      }
      expect(text).toMatch(/2026-11-0\d \d\d:\d\d \(Asia\/Shanghai\)/);
      expect(text?.match(language === 'en' ? /\./g : /。/g)).toHaveLength(1);
    }
  });
});
