import type { AlipaySimulator } from './alipay/provider';
import { alipaySettings } from './alipay/settings';
import type { WechatSimulator } from './wechat/simulator';

/** Settings of a channel of each kind, for `POST /v1/channels`. */
export function settingsOfKinds(wechat: WechatSimulator, alipay: AlipaySimulator) {
  return {
    sandbox: {},
    wechat: wechat.settings(),
    alipay: alipaySettings(alipay),
    bankFile: {
      ...{ debtorName: 'Some Shop Ltd', debtorAccount: '1234567890' },
      debtorClearingCode: '102100099996',
    },
  };
}

export type KindOfChannel = keyof ReturnType<typeof settingsOfKinds>;
