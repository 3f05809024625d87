// Two ends of a connection that is nothing but memory, in the shape of Node: what in-memory rows measure contenders over
// that have no such thing of their own. Knows nothing of what is carried.

import { Duplex } from 'node:stream'

/** So many chunks are handed on before the event loop turns: Node's streams alone would keep timers waiting for ever. */
const TURN_CHUNKS = 256

/** Chunks are passed on, not copied; a reader that stops stops the writer. */
export function duplexPair(): [Duplex, Duplex] {
  const near = new End()
  const far = new End()
  near.other = far
  far.other = near
  return [near, far]
}

class End extends Duplex {
  other!: End
  #written: (() => void) | undefined
  #chunks = 0

  constructor() {
    super({ allowHalfOpen: true, decodeStrings: true })
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.other.push(chunk)) this.#written = done
    else this.#go(done)
  }

  override _final(done: () => void): void {
    this.other.push(null)
    done()
  }

  override _read(): void {
    this.other.resumeWriting()
  }

  resumeWriting(): void {
    const written = this.#written
    if (written === undefined) return
    this.#written = undefined
    this.#go(written)
  }

  #go(done: () => void): void {
    if (++this.#chunks % TURN_CHUNKS === 0) setImmediate(done)
    else done()
  }
}
