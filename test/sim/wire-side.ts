// What one side of a session has sent and what has reached it, as far as the protocol makes it count. Judges nothing.

import type { SideIndex } from './model.ts'
import type { Frame, FrameReader } from './wire.ts'

/** What a HELLO declares; before it came, its floors stand. */
export interface Declared {
  maxFrame: number
  streamWindow: number
  sessionWindow: number
  streams: number
  calls: number
  maxMeta: number
}

export const floors: Declared = {
  maxFrame: 16_384,
  streamWindow: 16_384,
  sessionWindow: 65_536,
  streams: 32,
  calls: 32,
  maxMeta: 1024,
}

/** One half of one stream as its sender knows it. */
export interface WireHalf {
  /** Bytes and message ends sent, and credit that arrived beyond the first window. */
  spent: number
  granted: number
  /** Credit the receiver has sent beyond the first window; some may be on its way. */
  given: number
  payload: number
  final: boolean
  answered: boolean
  asked: number
  /** The receiver sent RESET with RECV. */
  stopped: boolean
}

/** One direction of one transport. */
export interface Way {
  readonly reader: FrameReader
  /** Frames on their way to the other side. */
  readonly flying: Frame[]
  arrivedBytes: number
}

/** One transport. */
export interface Line {
  readonly ways: readonly [Way, Way]
  /** Frames the dialer said, when it came back on it, it has received. */
  resumedAt: number
  /** The first of the session, one on which RESUME was sent, and answered; or one nobody has said anything on. */
  state: 'new' | 'first' | 'asked' | 'resumed'
}

/** What one side has sent and what has reached it. */
export class WireSide {
  readonly index: SideIndex
  /** The transport it uses now. */
  line: Line
  admitted = true
  /** What the peer declared, as far as it has arrived; and what this side declared. */
  peer: Declared = floors
  own: Declared = floors
  helloSent = false
  opened = 0
  streamLimit = 0
  limitSent = 0
  sessionSpent = 0
  sessionGranted = 0
  sessionGiven = 0
  sessionGrants = 0
  /** Halves this side sends, by wire id. */
  readonly halves = new Map<number, WireHalf>()
  readonly slots = new Set<number>()
  readonly busy = new Set<number>()
  readonly names: Set<number> = new Set()
  /** Sequenced frames it has sent, each counted once, and those that have reached it. */
  sequenced = 0
  sequencedSeen = 0
  /** Those that went out on this transport or are known to have arrived before: behind it the rest follows once more. */
  repeated = 0
  readonly history: string[] = []
  acked = 0
  ackOwed = false
  pings: string[] = []
  pingsSeen: string[] = []
  awayCount = Number.POSITIVE_INFINITY
  closed = false
  /** Frames that cost the receiver a token, and the last one. */
  tokens = 0
  lastToken = ''

  constructor(index: SideIndex, line: Line) {
    this.index = index
    this.line = line
  }

  /** Bytes sent on the transport it uses. */
  get bytes(): number {
    return this.line.ways[this.index].reader.bytes
  }

  half(id: number): WireHalf {
    let half = this.halves.get(id)
    if (half === undefined) {
      half = { spent: 0, granted: 0, given: 0, payload: 0, final: false, answered: false, asked: 0, stopped: false }
      this.halves.set(id, half)
    }
    return half
  }

  streamCredit(half: WireHalf): number {
    return this.peer.streamWindow + half.granted - half.spent
  }

  get sessionCredit(): number {
    return this.peer.sessionWindow + this.sessionGranted - this.sessionSpent
  }
}
