import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';

/**
 * Settings of a WeChat Pay channel: one merchant, one app, and its keys. Every kind of key is a list,
 * so that a new one can be added before the old one ends. How to get each: docs/channels/wechat.md.
 */

const fault = (code: string, error: string) => ({ error, params: { code } });

/** A word of the scene's report or remark: WeChat counts characters, not bytes. */
const words = (max: number) =>
  z.string().refine((text) => text.trim() !== '' && [...text].length <= max && !hidden.test(text), {
    ...fault('unreadable_text', `must be 1 to ${max} readable characters`),
  });
const hidden = /[\p{Cc}\p{Cs}]/u;

const minimumBits = 2048;

const privateKeyPem = z
  .string()
  .max(8192)
  .refine(isPrivateKey, {
    ...fault('invalid_private_key', 'must be an RSA private key of 2048 bits or more in PEM'),
  });

/** A public key, or a certificate that holds one, in PEM. */
const publicKeyPem = z
  .string()
  .max(16_384)
  .refine(isPublicKey, {
    ...fault('invalid_public_key', 'must be an RSA public key or a certificate in PEM'),
  });

const certificateSerial = z
  .string()
  .regex(/^[0-9A-Fa-f]{8,64}$/)
  .transform((serial) => serial.toUpperCase());

const MerchantKey = z.strictObject({
  /** serial of the merchant's API certificate */
  serial: certificateSerial,
  privateKey: privateKeyPem,
});

const PlatformKey = z
  .strictObject({
    /** `PUB_KEY_ID_...` of a WeChat Pay public key, or the serial of a platform certificate */
    serial: z.union([z.string().regex(/^PUB_KEY_ID_\d{1,50}$/), certificateSerial]),
    publicKey: publicKeyPem,
  })
  .refine(({ serial, publicKey }) => isSerialOf(serial, publicKey), {
    ...fault('serial_mismatch', 'the serial is not that of the certificate'),
    path: ['serial'],
  });

/** Plain HTTP never leaves the machine: the simulator of the tests, a tunnel's near end. */
const isSafeAddress = (text: string) => {
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
};

const address = z
  .url({ protocol: /^https?$/ })
  .max(200)
  .refine((text) => URL.canParse(text) && isSafeAddress(text), {
    ...fault('insecure_address', 'must be an https address'),
  })
  .refine((text) => URL.canParse(text) && isBare(text), {
    ...fault('address_with_query', 'must have no user, query or fragment'),
  })
  .transform((text) => text.replace(/\/+$/, ''));

const isBare = (text: string) => {
  const { search, hash, username, password } = new URL(text);
  return search === '' && hash === '' && username === '' && password === '' && !/[?#]/.test(text);
};

const ReportInfo = z.strictObject({ infoType: words(15), infoContent: words(32) });

export const commissionScene = '1005';
/** What scene 1005 (佣金报酬) must be reported with, word for word. */
const reportOfCommission = ['岗位类型', '报酬说明'];
/** What a payee of scene 1005 can be shown as the kind of money. */
const perceptionsOfCommission = ['劳务报酬', '报销款', '企业补贴', '开工利是'];

export const mainGateway = 'https://api.mch.weixin.qq.com';
export const backupGateway = 'https://api2.mch.weixin.qq.com';

export const WechatSettings = z
  .strictObject({
    mchid: z.string().regex(/^\d{6,32}$/),
    appid: z.string().regex(/^[0-9A-Za-z]{6,32}$/),
    /** the first signs; the others stay for the time of a change */
    merchantKeys: z.array(MerchantKey).min(1).max(4),
    /** 32 characters each; a callback is opened with whichever fits */
    apiV3Keys: z
      .array(z.string().regex(/^[\x21-\x7e]{32}$/))
      .min(1)
      .max(4),
    /** the first encrypts names; any of them verifies */
    platformKeys: z.array(PlatformKey).min(1).max(8),
    /** 1005: 佣金报酬 */
    transferSceneId: z
      .string()
      .regex(/^[0-9A-Za-z]{1,36}$/)
      .default(commissionScene),
    /** what the merchant declares about the payments; the payee does not see it */
    sceneReportInfos: z.array(ReportInfo).min(1).max(10),
    /** what the payee sees as the kind of money; left out: what the scene shows by itself */
    userRecvPerception: words(32).optional(),
    /** what the payee reads with the transfer */
    remark: words(32),
    /**
     * `always`: the payee's name is sent, and checked by WeChat, wherever it may be (from 0.30 yuan);
     * `whenRequired`: only where it must be (from 2,000 yuan)
     */
    checkName: z.enum(['always', 'whenRequired']).default('always'),
    /** where WeChat reaches this API; left out: the installation's address, when that is https */
    notifyBaseUrl: address.optional(),
    /** the nearest access point first, then the one for the case that it cannot be reached */
    gatewayUrls: z.array(address).min(1).max(4).default([mainGateway, backupGateway]),
    /** the account that pays, whose movements are the bill of a day */
    fundAccount: z.enum(['BASIC', 'OPERATION', 'FEES']).default('OPERATION'),
    /** the first wait before a bill is asked about; all later waits grow with it */
    pollMs: z.number().int().min(50).max(60_000).default(5000),
    /** how long a call waits for its answer, with all tries */
    timeoutMs: z.number().int().min(500).max(7000).default(6000),
  })
  .superRefine((settings, context) => {
    const report = (path: string, code: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message, params: { code } });
    for (const name of ['merchantKeys', 'platformKeys'] as const) {
      const serials = settings[name].map(({ serial }) => serial);
      if (new Set(serials).size < serials.length) {
        report(name, 'duplicate_serial', 'has a serial twice');
      }
    }
    if (settings.transferSceneId !== commissionScene) return;
    const given = settings.sceneReportInfos.map(({ infoType }) => infoType);
    const isComplete =
      given.length === 2 && reportOfCommission.every((type) => given.includes(type));
    if (!isComplete) {
      const wanted = reportOfCommission.join(' and ');
      report('sceneReportInfos', 'scene_report', `scene 1005 is reported with ${wanted}`);
    }
    const { userRecvPerception: shown } = settings;
    if (shown !== undefined && !perceptionsOfCommission.includes(shown)) {
      const known = perceptionsOfCommission.join(', ');
      report('userRecvPerception', 'perception', `scene 1005 knows ${known}`);
    }
  });

export type WechatSettings = z.output<typeof WechatSettings>;

function isPrivateKey(pem: string): boolean {
  try {
    const key = createPrivateKey(pem);
    return isLongRsa(key.asymmetricKeyType, key.asymmetricKeyDetails?.modulusLength);
  } catch {
    return false;
  }
}

function isPublicKey(pem: string): boolean {
  // `createPublicKey` would take a private key too, and keep it.
  if (pem.includes('PRIVATE KEY')) return false;
  try {
    const key = createPublicKey(pem);
    return isLongRsa(key.asymmetricKeyType, key.asymmetricKeyDetails?.modulusLength);
  } catch {
    return false;
  }
}

function isLongRsa(type: string | undefined, bits: number | undefined): boolean {
  return type === 'rsa' && bits !== undefined && bits >= minimumBits;
}

function isSerialOf(serial: string, pem: string): boolean {
  if (!pem.includes('BEGIN CERTIFICATE')) return true;
  const strip = (text: string) => text.replace(/^0+/, '').toUpperCase();
  try {
    return strip(new X509Certificate(pem).serialNumber) === strip(serial);
  } catch {
    return true; // said by the key itself
  }
}
