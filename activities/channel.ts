import { setTimeout as pause } from 'node:timers/promises';
import type { ChannelAdapter } from '../src/channels/channel';
import { openSettings } from '../src/db/channel';
import { claimQuestion } from '../src/db/channel-state';
import type { Database } from '../src/db/database';
import type { Question } from '../src/domain/payout/asking';
import type { ActivityDeps } from './deps';

/** A channel as a row of something else carries it. */
export interface ChannelOfRow {
  channelId: string;
  channelKind: string;
  settingsCipher: string;
}

const adaptersAtMost = 1000;

/** Opens a channel's adapter once for as long as its settings stay the same. */
export function adapterCache(deps: Pick<ActivityDeps, 'db' | 'vault' | 'channels'>) {
  const adapters = new Map<string, ChannelAdapter>();
  return ({ channelId: id, channelKind: kind, settingsCipher }: ChannelOfRow): ChannelAdapter => {
    const known = adapters.get(settingsCipher);
    if (known !== undefined) return known;
    const settings = openSettings(deps.vault, { id, kind, settingsCipher });
    const adapter = paced(deps.db, id, deps.channels.open(settings));
    if (adapters.size >= adaptersAtMost) adapters.clear();
    adapters.set(settingsCipher, adapter);
    return adapter;
  };
}

/**
 * The same adapter, which asks no faster than its provider allows all workers together. A question
 * for which too many wait throws before the call: the activity that asks is tried again.
 */
function paced(db: Database, channelId: string, adapter: ChannelAdapter): ChannelAdapter {
  const { cancel, questionsPerSecond } = adapter;
  if (questionsPerSecond === undefined) return adapter;
  const turn = async (question: Question): Promise<void> => {
    const perSecond = questionsPerSecond[question];
    if (perSecond === undefined) return;
    const waitMs = await claimQuestion(db, channelId, { question, perSecond });
    if (waitMs === undefined) throw new Error(`too many wait to ask the channel ${channelId}`);
    if (waitMs > 0) await pause(waitMs);
  };
  return {
    ...adapter,
    query: async (number, hints) => {
      await turn('query');
      return adapter.query(number, hints);
    },
    ...(cancel === undefined
      ? {}
      : {
          cancel: async (number, hints) => {
            await turn('cancel');
            return cancel(number, hints);
          },
        }),
  };
}
