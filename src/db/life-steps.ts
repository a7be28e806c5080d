import type { DueMoment } from './clock';
import type { Tx } from './database';

/** What a moment of a distributor's life does; its `subjectId` says what it is about. */
export type LifeStep = (
  tx: Tx,
  now: {
    moment: DueMoment;
    /** on the program's clock; the moment itself may lie before */
    at: Date;
    realNow: Date;
  },
) => Promise<void>;

/**
 * Every step of a distributor's life by the name of its due moment, which is opened with
 * `openDueMoment(tx, {..., workflow: lifeWorkflow(distributorId)})`. A step looks whether it is still
 * wanted: the status may have changed since the moment was opened.
 */
export const lifeSteps: Readonly<Record<string, LifeStep>> = {};
