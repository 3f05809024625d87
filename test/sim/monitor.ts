// Listens to both directions of a wire and holds each sender to docs/PROTOCOL.md: numbers, credit, slots, ends, tokens, and what
// goes out again on another transport. Knows what a side may know - what it sent and what has reached it - and nothing of the engines.

import { must, type SideIndex, sideName } from './model.ts'
import { judges, learners } from './rules.ts'
import { describe, Fields, type Frame, FrameReader, Type } from './wire.ts'
import { type Line, type Way, WireSide } from './wire-side.ts'

const TICKET_BYTES = 48

/** Both sides of a session, judged frame by frame. */
export class Monitor {
  readonly sides: readonly [WireSide, WireSide]
  /** Called for every frame, when it is sent. */
  onFrame: ((side: SideIndex, frame: Frame) => void) | undefined

  readonly #keeps: boolean

  /** `keeps`: the session may go on over other transports; what was sent is remembered, to be compared when it goes out again. */
  constructor(keeps = false) {
    this.#keeps = keeps
    const line = this.line()
    line.state = 'first'
    this.sides = [new WireSide(0, line), new WireSide(1, line)]
  }

  /** One more transport; the first is there from the beginning. */
  line(): Line {
    const way = (side: SideIndex): Way => ({
      reader: new FrameReader((frame) => this.#found(line, side, frame)),
      flying: [],
      arrivedBytes: 0,
    })
    const line: Line = { ways: [way(0), way(1)], resumedAt: 0, state: 'new' }
    return line
  }

  sent(side: SideIndex, chunk: Uint8Array, line = this.sides[side].line): void {
    line.ways[side].reader.feed(chunk)
  }

  /** Bytes reached `side`: what they say may now be used by it. */
  arrived(side: SideIndex, chunk: Uint8Array, line = this.sides[side].line): void {
    line.ways[side === 0 ? 1 : 0].arrivedBytes += chunk.length
    if (line === this.sides[side].line) this.learn(side)
  }

  /** A side that is not admitted yet looks at nothing behind the HELLO. */
  learn(side: SideIndex): void {
    const { line, admitted } = this.sides[side]
    const way = line.ways[side === 0 ? 1 : 0]
    let count = 0
    for (const frame of way.flying) {
      if (frame.end > way.arrivedBytes || (frame.type !== Type.HELLO && !admitted)) break
      this.#learned(this.sides[side], frame)
      count++
    }
    if (count > 0) way.flying.splice(0, count)
  }

  #found(line: Line, index: SideIndex, frame: Frame): void {
    const side = this.sides[index]
    if (frame.type === Type.RESUME) this.#resumes(side, line, frame)
    else if (frame.type === Type.TICKET) this.#ticket(side, line, frame)
    else if (line !== side.line) {
      const goodbye = frame.type === Type.RESUME_NO || frame.type === Type.CLOSE
      must(goodbye, () => `${sideName(index)} sent ${describe(frame)} on another transport`)
    } else this.#sent(side, frame)
    this.onFrame?.(index, frame)
    line.ways[index].flying.push(frame)
  }

  /** The dialer comes back on another transport. */
  #resumes(side: WireSide, line: Line, frame: Frame): void {
    const fields = new Fields(frame.body)
    fields.bytes(TICKET_BYTES)
    fields.varint()
    line.resumedAt = fields.varint()
    line.state = 'asked'
    this.#attach(side, line, line.resumedAt)
  }

  /** The listener hands out a ticket; on another transport that says that the session goes on. */
  #ticket(side: WireSide, line: Line, frame: Frame): void {
    const fields = new Fields(frame.body)
    fields.bytes(TICKET_BYTES)
    fields.varint()
    const received = fields.varint()
    if (line === side.line) {
      must(
        received <= side.sequencedSeen,
        () => `${sideName(side.index)} has ${side.sequencedSeen} frames, says ${received}`,
      )
      side.acked = received
      return
    }
    this.#attach(side, line, received)
    side.repeated = line.resumedAt
  }

  #attach(side: WireSide, line: Line, received: number): void {
    const name = sideName(side.index)
    must(received === side.sequencedSeen, () => `${name} has ${side.sequencedSeen} frames, and says ${received}`)
    side.line = line
    side.acked = received
    side.ackOwed = false
    side.pings = []
    side.pingsSeen = []
  }

  #sent(side: WireSide, frame: Frame): void {
    const rule = (holds: boolean, text: string): void =>
      must(holds, () => `${sideName(side.index)} sent ${describe(frame)}: ${text}`)
    rule(!side.closed, 'after CLOSE')
    rule(side.helloSent === (frame.type !== Type.HELLO) || frame.type === Type.CLOSE, 'HELLO is first, and once')
    rule(frame.length <= side.peer.maxFrame + 256, `longer than ${side.peer.maxFrame} and 256`)
    if (isSequenced(frame)) {
      rule(side.index !== 0 || side.line.state !== 'asked', 'before RESUME was answered')
      const known = side.history[side.repeated++]
      if (known !== undefined) return rule(known === describe(frame), `frame ${side.repeated} was ${known}`)
      if (this.#keeps) side.history.push(describe(frame))
      side.sequenced++
    }
    const fields = new Fields(frame.body)
    const judge = judges[frame.type]
    if (judge === undefined) rule(false, 'no such frame')
    else judge(side, frame, fields, rule, this.sides[side.index === 0 ? 1 : 0])
  }

  #learned(side: WireSide, frame: Frame): void {
    if (isSequenced(frame)) side.sequencedSeen++
    if (frame.type === Type.TICKET && side.line.state === 'asked') {
      side.line.state = 'resumed'
      const fields = new Fields(frame.body)
      fields.bytes(TICKET_BYTES)
      fields.varint()
      side.repeated = fields.varint()
    }
    learners[frame.type]?.(side, frame, new Fields(frame.body))
  }
}

function isSequenced({ type }: Frame): boolean {
  return type >= Type.OPEN && type <= Type.GOAWAY
}
