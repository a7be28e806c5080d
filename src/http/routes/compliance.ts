import { sweepTrees } from '../../db/compliance';
import { findProgram } from '../../db/program';
import { floorToSecond, programNow } from '../../domain/kernel/clock';
import { answer, defineRoute } from '../route';
import { ComplianceSweep } from '../schemas/compliance';
import { programParams } from '../schemas/program';

const postSweep = defineRoute({
  method: 'post',
  path: '/v1/programs/:id/compliance-sweeps',
  summary: 'Measure the sponsor trees of a program now',
  description:
    'What every day does by itself: a tree of 3 levels and 30 people, the merchant counted, opens ' +
    'a review of kind `compliance`. Not again while one is open, nor after a decision until the ' +
    'tree has grown by another 30.',
  tag: 'Plans',
  access: { adminOnly: { roles: ['owner', 'operations'] } },
  params: programParams,
  answers: { 200: ComplianceSweep },
  write: async ({ tx, params, caller, now, audit }) => {
    const program = await findProgram(tx, caller, params.id);
    const opened = await sweepTrees(tx, program, floorToSecond(programNow(program, now)));
    const reviews = opened.map(({ reviewId, ...tree }) => ({ id: reviewId, ...tree }));
    await audit({
      action: 'compliance.swept',
      subjectId: program.id,
      after: { reviews: reviews.map(({ id }) => id) },
    });
    return answer(200, { reviews });
  },
});

export const complianceRoutes = [postSweep];
