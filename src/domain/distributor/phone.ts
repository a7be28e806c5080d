const separators = /[\s().-]/g;
const mainlandMobile = /^1[3-9]\d{9}$/;
const mainlandPrefix = /^(?:\+|00)86(?=1[3-9]\d{9}$)/;
const international = /^\+[1-9]\d{6,14}$/;
const national = /^\d{7,15}$/;

/**
 * One spelling for one number: spaces, dots, dashes and brackets go; a mainland mobile loses its
 * +86 or 0086 or a bare 86; others keep their country code. Undefined when it cannot be a phone number.
 */
export function normalizePhone(text: string): string | undefined {
  const bare = text.replace(separators, '');
  const local = bare.replace(mainlandPrefix, '').replace(/^86(?=1[3-9]\d{9}$)/, '');
  if (mainlandMobile.test(local)) return local;
  const dialed = bare.replace(/^00(?=[1-9])/, '+');
  return international.test(dialed) || national.test(dialed) ? dialed : undefined;
}
