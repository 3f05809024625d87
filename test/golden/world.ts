// Two native engines joined back to back, with a clock that moves only when told and fixed randomness. Everything that goes
// from one to the other is written down, one line a frame, by the second codec.

import { createHash } from 'node:crypto'
import type { Engine, EngineCall, EngineStream } from '#dist/engine/contract.js'
import { createEngine } from '#dist/engine/engine.js'
import { type EngineOptions, parseOptions } from '#dist/engine/options.js'
import { describeFrame } from '../codec/describe.ts'
import { decodeFrame, PREFACE } from '../codec/frames.ts'
import { concat, toHex } from '../codec/hex.ts'

/** Bytes written out in full up to this length; of longer frames the first ones and a digest. */
const FULL = 64
const HEAD = 16
const BUDGET = 65_536

/** One of the two ends: its engine, what it was told, and the streams and calls the other side began. */
export class End {
  readonly engine: Engine
  readonly name: string
  readonly streams: EngineStream[] = []
  /** Slots of the calls the other side made, in the order they came, until taken. */
  readonly slots: number[] = []
  /** Takes what arrives at once, so that credit returns. */
  reads = true
  private undecoded: Uint8Array = new Uint8Array(0)
  private spoken = false

  constructor(name: string, listens: boolean, options: EngineOptions) {
    this.name = name
    let state = listens ? 101 : 100
    const random = () => {
      state = (state * 16_807) % 2_147_483_647
      return state / 2_147_483_647
    }
    this.engine = createEngine(parseOptions(options), { waitForPreface: listens, gate: false, random })
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
    this.describe(bytes, lines)
    return bytes
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

function spaced(bytes: Uint8Array): string {
  const pairs = (some: Uint8Array) => (toHex(some).match(/../g) ?? []).join(' ')
  if (bytes.length <= FULL) return pairs(bytes)
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  return `${pairs(bytes.subarray(0, HEAD))} ... ${bytes.length} bytes, sha256 ${digest}`
}

/** A dialer `a` and a listener `b`. */
export class World {
  readonly a: End
  readonly b: End
  now = 0
  readonly lines: string[] = []

  constructor(a: EngineOptions = {}, b: EngineOptions = {}) {
    this.a = new End('a', false, a)
    this.b = new End('b', true, b)
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
    const fromA = this.a.transmit(this.now, Number.POSITIVE_INFINITY, this.lines)
    const fromB = this.b.transmit(this.now, Number.POSITIVE_INFINITY, this.lines)
    if (fromA.length > 0) this.b.engine.receive(fromA, this.now)
    if (fromB.length > 0) this.a.engine.receive(fromB, this.now)
    this.flow()
  }

  /** Half a round trip: what both sides have to say now arrives `ms` later. */
  exchange(ms: number): void {
    this.a.drain()
    this.b.drain()
    const before = this.lines.length
    const fromA = this.a.transmit(this.now, Number.POSITIVE_INFINITY, this.lines)
    const fromB = this.b.transmit(this.now, Number.POSITIVE_INFINITY, this.lines)
    this.now += ms
    if (this.lines.length > before) this.lines.push(`# ${ms} ms later`)
    this.b.engine.receive(fromA, this.now)
    this.a.engine.receive(fromB, this.now)
    for (const end of [this.a, this.b]) {
      end.engine.tick(this.now)
      end.drain()
    }
  }

  /** Lets time pass in one go. */
  advance(ms: number): void {
    this.now += ms
    this.lines.push(`# ${ms} ms later`)
    for (const { engine } of [this.a, this.b]) engine.tick(this.now)
    this.flow()
  }

  private step(from: End, to: End, most: number): boolean {
    from.drain()
    const bytes = from.transmit(this.now, most, this.lines)
    if (bytes.length > 0) to.engine.receive(bytes, this.now)
    return [from.drain(), to.drain()].includes(true) || bytes.length > 0
  }
}
