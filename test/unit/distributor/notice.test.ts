import {
  noticeText,
  noticeWords,
  type NoticeTemplate,
} from '../../../src/domain/distributor/notice';

/** Any parameter has a value, so that a missing name shows. */
const params = new Proxy({}, { get: () => '2026-11-25T00:00:00Z' });

describe('what a distributor is told', () => {
  test.each(Object.keys(noticeWords) as NoticeTemplate[])(
    '%s, in Chinese and in English',
    (template) => {
      const chinese = noticeText(template, params, 'zh-CN');
      const english = noticeText(template, params, 'en');
      for (const { title, text } of [chinese, english]) {
        expect(title.length).toBeGreaterThan(1);
        expect(text.length).toBeGreaterThan(3);
        expect(`${title}${text}`).not.toMatch(/undefined|null|NaN/);
      }
      expect(chinese.title).toMatch(/\p{Script=Han}/u);
      expect(english.title).not.toMatch(/\p{Script=Han}/u);
    },
  );

  test('whoever has appealed against a suspension is told that the appeal decides', () => {
    const params = { reason: 'Spam.', until: null };
    const told = noticeText('suspension_confirmed', params, 'en');
    expect(told.text).toBe('Your appeal decides whether your place ends. Reason: Spam.');
    expect(noticeText('suspension_confirmed', params, 'zh-CN').text).toContain('申诉结果');
  });

  test('whoever is turned down for good is told no date', () => {
    const told = noticeText('rejected', { reason: 'no', reapplyFrom: null }, 'en');
    expect(told.text).toBe('Reason: no');
  });
});
