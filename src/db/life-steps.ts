import { decideUndecided } from './application-undecided';
import { undecidedMoment } from './application';
import type { DueMoment } from './clock';
import type { Tx } from './database';
import { departMoment, takeDeparture } from './departure';
import { closeWindow, remind, reminderMomentName, windowMoment } from './eviction';
import { propose, warn, warnMoment } from './inactivity';
import { proposeMoment } from './life-case';
import { reversalMoment, takeReversalStep } from './reversal-task';
import { endNotice } from './tier-step';
import { noticeEndMoment } from './tier-sweep';

/** What a moment of a distributor's life does; its `subjectId` says what it is about. */
export type LifeStep = (
  tx: Tx,
  now: {
    moment: DueMoment;
    /** on the program's clock; the moment itself may lie before */
    at: Date;
    realNow: Date;
  },
) => Promise<'more' | undefined | void>;

/**
 * Every step of a distributor's life by the name of its due moment, which is opened with
 * `openDueMoment(tx, {..., workflow: lifeWorkflow(distributorId)})`. A step looks whether it is still
 * wanted: the status may have changed since the moment was opened. One that answers `more` has done
 * a part; it is called again, in a transaction of its own, until nothing is left.
 */
export const lifeSteps: Readonly<Record<string, LifeStep>> = {
  [undecidedMoment]: decideUndecided,
  [warnMoment]: warn,
  [proposeMoment]: propose,
  [reminderMomentName]: remind,
  [windowMoment]: closeWindow,
  [departMoment]: takeDeparture,
  [reversalMoment]: takeReversalStep,
  [noticeEndMoment]: (tx, { moment, at }) => endNotice(tx, moment.subjectId, at),
};

/** Steps that can change who is above whom: they need the program alone, before any row. */
export const stepsThatMoveTeams: readonly string[] = [windowMoment, departMoment];
