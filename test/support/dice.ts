/** Random choices that are the same for the same seed (mulberry32). */
export interface Dice {
  /** an integer from 0 to below the number given */
  below(count: number): number;
  one<T>(values: readonly T[]): T;
}

export function diceOf(seed: number): Dice {
  let state = Math.imul(seed, 0x9e_37_79_b1);
  const below = (count: number) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % count;
  };
  return { below, one: (values) => values[below(values.length)]! };
}

/** Seeds of a run: SECOND_SEEDS says the first and how many; without it they are 1 to `usually`. */
export function seeds(usually: number): number[] {
  const [from, count] = (process.env['SECOND_SEEDS'] ?? `1,${usually}`).split(',').map(Number);
  return Array.from({ length: count! }, (_, i) => from! + i);
}
