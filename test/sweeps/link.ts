// A link: two transports joined in memory, whose bytes can be cut off, changed or held up on the way.
// Knows bytes and the contract of a Transport, and nothing of sessions. Delivers in microtasks.

import type { Transport, TransportSink } from '#dist/session/transport.js'

/** What becomes of bytes on their way: `at` is how many went before them in this direction. */
export type Change = (bytes: Uint8Array, at: number) => Uint8Array

export class LinkEnd implements Transport {
  readonly remote: string
  /** Every byte it has sent. */
  readonly sent: Uint8Array[] = []
  sentBytes = 0
  /** How often it was told to close. */
  closes = 0
  /** How often its sink was told that it is gone. */
  gone = 0
  protected readonly link: Link
  protected sink: TransportSink | undefined
  private readonly inbox: Uint8Array[] = []
  private paused = false
  private scheduled = false
  /** It ended: what is in the inbox may still come. */
  private ended: { readonly error: Error | undefined } | undefined

  constructor(link: Link, remote: string) {
    this.link = link
    this.remote = remote
  }

  start(sink: TransportSink): void {
    this.sink = sink
    this.schedule()
  }

  send(chunks: Uint8Array[]): boolean {
    for (const chunk of chunks) this.pass(chunk)
    return true
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.schedule()
  }

  close(): void {
    this.closes++
    this.link.end(undefined)
  }

  /** Puts bytes on their way to the other end, as far as the link lets them. */
  protected pass(chunk: Uint8Array): void {
    this.link.busy = true
    const { change, cutAt } = this.link.direction(this)
    this.sent.push(chunk.slice())
    const room = cutAt - this.sentBytes
    const bytes = change(chunk.slice(0, Math.max(0, room)), this.sentBytes)
    this.sentBytes += chunk.length
    if (bytes.length > 0) this.link.other(this).take(bytes)
    if (chunk.length >= room) this.link.end(new Error('cut'))
  }

  take(bytes: Uint8Array): void {
    if (this.ended !== undefined) return
    this.inbox.push(bytes)
    this.schedule()
  }

  finish(error: Error | undefined): void {
    if (this.ended !== undefined) return
    this.ended = { error }
    this.schedule()
  }

  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    queueMicrotask(() => {
      this.scheduled = false
      this.deliver()
    })
  }

  protected deliver(): void {
    const { sink } = this
    if (sink === undefined || this.gone > 0) return
    while (!this.paused && this.inbox.length > 0) {
      this.link.busy = true
      this.read(sink, this.inbox.shift() as Uint8Array)
    }
    if (this.ended !== undefined && this.inbox.length === 0) this.tellGone(this.ended.error)
  }

  protected read(sink: TransportSink, bytes: Uint8Array): void {
    sink.bytes(bytes)
  }

  protected tellGone(error: Error | undefined): void {
    this.link.busy = true
    this.inbox.length = 0
    this.gone++
    this.sink?.closed(error)
  }
}

export interface Direction {
  readonly change: Change
  /** So many bytes arrive, then both ends are gone. */
  readonly cutAt: number
}

const open: Direction = { change: (bytes) => bytes, cutAt: Number.POSITIVE_INFINITY }

export class Link {
  readonly left: LinkEnd
  readonly right: LinkEnd
  /** Something happened since somebody last looked. */
  busy = false
  private readonly leftward: Direction
  private readonly rightward: Direction

  constructor(
    { leftward = open, rightward = open }: { leftward?: Direction; rightward?: Direction } = {},
    make = (link: Link, remote: 'left' | 'right'): LinkEnd => new LinkEnd(link, `link:${remote}`),
  ) {
    this.leftward = leftward
    this.rightward = rightward
    this.left = make(this, 'right')
    this.right = make(this, 'left')
  }

  direction(from: LinkEnd): Direction {
    return from === this.left ? this.rightward : this.leftward
  }

  other(end: LinkEnd): LinkEnd {
    return end === this.left ? this.right : this.left
  }

  /** Ends both sides; what has arrived by then still does. */
  end(error: Error | undefined): void {
    this.left.finish(error)
    this.right.finish(error)
  }
}

/** Turns of the event loop in which nothing happens, before all is taken to be quiet. */
const QUIET_TURNS = 3

/** Waits until nothing moves on any of the links; no time passes on anybody's clock. */
export async function quiet(links: readonly Link[]): Promise<void> {
  for (let turns = 0; turns < QUIET_TURNS; turns++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    for (const link of links) {
      if (link.busy) turns = -1
      link.busy = false
    }
  }
}
