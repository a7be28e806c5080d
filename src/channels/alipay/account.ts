import { normalizePhone } from '../../domain/distributor/phone';
import { normalCard } from '../../domain/payout/account-number';
import type { AlipaySettings } from './settings';

const emailForm = /^[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)+$/;
const logonAtMost = 100;
/** A partner number of a person; Alipay's all begin with 2088. */
const userIdForm = /^2088\d{12}$/;
const openIdForm = /^[0-9A-Za-z_-]{1,128}$/;

/**
 * How a channel's settings make it name a payee: a bank card, a sign-in name (e-mail address or phone
 * number), a user id or an open id. Undefined for a text that cannot be one.
 */
export function alipayAccount(
  text: string,
  { product, identityType }: Pick<AlipaySettings, 'product' | 'identityType'>,
): string | undefined {
  if (product === 'bankCard') return normalCard(text);
  const account = text.trim();
  switch (identityType) {
    case 'ALIPAY_LOGON_ID':
      return logonName(account);
    case 'ALIPAY_USER_ID':
      return userIdForm.test(account) ? account : undefined;
    case 'ALIPAY_OPEN_ID':
      return openIdForm.test(account) ? account : undefined;
  }
}

function logonName(account: string): string | undefined {
  if (account.length > logonAtMost) return undefined;
  return emailForm.test(account) ? account : normalizePhone(account);
}
