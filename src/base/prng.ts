/** A stream of random numbers that is the same for the same seed, everywhere. */
export interface Random {
  /** In 0..1, 1 excluded. */
  next(): number
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
  shuffled<T>(from: readonly T[]): T[]
}

/** Mulberry32: 32 bits of state, fast, good enough to choose what a test does. Not for secrets. */
export function createRandom(seed: number): Random {
  let state = (seed ^ 0x9e37_79b9) >>> 0
  const next = () => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const whole = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    whole,
    chance: (probability) => next() < probability,
    pick: (from) => from[whole(0, from.length - 1)]!,
    shuffled: (from) => {
      const items = [...from]
      for (let index = items.length - 1; index > 0; index--) {
        const other = whole(0, index)
        const kept = items[index]!
        items[index] = items[other]!
        items[other] = kept
      }
      return items
    },
  }
}
