// Assembly: bytes that arrive in pieces and are wanted whole, counted against what a session may put together at once.

import { BraidError } from '../engine/errors.ts'
import type { Budget } from './budget.ts'

const FIRST_SIZE = 1024

export class Assembly {
  size = 0
  private readonly budget: Budget
  private buffer: Uint8Array | undefined

  constructor(budget: Budget) {
    this.budget = budget
  }

  /**
   * Adds a piece. Copies it, so that a thousand small pieces do not keep a thousand received buffers alive.
   *
   * @throws BraidError `BRAID_EXHAUSTED` if the session puts together too much already.
   */
  add(piece: Uint8Array): void {
    this.room(piece.length).set(piece)
  }

  /** The next `length` bytes, to be written into. @throws as `add`. */
  room(length: number): Uint8Array {
    if (!this.budget.take(length)) {
      const text = `messages and call bodies of this session take at most maxAssembled (${this.budget.max}) bytes`
      throw new BraidError('EXHAUSTED', text, { scope: 'stream' })
    }
    const start = this.size
    this.size += length
    if (this.buffer === undefined || this.size > this.buffer.length) {
      const grown = new Uint8Array(Math.max(this.size, FIRST_SIZE, (this.buffer?.length ?? 0) * 2))
      if (this.buffer !== undefined) grown.set(this.buffer.subarray(0, start))
      this.buffer = grown
    }
    return this.buffer.subarray(start, this.size)
  }

  /** All of it. Still counted until `drop`. */
  whole(): Uint8Array {
    if (this.buffer === undefined) return new Uint8Array(0)
    const { size, buffer } = this
    return size * 2 < buffer.length ? buffer.slice(0, size) : buffer.subarray(0, size)
  }

  /** Forgets the bytes and gives their place back. */
  drop(): void {
    this.budget.give(this.size)
    this.size = 0
    this.buffer = undefined
  }
}
