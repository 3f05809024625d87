// Two ends of a connection that is nothing but memory, in the shape of Node: what in-memory rows measure contenders over
// that have no such thing of their own. Knows nothing of what is carried.

import { Duplex } from 'node:stream'

/** So many chunks are handed on before the event loop gets its turn, or two busy ends would keep every timer waiting. */
const TURN_CHUNKS = 256

/** Both ends. Chunks are passed on, not copied; an end that is not read stops the writer of the other. */
export function duplexPair(): [Duplex, Duplex] {
  const near = new End()
  const far = new End()
  near.other = far
  far.other = near
  return [near, far]
}

type Done = () => void

class End extends Duplex {
  other!: End
  #held: Done | undefined
  #chunks = 0

  /** Later, as every connection does it: no library expects an answer before its `write` has returned. */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    process.nextTick(() => this.#pass(this.other.push(chunk), 1, done))
  }

  override _writev(writes: readonly { readonly chunk: Buffer }[], done: Done): void {
    process.nextTick(() => {
      let more = true
      for (const { chunk } of writes) more = this.other.push(chunk)
      this.#pass(more, writes.length, done)
    })
  }

  override _final(done: Done): void {
    this.other.push(null)
    done()
  }

  override _read(): void {
    this.other.resumeWriting()
  }

  resumeWriting(): void {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) this.#go(held)
  }

  #pass(more: boolean, chunks: number, done: Done): void {
    this.#chunks += chunks
    if (more) this.#go(done)
    else this.#held = done
  }

  #go(done: Done): void {
    if (this.#chunks < TURN_CHUNKS) return done()
    this.#chunks = 0
    setImmediate(done)
  }
}
