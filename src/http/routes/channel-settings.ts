import { z } from 'zod';
import { kindOf } from '../../channels/registry';
import {
  findChannel,
  openSettings,
  replaceLimits,
  replaceSettings,
  settingsPlace,
} from '../../db/channel';
import { wakeLimited } from '../../db/payout';
import { standingOfChannels } from '../../db/reconciliation-read';
import { ProtocolRefusal } from '../problem';
import { answer, defineRoute } from '../route';
import {
  type ChannelBody,
  ChannelLimitsBody,
  ChannelSettingsBody,
  ChannelView,
} from '../schemas/channel';
import { idParam } from '../schemas/common';
import { limitsOf, settingsOf, shownLimits, viewOf } from './channel';

type Kind = z.output<typeof ChannelBody>['kind'];

/** New keys are added beside the old ones, and the old ones are left out later. */
const replace = defineRoute({
  method: 'put',
  path: '/v1/channels/:id/settings',
  summary: "Replace a channel's settings, such as its keys",
  description:
    'Whose account it is (such as `mchid`) cannot change: payouts under way belong to it. Workers use the new settings from their next call on.',
  tag: 'Channels',
  access: { scope: 'channels:write', roles: ['owner', 'finance'] },
  params: z.strictObject({ id: idParam('channel') }),
  body: ChannelSettingsBody,
  answers: { 204: z.void() },
  write: async ({ tx, params, body, caller, deps, locale, audit }) => {
    const channel = await findChannel(tx, caller, params.id);
    const kind = channel.kind as Kind;
    const settings = settingsOf({ kind, settings: body.settings }, locale);
    const before = openSettings(deps.vault, channel).settings;
    refuseOtherOwner(kind, before, settings);
    const cipher = deps.vault.seal(settingsPlace(channel.id), JSON.stringify(settings));
    await replaceSettings(tx, channel.id, cipher);
    const names = Object.keys(settings).sort();
    await audit({ action: 'channel.settings_changed', subjectId: channel.id, after: { names } });
    return answer(204, undefined);
  },
});

function refuseOtherOwner(kind: string, before: unknown, after: object): void {
  const value = (settings: unknown, name: string) => (settings as Record<string, unknown>)[name];
  const changed = (kindOf(kind)?.fixed ?? []).filter(
    (name) => value(before, name) !== value(after, name),
  );
  if (changed.length === 0) return;
  const errors = changed.map((name) => ({
    pointer: `/settings/${name}`,
    code: 'fixed',
    message: 'cannot change; add another channel',
  }));
  throw new ProtocolRefusal('invalid_request', 'The settings are of another account.', { errors });
}

/** What a merchant may transfer changes on application; what waits for it goes on at once. */
const replaceLimitsOf = defineRoute({
  method: 'put',
  path: '/v1/channels/:id/limits',
  summary: "Replace a channel's limits",
  description:
    "All of them: what is left out is what the kind's provider allows. Payouts that wait for a limit look again at once; statements that are approved from now on are split by the new ones.",
  tag: 'Channels',
  access: { scope: 'channels:write', roles: ['owner', 'finance'] },
  params: z.strictObject({ id: idParam('channel') }),
  body: ChannelLimitsBody,
  answers: { 200: ChannelView },
  write: async ({ tx, params, body, caller, deps, audit }) => {
    const channel = await findChannel(tx, caller, params.id);
    const limits = limitsOf(channel.kind, body);
    await replaceLimits(tx, channel.id, limits);
    await wakeLimited(tx, channel.id);
    const before = shownLimits(channel);
    await audit({ action: 'channel.limits_changed', subjectId: channel.id, before, after: limits });
    const standing = await standingOfChannels(tx, [channel.id]);
    return answer(200, viewOf({ ...channel, ...limits }, deps.vault, standing.get(channel.id)));
  },
});

export const channelSettingsRoutes = [replace, replaceLimitsOf];
