import * as fc from 'fast-check';
import {
  ageOn,
  faultsOfAnswers,
  type FormField,
} from '../../../src/domain/distributor/application';
import {
  type ApplicationFacts,
  type ApplicationRule,
  type Condition,
  judgeApplication,
  riskLevel,
} from '../../../src/domain/distributor/criteria';

const field = (
  key: string,
  type: FormField['type'],
  change: Partial<FormField> = {},
): FormField => ({
  key,
  type,
  label: { 'zh-CN': key, en: key },
  required: false,
  ...change,
});
const fields = [
  field('name', 'text', { required: true }),
  field('fans', 'number'),
  field('sells', 'boolean'),
  field('channel', 'choice', { options: ['wechat', 'douyin'] }),
  field('topics', 'choices', { options: ['tea', 'cups'] }),
  field('since', 'date'),
  field('born', 'birthDate'),
  field('region', 'region'),
  field('papers', 'file'),
];
const noRisk = {
  level: 'low' as const,
  ...{ samePhone: [], sameIdNumber: [], samePayoutAccount: [], blockedBefore: [] },
};
const facts = (answers: ApplicationFacts['answers'], change: Partial<ApplicationFacts> = {}) => ({
  ...{ answers, fields, invited: false, risk: noRisk, today: '2026-11-25' },
  ...change,
});
const rule = (outcome: ApplicationRule['outcome'], when: Condition, id: string = outcome) => ({
  ...{ id, when, outcome },
  reason: { 'zh-CN': `因为${id}`, en: `because of ${id}` },
});

describe('the answers to a form', () => {
  test('fit, each by its type', () => {
    const answers = {
      ...{ name: '李雷', fans: 1000, sells: true, channel: 'wechat', topics: ['tea'] },
      ...{ since: '2024-02-29', born: '2000-01-01', region: 'CN-33', papers: ['file-1'] },
    };
    expect(faultsOfAnswers(fields, answers)).toEqual([]);
  });

  test('every fault is named at once with its place', () => {
    const answers = {
      ...{ fans: '1000', sells: 'yes', channel: 'tv', topics: ['tea', 'coffee'] },
      ...{ since: '2023-02-29', born: 'yesterday', region: 'China', papers: true },
      'a/b~c': 'strange',
    };
    const faults = faultsOfAnswers(fields, answers);
    expect(faults.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/answers/name', 'answer_required'],
      ['/answers/fans', 'wrong_answer'],
      ['/answers/sells', 'wrong_answer'],
      ['/answers/channel', 'wrong_answer'],
      ['/answers/topics', 'wrong_answer'],
      ['/answers/since', 'wrong_answer'],
      ['/answers/born', 'wrong_answer'],
      ['/answers/region', 'wrong_answer'],
      ['/answers/papers', 'wrong_answer'],
      ['/answers/a~1b~0c', 'unknown_answer'],
    ]);
  });

  test('a program without a form takes any', () => {
    expect(faultsOfAnswers([], { anything: 'goes' })).toEqual([]);
  });

  test.each([
    ['2008-11-25', 18],
    ['2008-11-26', 17],
    ['2008-02-29', 18],
    ['2000-12-31', 25],
  ])('born %s one is %d on 2026-11-25', (born, age) => {
    expect(ageOn(born, '2026-11-25')).toBe(age);
  });

  test('whoever is born on 29 February is a year older from 1 March on', () => {
    expect([ageOn('2008-02-29', '2026-02-28'), ageOn('2008-02-29', '2026-03-01')]).toEqual([
      17, 18,
    ]);
  });
});

describe('the criteria of a program', () => {
  const holds = (when: Condition, given: ApplicationFacts) =>
    judgeApplication([rule('reject', when)], given).outcome === 'reject';

  test.each<[string, Condition, ApplicationFacts, boolean]>([
    ['a number at the mark', { answer: 'fans', gte: 100 }, facts({ fans: 100 }), true],
    ['a number below the mark', { answer: 'fans', gte: 100 }, facts({ fans: 99 }), false],
    ['a number that was not given', { answer: 'fans', lte: 100 }, facts({}), false],
    ['a number where none is', { answer: 'name', gte: 1 }, facts({ name: '5' }), false],
    ['equal', { answer: 'sells', eq: false }, facts({ sells: false }), true],
    [
      'one of several choices',
      { answer: 'topics', in: ['tea'] },
      facts({ topics: ['cups', 'tea'] }),
      true,
    ],
    ['inside a region', { answer: 'region', within: ['CN'] }, facts({ region: 'CN-33' }), true],
    [
      'the region itself',
      { answer: 'region', within: ['CN-33'] },
      facts({ region: 'CN-33' }),
      true,
    ],
    [
      'not a longer name',
      { answer: 'region', within: ['CN-3'] },
      facts({ region: 'CN-33' }),
      false,
    ],
    ['given', { answer: 'papers', given: true }, facts({ papers: 'f' }), true],
    ['not given', { answer: 'papers', given: false }, facts({}), true],
    ['18 today', { age: { gte: 18 } }, facts({ born: '2008-11-25' }), true],
    ['18 tomorrow', { age: { gte: 18 } }, facts({ born: '2008-11-26' }), false],
    ['no age without a birth date', { age: { lte: 99 } }, facts({}), false],
    ['invited', { invited: true }, facts({}, { invited: true }), true],
    ['not invited', { not: { invited: true } }, facts({}), true],
    ['all', { all: [{ invited: false }, { answer: 'fans', gte: 1 }] }, facts({ fans: 0 }), false],
    ['any', { any: [{ invited: true }, { answer: 'fans', gte: 1 }] }, facts({ fans: 1 }), true],
    ['a risk', { risk: 'high' }, facts({}, { risk: { ...noRisk, level: 'high' } }), true],
  ])('%s', (_name, when, given, expected) => {
    expect(holds(when, given)).toBe(expected);
  });

  const always: Condition = { invited: false };

  test('a rejection wins over a review, that over an approval, in any order of the rules', () => {
    const outcomes = fc.constantFrom('approve', 'reject', 'review') as fc.Arbitrary<
      ApplicationRule['outcome']
    >;
    fc.assert(
      fc.property(fc.array(outcomes, { maxLength: 6 }), (wanted) => {
        const rules = wanted.map((outcome, index) => rule(outcome, always, `r${index}`));
        const { outcome } = judgeApplication(rules, facts({}));
        const strongest = (['reject', 'review', 'approve'] as const).find((each) =>
          wanted.includes(each),
        );
        expect(outcome).toBe(strongest ?? 'review');
      }),
    );
  });

  test('nobody of whom something is known is approved without a person', () => {
    const risk = { ...noRisk, level: 'medium' as const };
    expect(judgeApplication([rule('approve', always)], facts({}, { risk })).outcome).toBe('review');
    expect(judgeApplication([rule('approve', always)], facts({})).outcome).toBe('approve');
  });

  test.each([
    ['nothing is known', {}, 'low'],
    ['the same phone', { samePhone: ['a'] }, 'medium'],
    ['the same ID number', { sameIdNumber: ['a'] }, 'high'],
    ['the same payout account', { samePayoutAccount: ['a'] }, 'high'],
    ['blocked before', { samePhone: ['a'], blockedBefore: ['a'] }, 'high'],
  ])('%s', (_name, found, level) => {
    const { level: _dropped, ...none } = noRisk;
    expect(riskLevel({ ...none, ...found })).toBe(level);
  });
});
