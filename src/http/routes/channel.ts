import { z } from 'zod';
import { kindOf } from '../../channels/registry';
import {
  type ChannelRow,
  type StoredLimits,
  findChannel,
  insertChannel,
  listChannels,
  openSettings,
  settingsPlace,
} from '../../db/channel';
import { newId } from '../../db/id';
import { type ChannelStanding, standingOfChannels } from '../../db/reconciliation-read';
import type { Vault } from '../../db/vault';
import { Refusal } from '../../domain/kernel/refusal';
import { check } from '../faults';
import { listOf, listQuery, mapPage, page } from '../list';
import { type Locale, ProtocolRefusal } from '../problem';
import { answer, defineRoute } from '../route';
import { ChannelBody, type ChannelLimitsBody, ChannelView } from '../schemas/channel';
import { idParam } from '../schemas/common';

const tag = 'Channels';
const mayRead = { scope: 'channels:read' } as const;

const create = defineRoute({
  method: 'post',
  path: '/v1/channels',
  summary: 'Add a payout channel of the store',
  tag,
  access: { scope: 'channels:write', roles: ['owner', 'finance'] },
  body: ChannelBody,
  answers: { 201: ChannelView },
  write: async ({ tx, body, caller, now, deps, locale, audit }) => {
    const settings = settingsOf(body, locale);
    const id = newId('channel');
    const channel: ChannelRow = {
      id,
      storeId: caller.storeId,
      kind: body.kind,
      name: body.name,
      settingsCipher: deps.vault.seal(settingsPlace(id), JSON.stringify(settings)),
      createdAt: now,
      ...limitsOf(body.kind, body.limits),
    };
    await insertChannel(tx, channel);
    const { kind, name } = body;
    const limits = shownLimits(channel);
    await audit({ action: 'channel.created', subjectId: id, after: { kind, name, limits } });
    return answer(201, viewOf(channel, deps.vault, undefined));
  },
});

/** Settings are checked by their kind; a kind of a later version is refused, not stored. */
export function settingsOf(
  body: Pick<z.output<typeof ChannelBody>, 'kind' | 'settings'>,
  locale: Locale,
): object {
  const schema = kindOf(body.kind)?.settings;
  if (schema === undefined) {
    const detail = `This version cannot pay through ${body.kind}.`;
    const errors = [{ pointer: '/kind', code: 'channel_kind_unavailable', message: detail }];
    throw new Refusal('channel_kind_unavailable', detail, { errors });
  }
  const checked = check(schema, body.settings, '/settings', locale);
  if (checked.ok) return checked.value;
  throw new ProtocolRefusal('invalid_request', 'The settings are not valid.', {
    errors: checked.faults,
  });
}

/** The limits of a channel: those that were given, and for the rest what its provider allows. */
export function limitsOf(
  kind: string,
  { overTransfer, ...given }: z.output<typeof ChannelLimitsBody>,
): StoredLimits {
  const usual = kindOf(kind)?.limits;
  const chosen = (amount: bigint | null | undefined, otherwise: bigint | undefined) =>
    amount === undefined ? (otherwise ?? null) : amount;
  return {
    perTransferAmount: chosen(given.perTransferAmount, usual?.perTransferAmount),
    perDayAmount: chosen(given.perDayAmount, usual?.perDayAmount),
    perPayeeDayAmount: chosen(given.perPayeeDayAmount, usual?.perPayeeDayAmount),
    overTransfer,
  };
}

/** Limits as they are shown. */
export function shownLimits(limits: StoredLimits): StoredLimits {
  const { perTransferAmount, perDayAmount, perPayeeDayAmount, overTransfer } = limits;
  return { perTransferAmount, perDayAmount, perPayeeDayAmount, overTransfer };
}

const list = defineRoute({
  method: 'get',
  path: '/v1/channels',
  summary: 'List the payout channels of the store',
  tag,
  access: mayRead,
  query: listQuery,
  answers: { 200: listOf(ChannelView) },
  handle: async ({ query, caller, deps }) => {
    const rows = await listChannels(deps.db.read, { storeId: caller.storeId, ...query });
    const channels = page(rows, query.limit, ({ id }) => id);
    const standing = await standingOfChannels(
      deps.db.read,
      channels.data.map(({ id }) => id),
    );
    return answer(
      200,
      mapPage(channels, (row) => viewOf(row, deps.vault, standing.get(row.id))),
    );
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/channels/:id',
  summary: 'Read a payout channel',
  tag,
  access: mayRead,
  params: z.strictObject({ id: idParam('channel') }),
  answers: { 200: ChannelView },
  handle: async ({ params, caller, deps }) => {
    const channel = await findChannel(deps.db.read, caller, params.id);
    const standing = await standingOfChannels(deps.db.read, [channel.id]);
    return answer(200, viewOf(channel, deps.vault, standing.get(channel.id)));
  },
});

export function viewOf(row: ChannelRow, vault: Vault, standing: ChannelStanding | undefined) {
  const { id, name, createdAt } = row;
  const names = Object.keys(openSettings(vault, row).settings as object);
  return {
    id,
    kind: row.kind as z.output<typeof ChannelView>['kind'],
    name,
    settings: Object.fromEntries(names.map((key) => [key, 'set' as const])),
    limits: shownLimits(row),
    createdAt,
    reconciledThrough: standing?.reconciledThrough ?? null,
    held: heldOf(standing),
  };
}

function heldOf(standing: ChannelStanding | undefined) {
  const { heldCause: cause = null, heldSince = null, heldUntil = null } = standing ?? {};
  if (cause === null || heldSince === null || heldUntil === null) return null;
  return { cause, since: heldSince, until: heldUntil };
}

export const channelRoutes = [create, list, get];
