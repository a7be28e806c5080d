import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { WechatSettings } from './settings';

/** A key under the serial by which the other side knows it. */
export interface NamedKey {
  readonly serial: string;
  readonly key: KeyObject;
}

/** The keys of one channel, ready for use. */
export interface KeyRing {
  /** ours, the one to sign with first */
  readonly signing: readonly NamedKey[];
  /** WeChat's, the one to encrypt with first */
  readonly platform: readonly NamedKey[];
  readonly apiV3: readonly string[];
}

/** Reads the keys of checked settings. */
export function keyRing(settings: WechatSettings): KeyRing {
  return {
    signing: settings.merchantKeys.map(({ serial, privateKey }) => ({
      serial,
      key: createPrivateKey(privateKey),
    })),
    platform: settings.platformKeys.map(({ serial, publicKey }) => ({
      serial,
      key: createPublicKey(publicKey),
    })),
    apiV3: settings.apiV3Keys,
  };
}

/** The key that a `Wechatpay-Serial` header names. Certificate serials are compared as hex numbers. */
export function platformKey(ring: KeyRing, serial: string): KeyObject | undefined {
  const wanted = serial.toUpperCase();
  return ring.platform.find((known) => known.serial === wanted)?.key;
}
