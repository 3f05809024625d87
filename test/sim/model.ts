// What ought to be true of streams: two halves, each a growing prefix of what was sent, with its message ends.
// Knows the contract's words and nothing of frames, time or who decides.

import type { EngineStream, RawMeta } from '#dist/engine/contract.js'
import { firstDifference } from './pattern.ts'

/** The two ends of a world. 0 dials, 1 listens; on a symmetric carrier they are alike. */
export type SideIndex = 0 | 1

/** Something is not as it ought to be. */
export class Violation extends Error {}

/** Throws unless the statement holds. The text is only made when it does not. */
export function must(holds: boolean, text: () => string): asserts holds {
  if (!holds) throw new Violation(text())
}

/** Why a half ended early, as the side that did it said. */
export interface Ending {
  readonly by: SideIndex
  readonly code: number
  readonly reason: string
}

/** One direction of a stream. */
export class HalfModel {
  readonly label: string
  readonly position: number
  sent = 0
  received = 0
  /** Positions of message ends, as sent, and how many of them were seen. */
  readonly ends: number[] = []
  endsSeen = 0
  /** Bytes and message ends the reader took. */
  consumed = 0
  endsConsumed = 0
  ended = false
  trailer: RawMeta | undefined
  /** What either side said when it ended this half early. */
  readonly endings: Ending[] = []

  constructor(label: string, position: number) {
    this.label = label
    this.position = position
  }

  get unread(): number {
    return this.received - this.consumed
  }

  /** Everything sent has been seen. */
  get whole(): boolean {
    return this.received === this.sent && this.endsSeen === this.ends.length
  }

  receive(bytes: Uint8Array, eom: boolean): void {
    must(bytes.length > 0 || eom, () => `${this.label}: data without bytes or message end`)
    const next = this.ends[this.endsSeen]
    must(bytes.length === 0 || next !== this.received, () => `${this.label}: message end at ${next} left out`)
    this.check(this.received, bytes)
    this.received += bytes.length
    must(this.received <= this.sent, () => `${this.label}: ${this.received} bytes came, ${this.sent} were sent`)
    must(next === undefined || this.received <= next, () => `${this.label}: bytes came past the message end at ${next}`)
    if (!eom) return
    must(next === this.received, () => `${this.label}: message end at ${this.received}, expected ${next ?? 'none'}`)
    this.endsSeen++
  }

  /** The bytes from `at` on are those that were sent there. */
  check(at: number, bytes: Uint8Array): void {
    const difference = firstDifference(this.position + at, bytes)
    must(
      difference < 0,
      () => `${this.label}: byte ${at + difference} is not the one sent (${bytes.length} from ${at})`,
    )
  }

  state(): string {
    return `${this.received}/${this.sent} bytes, ${this.endsSeen}/${this.ends.length} message ends${this.ended ? ', ended' : ''}`
  }
}

/** One stream as one side sees it. */
export class StreamView {
  readonly stream: StreamModel
  readonly side: SideIndex
  handle: EngineStream | undefined
  read: 'open' | 'ended' | 'reset' | 'dropped' = 'open'
  write: 'open' | 'ended' | 'reset' = 'open'
  /** This side called `reset`: nothing but `finished` may follow. */
  aborted = false
  /** The turn in which this side gave up reading: what was queued then may still come. */
  leftIn = -1
  /** `write` answered false, or there was an end with bytes queued, and `writable` has not come. */
  full = false
  answered = false
  finished = false
  settled = false

  constructor(stream: StreamModel, side: SideIndex) {
    this.stream = stream
    this.side = side
  }

  get mine(): boolean {
    return this.stream.opener === this.side
  }
  /** The half this side sends. */
  get out(): HalfModel {
    return this.stream.halves[this.side]
  }
  /** The half this side receives. */
  get in(): HalfModel {
    return this.stream.halves[this.side === 0 ? 1 : 0]
  }
  get peer(): StreamView {
    return this.stream.views[this.side === 0 ? 1 : 0]
  }
  get label(): string {
    return `${this.stream.label}@${sideName(this.side)}`
  }
}

/** One stream: who opened it with what, two halves, two views. */
export class StreamModel {
  readonly index: number
  readonly opener: SideIndex
  readonly name: string
  readonly meta: RawMeta | undefined
  readonly urgency: number
  readonly confirm: boolean
  readonly halves: readonly [HalfModel, HalfModel]
  readonly views: readonly [StreamView, StreamView]
  answer: { readonly meta: RawMeta | undefined } | undefined
  /** The opener was told that the peer never took it. */
  refused = false
  /** The call whose result its bytes are. */
  via: { readonly cancelled: 'unsent' | 'sent' | undefined } | undefined

  constructor(
    index: number,
    opener: SideIndex,
    request: { name: string; meta: RawMeta | undefined; urgency: number; confirm: boolean },
  ) {
    this.index = index
    this.opener = opener
    this.name = request.name
    this.meta = request.meta
    this.urgency = request.urgency
    this.confirm = request.confirm
    this.halves = [
      new HalfModel(`${this.label}>1`, index * 7919),
      new HalfModel(`${this.label}>0`, index * 7919 + 100_003),
    ]
    this.views = [new StreamView(this, 0), new StreamView(this, 1)]
  }

  get label(): string {
    return `stream ${sideName(this.opener)}${this.index}`
  }
}

export function sideName(side: SideIndex): string {
  return side === 0 ? 'A' : 'B'
}

/** Same bytes of the same kind. */
export function sameMeta(a: RawMeta | undefined, b: RawMeta | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.json === b.json && Buffer.compare(a.bytes, b.bytes) === 0
}
