// Two native engines joined back to back, with a clock that moves only when told and fixed randomness. Everything that goes
// from one to the other is written down, one line a frame, by the second codec.

import { createHash } from 'node:crypto'
import type { Engine, EngineCall, EngineEvent, EngineStream, Ticket } from '#dist/engine/contract.js'
import type { EngineOptions } from '#dist/engine/options.js'
import { describeFrame } from '../codec/describe.ts'
import { decodeFrame, encodeFrame, PREFACE } from '../codec/frames.ts'
import { concat, fromHex, toHex } from '../codec/hex.ts'
import type { Frame } from '../codec/layout.ts'
import { recorded, type Tape } from './tape.ts'

/** Bytes written out in full up to this length; of longer frames the first ones and a digest. */
const FULL = 64
const HEAD = 16
const BUDGET = 65_536

/** What is out of the ordinary about a world. */
export interface Setting {
  /** The listener has an authorisation hook that has not answered yet. */
  readonly gate?: boolean
  /** Both sides speak first, as on a port. */
  readonly symmetric?: boolean
  /** Both sides can go on over another transport. */
  readonly resume?: boolean
}

/** One of the two ends: its engine, what it was told, and the streams and calls the other side began. */
export class End {
  readonly engine: Engine
  readonly name: string
  /** Everything its engine was given, to be played again. */
  readonly tape: Tape
  readonly streams: EngineStream[] = []
  /** Slots of the calls the other side made, in the order they came, until taken. */
  readonly slots: number[] = []
  /** Takes what arrives at once, so that credit returns. */
  reads = true
  /** What it says is written down in the transcript: the dearer part of a session. */
  written = true
  /** Called for all that its engine tells. */
  heard: (event: EngineEvent) => void = () => {}
  private undecoded: Uint8Array = new Uint8Array(0)
  private spoken = false

  constructor(name: string, options: EngineOptions, setting: Setting) {
    this.name = name
    const listens = name !== 'a'
    const init = {
      waitForPreface: listens && !setting.symmetric,
      gate: listens && setting.gate === true,
      resume: setting.resume === true,
    }
    this.tape = { options, init, seed: listens ? 101 : 100, ops: [] }
    this.engine = recorded(this.tape)
  }

  /** Opens a stream with nothing said but what is given. */
  open(name: string, more: Partial<Parameters<Engine['open']>[0]> = {}): EngineStream {
    return this.engine.open({ name, urgency: 3, confirm: false, ...more })
  }

  call(
    method: string,
    args: Uint8Array,
    more: { deadlineAt?: number; oneWay?: boolean; part?: boolean } = {},
  ): EngineCall {
    return this.engine.call(method, args, more.deadlineAt, more.oneWay === true, method, more.part === true)
  }

  /** The stream of that number that the other side opened. */
  taken(number: number): EngineStream {
    const stream = this.streams.find((each) => each.number === number)
    if (stream === undefined) throw new RangeError(`${this.name} has not seen stream ${number}`)
    return stream
  }

  /** The slot of the oldest call not yet answered. */
  slot(): number {
    const slot = this.slots.shift()
    if (slot === undefined) throw new RangeError(`${this.name} has not been called`)
    return slot
  }

  drain(): boolean {
    let some = false
    for (let event = this.engine.event(); event !== undefined; event = this.engine.event()) {
      some = true
      this.heard(event)
      if (event.type === 'open') this.streams.push(event.stream)
      if (event.type === 'call') this.slots.push(event.slot)
      if (event.type === 'data' && this.reads) this.engine.consume(event.stream, event.bytes.length, event.eom ? 1 : 0)
    }
    return some
  }

  /** What it has to send, at most about `most` bytes, and the lines that describe it. */
  transmit(now: number, most: number, lines: string[]): Uint8Array {
    const out: Uint8Array[] = []
    for (let room = most; room > 0; ) {
      const size = this.engine.transmit(out, Math.min(room, BUDGET), now)
      if (size === 0) break
      room -= size
    }
    const bytes = concat(out)
    if (this.written) this.describe(bytes, lines)
    return bytes
  }

  /** The transport is lost. */
  detach(): void {
    if (!this.engine.detach()) throw new Error(`${this.name} cannot go on without its transport`)
    this.undecoded = new Uint8Array(0)
    this.spoken = false
  }

  private describe(bytes: Uint8Array, lines: string[]): void {
    this.undecoded = concat([this.undecoded, bytes])
    let at = 0
    if (!this.spoken && this.undecoded.length >= PREFACE.length) {
      lines.push(`${this.name}> PREFACE | ${spaced(this.undecoded.subarray(0, PREFACE.length))}`)
      this.spoken = true
      at = PREFACE.length
    }
    for (let read = decodeFrame(this.undecoded, at); read !== undefined; read = decodeFrame(this.undecoded, at)) {
      lines.push(`${this.name}> ${describeFrame(read.value)} | ${spaced(this.undecoded.subarray(at, read.next))}`)
      at = read.next
    }
    this.undecoded = this.undecoded.slice(at)
  }
}

/** Extensions have no layout: `number`, `flags` and `bytes` are all there is. */
function extension({ fields }: Frame): Uint8Array {
  const body = fromHex(String(fields.bytes))
  return concat([Uint8Array.of((Number(fields.number) << 3) | Number(fields.flags), body.length), body])
}

function spaced(bytes: Uint8Array): string {
  const pairs = (some: Uint8Array) => (toHex(some).match(/../g) ?? []).join(' ')
  if (bytes.length <= FULL) return pairs(bytes)
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  return `${pairs(bytes.subarray(0, HEAD))} ... ${bytes.length} bytes, sha256 ${digest}`
}

/** How a script gets its world: an ordinary one, or one in which something happens on the way. */
export type Make = (a?: EngineOptions, b?: EngineOptions, setting?: Setting) => World

/** What both sides of a session do, in order. */
export type Script = (make: Make) => World

/** A dialer `a` and a listener `b`. */
export class World {
  readonly a: End
  readonly b: End
  now = 0
  readonly lines: string[] = []

  constructor(a: EngineOptions = {}, b: EngineOptions = {}, setting: Setting = {}) {
    this.a = new End('a', a, setting)
    this.b = new End('b', b, setting)
    for (const { engine } of [this.a, this.b]) engine.tick(this.now)
  }

  /** Says in the transcript what comes next. */
  note(text: string): void {
    this.lines.push(`# ${text}`)
  }

  /** Moves bytes both ways until neither side has anything left to say, `most` at a time in each direction. */
  flow(most = Number.POSITIVE_INFINITY): void {
    for (let busy = true; busy; ) busy = this.step(this.a, this.b, most) || this.step(this.b, this.a, most)
  }

  /** Both sides speak before either hears the other, so that what they say crosses; then all flows. */
  cross(): void {
    this.a.drain()
    this.b.drain()
    const fromA = this.say(this.a)
    const fromB = this.say(this.b)
    if (fromA.length > 0) this.deliver(this.b, fromA)
    if (fromB.length > 0) this.deliver(this.a, fromB)
    this.flow()
  }

  /** A frame that no native engine sends of itself, put on the wire between what `from` sends; then all flows. */
  byHand(from: End, frame: Frame): void {
    const bytes = frame.type === 'EXTENSION' ? extension(frame) : encodeFrame(frame)
    this.lines.push(`${from.name}> ${describeFrame(frame)} | ${spaced(bytes)}`)
    const to = from === this.a ? this.b : this.a
    this.deliver(to, bytes)
    this.flow()
  }

  /** Half a round trip: what both sides have to say now arrives `ms` later. */
  exchange(ms: number): void {
    this.a.drain()
    this.b.drain()
    const before = this.lines.length
    const fromA = this.say(this.a)
    const fromB = this.say(this.b)
    this.now += ms
    if (this.lines.length > before) this.lines.push(`# ${ms} ms later`)
    this.deliver(this.b, fromA)
    this.deliver(this.a, fromB)
    for (const end of [this.a, this.b]) {
      end.engine.tick(this.now)
      end.drain()
    }
  }

  /** The transport is lost, and with it what `a` and `b` have to say now. */
  cut(): void {
    const before = this.lines.length
    for (const end of [this.a, this.b]) {
      end.drain()
      end.transmit(this.now, Number.POSITIVE_INFINITY, this.lines)
    }
    this.note(`${this.lines.length > before ? 'what was said last' : 'the transport'} is lost`)
    this.a.detach()
    this.b.detach()
  }

  /** The RESUME that `a` sends on another transport. */
  redial(attempt: number): Uint8Array {
    this.a.engine.redial(attempt)
    return this.a.transmit(this.now, Number.POSITIVE_INFINITY, this.lines)
  }

  /** Behind it `b` is found, and goes on; then all flows. */
  resume(attempt: number, next: Ticket): void {
    const resume = decodeFrame(this.redial(attempt), PREFACE.length)?.value
    this.b.engine.adopt(Number(resume?.fields.count), next, this.now)
    this.flow()
  }

  /** Behind it nobody is found. */
  refuse(attempt: number, code: number): void {
    const nobody = new End('c', {}, {})
    nobody.engine.receive(this.redial(attempt), this.now)
    nobody.drain()
    nobody.engine.refuseResume(code, '')
    this.a.engine.receive(nobody.transmit(this.now, Number.POSITIVE_INFINITY, this.lines), this.now)
    this.a.drain()
  }

  /** Lets time pass in one go. */
  advance(ms: number): void {
    this.now += ms
    this.lines.push(`# ${ms} ms later`)
    for (const { engine } of [this.a, this.b]) engine.tick(this.now)
    this.flow()
  }

  protected say(from: End, most = Number.POSITIVE_INFINITY): Uint8Array {
    return from.transmit(this.now, most, this.lines)
  }

  protected deliver(to: End, bytes: Uint8Array): void {
    to.engine.receive(bytes, this.now)
  }

  private step(from: End, to: End, most: number): boolean {
    from.drain()
    const bytes = this.say(from, most)
    if (bytes.length > 0) this.deliver(to, bytes)
    return [from.drain(), to.drain()].includes(true) || bytes.length > 0
  }
}

export const ordinary: Make = (...given) => new World(...given)
