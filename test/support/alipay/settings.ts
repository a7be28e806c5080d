import { alipayKeys } from './keys';
import type { AlipaySimulator } from './provider';

/** Settings of a channel that is the simulator's merchant, for `POST /v1/channels`. */
export function alipaySettings(
  alipay: AlipaySimulator,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    appId: alipay.appId,
    appPrivateKey: alipayKeys.app.key,
    appCertificate: alipayKeys.app.certificate,
    alipayCertificates: [alipayKeys.alipay.certificate],
    alipayRootCertificate: alipayKeys.root,
    gateway: alipay.url,
    ...changes,
  };
}
