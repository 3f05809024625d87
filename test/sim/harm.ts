// Nodes that do to bytes what a network must not: harm them, end them in the middle, keep them back for seconds.

import type { Clock } from './clock.ts'
import { Cut, Node } from './network.ts'
import type { Prng } from './prng.ts'

/** What can happen to the bytes at one place. */
export type HarmKind = 'drop' | 'double' | 'flip' | 'insert'

/** Harms the `length` bytes at an offset of one direction: leaves them out, doubles them, changes a bit, puts others before. */
export class Harm extends Node {
  #left: number
  readonly #how: HarmKind
  readonly #length: number
  readonly #random: Prng

  constructor(clock: Clock, random: Prng, offset: number, how: HarmKind, length = 1) {
    super(clock)
    this.#left = offset
    this.#how = how
    this.#length = length
    this.#random = random
  }

  protected override pass(chunk: Uint8Array): boolean {
    const at = this.#left
    this.#left -= chunk.length
    if (at < 0 || at >= chunk.length) return super.pass(chunk)
    const harmed = this.#harmed(chunk, at)
    return harmed.length === 0 ? true : super.pass(harmed)
  }

  #harmed(chunk: Uint8Array, at: number): Uint8Array {
    const head = chunk.subarray(0, at)
    const hit = chunk.subarray(at, at + this.#length)
    const tail = chunk.subarray(at + hit.length)
    if (this.#how === 'drop') return Buffer.concat([head, tail])
    if (this.#how === 'double') return Buffer.concat([head, hit, hit, tail])
    if (this.#how === 'insert') {
      const strange = Uint8Array.from({ length: this.#length }, () => this.#random.uint32() & 0xff)
      return Buffer.concat([head, strange, chunk.subarray(at)])
    }
    const copy = Uint8Array.from(chunk)
    copy[at] = (copy[at] as number) ^ (1 << this.#random.int(0, 7))
    return copy
  }
}

/** In the middle of the bytes of one direction comes the orderly end of the transport; what follows is lost. */
export class Fin extends Cut {
  constructor(clock: Clock, offset: number, ended: () => void) {
    super(clock, offset, () => {
      ended()
      this.below.finish()
    })
  }
}

/** Lets nothing through for `onMs`, everything for `offMs`, and so on, `times` over. */
export class Hole extends Node {
  readonly #from: number
  readonly #onMs: number
  readonly #offMs: number
  readonly #times: number

  constructor(clock: Clock, from: number, onMs: number, offMs: number, times: number) {
    super(clock)
    this.#from = from
    this.#onMs = onMs
    this.#offMs = offMs
    this.#times = times
  }

  protected override due(): number {
    const { now } = this.clock
    const period = this.#onMs + this.#offMs
    const round = Math.floor((now - this.#from) / period)
    if (round < 0 || round >= this.#times) return now
    return Math.max(now, this.#from + round * period + this.#onMs)
  }
}
