// The one source of chance in the simulator: small, seeded, the same on every machine.
// Knows nothing of what is decided with it.

/** Seeded random numbers (sfc32). Two with the same seed and lane give the same sequence for ever. */
export class Prng {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, lane = 0) {
    this.#a = seed | 0
    this.#b = Math.floor(seed / 2 ** 32) | 0
    this.#c = lane | 0
    for (let round = 0; round < 12; round++) this.uint32()
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }

  /** From 0 up to, not including, 1. */
  unit(): number {
    return this.uint32() / 2 ** 32
  }

  /** A whole number from min to max, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1))
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  /** A whole number from min to max whose size, not value, is even: 1 to 10 is as likely as 1,000 to 10,000. */
  skewed(min: number, max: number): number {
    return min - 1 + Math.floor(Math.exp(this.unit() * Math.log(max - min + 2)))
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.unit() * list.length)] as T
  }

  /** Another generator, independent of how much this one is used afterwards. */
  fork(lane: number): Prng {
    return new Prng(this.uint32(), lane)
  }
}
