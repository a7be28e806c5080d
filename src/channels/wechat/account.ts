/** An openid has letters, digits, `_` and `-`; at most 64 (doc merchant/4012716434). */
const openidForm = /^[0-9A-Za-z_-]{1,64}$/;

/** The payee as WeChat Pay knows it: the openid in the merchant's app. Undefined: it cannot be one. */
export function wechatAccount(text: string): string | undefined {
  const openid = text.trim();
  return openidForm.test(openid) ? openid : undefined;
}
