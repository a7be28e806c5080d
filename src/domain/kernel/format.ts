/** ISO 4217 currencies whose minor unit is not a hundredth. */
const digitsByCurrency: Readonly<Record<string, number>> = {
  JPY: 0,
  KRW: 0,
  VND: 0,
  CLP: 0,
  ISK: 0,
  KWD: 3,
  BHD: 3,
  OMR: 3,
  TND: 3,
  JOD: 3,
};

/** An amount of the minor unit as people write it, such as `CNY 1200.05`; exact, for any size. */
export function amountText(amount: bigint, currency: string): string {
  const digits = digitsByCurrency[currency] ?? 2;
  const sign = amount < 0n ? '-' : '';
  const text = (amount < 0n ? -amount : amount).toString().padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  return `${currency} ${sign}${whole}${digits > 0 ? `.${text.slice(-digits)}` : ''}`;
}

/** A moment on the clocks of a time zone, such as `2026-11-01 10:00`. */
export function momentText(moment: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(moment);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
}
