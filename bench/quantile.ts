/** What `share` (0 to 1) of the values are below; of an even number's middle the upper one. 0 of no values. */
export function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}
