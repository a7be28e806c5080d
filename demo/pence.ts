/**
 * The demo's currency rule. The shop sold in pounds; withholding tax and payouts need CNY. So one
 * pound is taken as one yuan and one penny as one fen (1:100 in the minor unit), which keeps every
 * amount of the source readable in the result.
 */
export const currency = 'CNY';

/**
 * Pounds as written in the source ("2.55", "7.5", "-11062.06") to fen. A price with more than two
 * decimals ("0.001") is rounded half up, away from zero; the second value says whether it was.
 */
export function fenOf(pounds: string): { amount: bigint; rounded: boolean } | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(pounds.trim());
  if (match === null) return undefined;
  const [, sign, whole = '0', fraction = ''] = match;
  const minor = BigInt(whole) * 100n + BigInt(fraction.slice(0, 2).padEnd(2, '0'));
  const rest = fraction.slice(2);
  const up = rest !== '' && Number(rest[0]) >= 5 ? 1n : 0n;
  const amount = sign === '-' ? -(minor + up) : minor + up;
  return { amount, rounded: /[1-9]/.test(rest) };
}

/** Fen as people read them: 123456n is "1,234.56". */
export function readable(fen: bigint): string {
  const digits = (fen < 0n ? -fen : fen).toString().padStart(3, '0');
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${fen < 0n ? '-' : ''}${whole}.${digits.slice(-2)}`;
}
