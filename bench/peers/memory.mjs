// Two Duplexes wired crosswise: a connection without a kernel between its ends. Knows nothing of what travels on it.

import { Duplex } from 'node:stream'

/** So many chunks are handed on before the event loop gets its turn, or two busy ends would keep every timer waiting. */
const TURN_CHUNKS = 256

/** Both ends. Chunks are passed on, not copied; an end that is not read stops the writer of the other. */
export function duplexPair() {
  const one = new End()
  const other = new End()
  one.other = other
  other.other = one
  return [one, other]
}

class End extends Duplex {
  other
  #held
  #chunks = 0

  /** Later, as every connection does it: no library expects an answer before its `write` has returned. */
  _write(chunk, _encoding, done) {
    process.nextTick(() => this.#pass(this.other.push(chunk), 1, done))
  }

  _writev(writes, done) {
    process.nextTick(() => {
      let more = true
      for (const { chunk } of writes) more = this.other.push(chunk)
      this.#pass(more, writes.length, done)
    })
  }

  _final(done) {
    this.other.push(null)
    done()
  }

  _read() {
    this.other.resumeWriting()
  }

  resumeWriting() {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) this.#go(held)
  }

  #pass(more, chunks, done) {
    this.#chunks += chunks
    if (more) this.#go(done)
    else this.#held = done
  }

  #go(done) {
    if (this.#chunks < TURN_CHUNKS) return done()
    this.#chunks = 0
    setImmediate(done)
  }
}
