// ISO/IEC 7812-1, as China's banks issue cards: UnionPay's 60, 62 and 68 and the old 9558 with 16 to
// 19 digits, Mastercard and Visa with 16. Accounts of companies have no common form or check digit.
const cardForm = /^(?:6[028]\d{14,17}|9558\d{12,15}|[45]\d{15})$/;
const cardLength = /^\d{16,19}$/;
/** What a bank's file holds of one: ISO 20022 `Max34Text`. */
const accountForm = /^[0-9A-Za-z]{4,34}$/;
const ibanForm = /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/;

/** Spaces and dashes are how people group digits; no number has any. */
const withoutGroups = (text: string) => text.replace(/[ -]/g, '');

/**
 * A bank card in its normal form: 16 to 19 digits whose check digit is right (Luhn, ISO/IEC 7812-1).
 * Undefined when it cannot be one.
 */
export function normalCard(text: string): string | undefined {
  const number = withoutGroups(text);
  return cardLength.test(number) && hasRightCheckDigit(number) ? number : undefined;
}

/**
 * An account at a bank in its normal form: a card, an IBAN (ISO 13616), or another number of 4 to 34
 * letters and digits. Undefined when it cannot be one: a card or an IBAN whose check digits are wrong,
 * or what a spreadsheet makes of a long number (`6.22E+18`).
 */
export function normalBankAccount(text: string): string | undefined {
  const number = withoutGroups(text);
  if (!accountForm.test(number)) return undefined;
  if (cardForm.test(number)) return normalCard(number);
  const upper = number.toUpperCase();
  if (!ibanForm.test(upper)) return number;
  return isIban(upper) ? upper : undefined;
}

/** From the right every second digit counts twice, and the digits of what comes out are added. */
function hasRightCheckDigit(number: string): boolean {
  const sum = Array.from(number)
    .reverse()
    .map((digit, index) => Number(digit) * (index % 2 === 0 ? 1 : 2))
    .reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return sum % 10 === 0;
}

/** The first four to the end, letters as 10 to 35: the remainder by 97 is 1. */
function isIban(iban: string): boolean {
  const digits = Array.from(iban.slice(4) + iban.slice(0, 4)).map((sign) => parseInt(sign, 36));
  return BigInt(digits.join('')) % 97n === 1n;
}
