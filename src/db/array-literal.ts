/** An element of PostgreSQL's text form of an array. */
export function quoted(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
}

/**
 * An array of texts and whole numbers as PostgreSQL reads it. The driver escapes every element with two
 * regular expressions, which few of ours need. Anything else is answered as it is, for the driver.
 */
export function asParameter(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const elements: string[] = [];
  for (const element of value as unknown[]) {
    if (typeof element === 'string') elements.push(quoted(element));
    else if (typeof element === 'bigint') elements.push(String(element));
    else if (element === null || element === undefined) elements.push('NULL');
    else return value;
  }
  return `{${elements.join(',')}}`;
}
