import type { Month } from '../kernel/period';

/** What a tax profile can be of. */
export type TaxProfileKind = 'individual' | 'individualBusiness' | 'company';

/** Whose tax the resident's tables know. `nonResident` people's tax is not computed here. */
export type Residency = 'mainland' | 'nonResident';

// GB 11643-1999: weights of the first 17 digits and the check characters by remainder.
const residentWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;
const residentChecks = '10X98765432';
// GB/T 2260: the provinces; 81 to 83 are residence permits of Hong Kong, Macao and Taiwan people.
const provinces = new Set([
  ...['11', '12', '13', '14', '15', '21', '22', '23', '31', '32', '33', '34', '35', '36', '37'],
  ...['41', '42', '43', '44', '45', '46', '50', '51', '52', '53', '54'],
  ...['61', '62', '63', '64', '65', '71', '81', '82', '83'],
]);
// GB 32100-2015: 31 characters without I, O, S, V, Z; weights are powers of 3 modulo 31.
const creditAlphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const creditLength = 18;
const adultYears = 18;
/** Nobody younger may be employed (Labour Law, article 15). */
const workYears = 16;
// Passports and travel permits have 5 to 20 letters and digits, and no common check character.
const foreignDocument = /^[A-Z0-9]{5,20}$/;

/**
 * The normal form of an ID number of this kind (a resident's ID for `individual`, a unified social
 * credit code for the others), or undefined when it cannot be one: form, region, date or checksum.
 * A non-resident individual has a passport or another document: 5 to 20 letters and digits.
 */
export function normalIdNumber(
  kind: TaxProfileKind,
  text: string,
  residency: Residency = 'mainland',
): string | undefined {
  if (residency === 'nonResident') return kind === 'individual' ? normalForeign(text) : undefined;
  return kind === 'individual' ? normalResidentId(text) : normalCreditCode(text);
}

/**
 * A resident's ID number (18 characters, GB 11643-1999) in its normal form: the check character
 * `x` may be written small. Undefined when it cannot exist.
 */
export function normalResidentId(text: string): string | undefined {
  const id = text.toUpperCase();
  if (!/^[1-9]\d{5}(19|20)\d{9}[\dX]$/.test(id)) return undefined;
  if (!provinces.has(id.slice(0, 2)) || !isDate(birthDateOf(id))) return undefined;
  const sum = residentWeights.reduce((total, weight, i) => total + weight * Number(id[i]), 0);
  return residentChecks[sum % 11] === id[17] ? id : undefined;
}

/** A unified social credit code (18 characters, GB 32100-2015) in upper case, or undefined. */
export function normalCreditCode(text: string): string | undefined {
  const code = text.toUpperCase();
  if (code.length !== creditLength) return undefined;
  let weight = 1;
  let sum = 0;
  for (let i = 0; i < creditLength - 1; i += 1) {
    const value = creditAlphabet.indexOf(code.charAt(i));
    if (value < 0) return undefined;
    sum += value * weight;
    weight = (weight * 3) % 31;
  }
  return creditAlphabet[(31 - (sum % 31)) % 31] === code[creditLength - 1] ? code : undefined;
}

function normalForeign(text: string): string | undefined {
  const number = text.toUpperCase();
  return foreignDocument.test(number) ? number : undefined;
}

/** The kinds of documents as a declaration names them; by the number, GB/T 2260. */
export type DocumentType = 'residentId' | 'hongKongMacaoPermit' | 'taiwanPermit' | 'creditCode';

/** What kind of document a checked number is of. */
export function documentTypeOf(idNumber: string): DocumentType {
  if (normalResidentId(idNumber) === undefined) return 'creditCode';
  const province = idNumber.slice(0, 2);
  if (province === '81' || province === '82') return 'hongKongMacaoPermit';
  return province === '83' ? 'taiwanPermit' : 'residentId';
}

/** The birth date in a resident's ID number, `YYYY-MM-DD`. */
export function birthDateOf(residentId: string): string {
  return `${residentId.slice(6, 10)}-${residentId.slice(10, 12)}-${residentId.slice(12, 14)}`;
}

/**
 * Whether a person is under 18 on the first day of a month: then a payment of that month stops for
 * review. Whoever turns 18 within a month waits for the next one, so no minor is paid by mistake.
 */
export function isMinorIn(month: Month, residentId: string): boolean {
  return isYoungerIn(month, residentId, adultYears);
}

/** Whether a person is under 16 on the first day of a month: no decision makes paying them lawful. */
export function isTooYoungToWorkIn(month: Month, residentId: string): boolean {
  return isYoungerIn(month, residentId, workYears);
}

function isYoungerIn(month: Month, residentId: string, years: number): boolean {
  const [year = '', ...monthAndDay] = birthDateOf(residentId).split('-');
  const oldFrom = [String(Number(year) + years), ...monthAndDay].join('-');
  return oldFrom > `${month}-01`;
}

function isDate(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && month > 0;
}
