import fc from 'fast-check';
import { roles } from '../../../src/domain/kernel/access';
import { addDays } from '../../../src/domain/kernel/clock';
import { judge } from '../../../src/domain/review/decide';
import { type Colleague, leadOf, mayNotDecide, remindAt } from '../../../src/domain/review/due';
import { reviewKinds } from '../../../src/domain/review/kind';

const createdAt = new Date('2026-11-01T02:00:00Z');

describe('a reminder', () => {
  test.each<[string, number, number, number | null]>([
    ['comes a day before the due moment', 7, 1, 6],
    ['comes half a day before', 7, 0.5, 6.5],
    ['is not wanted', 7, 0, null],
    ['would come at the opening', 1, 1, null],
    ['would come before the opening', 1, 3, null],
    ['comes just after the opening', 1.01, 1, 0.01],
    ['of a task that is overdue from the beginning never comes', -1, 1, null],
  ])('%s', (_, dueDays, beforeDays, expected) => {
    const dueAt = addDays(createdAt, dueDays);
    const wanted = expected === null ? null : addDays(createdAt, expected);
    const got = remindAt({ createdAt, dueAt }, beforeDays);
    expect(got === null ? null : Math.round(got.getTime() / 1000)).toBe(
      wanted === null ? null : Math.round(wanted.getTime() / 1000),
    );
  });

  test('always lies between the opening and the due moment', () => {
    const days = fc.double({ min: 0, max: 400, noNaN: true });
    fc.assert(
      fc.property(days, days, (dueDays, beforeDays) => {
        const dueAt = addDays(createdAt, dueDays);
        const at = remindAt({ createdAt, dueAt }, beforeDays);
        return at === null || (at > createdAt && at <= dueAt);
      }),
    );
  });
});

const owner = (id: string, days: number): Colleague => ({
  ...{ id, roles: ['owner'], createdAt: addDays(createdAt, days) },
});
const first = owner('adm_3', 0);
const second = owner('adm_2', 1);
const third = owner('adm_1', 1);
const operator: Colleague = { ...owner('adm_0', -9), roles: ['operations', 'finance', 'auditor'] };
const task = { kind: 'eviction' as const, deciders: [], excluded: [] };

describe('an overdue task goes to', () => {
  test.each<[string, object, Colleague[], string | null]>([
    ['the owner who has been there longest', {}, [second, first, operator], 'adm_3'],
    ['the smaller id of two from the same moment', {}, [second, third], 'adm_1'],
    [
      'the next one when the first may not decide',
      { excluded: ['adm_3'] },
      [first, second],
      'adm_2',
    ],
    ['the next one when the first has decided', { deciders: ['adm_3'] }, [first, second], 'adm_2'],
    ['nobody when no owner may decide', { excluded: ['adm_3'] }, [first, operator], null],
    ['nobody when there is no owner', {}, [operator], null],
  ])('%s', (_, facts, colleagues, lead) => {
    expect(leadOf({ ...task, ...facts }, colleagues)).toBe(lead);
  });

  test('somebody whose decision would count, whatever the kind and whoever is barred', () => {
    const someone = fc.record({
      id: fc.constantFrom('adm_1', 'adm_2', 'adm_3', 'adm_4'),
      roles: fc.subarray([...roles]),
      createdAt: fc.date({ noInvalidDate: true }),
    });
    const ids = fc.subarray(['adm_1', 'adm_2', 'adm_3', 'adm_4']);
    fc.assert(
      fc.property(
        fc.constantFrom(...reviewKinds),
        fc.uniqueArray(someone, { selector: ({ id }) => id }),
        ids,
        ids,
        (kind, colleagues, deciders, excluded) => {
          const lead = leadOf({ kind, deciders, excluded }, colleagues);
          if (lead === null) return true;
          const found = colleagues.find(({ id }) => id === lead)!;
          const verdict = { deciderId: lead, roles: found.roles, reason: 'Seen.' };
          const facts = { kind, status: 'open' as const, stepsNeeded: 2, deciders, excluded };
          return judge(facts, { ...verdict, decision: 'approve' }).ok;
        },
      ),
    );
  });
});

test('who is excluded and who has decided may not decide, each named once', () => {
  expect(mayNotDecide({ excluded: ['adm_1', 'adm_2'], deciders: ['adm_2', 'adm_3'] })).toEqual([
    ...['adm_1', 'adm_2', 'adm_3'],
  ]);
});
