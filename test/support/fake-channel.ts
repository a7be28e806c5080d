import pino from 'pino';
import { createActivities } from '../../activities';
import type {
  BillOutcome,
  ChannelAdapter,
  ChannelRegistry,
  QueryOutcome,
  SubmitOutcome,
  TransferOrder,
} from '../../src/channels/channel';
import type { Database } from '../../src/db/database';
import type { Vault } from '../../src/db/vault';

/** A provider that answers what a test says, and writes down what it was asked. */
export class FakeProvider {
  readonly submissions: { channelNumber: string; at: number }[] = [];
  readonly questions: string[] = [];
  submit: (order: TransferOrder) => SubmitOutcome | Promise<SubmitOutcome> = () => ({
    kind: 'paid',
    paidAt: null,
  });
  query: (channelNumber: string) => QueryOutcome = () => ({ kind: 'not_found' });
  bill: (day: string) => BillOutcome = () => ({ kind: 'not_ready' });
  callsPerSecond: number | undefined;
  questionsPerSecond: { query?: number; cancel?: number } = {};
  /** left out: the provider cannot stop a transfer */
  cancel: ((channelNumber: string) => QueryOutcome) | undefined;
  watchForReturnMs: readonly number[] = [60_000];

  get registry(): ChannelRegistry {
    const { cancel } = this;
    const adapter: ChannelAdapter = {
      polling: {
        delayMs: (asked) => 1000 * (asked + 1),
        giveUpAfter: 3,
        watchForReturnMs: this.watchForReturnMs,
      },
      ...(this.callsPerSecond === undefined ? {} : { callsPerSecond: this.callsPerSecond }),
      questionsPerSecond: this.questionsPerSecond,
      ...(cancel === undefined
        ? {}
        : { cancel: (number: string) => Promise.resolve(cancel(number)) }),
      submit: (order) => {
        this.submissions.push({ channelNumber: order.channelNumber, at: Date.now() });
        return Promise.resolve(this.submit(order));
      },
      query: (channelNumber) => {
        this.questions.push(channelNumber);
        return Promise.resolve(this.query(channelNumber));
      },
      bill: (day) => Promise.resolve(this.bill(day)),
      verifyCallback: () => ({ kind: 'bad_signature' }),
    };
    return { open: () => adapter };
  }
}

/** A clock that a test moves. */
export class HandClock {
  constructor(private moment: Date) {}
  now = (): Date => this.moment;
  set(moment: Date): void {
    this.moment = moment;
  }
  forward(ms: number): void {
    this.moment = new Date(this.moment.getTime() + ms);
  }
}

/** The activities of one worker, with a provider and a clock of the test's own. */
export function fakeWorker(
  db: Database,
  vault: Vault,
  options: {
    provider: FakeProvider;
    clock: { now(): Date };
    /** called at named points, as a blow would be */
    at?: (point: string) => void;
  },
) {
  const { provider, clock, at = () => undefined } = options;
  return createActivities({
    db,
    vault,
    clock,
    channels: provider.registry,
    crashPoint: at,
    log: pino({ level: 'silent' }),
  });
}
