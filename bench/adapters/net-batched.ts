// Plain sockets as written to by somebody who knows what a system call costs: all messages of one tick in one buffer, and
// chunks held back until they are worth a write. The limit for anything that batches in JavaScript.

import type { Duplex } from 'node:stream'
import type { Outlet } from '../adapter.ts'
import { plain } from './plain.ts'

const SLAB_BYTES = 64 * 1024
const CORK_BYTES = 256 * 1024

export const batched = plain({
  messages(socket) {
    const batch = new Batch(socket)
    return (body) => batch.add(body)
  },

  chunks: (socket, ready) => new Corked(socket, ready),
})

/** Messages of one tick, side by side in one buffer. */
class Batch {
  readonly #socket: Duplex
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
  #from = 0
  #to = 0

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  add(body: Uint8Array): void {
    const bytes = 4 + body.length
    if (this.#to + bytes > this.#slab.length) this.#renew(bytes)
    if (this.#from === this.#to) process.nextTick(this.#flush)
    this.#slab.writeUInt32LE(body.length, this.#to)
    this.#slab.set(body, this.#to + 4)
    this.#to += bytes
  }

  readonly #flush = (): void => {
    if (this.#from === this.#to) return
    this.#socket.write(this.#slab.subarray(this.#from, this.#to))
    this.#from = this.#to
  }

  /** The socket holds on to what it was given, so a slab is never filled twice. */
  #renew(bytes: number): void {
    this.#flush()
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes))
    this.#from = 0
    this.#to = 0
  }
}

/** Chunks that leave together: when there are enough of them, or no more in this tick. */
class Corked implements Outlet {
  readonly #socket: Duplex
  #held = 0
  #full = false

  constructor(socket: Duplex, ready: () => void) {
    this.#socket = socket
    socket.on('drain', () => {
      // A socket also drains of what it was given without anybody being told to wait.
      if (!this.#full) return
      this.#full = false
      ready()
    })
  }

  write(chunk: Uint8Array): boolean {
    if (this.#held === 0) {
      this.#socket.cork()
      process.nextTick(this.#release)
    }
    this.#socket.write(chunk)
    this.#held += chunk.length
    if (this.#held < CORK_BYTES) return true
    this.#release()
    this.#full = this.#socket.writableNeedDrain
    return !this.#full
  }

  readonly #release = (): void => {
    if (this.#held === 0) return
    this.#held = 0
    this.#socket.uncork()
  }
}
