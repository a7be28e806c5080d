import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (file: string) => readFileSync(join(__dirname, 'keys', file), 'utf8');

/** Keys and certificates made for these tests alone; they open nothing. */
export const alipayKeys = {
  app: { key: read('app.key.pem'), certificate: read('app.cert.pem') },
  alipay: { key: read('alipay.key.pem'), certificate: read('alipay.cert.pem') },
  /** to which Alipay changes */
  next: { key: read('alipay-next.key.pem'), certificate: read('alipay-next.cert.pem') },
  stranger: { key: read('stranger.key.pem'), certificate: read('stranger.cert.pem') },
  /** an RSA root and one with an elliptic curve, which does not count */
  root: read('root.cert.pem'),
};
