import type { IncomingHttpHeaders } from 'node:http';
import { decryptName, isSignature } from './crypto';
import type { KeyPair } from './keys';

/** A refusal as WeChat Pay answers it. */
export class WechatError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const paramError = (message: string) => new WechatError(400, 'PARAM_ERROR', message);

export interface Merchant {
  mchid: string;
  appid: string;
  /** public keys of the merchant's API certificates that are in force */
  merchantKeys: readonly KeyPair[];
  /** WeChat Pay's keys in force, the newest first */
  platformKeys: readonly KeyPair[];
}

export interface RequestParts {
  method: string;
  /** path and query, as they came */
  target: string;
  headers: IncomingHttpHeaders;
  body: string;
}

const scheme = /^WECHATPAY2-SHA256-RSA2048 (.+)$/;
const toleranceSeconds = 300;

/** Who calls, by the signature over the request as it came. @throws WechatError SIGN_ERROR */
export function authenticate(request: RequestParts, merchant: Merchant): void {
  const refused = (why: string) => new WechatError(401, 'SIGN_ERROR', why);
  const { headers, method, target, body } = request;
  const parts = scheme.exec(headers.authorization ?? '')?.[1];
  if (parts === undefined) throw refused('Http头Authorization值格式错误');
  const pairs = [...parts.matchAll(/(\w+)="([^"]*)"(?:,|$)/g)];
  const given = Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
  const { mchid, nonce_str: nonce, timestamp, serial_no: serial, signature } = given;
  if (!mchid || !nonce || !timestamp || !serial || !signature || pairs.length !== 5) {
    throw refused('Http头Authorization值格式错误');
  }
  if (mchid !== merchant.mchid) throw refused('商户号不存在');
  if (!/^[0-9A-Za-z]{1,32}$/.test(nonce)) throw refused('随机串格式错误');
  const age = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!/^\d{10}$/.test(timestamp) || age > toleranceSeconds) throw refused('请求时间戳已过期');
  const key = merchant.merchantKeys.find((known) => known.serial === serial);
  if (key === undefined) throw refused('商户证书序列号有误');
  if (!isSignature([method, target, timestamp, nonce, body], signature, key.publicKey)) {
    throw refused('签名错误');
  }
  if (!headers.accept?.includes('application/json') || !headers['user-agent']) {
    throw new WechatError(400, 'PARAM_ERROR', 'Http头缺少Accept或User-Agent');
  }
  if (method === 'POST' && !headers['content-type']?.startsWith('application/json')) {
    throw new WechatError(415, 'PARAM_ERROR', 'Content-Type须为application/json');
  }
}

export interface TransferRequest {
  appid: string;
  out_bill_no: string;
  transfer_scene_id: string;
  openid: string;
  /** in clear */
  user_name: string | null;
  transfer_amount: number;
  transfer_remark: string;
  notify_url: string | null;
  user_recv_perception: string | null;
  transfer_scene_report_infos: { info_type: string; info_content: string }[];
}

const known = [
  'appid',
  'out_bill_no',
  'transfer_scene_id',
  'openid',
  'user_name',
  'transfer_amount',
  'transfer_remark',
  'notify_url',
  'user_recv_perception',
  'transfer_scene_report_infos',
];

/** Reads the body of a new transfer and checks every field. @throws WechatError */
export function readTransfer(request: RequestParts, merchant: Merchant): TransferRequest {
  const given = objectOf(request.body);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw paramError('请求中含有未在API文档中定义的参数');
  const transfer: TransferRequest = {
    appid: text(given, 'appid', 32),
    out_bill_no: text(given, 'out_bill_no', 32),
    transfer_scene_id: text(given, 'transfer_scene_id', 36),
    openid: text(given, 'openid', 64),
    user_name: nameOf(given, request.headers['wechatpay-serial'], merchant),
    transfer_amount: amountOf(given),
    transfer_remark: text(given, 'transfer_remark', 32),
    notify_url: notifyUrlOf(given),
    user_recv_perception:
      given['user_recv_perception'] === undefined ? null : text(given, 'user_recv_perception', 32),
    transfer_scene_report_infos: reportOf(given),
  };
  if (!/^[0-9A-Za-z]+$/.test(transfer.out_bill_no)) throw paramError('商户单号格式错误');
  if (transfer.appid !== merchant.appid) {
    throw new WechatError(400, 'INVALID_REQUEST', '商户号和appid没有绑定关系');
  }
  if (!/^[0-9A-Za-z_-]+$/.test(transfer.openid)) throw paramError('openid格式错误');
  checkScene(transfer);
  checkName(transfer);
  return transfer;
}

function objectOf(body: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return parsed as Record<string, unknown>;
    }
  } catch {
    // refused below
  }
  throw paramError('请求体不是合法的JSON');
}

function text(given: Record<string, unknown>, name: string, max: number): string {
  const value = given[name];
  if (typeof value !== 'string' || value === '') throw paramError(`缺少参数${name}`);
  if ([...value].length > max) throw paramError(`参数${name}过长`);
  return value;
}

function amountOf(given: Record<string, unknown>): number {
  const value = given['transfer_amount'];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) {
    throw paramError('转账金额须为正整数，单位为分');
  }
  return value;
}

function notifyUrlOf(given: Record<string, unknown>): string | null {
  if (given['notify_url'] === undefined) return null;
  const value = text(given, 'notify_url', 256);
  if (!URL.canParse(value) || value.includes('?') || value.includes('#')) {
    throw paramError('notify_url不能携带参数');
  }
  const { protocol, hostname } = new URL(value);
  // The one thing that this simulator allows and WeChat does not: plain HTTP to the same machine.
  if (protocol !== 'https:' && hostname !== '127.0.0.1') throw paramError('notify_url须为https');
  return value;
}

function nameOf(
  given: Record<string, unknown>,
  serial: string | string[] | undefined,
  merchant: Merchant,
): string | null {
  if (given['user_name'] === undefined) return null;
  const sealed = text(given, 'user_name', 1024);
  const key = merchant.platformKeys.find((candidate) => candidate.serial === serial);
  if (key === undefined) throw paramError('Http头Wechatpay-Serial缺失或有误');
  try {
    return decryptName(sealed, key.privateKey);
  } catch {
    throw paramError('敏感信息解密失败');
  }
}

function reportOf(given: Record<string, unknown>): TransferRequest['transfer_scene_report_infos'] {
  const infos = given['transfer_scene_report_infos'];
  if (!Array.isArray(infos)) throw paramError('需传入转账场景报备信息,请检查');
  return infos.map((info: unknown) => {
    const pair = info as Record<string, unknown>;
    if (Object.keys(pair).some((name) => !['info_type', 'info_content'].includes(name))) {
      throw paramError('请求中含有未在API文档中定义的参数');
    }
    return {
      info_type: text(pair, 'info_type', 15),
      info_content: text(pair, 'info_content', 32),
    };
  });
}

const commission = {
  scene: '1005',
  report: ['岗位类型', '报酬说明'],
  perceptions: ['劳务报酬', '报销款', '企业补贴', '开工利是'],
};

function checkScene(transfer: TransferRequest): void {
  if (transfer.transfer_scene_id !== commission.scene) {
    throw new WechatError(400, 'INVALID_REQUEST', '你尚未获取该转账场景');
  }
  const types = transfer.transfer_scene_report_infos.map(({ info_type }) => info_type);
  if (types.length !== 2 || !commission.report.every((type) => types.includes(type))) {
    throw paramError('需传入转账场景报备信息,请检查');
  }
  const shown = transfer.user_recv_perception;
  if (shown !== null && !commission.perceptions.includes(shown)) {
    throw new WechatError(400, 'INVALID_REQUEST', '暂不支持展示当前传入的用户收款感知');
  }
}

function checkName({ transfer_amount: amount, user_name: name }: TransferRequest): void {
  if (amount >= 200_000 && name === null) throw paramError('转账金额大于等于2000元时须填写姓名');
  if (amount < 30 && name !== null) throw paramError('转账金额小于0.3元时不允许填写姓名');
}
