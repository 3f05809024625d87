// Assembly: bytes that arrive in pieces and are wanted whole, counted against what a session may put together at once.

import { BraidError } from '../engine/errors.ts'
import { joined } from './bytes.ts'
import type { Ceiling } from './ceiling.ts'

/** Blocks that small pieces are copied into: each twice as large as the one before. */
const FIRST_SIZE = 1024
const BLOCK_SIZE_MAX = 65_536
/** A piece that is at least this part of what it was received in is kept as it is: copied once, at the end, instead of twice. */
const KEPT_PART = 4

export class Assembly {
  size = 0
  private readonly ceiling: Ceiling
  private readonly pieces: Uint8Array[] = []
  /** The last of them, while it has room. */
  private block: Uint8Array | undefined
  private filled = 0
  private blockSize = FIRST_SIZE

  constructor(ceiling: Ceiling) {
    this.ceiling = ceiling
  }

  /**
   * Adds a piece. Copies it if it is small, so that a thousand small pieces do not keep a thousand received buffers alive.
   *
   * @throws BraidError `BRAID_EXHAUSTED` if the session puts together too much already.
   */
  add(piece: Uint8Array): void {
    if (piece.length < FIRST_SIZE || piece.length * KEPT_PART < piece.buffer.byteLength) {
      this.room(piece.length).set(piece)
      return
    }
    this.take(piece.length)
    this.seal()
    this.pieces.push(piece)
  }

  /** The next `length` bytes, to be written into. @throws as `add`. */
  room(length: number): Uint8Array {
    this.take(length)
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
    this.ceiling.give(this.size)
    this.size = 0
    this.pieces.length = 0
    this.block = undefined
  }

  private take(length: number): void {
    if (!this.ceiling.take(length)) {
      const text = `messages and call bodies of this session take at most maxAssembled (${this.ceiling.max}) bytes`
      throw new BraidError('EXHAUSTED', text, { scope: 'stream' })
    }
    this.size += length
  }

  private seal(): void {
    if (this.block !== undefined && this.filled > 0) this.pieces.push(this.block.subarray(0, this.filled))
    this.block = undefined
    this.filled = 0
  }
}
