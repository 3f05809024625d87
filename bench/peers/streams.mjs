// What is the same for the peers that carry streams: what a stream is for, and how writers wait for a connection where
// the library itself lets nobody wait.

/** What a stream is for, where streams have no names: its first byte. */
export const KIND = { sink: 1, stuck: 2, churn: 3, call: 4 }

const firsts = Object.fromEntries(Object.entries(KIND).map(([kind, byte]) => [kind, Buffer.of(byte)]))

/** That first byte as a chunk of its own. */
export function first(kind) {
  return firsts[kind]
}

/** The same memory as a Buffer, which many a library asks for. */
export function asBuffer(bytes) {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Resolves when stream-to-pull-stream has begun to read; before, a writer would see room for ever. */
export function pullsFlow() {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Lets the writers of one connection take turns, as a user of a library without backpressure has to. */
export class Pacer {
  #isFull
  #waiting = []

  /** `isFull` says whether the connection has enough to do; whoever knows that it has drained calls `wake`. */
  constructor(isFull) {
    this.#isFull = isFull
  }

  /** A pacer by what a Duplex keeps back. */
  static over(duplex) {
    const pacer = new Pacer(() => duplex.writableNeedDrain)
    // Later, because what the library itself kept back goes first.
    duplex.on('drain', () => setImmediate(() => pacer.wake()))
    return pacer
  }

  /** What `write` answers: true, or false, and `ready` is called once when it is this writer's turn. */
  more(ready) {
    if (this.#waiting.length === 0 && !this.#isFull()) return true
    this.#waiting.push(ready)
    return false
  }

  /** One after another while there is room: all of them at once would only fill the library's own queue. */
  wake() {
    while (this.#waiting.length > 0 && !this.#isFull()) this.#waiting.shift()()
  }
}
