import { z } from 'zod';
import { writeBankFile } from '../../channels/bank-file/file';
import { readResultFile } from '../../channels/bank-file/result';
import { BankFileSettings } from '../../channels/bank-file/settings';
import {
  type BankFileRow,
  bankFilesOf,
  createBankFile,
  findBankFile,
  ordersOf,
} from '../../db/bank-file';
import { type ChannelRow, findChannel, openSettings } from '../../db/channel';
import { receiveCallback } from '../../db/channel-inbox';
import type { Tx } from '../../db/database';
import { Refusal } from '../../domain/kernel/refusal';
import { storedNews } from '../../domain/payout/news';
import { listOf, listQuery, mapPage, page } from '../list';
import { media } from '../openapi';
import { ProtocolRefusal } from '../problem';
import { answer, defineRoute, RawBody } from '../route';
import { BankFileBody, bankFileParams, BankFileView, BankResultView } from '../schemas/bank-file';
import { idParam } from '../schemas/common';

const tag = 'Bank files';
const channelParams = z.strictObject({ id: idParam('channel') });
const mayRead = { scope: 'channels:read' } as const;
/** A file moves money once it is at the bank, so people make it, not keys. */
const byFinance = { adminOnly: { roles: ['owner', 'finance'] } } as const;

const create = defineRoute({
  method: 'post',
  path: '/v1/channels/:id/bank-files',
  summary: 'Put what waits for the bank into a file',
  description:
    'Every payout goes into one file, once. The text is made when it is read, always the same.',
  tag,
  access: byFinance,
  params: channelParams,
  body: BankFileBody,
  answers: { 201: BankFileView },
  write: async ({ tx, params, body, caller, now, audit }) => {
    const channel = await bankChannel(tx, caller, params.id);
    const requested = { channel, ...body, requestedBy: caller.actor, createdAt: now };
    const file = await createBankFile(tx, requested);
    const { payouts, totalAmount } = file;
    const after = { channelId: channel.id, payouts, totalAmount: totalAmount.toString() };
    await audit({ action: 'bank_file.created', subjectId: file.id, after });
    return answer(201, viewOf(file));
  },
});

const list = defineRoute({
  method: 'get',
  path: '/v1/channels/:id/bank-files',
  summary: 'List the files of a bank, the latest first',
  tag,
  access: mayRead,
  params: channelParams,
  query: listQuery,
  answers: { 200: listOf(BankFileView) },
  handle: async ({ params, query: { limit, cursor }, caller, deps: { db } }) => {
    const { id } = await findChannel(db.read, caller, params.id);
    const { mode } = caller;
    const rows = await bankFilesOf(db.read, id, { limit: limit + 1, before: cursor, mode });
    return answer(
      200,
      mapPage(
        page(rows, limit, (row) => row.id),
        viewOf,
      ),
    );
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/bank-files/:id',
  summary: 'Read a bank file',
  tag,
  access: mayRead,
  params: bankFileParams,
  answers: { 200: BankFileView },
  handle: async ({ params, caller, deps: { db } }) =>
    answer(200, viewOf(await findBankFile(db.read, caller, params.id))),
});

const content = defineRoute({
  method: 'get',
  path: '/v1/bank-files/:id/content',
  summary: 'The file as the bank takes it: CSV or ISO 20022 pain.001.001.09',
  description: 'It has names and account numbers in clear; who read it is in the audit log.',
  tag,
  access: byFinance,
  params: bankFileParams,
  answers: { 200: z.union([media('text/csv'), media('application/xml')]) },
  write: async ({ tx, params, caller, deps: { vault }, audit }) => {
    const file = await findBankFile(tx, caller, params.id);
    const channel = await bankChannel(tx, caller, file.channelId);
    const settings = BankFileSettings.parse(openSettings(vault, channel).settings);
    const orders = await ordersOf(tx, vault, file.id);
    const { contentType, text, name } = writeBankFile({ ...file, orders }, settings);
    await audit({ action: 'bank_file.read', subjectId: file.id });
    const headers = {
      'cache-control': 'no-store',
      'content-disposition': `attachment; filename="${name}"`,
    };
    return answer(200, new RawBody(contentType, text), headers);
  },
});

const fileLimitBytes = 4 * 1024 * 1024;

const importResults = defineRoute({
  method: 'post',
  path: '/v1/channels/:id/bank-results',
  summary: "Take a bank's results: paid, failed or returned, of some or all orders",
  description:
    'CSV with a header: `channelNumber,amount,result` and, as far as the bank says it, `bankReference,at,code,message`; ' +
    '`result` is SUCCESS, FAILED or RETURNED. Every line stands for itself, and a repeat changes nothing.',
  tag,
  access: byFinance,
  rawBody: true,
  bodyLimit: fileLimitBytes,
  params: channelParams,
  answers: { 200: BankResultView },
  handle: async ({ params, caller, rawBody, now, deps: { db } }) => {
    const channel = await bankChannel(db.read, caller, params.id);
    const file = readResultFile(rawBody);
    if (!file.ok) throw new ProtocolRefusal('invalid_request', file.message);
    const counts = { taken: 0, repeat: 0, strange: 0 };
    const unreadable: { line: number; channelNumber: string | null; message: string }[] = [];
    for (const line of file.lines) {
      if (!line.ok) {
        const { line: number, channelNumber, message } = line;
        unreadable.push({ line: number, channelNumber, message });
        continue;
      }
      const { eventId, channelNumber, amount, news } = line.callback;
      const entry = { eventId, channelNumber, amount, news: storedNews(news), receivedAt: now };
      counts[await db.transaction((tx) => receiveCallback(tx, channel, entry))] += 1;
    }
    const { taken, repeat: repeated, strange } = counts;
    return answer(200, { lines: file.lines.length, taken, repeated, strange, unreadable });
  },
});

/** @throws Refusal `not_found`, `not_a_bank` */
async function bankChannel(
  read: Tx,
  caller: { storeId: string },
  channelId: string,
): Promise<ChannelRow> {
  const channel = await findChannel(read, caller, channelId);
  if (channel.kind !== 'bankFile') {
    throw new Refusal(
      'not_a_bank',
      `The channel is of kind ${channel.kind}, which takes no files.`,
    );
  }
  return channel;
}

function viewOf({ requestedBy: _, ...file }: BankFileRow) {
  return { ...file, links: { content: `/v1/bank-files/${file.id}/content` } };
}

export const bankFileRoutes = [create, list, get, content, importResults];
