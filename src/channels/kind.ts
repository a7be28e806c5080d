import type { z } from 'zod';
import type { ChannelAdapter } from './channel';
import type { SandboxEndpoint } from './sandbox/adapter';

/** What an installation gives to every channel. */
export interface Endpoints {
  sandbox: SandboxEndpoint;
  /** where providers reach this API, without a slash at the end */
  callbackBaseUrl: string;
}

/** What a provider lets every merchant pay, in fen; left out: the provider names no such limit. */
export interface KindLimits {
  readonly perTransferAmount?: bigint;
  readonly perDayAmount?: bigint;
  readonly perPayeeDayAmount?: bigint;
}

/** One kind of channel: what its settings are, and how they become an adapter. */
export interface ChannelKind {
  readonly settings: z.ZodType<object>;
  /** settings that say whose account it is: they stay, because payouts under way belong to it */
  readonly fixed: readonly string[];
  /** in force for a channel that names none of its own */
  readonly limits: KindLimits;
  /**
   * The normal form of a payee's account as this channel names payees; undefined: it cannot be one.
   * @param settings as they were stored
   */
  account(text: string, settings: unknown): string | undefined;
  /** @param settings as they were given or stored; they are checked here */
  open(channelId: string, settings: unknown, endpoints: Endpoints): ChannelAdapter;
}

interface KindRules<S> extends Partial<Pick<ChannelKind, 'fixed' | 'limits'>> {
  /** left out: any text is an account */
  account?(text: string, settings: S): string | undefined;
}

/** A kind whose adapter is made from settings that were checked by its schema. */
export function channelKind<S extends z.ZodType<object>>(
  settings: S,
  open: (channelId: string, settings: z.output<S>, endpoints: Endpoints) => ChannelAdapter,
  { fixed = [], limits = {}, account = (text) => text }: KindRules<z.output<S>> = {},
): ChannelKind {
  return {
    settings,
    fixed,
    limits,
    account: (text, given) => account(text, settings.parse(given)),
    open: (channelId, given, endpoints) => open(channelId, settings.parse(given), endpoints),
  };
}
