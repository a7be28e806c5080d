import { createHash, X509Certificate } from 'node:crypto';

const pemBlock = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates in a PEM text, in order. Texts that are none are refused by `X509Certificate`. */
export function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(pemBlock) ?? []).map((block) => new X509Certificate(block));
}

/**
 * The serial number by which Alipay names a certificate: MD5 of the issuer (its parts from the most
 * specific on, joined by commas) and the certificate's own number in decimal.
 * Source: the official SDKs (`getCertSN`).
 */
export function serialOf(certificate: X509Certificate): string {
  const issuer = certificate.issuer.split('\n').reverse().join(',');
  const number = BigInt(`0x${certificate.serialNumber}`).toString(10);
  return createHash('md5').update(`${issuer}${number}`, 'utf8').digest('hex');
}

/** A root file holds several certificates; those with an RSA key count, joined by `_`. */
export function rootSerialOf(pem: string): string {
  return certificatesIn(pem)
    .filter(({ publicKey }) => publicKey.asymmetricKeyType === 'rsa')
    .map(serialOf)
    .join('_');
}
