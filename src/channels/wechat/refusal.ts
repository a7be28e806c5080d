import type { NotTaken } from '../channel';

/**
 * What an error code says about the request it answers. `ask`: nothing certain; the number is asked
 * about before anything else happens. It never says that a transfer failed: only a bill's state does.
 * The message beside a code is for people (WeChat: "不要依赖这个字段来做自动化处理").
 */
const causes: Readonly<Record<string, NotTaken['cause']>> = {
  PARAM_ERROR: 'setup',
  INVALID_REQUEST: 'setup',
  SIGN_ERROR: 'setup',
  NO_AUTH: 'setup',
  APPID_MCHID_NOT_MATCH: 'setup',
  MCH_NOT_EXISTS: 'setup',
  NOT_ENOUGH: 'balance_short',
  FREQUENCY_LIMITED: 'throttled',
  FREQUENCY_LIMIT_EXCEED: 'throttled',
  RATELIMIT_EXCEEDED: 'throttled',
  QUOTA_EXCEED: 'limit',
};

export function causeOf(code: string): NotTaken['cause'] | undefined {
  return Object.hasOwn(causes, code) ? causes[code] : undefined;
}
