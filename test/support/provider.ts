/**
 * What every simulated provider can be told, whatever its wire format. A simulator speaks HTTP as the
 * provider does, checks requests as it would, and keeps books of its own: they are the judge of what
 * was really paid.
 */
export interface ProviderSimulator {
  readonly url: string;
  /** Settings of a channel that is this simulator's merchant, for `POST /v1/channels`. */
  settings(): Record<string, unknown>;
  /** Every transfer that the provider knows, in the order of arrival. */
  books(): ProviderBook[];
  /** From now on some requests go wrong. */
  fault(rule: FaultRule): Fault;
  /** The payee does what the transfer waits for; nothing where it waits for nobody. */
  confirm(channelNumber: string): void;
  /** Money for the merchant's account, in fen. */
  topUp(amount: bigint): void;
  /** The bill file of a day (`YYYY-MM-DD`, Beijing) as the provider would give it. */
  bill(day: string): string;
  /** Resolves when no callback is under way any more. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** One transfer in the provider's own books. Amounts are fen. */
export interface ProviderBook {
  channelNumber: string;
  account: string;
  amount: bigint;
  /** in the provider's own words */
  state: string;
  /** when the money reached the payee; null: it did not */
  paidAt: string | null;
  returnedAt: string | null;
  /** how often the order arrived */
  submissions: number;
}

export const faultKinds = [
  /** done, but no answer comes */
  'executeThenTimeout',
  /** not done, and no answer comes */
  'timeout',
  /** done, answered with 500 */
  'executeThenServerError',
  'serverError',
  'throttled',
  /** a page of some proxy */
  'html',
  'empty',
  'wrongSignature',
  'unsigned',
  'amountAsText',
  'unknownState',
  /** a number that exists is not found */
  'notFound',
] as const;

export const callbackFaultKinds = [
  'lost',
  'duplicated',
  /** two at a time, the later one first */
  'shuffled',
  /** before the answer to the request that caused it */
  'early',
  'wronglySigned',
] as const;

export type RequestFaultKind = (typeof faultKinds)[number];
export type CallbackFaultKind = (typeof callbackFaultKinds)[number];
export type Operation = 'submit' | 'query' | 'cancel' | 'bill' | 'billFile';

export interface FaultRule {
  kind: RequestFaultKind | CallbackFaultKind;
  /** which requests; left out: any. Callbacks have none. */
  operation?: Operation;
  /** part of the requests that go wrong, by a seeded dice; default 1 */
  share?: number;
  /** ends after so many times; left out: when it is cleared */
  times?: number;
}

/** A fault in force: how often it happened, and how it ends. */
export interface Fault {
  readonly fired: number;
  clear(): void;
}

/** The faults of one simulator. A simulator asks `of` for each request and each callback. */
export interface Faults {
  add(rule: FaultRule): Fault;
  /** The fault that this request meets, if any. */
  request(operation: Operation): RequestFaultKind | undefined;
  /** The fault that this callback meets, if any. */
  callback(): Exclude<CallbackFaultKind, 'early'> | undefined;
  /** Whether the callback about this order comes before the answer to it. */
  isEarly(): boolean;
}

export function createFaults(seed = 20_261_125): Faults {
  const active: { rule: FaultRule; fired: number; left: number }[] = [];
  const dice = seededDice(seed);
  const meet = (fits: (rule: FaultRule) => boolean) => {
    const met = active.find(
      (one) => one.left > 0 && fits(one.rule) && dice() < (one.rule.share ?? 1),
    );
    if (met === undefined) return undefined;
    met.left -= 1;
    met.fired += 1;
    return met.rule.kind;
  };
  const isCallback = (kind: FaultRule['kind']): kind is CallbackFaultKind =>
    (callbackFaultKinds as readonly string[]).includes(kind);
  return {
    add(rule) {
      const one = { rule, fired: 0, left: rule.times ?? Number.POSITIVE_INFINITY };
      active.push(one);
      return {
        get fired() {
          return one.fired;
        },
        clear: () => {
          one.left = 0;
        },
      };
    },
    request: (operation) =>
      meet(
        ({ kind, operation: of }) => !isCallback(kind) && (of === undefined || of === operation),
      ) as RequestFaultKind | undefined,
    callback: () =>
      meet(({ kind }) => isCallback(kind) && kind !== 'early') as
        Exclude<CallbackFaultKind, 'early'> | undefined,
    isEarly: () => meet(({ kind }) => kind === 'early') !== undefined,
  };
}

/** Numbers from 0 to below 1, the same in every run (mulberry32). */
export function seededDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
