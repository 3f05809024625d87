// What a stream has to send: its queue of unsent chunks, and its place among the streams that wait for a turn. Most streams
// are at rest most of the time, so it is made with what is written first and let go of with what is written last.

import type { Schedulable } from './scheduler.ts'
import type { StreamRecord } from './streams.ts'

/** Stands in a queue where a message ends. Never sent; told apart by identity. */
export const MESSAGE_END: Uint8Array = new Uint8Array(0)
const noChunks: Uint8Array[] = []

export class Outgoing implements Schedulable {
  readonly stream: StreamRecord
  queue: Uint8Array[] = noChunks
  /** First chunk in `queue` that is not wholly written, and how much of it is. */
  head = 0
  offset = 0
  /** Bytes that wait; a message end counts as one. */
  queued = 0
  next: Schedulable | undefined = undefined
  previous: Schedulable | undefined = undefined
  scheduled = false
  deficit = 0
  jumped = false
  ending = false

  constructor(stream: StreamRecord) {
    this.stream = stream
  }

  /** Queues a chunk, and answers by how much `queued` has grown. */
  push(chunk: Uint8Array, messageEnd: boolean): number {
    if (this.queue === noChunks) this.queue = []
    if (chunk.length > 0) this.queue.push(chunk)
    // A message end costs a byte of credit, so it counts as one here too.
    if (messageEnd) this.queue.push(MESSAGE_END)
    const bytes = chunk.length + (messageEnd ? 1 : 0)
    this.queued += bytes
    return bytes
  }

  /** Forgets chunks before `head`; `head` has moved on to `index` with `offset` bytes of that chunk written. */
  advance(index: number, offset: number, bytes: number): void {
    this.queued -= bytes
    this.offset = offset
    if (index === this.queue.length) {
      this.queue = noChunks
      this.head = 0
    } else if (index > 64 && index * 2 > this.queue.length) {
      this.queue = this.queue.slice(index)
      this.head = 0
    } else {
      for (let i = this.head; i < index; i++) this.queue[i] = MESSAGE_END // let go of what is written
      this.head = index
    }
  }
}
