import { addDays, programNow } from '../domain/kernel/clock';
import { Refusal } from '../domain/kernel/refusal';
import {
  assess,
  type AssessmentResult,
  isBetter,
  type KpiMetric,
  objectionDueDays,
  periodSpan,
} from '../domain/operations/assessment';
import type { Decision } from '../domain/review/kind';
import { type AssessmentRow, deniesSelf, type StoredCorrection } from './assessment';
import { measureKpis } from './assessment-measure';
import type { ObjectionRow } from './assessment-read';
import { bookRewards } from './assessment-reward';
import type { SchemeRow } from './assessment-scheme';
import type { Tx } from './database';
import { recordEvents } from './event';
import { newId } from './id';
import { notify } from './notice';
import { programById, type ProgramRow } from './program';
import { openReview, type ReviewRow } from './review';

export interface NewObjection {
  text: string;
  /** by metric, what it should be; of the scheme's metrics only */
  claims: Readonly<Partial<Record<KpiMetric, number>>>;
}

/**
 * Somebody does not agree with a result: once, and until the day that the result names. A person
 * decides; the reviewer sees what was measured and what is claimed.
 * @throws Refusal assessment_settled, objection_too_late
 */
export async function objectTo(
  tx: Tx,
  assessmentId: string,
  given: { objection: NewObjection; actor: string; realNow: Date },
): Promise<ObjectionRow> {
  const { objection, actor, realNow } = given;
  const assessment = await locked(tx, assessmentId);
  const program = await programById(tx, assessment.programId);
  const at = programNow(program, realNow);
  if (assessment.status !== 'final') {
    throw new Refusal('assessment_settled', `The result is ${assessment.status}.`);
  }
  if (at >= assessment.objectBy) {
    throw new Refusal('objection_too_late', 'The time to object to this result is over.');
  }
  const reviewId = await openReview(tx, {
    storeId: program.storeId,
    programId: program.id,
    kind: 'assessment',
    subjectId: assessment.distributorId,
    dueAt: addDays(at, objectionDueDays),
    facts: {
      assessmentId,
      distributorId: assessment.distributorId,
      schemeId: assessment.schemeId,
      period: assessment.period,
      scoreBps: assessment.scoreBps,
      outcome: assessment.outcome,
      kpis: assessment.kpis.items,
      claims: objection.claims,
    },
    createdAt: at,
  });
  const row = { id: newId('objection'), assessmentId, text: objection.text, reviewId, actor, at };
  const { claims } = objection;
  await tx.insert('assessment_objection', {
    ...row,
    claims: JSON.stringify(claims),
    createdAt: realNow,
  });
  await tx.run(`UPDATE assessment SET status = 'objected' WHERE id = $1`, [assessmentId]);
  await tellStep(tx, program, assessment, { type: 'assessment.objected', at });
  return { ...row, claims: definedOnly(claims) };
}

function definedOnly(claims: NewObjection['claims']): Record<string, number> {
  return Object.fromEntries(
    Object.entries(claims).flatMap(([metric, value]) =>
      value === undefined ? [] : [[metric, value] as const],
    ),
  );
}

/**
 * What an admin's decision makes of an objection, in the transaction of the decision. Approved, the
 * result is computed anew from what is stored now, with what was claimed in its place; it counts
 * where it is better for the person, and the difference of the reward is booked.
 */
export async function decideObjection(
  tx: Tx,
  decided: { review: ReviewRow; outcome: Decision; reason: string | null; at: Date; realNow: Date },
): Promise<{ id: string; status: string }> {
  const { review, outcome, reason, at, realNow } = decided;
  const assessment = await locked(tx, String(review.facts['assessmentId']));
  const program = await programById(tx, assessment.programId);
  const better =
    outcome === 'approve'
      ? await correctedResult(tx, program, assessment, review.facts['claims'])
      : undefined;
  const correction = better === undefined ? null : JSON.stringify(stored(better));
  await tx.run('UPDATE assessment SET status = $2, correction = $3 WHERE id = $1', [
    assessment.id,
    better === undefined ? 'confirmed' : 'corrected',
    correction,
  ]);
  if (better !== undefined) await bookDifference(tx, program, assessment, better, { at, realNow });
  await tellStep(tx, program, assessment, { type: 'assessment.decided', at });
  await notify(tx, {
    programId: program.id,
    distributorId: assessment.distributorId,
    template: 'assessment_objection_decided',
    params: { period: assessment.period, corrected: better === undefined ? 0 : 1, reason },
    subjectId: assessment.id,
    at,
  });
  return { id: assessment.distributorId, status: better === undefined ? 'confirmed' : 'corrected' };
}

async function correctedResult(
  tx: Tx,
  program: ProgramRow,
  assessment: AssessmentRow,
  claims: unknown,
): Promise<AssessmentResult | undefined> {
  const { schemeId, distributorId, period, tier } = assessment;
  const scheme = await tx.first<Pick<SchemeRow, 'body'>>(
    'SELECT body FROM assessment_scheme WHERE id = $1',
    [schemeId],
  );
  if (scheme === undefined) throw new Error(`scheme ${schemeId} does not exist`);
  const span = periodSpan(period, program.timeZone);
  const denySelf = await deniesSelf(tx, program.id, span.to);
  const metrics = scheme.body.kpis.map(({ metric }) => metric);
  const people = { programId: program.id, ...span, denySelf, distributorIds: [distributorId] };
  const values = (await measureKpis(tx, people, metrics)).get(distributorId) ?? {};
  const claimed = Object.fromEntries(
    Object.entries(claims as Record<string, number>).map(([metric, value]) => [
      metric,
      String(value),
    ]),
  );
  const result = assess(scheme.body, tier, { ...values, ...claimed });
  return isBetter(result, assessment) ? result : undefined;
}

function stored(result: AssessmentResult): StoredCorrection {
  const { kpis, ownSalesAmount, scoreBps, outcome, rewardAmount } = result;
  return { items: kpis, ownSalesAmount, scoreBps, outcome, rewardAmount: String(rewardAmount) };
}

function bookDifference(
  tx: Tx,
  program: ProgramRow,
  { id, schemeId, distributorId, period, tier, rewardAmount }: AssessmentRow,
  result: AssessmentResult,
  moment: { at: Date; realNow: Date },
): Promise<void> {
  const reward = {
    ...{ assessmentId: id, schemeId, distributorId, period, tier, result },
    beforeAmount: rewardAmount,
    key: 'correction' as const,
    holdFrom: moment.at,
  };
  return bookRewards(tx, program, [reward], moment);
}

async function tellStep(
  tx: Tx,
  program: ProgramRow,
  { id, distributorId, period }: AssessmentRow,
  { type, at }: { type: 'assessment.objected' | 'assessment.decided'; at: Date },
): Promise<void> {
  await recordEvents(tx, [
    {
      storeId: program.storeId,
      programId: program.id,
      type,
      subjectId: id,
      payload: { assessmentId: id, distributorId, period },
      occurredAt: at,
    },
  ]);
}

async function locked(tx: Tx, id: string): Promise<AssessmentRow> {
  const row = await tx.first<AssessmentRow>('SELECT * FROM assessment WHERE id = $1 FOR UPDATE', [
    id,
  ]);
  if (row === undefined) throw new Refusal('not_found', 'There is no such assessment.');
  return row;
}
