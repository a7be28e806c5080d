import {
  caseText,
  needsCase,
  type SponsorTree,
  thresholdsAt,
  type TreeThreshold,
} from '../../../src/domain/commission/compliance';

const [threshold] = thresholdsAt(new Date('2026-11-01T00:00:00Z')) as [TreeThreshold];
const tree = (people: number, levels: number): SponsorTree => ({
  rootDistributorId: 'dst_1',
  people,
  levels,
});

it.each([
  ['30 people on 3 levels', tree(30, 3), undefined, true],
  ['29 people', tree(29, 3), undefined, false],
  ['2 levels', tree(500, 2), undefined, false],
  ['an open case', tree(500, 9), { status: 'open', people: 30 }, false],
  ['the size that was decided about', tree(59, 3), { status: 'decided', people: 30 }, false],
  ['30 more than were decided about', tree(60, 3), { status: 'decided', people: 30 }, true],
] as const)('a tree is looked at or not: %s', (_, one, last, expected) => {
  expect(needsCase(one, threshold, last)).toBe(expected);
});

it('a threshold counts from its day on, and a later one of its name replaces it', () => {
  expect(thresholdsAt(new Date('2013-01-01T00:00:00Z'))).toEqual([]);
  const later = { ...threshold, from: new Date('2027-01-01T00:00:00Z'), people: 20 };
  const at = (text: string) => thresholdsAt(new Date(text), [later, threshold]);
  expect(at('2026-12-31T00:00:00Z').map(({ people }) => people)).toEqual([30]);
  expect(at('2027-01-01T00:00:00Z').map(({ people }) => people)).toEqual([20]);
});

it('the words name a risk in both languages, and claim nothing', () => {
  const { en, 'zh-CN': zh } = caseText(tree(31, 3));
  expect([en, zh].every((text) => text.includes('31') && text.includes('3'))).toBe(true);
  expect(en).toContain('risk');
  expect(zh).toContain('风险');
  expect(`${en}${zh}`).not.toMatch(/legal|合法|允许|allowed/);
});
