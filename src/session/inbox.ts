// Inbox: bytes of one stream that wait for a reader, and where its messages end.
// Bounded by the stream's window; its own business is that a byte that waits costs little more than a byte.

/** Payloads below this are copied together; larger ones too if they are a small part of what they would keep alive. */
const COPY_BELOW = 2048
const KEEP_FRACTION = 8
const BLOCK_MIN = 64
const BLOCK_MAX = 16 * 1024

/** Numbers in order, each one to eight bytes: the lengths of messages. */
class Lengths {
  private bytes = new Uint8Array(16)
  private head = 0
  private tail = 0
  count = 0

  push(value: number): void {
    if (this.tail + 8 > this.bytes.length) this.makeRoom()
    let rest = value
    while (rest >= 128) {
      this.bytes[this.tail++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.tail++] = rest
    this.count++
  }

  shift(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.head++] as number
      value += (byte & 127) * scale
      if (byte < 128) break
    }
    this.count--
    return value
  }

  get held(): number {
    return this.bytes.length
  }

  private makeRoom(): void {
    const used = this.tail - this.head
    const into = used * 2 > this.bytes.length ? new Uint8Array(this.bytes.length * 2) : this.bytes
    into.set(this.bytes.subarray(this.head, this.tail))
    this.bytes = into
    this.head = 0
    this.tail = used
  }
}

/** What waits for a reader. `size` and `messages` are what must be consumed when it is taken or dropped. */
export class Inbox {
  /** Bytes waiting. */
  size = 0
  /** Message ends waiting. */
  messages = 0
  private chunks: Uint8Array[] = []
  private head = 0
  /** Bytes of the first chunk that were taken already. */
  private taken = 0
  /** Where small payloads are put together: the last chunk, as far as it is used. */
  private block: Uint8Array | undefined
  private blockUsed = 0
  private lengths: Lengths | undefined
  /** Bytes since the last message end that arrived, and left of the first message that waits. */
  private arrived = 0
  private first = -1

  push(bytes: Uint8Array, eom: boolean): void {
    const length = bytes.length
    if (length > 0) {
      this.size += length
      if (length < COPY_BELOW || length * KEEP_FRACTION < bytes.buffer.byteLength) this.copy(bytes)
      else {
        this.seal()
        this.chunks.push(bytes)
      }
    }
    this.arrived += length
    if (!eom) return
    this.lengths ??= new Lengths()
    this.lengths.push(this.arrived)
    this.messages++
    this.arrived = 0
  }

  /** The next chunk, or undefined. Message ends in it count as taken: see `messages`. */
  shift(): Uint8Array | undefined {
    this.dropEmptyMessages()
    if (this.size === 0) return undefined
    const chunk = this.front()
    const rest = this.taken === 0 ? chunk : chunk.subarray(this.taken)
    this.advance(rest.length)
    this.spend(rest.length)
    return rest
  }

  /** Length of the first message, or undefined if its end has not arrived. */
  get messageLength(): number | undefined {
    if (this.first < 0 && this.lengths !== undefined && this.lengths.count > 0) this.first = this.lengths.shift()
    return this.first < 0 ? undefined : this.first
  }

  /** Takes the first message, whose length and end are known: in one piece, or into `into`. */
  takeMessage(length: number, into?: Uint8Array): Uint8Array {
    const whole = this.size === 0 ? EMPTY : this.front()
    let message = into
    if (message === undefined && whole.length - this.taken >= length) {
      message = whole.subarray(this.taken, this.taken + length)
      this.advance(length)
    } else {
      message ??= new Uint8Array(length)
      this.copyOut(message)
    }
    this.first = -1
    this.messages--
    return message
  }

  /** Takes as many bytes as `into` holds, all before the next message end. */
  takeInto(into: Uint8Array): void {
    this.copyOut(into)
    this.spend(into.length)
  }

  /** Forgets everything. */
  clear(): void {
    this.size = 0
    this.messages = 0
    this.chunks = []
    this.head = 0
    this.taken = 0
    this.block = undefined
    this.blockUsed = 0
    this.lengths = undefined
    this.arrived = 0
    this.first = -1
  }

  /** Bytes of memory held for what waits, for tests. */
  get held(): number {
    const buffers = new Set<unknown>()
    let sum = this.lengths?.held ?? 0
    for (const chunk of this.chunks.slice(this.head)) {
      if (!buffers.has(chunk.buffer)) sum += chunk.buffer.byteLength
      buffers.add(chunk.buffer)
    }
    return sum
  }

  private copy(bytes: Uint8Array): void {
    let block = this.block
    if (block === undefined || block.length - this.blockUsed < bytes.length) {
      const size = block === undefined ? BLOCK_MIN : Math.min(block.length * 2, BLOCK_MAX)
      this.seal()
      block = new Uint8Array(Math.max(size, bytes.length))
      this.block = block
      this.chunks.push(block)
    }
    block.set(bytes, this.blockUsed)
    this.blockUsed += bytes.length
  }

  /** Nothing more goes into the block: its used part becomes an ordinary chunk. */
  private seal(): void {
    if (this.block === undefined) return
    this.chunks[this.chunks.length - 1] = this.block.subarray(0, this.blockUsed)
    this.block = undefined
    this.blockUsed = 0
  }

  /** The first chunk, as far as it is filled. Only when there is one. */
  private front(): Uint8Array {
    const chunk = this.chunks[this.head] as Uint8Array
    return chunk === this.block ? chunk.subarray(0, this.blockUsed) : chunk
  }

  private copyOut(into: Uint8Array): void {
    for (let done = 0; done < into.length; ) {
      const chunk = this.front()
      const count = Math.min(chunk.length - this.taken, into.length - done)
      into.set(chunk.subarray(this.taken, this.taken + count), done)
      done += count
      this.advance(count)
    }
  }

  /** Moves past `count` bytes of the first chunk. */
  private advance(count: number): void {
    if (count === 0) return
    this.size -= count
    this.taken += count
    const chunk = this.chunks[this.head] as Uint8Array
    if (this.taken < (chunk === this.block ? this.blockUsed : chunk.length)) return
    this.taken = 0
    this.chunks[this.head++] = EMPTY
    if (this.head < this.chunks.length) {
      if (this.head >= 64 && this.head * 2 > this.chunks.length) {
        this.chunks.splice(0, this.head)
        this.head = 0
      }
      return
    }
    // What was handed out is the reader's: nothing is written beside it.
    this.block = undefined
    this.blockUsed = 0
    this.chunks.length = 0
    this.head = 0
  }

  /** Counts the message ends within the next `count` bytes as taken. */
  private spend(count: number): void {
    let left = count
    for (let length = this.messageLength; length !== undefined && length <= left; length = this.messageLength) {
      left -= length
      this.first = -1
      this.messages--
    }
    if (this.first >= 0) this.first -= left
    else this.arrived -= left
  }

  private dropEmptyMessages(): void {
    while (this.messageLength === 0) {
      this.first = -1
      this.messages--
    }
  }
}

const EMPTY = new Uint8Array(0)
