import { normalBankAccount } from '../domain/payout/account-number';
import { alipayAccount } from './alipay/account';
import { alipayAdapter } from './alipay/adapter';
import { alipayLimits } from './alipay/limits';
import { AlipaySettings } from './alipay/settings';
import { bankFileAdapter } from './bank-file/adapter';
import { BankFileSettings } from './bank-file/settings';
import type { ChannelRegistry } from './channel';
import { type ChannelKind, channelKind, type Endpoints } from './kind';
import { sandboxAdapter } from './sandbox/adapter';
import { SandboxSettings } from './sandbox/wire';
import { wechatAccount } from './wechat/account';
import { wechatAdapter } from './wechat/adapter';
import { wechatLimits } from './wechat/limits';
import { WechatSettings } from './wechat/settings';

/** Every kind that this version can pay through. A new one is a line here and a folder beside. */
const kinds: Readonly<Record<string, ChannelKind>> = {
  sandbox: channelKind(SandboxSettings, (id, settings, { sandbox }) =>
    sandboxAdapter(id, settings, sandbox),
  ),
  bankFile: channelKind(BankFileSettings, () => bankFileAdapter(), {
    account: normalBankAccount,
  }),
  alipay: channelKind(AlipaySettings, (_id, settings) => alipayAdapter(settings), {
    fixed: ['appId'],
    limits: alipayLimits,
    account: alipayAccount,
  }),
  wechat: channelKind(
    WechatSettings,
    (id, settings, { callbackBaseUrl }) => wechatAdapter(id, settings, callbackBaseUrl),
    { fixed: ['mchid', 'appid'], limits: wechatLimits, account: wechatAccount },
  ),
};

/** Names of the kinds of channel that this version can pay through. */
export const availableKinds: readonly string[] = Object.keys(kinds);

/** What is known of a kind; undefined: this version cannot pay through it. */
export function kindOf(name: string): ChannelKind | undefined {
  return Object.hasOwn(kinds, name) ? kinds[name] : undefined;
}

/** Opens adapters for stored channels. Built once by `src/main` with what the installation gives. */
export function channelRegistry(endpoints: Endpoints): ChannelRegistry {
  return {
    open({ id, kind, settings }) {
      const known = kindOf(kind);
      if (known === undefined) {
        throw new Error(`channel ${id} is of kind ${kind}, which this version cannot pay through`);
      }
      return known.open(id, settings, endpoints);
    },
  };
}
