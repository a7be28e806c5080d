import { roles } from '../../../src/domain/kernel/access';
import { judge, type ReviewFacts, type Verdict } from '../../../src/domain/review/decide';
import { reviewKinds, reviewRules } from '../../../src/domain/review/kind';

const task: ReviewFacts = {
  kind: 'application',
  status: 'open',
  stepsNeeded: 1,
  deciders: [],
  excluded: [],
};
const verdict: Verdict = {
  deciderId: 'adm_1',
  roles: ['operations'],
  decision: 'approve',
  reason: null,
};

describe('a decision', () => {
  test.each<[string, Partial<ReviewFacts>, Partial<Verdict>, object]>([
    ['approves', {}, {}, { ok: true, step: 1, outcome: 'approve' }],
    [
      'rejects with a reason',
      {},
      { decision: 'reject', reason: 'No shop of that name.' },
      { ok: true, step: 1, outcome: 'reject' },
    ],
    [
      'may not reject without a reason',
      {},
      { decision: 'reject' },
      { ok: false, code: 'reason_required' },
    ],
    [
      'may not reject with spaces for a reason',
      {},
      { decision: 'reject', reason: '  ' },
      { ok: false, code: 'reason_required' },
    ],
    ['is not repeated', { status: 'decided' }, {}, { ok: false, code: 'review_already_decided' }],
    ['needs the role', {}, { roles: ['finance'] }, { ok: false, code: 'role_required' }],
    ['is not for an auditor', {}, { roles: ['auditor'] }, { ok: false, code: 'role_required' }],
    ['is open to the owner', {}, { roles: ['owner'] }, { ok: true, step: 1, outcome: 'approve' }],
    [
      'is not for the one whose own decision is appealed',
      { excluded: ['adm_1'] },
      {},
      { ok: false, code: 'second_person_required' },
    ],
    [
      'of the first of two leaves it open',
      { stepsNeeded: 2 },
      {},
      { ok: true, step: 1, outcome: null },
    ],
    [
      'of the first again is refused',
      { stepsNeeded: 2, deciders: ['adm_1'] },
      {},
      { ok: false, code: 'second_person_required' },
    ],
    [
      'of the second person counts',
      { stepsNeeded: 2, deciders: ['adm_2'] },
      {},
      { ok: true, step: 2, outcome: 'approve' },
    ],
    [
      'of the first of two against it is enough',
      { stepsNeeded: 2 },
      { decision: 'reject', reason: 'The totals differ.' },
      { ok: true, step: 1, outcome: 'reject' },
    ],
    [
      'approving an eviction needs a reason',
      { kind: 'eviction' },
      {},
      { ok: false, code: 'reason_required' },
    ],
  ])('%s', (_, facts, given, expected) => {
    expect(judge({ ...task, ...facts }, { ...verdict, ...given })).toEqual(expected);
  });

  test('every kind has somebody who decides, never the auditor, and a reason that is asked for', () => {
    for (const kind of reviewKinds) {
      const rules = reviewRules[kind];
      expect(rules.roles.length).toBeGreaterThan(0);
      expect(rules.roles).not.toContain('auditor');
      expect(rules.roles.every((role) => roles.includes(role))).toBe(true);
      expect(rules.reasonFor.length).toBeGreaterThan(0);
    }
  });
});
