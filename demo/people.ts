import { createHash } from 'node:crypto';

/** One made-up distributor. */
export interface Person {
  readonly index: number;
  readonly externalId: string;
  readonly name: string;
  readonly phone: string;
  readonly tier: 'bronze' | 'gold';
  /** index of the upline; undefined at the top of a tree */
  readonly sponsor: number | undefined;
  /** undefined: the settlement has to leave this one out and say why */
  readonly idNumber: string | undefined;
  /** the sandbox's payees are named by what happens to them; undefined as above */
  readonly account: string | undefined;
}

export interface People {
  /** begins every externalId: the same file gives the same ids, another file others */
  readonly tag: string;
  readonly list: readonly Person[];
  /** Who brings a customer; undefined for one who came alone. */
  distributorOf(customer: string): Person | undefined;
}

export const peopleCount = 200;
const roots = 8;
const directsEach = 4;
const goldEvery = 10;
/** Out of 100 customers, how many come without a distributor. */
const unboundPercent = 15;
/** Above 1 a few distributors bring most customers, as in life. */
const skew = 2.5;

const oddities = 40;
/** Of 40 distributors in a row these are not paid straight away. */
const oddAccounts: Readonly<Record<number, string>> = {
  1: 'slow',
  3: 'fail:ACCOUNT_CLOSED',
  4: 'dup-callback',
  5: 'unknown-then-ok',
  6: 'late-callback',
  8: 'return',
  9: 'unknown-then-none',
  11: 'confirm-expire',
  14: 'slow',
  17: 'dup-callback',
  22: 'unknown-then-ok',
};
const withoutAccount = 12;
const withoutTaxProfile = 13;

/** The distributors of a file, the same ones on every run. */
export function peopleOf(fileHash: string): People {
  const tag = `retail-${fileHash.slice(0, 8)}`;
  const list = Array.from({ length: peopleCount }, (_, index) => personOf(tag, index));
  return { tag, list, distributorOf: (customer) => list[shareOf(tag, customer)] };
}

function personOf(tag: string, index: number): Person {
  const place = index % oddities;
  return {
    index,
    externalId: `${tag}-d${String(index).padStart(3, '0')}`,
    name: nameOf(index),
    phone: `199${String(10_000_000 + (numberOf(`${tag} phone ${index}`) % 90_000_000))}`,
    tier: index % goldEvery === 0 ? 'gold' : 'bronze',
    sponsor: index < roots ? undefined : Math.floor((index - roots) / directsEach),
    idNumber: place === withoutTaxProfile ? undefined : idNumberOf(tag, index),
    account: place === withoutAccount ? undefined : (oddAccounts[place] ?? 'ok'),
  };
}

/** Index of the distributor who brings a customer; out of range for nobody. */
function shareOf(tag: string, customer: string): number {
  if (numberOf(`${tag} alone ${customer}`) % 100 < unboundPercent) return -1;
  const part = numberOf(`${tag} customer ${customer}`) / 2 ** 32;
  return Math.floor(peopleCount * part ** skew);
}

const surnames = [...'王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗'];
const givenNames = [...'安平宁远清嘉文思明月晨雨欣然子涵一诺书瑶景行'];

function nameOf(index: number): string {
  const surname = surnames[index % surnames.length] ?? '';
  const first = givenNames[Math.floor(index / surnames.length) % givenNames.length] ?? '';
  const second = givenNames[(index * 7 + 3) % givenNames.length] ?? '';
  return `${surname}${first}${second}`;
}

const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/**
 * A resident's ID number that passes its checksum (GB 11643-1999). It is made up; that somebody
 * has it would be chance.
 */
export function idNumberOf(tag: string, index: number): string {
  const seed = numberOf(`${tag} id ${index}`);
  const year = 1960 + (index % 40);
  const month = String(1 + (seed % 12)).padStart(2, '0');
  const day = String(1 + ((seed >>> 4) % 28)).padStart(2, '0');
  // Within one year of birth the sequence differs, so two people never share a number.
  const sequence =
    String((seed >>> 9) % 100).padStart(2, '0') + String(Math.floor(index / 40) % 10);
  const body = `110101${year}${month}${day}${sequence}`;
  const sum = weights.reduce((total, weight, i) => total + weight * Number(body[i]), 0);
  return `${body}${'10X98765432'.charAt(sum % 11)}`;
}

/** 32 bits that are the same for the same text on every machine. */
function numberOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}
