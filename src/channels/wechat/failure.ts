/**
 * Why a bill failed for good, by who can mend it. A bill in FAIL never comes back to life: the money
 * is with the merchant again and is settled under a new payout; until the cause is mended, that one
 * fails the same way.
 * Source: `fail_reason` of the transfer bill (docs merchant/4013774966 and the enumerations of
 * public SDKs, as of 2026-11). New values are possible; they are kept as they are.
 */
export type FailureClass = 'payee' | 'merchant' | 'limit' | 'overdue' | 'risk' | 'other';

const reasons: Readonly<Record<string, readonly [FailureClass, string]>> = {
  ACCOUNT_FROZEN: ['payee', "the payee's account is frozen"],
  REAL_NAME_CHECK_FAIL: ['payee', 'the payee has not verified their identity with WeChat Pay'],
  NAME_NOT_CORRECT: ['payee', "the name is not that of the payee's account"],
  OPENID_INVALID: ['payee', 'the openid is wrong or belongs to another app'],
  ID_CARD_NOT_CORRECT: ['payee', 'the identity card does not match'],
  ACCOUNT_NOT_EXIST: ['payee', 'the payee has no WeChat Pay account'],
  PAYEE_ACCOUNT_ABNORMAL: ['payee', 'the payee must complete their identity with WeChat Pay'],
  RECEIVE_ACCOUNT_NOT_PERMMIT: ['merchant', "the payee is not on the merchant's list of payees"],
  RECEIVE_ACCOUNT_NOT_CONFIGURE: ['merchant', "the merchant's list of payees is not set up"],
  REALNAME_ACCOUNT_RECEIVED_QUOTA_EXCEED: ['payee', 'the account may not receive more this year'],
  TRANSFER_QUOTA_EXCEED: ['limit', 'the amount is outside what one transfer may be'],
  DAY_RECEIVED_QUOTA_EXCEED: ['limit', 'the payee received as much as allowed in a day'],
  MONTH_RECEIVED_QUOTA_EXCEED: ['limit', 'the payee received as much as allowed in a month'],
  DAY_RECEIVED_COUNT_EXCEED: ['limit', 'the payee received as often as allowed in a day'],
  BLOCK_B2C_USERLIMITAMOUNT_BSRULE_MONTH: ['limit', 'the payee received 200,000 yuan this month'],
  BLOCK_B2C_USERLIMITAMOUNT_MONTH: ['risk', 'the payee may not receive more this month'],
  PRODUCT_AUTH_CHECK_FAIL: ['merchant', 'the merchant has no permission for transfers, or lost it'],
  PAYER_ACCOUNT_ABNORMAL: ['merchant', "the merchant's account may not pay at the moment"],
  TRANSFER_SCENE_UNAVAILABLE: ['merchant', 'the transfer scene is not available'],
  TRANSFER_SCENE_INVALID: ['merchant', 'the merchant has not got the transfer scene'],
  TRANSFER_REMARK_SET_FAIL: ['merchant', 'the remark was refused'],
  MERCHANT_REJECT: ['merchant', "the merchant's own approver refused the transfer"],
  MERCHANT_NOT_CONFIRM: ['merchant', "the merchant's own approver did not act in time"],
  MCH_CANCEL: ['merchant', 'the merchant canceled the transfer'],
  OVERDUE_CLOSE: ['overdue', 'the payee did not confirm within 24 hours'],
  TRANSFER_RISK: ['risk', 'WeChat Pay stopped the transfer as a risk'],
  OTHER_FAIL_REASON_TYPE: ['other', 'WeChat Pay gives no reason'],
};

/** Every reason that is known, for tables and docs. */
export const failureReasons = Object.keys(reasons);

export function failureClass(reason: string): FailureClass {
  return Object.hasOwn(reasons, reason) ? (reasons[reason]?.[0] ?? 'other') : 'other';
}

const mends: Readonly<Record<FailureClass, string>> = {
  payee: 'The payee can mend it.',
  merchant: 'The merchant can mend it in its WeChat Pay account.',
  limit: 'It passes once the limit is free again, or is raised.',
  overdue: 'It is paid with a later settlement.',
  risk: 'Look at it with WeChat Pay before paying again.',
  other: 'Ask WeChat Pay.',
};

/** What a failure means and who can mend it. */
export function failureMessage(reason: string): string {
  const words = Object.hasOwn(reasons, reason) ? reasons[reason]?.[1] : undefined;
  return `${words ?? 'a reason that this version does not know'}. ${mends[failureClass(reason)]}`;
}
