import type { NotFound, NotTaken, Unknown } from '../channel';
import type { TransferNews } from '../../domain/payout/news';

/** What a refusal of Alipay means for a transfer. */
type ErrorClass =
  /** says nothing about the transfer: it is asked about */
  | 'unknown'
  | 'not_found'
  | NotTaken['cause']
  /** this order will never be paid: the money goes back, and a new order may be made later */
  | 'failed';

/**
 * By `sub_code`, from the error tables of `alipay.fund.trans.uni.transfer` and
 * `alipay.fund.trans.common.query`; spellings are Alipay's own. A code that is not here is unknown:
 * calling a transfer failed that was paid would pay twice.
 */
const classes: Readonly<Record<string, ErrorClass>> = {
  SYSTEM_ERROR: 'unknown',
  // Another order under this number: only the books of Alipay know which.
  PAYMENT_INFO_INCONSISTENCY: 'unknown',
  ORDER_NOT_EXIST: 'not_found',
  PAYER_BALANCE_NOT_ENOUGH: 'balance_short',
  BALANCE_IS_NOT_ENOUGH: 'balance_short',
  RESOURCE_LIMIT_EXCEED: 'throttled',
  'isv.app-call-limited': 'throttled',
  EXCEED_LIMIT_DM_AMOUNT: 'limit',
  EXCEED_LIMIT_MM_AMOUNT: 'limit',
  PRODUCT_NOT_SIGN: 'setup',
  INVALID_PARAMETER: 'setup',
  PAYER_STATUS_ERROR: 'setup',
  'isv.invalid-signature': 'setup',
  'isv.invalid-app-id': 'setup',
  'isv.insufficient-isv-permissions': 'setup',
  'isv.missing-app-cert-sn': 'setup',
  PAYMENT_TIME_EXPIRE: 'failed',
  EXCEED_LIMIT_SM_AMOUNT: 'failed',
  EXCEED_LIMIT_SM_MIN_AMOUNT: 'failed',
  SECURITY_CHECK_FAILED: 'failed',
  PAYEE_NOT_EXIST: 'failed',
  PAYEE_ACCOUNT_STATUS_ERROR: 'failed',
  PAYEE_USER_INFO_ERROR: 'failed',
  PERM_AML_NOT_REALNAME_REV: 'failed',
  PERMIT_NON_BANK_LIMIT_PAYEE: 'failed',
  PAYEE_ACC_OCUPIED: 'failed',
  CARD_BIN_ERROR: 'failed',
  PAYEE_CARD_INFO_ERROR: 'failed',
  EXCEED_LIMIT_UNRN_DM_AMOUNT: 'failed',
  EXCEED_LIMIT_DC_RECEIVED: 'failed',
  RELEASE_USER_FORBBIDEN_RECIEVE: 'failed',
};

export interface Refused {
  code: string;
  sub_code?: string | undefined;
  sub_msg?: string | undefined;
}

type FailedNews = Extract<TransferNews, { kind: 'failed' }>;

/** A signed refusal in our words. It speaks of this request, so what is not known stays unknown. */
export function refusalNews(refused: Refused): Unknown | NotFound | NotTaken | FailedNews {
  const code = refused.sub_code ?? refused.code;
  const message = refused.sub_msg ?? '';
  const meaning = Object.hasOwn(classes, code) ? (classes[code] ?? 'unknown') : 'unknown';
  switch (meaning) {
    case 'unknown':
      return { kind: 'unknown', detail: `the provider answered ${code.slice(0, 64)}` };
    case 'not_found':
      return { kind: 'not_found' };
    case 'failed':
      return { kind: 'failed', code, message };
    case 'balance_short':
    case 'throttled':
    case 'limit':
    case 'setup':
      return { kind: 'not_taken', cause: meaning, code, message };
  }
}

/** A transfer that Alipay took and that failed later carries its reason beside the status. */
export function failedNews(code: string | undefined, message: string | undefined): FailedNews {
  return { kind: 'failed', code: code ?? 'FAIL', message: message ?? '' };
}
