import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { certificatesIn } from './certificate';

const isCertificates = (least: number) => (text: string) => {
  try {
    return certificatesIn(text).length >= least;
  } catch {
    return false;
  }
};

const certificate = z
  .string()
  .max(20_000)
  .refine(isCertificates(1), { error: 'must be a certificate in PEM' });

function isPrivateKey(pem: string): boolean {
  try {
    const key = createPrivateKey(pem);
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return key.asymmetricKeyType === 'rsa' && bits >= 2048;
  } catch {
    return false;
  }
}

/** Ways in which Alipay names a payee. A card is a way of its own, with its own product. */
const identityTypes = ['ALIPAY_LOGON_ID', 'ALIPAY_USER_ID', 'ALIPAY_OPEN_ID'] as const;

/**
 * Settings of an Alipay channel. Transfers demand the certificate mode: the app's key with its
 * certificate, Alipay's certificate (two while it is being changed) and Alipay's root file.
 */
export const AlipaySettings = z.strictObject({
  appId: z.string().regex(/^\d{16}$/, { error: 'must be 16 digits' }),
  /** PEM, PKCS#1 or PKCS#8, RSA of at least 2048 bits */
  appPrivateKey: z
    .string()
    .max(20_000)
    .refine(isPrivateKey, { error: 'must be an RSA private key of at least 2048 bits in PEM' }),
  appCertificate: certificate,
  alipayCertificates: z.array(certificate).min(1).max(5),
  alipayRootCertificate: certificate,
  /** the real one when left out */
  gateway: z.url({ protocol: /^https?$/ }).default('https://openapi.alipay.com/gateway.do'),
  product: z.enum(['account', 'bankCard']).default('account'),
  identityType: z.enum(identityTypes).default('ALIPAY_LOGON_ID'),
  /** what the payee reads */
  orderTitle: z.string().min(1).max(128).default('推广佣金'),
  remark: z.string().min(1).max(200).default('推广佣金'),
  transferSceneName: z.string().min(1).max(32).optional(),
  transferSceneReportInfos: z
    .array(
      z.strictObject({
        infoType: z.string().min(1).max(32),
        infoContent: z.string().min(1).max(64),
      }),
    )
    .max(10)
    .optional(),
  /** how long a call waits for its answer */
  timeoutMs: z.number().int().min(1000).max(8000).default(5000),
});

export type AlipaySettings = z.output<typeof AlipaySettings>;
