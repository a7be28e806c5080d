/** Letters and digits that nobody takes for another when reading them aloud: no 0 O 1 I L U. */
export const codeAlphabet = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';

/** 30^8 codes: at a million distributors in a program a new one collides once in 650,000 tries. */
export const codeLength = 8;

const shape = new RegExp(`^[${codeAlphabet}]{${codeLength}}$`);

/** Makes a code out of random numbers that the caller draws, each from 0 to below the bound. */
export function makeCode(draw: (below: number) => number): string {
  return Array.from({ length: codeLength }, () => codeAlphabet[draw(codeAlphabet.length)]).join('');
}

/** Codes are typed by people: case and surrounding spaces do not matter. */
export function normalizeCode(text: string): string {
  return text.trim().toUpperCase();
}

export function isCode(text: string): boolean {
  return shape.test(text);
}
