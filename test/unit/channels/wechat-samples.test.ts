import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wechatAdapter } from '../../../src/channels/wechat/adapter';
import { WechatSettings } from '../../../src/channels/wechat/settings';
import { beijingDay } from '../../support/wechat/books';
import { type Exchange, startWechatSimulator } from '../../support/wechat/simulator';

/**
 * The samples of docs/channels/wechat.md are real traffic between the adapter and the simulator. This
 * test makes them anew and compares everything that is not random: names of headers and fields, their
 * order, states. `WRITE_SAMPLES=1` writes them into the page.
 */
const page = join(__dirname, '..', '..', '..', 'docs', 'channels', 'wechat.md');
const begin = '<!-- samples: made by test/unit/channels/wechat-samples.test.ts -->';
const end = '<!-- end of samples -->';

const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 40)}...` : text);

/** JSON by lines, long secrets cut. */
function pretty(body: string): string {
  if (body === '') return '';
  const cut = (_: string, value: unknown) => (typeof value === 'string' ? shorten(value) : value);
  return JSON.stringify(JSON.parse(body, cut), null, 2);
}

const http = (...lines: string[]) => ['```http', ...lines.filter((line) => line !== ''), '```'];
const shownHeaders = ['authorization', 'accept', 'content-type', 'wechatpay-serial', 'user-agent'];

function exchangeText({ request, status, answerHeaders, answer }: Exchange): string[] {
  const sent = shownHeaders.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === 'string' ? [`${name}: ${cutSignature(value)}`] : [];
  });
  const got = Object.entries(answerHeaders).map(([name, value]) => `${name}: ${shorten(value)}`);
  const body = answer.startsWith('{') ? pretty(answer) : answer.trim().replaceAll('\r', '');
  return [
    ...http(`${request.method} ${request.target}`, ...sent, pretty(request.body)),
    '',
    ...http(`HTTP/1.1 ${status}`, ...got, body),
  ];
}

const cutSignature = (value: string) =>
  value.replace(/signature="(.{24})[^"]*"/, 'signature="$1..."');

async function samples(): Promise<string> {
  const wechat = await startWechatSimulator();
  const settings = WechatSettings.parse(wechat.settings({ userRecvPerception: '劳务报酬' }));
  const channel = wechatAdapter('chn_01k8zv3q5t', settings, 'https://shop.example.com');
  const numbers = ['01k8zv3q5tabcdefghjkmnpqrs', '01k8zv3q5tbcdefghjkmnpqrst'];
  const [first = '', second = ''] = numbers;
  const order = (channelNumber: string) => ({
    channelNumber,
    account: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
    holderName: '张三',
    amount: 9_000n,
  });
  const texts: string[] = [];
  const show = (title: string, count = 1) => {
    texts.push(`### ${title}`, '', ...wechat.traffic.slice(-count).flatMap(exchangeText), '');
  };
  await channel.submit(order(first));
  show('A new transfer');
  await channel.query(first);
  show('Asking about it');
  await channel.submit(order(second));
  await channel.cancel?.(second);
  show('Stopping one: the request is accepted, the next answer says that it is done', 2);
  await channel.query('01k8zv3q5tzzzzzzzzzzzzzzzz');
  show('A number that WeChat does not know');
  wechat.fault({ kind: 'throttled', times: 1 });
  await channel.submit(order(first));
  show('A refusal');
  wechat.confirm(first);
  const bill = wechat.bookkeeping.bills.get(first);
  if (bill === undefined) throw new Error('no bill');
  const plain = await callbackSample(wechat, bill);
  texts.push(...plain);
  wechat.advance(24 * 3600 * 1000);
  await channel.bill?.(beijingDay(new Date()));
  show('The bill of a day: its address, then the file', 2);
  await wechat.close();
  return texts.join('\n');
}

type Simulator = Awaited<ReturnType<typeof startWechatSimulator>>;

async function callbackSample(
  wechat: Simulator,
  bill: Parameters<Simulator['notices']['messageOf']>[0],
): Promise<string[]> {
  const body = wechat.notices.messageOf(bill);
  const { headers } = await wechat.notices.post(`${wechat.url}/callbacks`, body);
  const shown = Object.entries(headers).map(([name, value]) => `${name}: ${shorten(value)}`);
  return [
    '### A callback',
    '',
    ...http('POST /callbacks/wechat/chn_01k8zv3q5t', ...shown, pretty(body)),
    '',
    'What `ciphertext` encloses (AES-256-GCM under the APIv3 key):',
    '',
    '```json',
    JSON.stringify(wechat.notices.plainOf(bill), null, 2),
    '```',
    '',
    'Taken: `200` without a body. Refused (401 or 400): `{"code":"FAIL","message":"..."}`.',
    '',
  ];
}

const randomHeaders = /^(Request-ID|Wechatpay-(?:Timestamp|Nonce|Serial|Signature)): .*$/gim;
const randomFields =
  /"(user_name|transfer_bill_no|package_info|create_time|update_time|id|ciphertext|nonce|download_url|hash_value)": "[^"]*"/g;

/** Everything that is random or a time is one sign. */
const masked = (text: string) =>
  text
    .replace(randomHeaders, '$1: ~')
    .replace(randomFields, '"$1": "~"')
    .replace(/(serial_no|timestamp|nonce_str|signature)="[^"]*"/g, '$1="~"')
    .replace(/(bill_date|token)=[0-9a-f-]+/g, '$1=~')
    .replace(/^`[\d: -]+,`\d+,`\d+,/gm, '`~,`~,`~,');

test('the samples of the page are what goes over the wire', async () => {
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  expect(from).toBeGreaterThan(0);
  const made = await samples();
  if (process.env['WRITE_SAMPLES'] === '1') {
    const next = `${text.slice(0, from + begin.length)}\n\n${made}\n${text.slice(to)}`;
    writeFileSync(page, next.replaceAll(/127\.0\.0\.1:\d+/g, 'api.mch.weixin.qq.com'));
    return;
  }
  const written = text.slice(from + begin.length, to).trim();
  const shape = (sample: string) =>
    masked(sample.replaceAll(/127\.0\.0\.1:\d+/g, 'api.mch.weixin.qq.com')).trim();
  expect(shape(written)).toBe(shape(made));
});
