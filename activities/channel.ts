import type { ChannelAdapter } from '../src/channels/channel';
import { openSettings } from '../src/db/channel';
import type { ActivityDeps } from './deps';

/** A channel as a row of something else carries it. */
export interface ChannelOfRow {
  channelId: string;
  channelKind: string;
  settingsCipher: string;
}

const adaptersAtMost = 1000;

/** Opens a channel's adapter once for as long as its settings stay the same. */
export function adapterCache(deps: Pick<ActivityDeps, 'vault' | 'channels'>) {
  const adapters = new Map<string, ChannelAdapter>();
  return ({ channelId: id, channelKind: kind, settingsCipher }: ChannelOfRow): ChannelAdapter => {
    const known = adapters.get(settingsCipher);
    if (known !== undefined) return known;
    const adapter = deps.channels.open(openSettings(deps.vault, { id, kind, settingsCipher }));
    if (adapters.size >= adaptersAtMost) adapters.clear();
    adapters.set(settingsCipher, adapter);
    return adapter;
  };
}
