/**
 * Compares two texts by their code points. The plain `<` of JavaScript compares UTF-16 units, which
 * puts characters above U+FFFF before some below it.
 * @returns below 0, 0 or above 0, as a sort function wants it
 */
export function compareCodePoints(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
