import type { Logger } from 'pino';
import type { ChannelRegistry } from '../channels/channel';
import type { Database } from '../db/database';
import type { Vault } from '../db/vault';
import type { Clock } from '../domain/kernel/clock';
import type { Metrics } from './metrics';

/** The settings that the HTTP part reads; `src/main/config.ts` checks and fills them. */
export interface HttpConfig {
  /** secret that turns tokens into what is stored of them */
  readonly tokenPepper: string;
  /** requests a second that one key or admin may send; default 2000 */
  readonly rateLimitPerSecond: number;
  /** sign-in attempts in 15 minutes for one e-mail address at one network address; default 10 */
  readonly signInAttempts: number;
  /** life of an admin session in seconds; default 12 hours */
  readonly sessionSeconds: number;
  /** when set, /metrics wants `Authorization: Bearer <it>` */
  readonly metricsToken?: string | undefined;
  /** where the outside reaches this API, without a slash at the end */
  readonly callbackBaseUrl: string;
  /** number of proxies in front whose X-Forwarded-For is believed; default 0 */
  readonly trustedProxies: number;
}

/** One update of a workflow that answers: the workflow is started when it does not run. */
export interface UpdateCall {
  readonly workflowType: string;
  readonly workflowId: string;
  /** the workflow's start input */
  readonly input: object;
  readonly updateName: string;
  /** the same id twice gives the first result again */
  readonly updateId: string;
  readonly args: readonly object[];
}

/**
 * What the API asks of Temporal. Nothing here is called inside a database transaction.
 * @throws Refusal `temporal_unavailable` when there is no answer within 10 seconds; safe to repeat.
 */
export interface TemporalGateway {
  /** Starts (use existing) and updates in one call. An ApplicationFailure whose type is a refusal code becomes that Refusal. */
  updateWithStart<R>(call: UpdateCall): Promise<R>;
  /** Wakes a running workflow; false when none runs. */
  signal(workflowId: string, signalName: string, args?: readonly object[]): Promise<boolean>;
  /** True when the server answers within a second. */
  reachable(): Promise<boolean>;
  close(): Promise<void>;
}

/** Where the sandbox provider listens. */
export interface SandboxAddress {
  readonly url: string;
}

/** Everything that routes may use; built once by `src/main`. */
export interface HttpDeps {
  readonly db: Database;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly temporal: TemporalGateway;
  readonly config: HttpConfig;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly sandbox?: SandboxAddress | undefined;
  readonly channels: ChannelRegistry;
  /** a place where a test may kill the process; left out, it does nothing */
  readonly crashPoint?: ((name: string) => void) | undefined;
}
