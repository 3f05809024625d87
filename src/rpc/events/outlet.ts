// Outlet: one subscription of the other side, seen from where events are emitted. Sends, and holds back when the stream is
// full. Never throws and never waits: whoever emits must not feel a slow listener.

import type { Stream } from '../../session/stream.ts'
import { Backlog } from './backlog.ts'
import { gap, type Wish } from './wish.ts'

export class Outlet {
  private readonly stream: Stream
  private readonly backlog: Backlog
  /** The stream has no room: what comes meanwhile is held back. */
  private full = false
  private over = false
  /** Drops the other side was told of. */
  private told = 0

  constructor(stream: Stream, wish: Wish, bytesMax: number) {
    this.stream = stream
    this.backlog = new Backlog(wish.buffer, bytesMax, wish.overflow)
    stream.accept()
  }

  get dropped(): number {
    return this.backlog.dropped
  }

  /** Messages held back. */
  get held(): number {
    return this.backlog.size
  }

  put(message: Uint8Array): void {
    if (this.over) return
    if (!this.full) this.send(message)
    else if (!this.backlog.push(message)) {
      this.over = true
      this.backlog.clear()
      this.stream.reset('EXHAUSTED', 'the listener is behind, and its buffer here is full')
    }
  }

  /** Sends what is held back, then ends the stream cleanly. */
  end(): void {
    if (this.over) return
    this.over = true
    this.tell()
    for (let held = this.backlog.shift(); held !== undefined; held = this.backlog.shift()) this.stream.send(held)
    this.stream.end()
  }

  private send(message: Uint8Array): void {
    if (this.stream.send(message)) return
    this.full = true
    this.stream.ready.then(this.drain, this.lost)
  }

  private tell(): void {
    const count = this.backlog.dropped - this.told
    if (count === 0) return
    this.told += count
    this.send(gap(count))
  }

  private readonly drain = (): void => {
    this.full = false
    if (this.over) return
    this.tell()
    while (!this.full) {
      const held = this.backlog.shift()
      if (held === undefined) return
      this.send(held)
    }
  }

  private readonly lost = (): void => {
    this.over = true
    this.backlog.clear()
  }
}
