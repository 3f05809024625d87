// memory: two ends of a transport in one process, for tests, documentation and examples. Chunks are passed on, not copied.

import type { Transport, TransportSink } from '../session/transport.ts'
import { Turning } from './turning.ts'

/** Bytes on their way to one end before the other is told to wait. */
const FULL_BYTES = 256 * 1024

class MemoryTransport implements Transport {
  readonly remote = 'memory:'
  readonly confidential = true
  private other: MemoryTransport | undefined
  private sink: TransportSink | undefined
  /** What this end sent and the other has not been given. */
  private queue: Uint8Array[] = []
  private queuedBytes = 0
  private full = false
  private paused = false
  private scheduled = false
  private ended = false
  private gone = false
  private readonly turning = new Turning(() => this.schedule())

  join(other: MemoryTransport): void {
    this.other = other
  }

  start(sink: TransportSink): void {
    this.sink = sink
    this.other?.schedule()
  }

  send(chunks: Uint8Array[]): boolean {
    if (this.ended) return true
    for (const chunk of chunks) {
      this.queue.push(chunk)
      this.queuedBytes += chunk.length
    }
    this.full = this.queuedBytes >= FULL_BYTES
    this.schedule()
    return !this.full
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.other?.schedule()
  }

  close(): void {
    if (this.ended) return
    this.ended = true
    this.schedule()
  }

  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    queueMicrotask(this.deliver)
  }

  private readonly deliver = (): void => {
    this.scheduled = false
    const { other } = this
    if (this.gone || other?.sink === undefined || other.gone) return
    if (!this.turning.taken()) return
    const chunks = this.queue
    if (chunks.length > 0 && !other.paused) {
      this.queue = []
      this.queuedBytes = 0
      for (const chunk of chunks) other.sink.bytes(chunk)
    }
    if (this.queue.length > 0) return
    if (this.ended) {
      // As a socket does: the end of one side ends the other when all has been delivered.
      other.ended = true
      other.vanish()
      this.vanish()
    } else if (this.full) {
      this.full = false
      this.sink?.drained()
    }
  }

  private vanish(error?: Error): void {
    if (this.gone) return
    this.gone = true
    this.sink?.closed(error)
  }
}

/**
 * Two transports joined to each other in memory.
 *
 * @example
 * import { connect } from 'braidwire'
 * import { memory } from 'braidwire/transport/memory'
 * const [left, right] = memory()
 * const [a, b] = await Promise.all([connect(left), connect(right)])
 * b.handleMessage((bytes) => console.log(bytes.length)) // 3
 * await a.message(Uint8Array.of(1, 2, 3))
 * await a.close()
 */
export function memory(): [Transport, Transport] {
  const left = new MemoryTransport()
  const right = new MemoryTransport()
  left.join(right)
  right.join(left)
  return [left, right]
}
