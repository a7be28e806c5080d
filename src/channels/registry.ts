import type { ChannelRegistry } from './channel';
import { sandboxAdapter, type SandboxEndpoint } from './sandbox/adapter';
import { SandboxSettings } from './sandbox/wire';

/** Kinds of channel that this version can pay through. */
export const availableKinds = ['sandbox'] as const;

/** Opens adapters for stored channels. Built once by `src/main` with the endpoints of the installation. */
export function channelRegistry(endpoints: { sandbox: SandboxEndpoint }): ChannelRegistry {
  return {
    open(channel) {
      if (channel.kind !== 'sandbox') {
        throw new Error(`channel ${channel.id} is of kind ${channel.kind}, which cannot pay yet`);
      }
      const settings = SandboxSettings.parse(channel.settings);
      return sandboxAdapter(channel.id, settings, endpoints.sandbox);
    },
  };
}
