// Assembly: bytes that arrive in pieces and are wanted whole, counted against what a session may put together at once. All are
// copied as they come, so that nothing of what they were received in is kept.

import { BraidError } from '../engine/errors.ts'
import { joined } from './bytes.ts'
import type { Ceiling } from './ceiling.ts'

/** Blocks that pieces are copied into while nothing is known of the whole: each twice as large as the one before. */
const FIRST_SIZE = 1024
const BLOCK_SIZE_MAX = 65_536
/** Room for a declared whole is made when this part of it is here: a few bytes must not make somebody hold megabytes. */
const DECLARED_PART = 16

export class Assembly {
  /** Bytes that are here. */
  size = 0
  private readonly ceiling: Ceiling
  /** As large as its sender says it will be; 0: nobody said, or it cannot be, or it was not true. */
  private declared: number
  /** Bytes that count against the ceiling. */
  private taken = 0
  private readonly pieces: Uint8Array[] = []
  /** The last of them, while it has room. */
  private block: Uint8Array | undefined
  private filled = 0
  private blockSize = FIRST_SIZE

  constructor(ceiling: Ceiling, declared = 0) {
    this.ceiling = ceiling
    this.declared = declared
  }

  /**
   * The next `length` bytes, to be written into.
   *
   * @throws BraidError `BRAID_EXHAUSTED` if the session puts together too much already.
   */
  room(length: number): Uint8Array {
    this.take(length)
    if (this.declared > 0 && this.size * DECLARED_PART >= this.declared) this.makeRoomForAll(this.size - length)
    if (this.block === undefined || this.filled + length > this.block.length) {
      this.seal()
      this.block = new Uint8Array(Math.max(length, this.blockSize))
      this.blockSize = Math.min(this.blockSize * 2, BLOCK_SIZE_MAX)
    }
    this.filled += length
    return this.block.subarray(this.filled - length, this.filled)
  }

  /** All of it. Still counted until `drop`. */
  whole(): Uint8Array {
    this.seal()
    const { pieces, size } = this
    const [only] = pieces
    if (pieces.length !== 1 || only === undefined) return joined(pieces)
    return size * 2 >= only.buffer.byteLength ? only : only.slice()
  }

  /** Forgets the bytes and gives their place back. */
  drop(): void {
    this.ceiling.give(this.taken)
    this.taken = 0
    this.size = 0
    this.pieces.length = 0
    this.block = undefined
  }

  private take(length: number): void {
    const { ceiling } = this
    const more = this.size + length - this.taken
    if (more > 0 && !ceiling.take(more)) {
      const text = `messages and call bodies of this session take at most maxAssembled (${ceiling.max}) bytes`
      throw new BraidError('EXHAUSTED', text, { scope: 'stream' })
    }
    this.size += length
    this.taken = Math.max(this.taken, this.size)
  }

  /** One block for all that was declared, with what is here in front; not if there is no room for all, or more is here already. */
  private makeRoomForAll(here: number): void {
    const { declared, ceiling } = this
    const more = declared - this.taken
    this.declared = 0
    if (more < 0 || ceiling.used + more > ceiling.max) return
    ceiling.take(more)
    this.taken = declared
    this.seal()
    const block = new Uint8Array(declared)
    let at = 0
    for (const piece of this.pieces) {
      block.set(piece, at)
      at += piece.length
    }
    this.pieces.length = 0
    this.block = block
    this.filled = here
  }

  private seal(): void {
    if (this.block !== undefined && this.filled > 0) this.pieces.push(this.block.subarray(0, this.filled))
    this.block = undefined
    this.filled = 0
  }
}
