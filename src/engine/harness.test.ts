// What the engine's tests share: two engines back to back, and one engine against a script of frames.
// Has no tests of its own, imports no transport and no session; time is a number.

import assert from 'node:assert/strict'
import type { Body } from './body.ts'
import type { Engine, EngineEvent, EngineStream, OpenRequest, RawMeta } from './contract.ts'
import { Decoder } from './decoder.ts'
import { createEngine, type EngineInit } from './engine.ts'
import { type EngineOptions, parseOptions } from './options.ts'
import * as wire from './wire.ts'

export type EventOf<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>

export const utf8 = (text: string): Uint8Array => wire.encodeText(text)
export const text = (bytes: Uint8Array): string => wire.decodeText(bytes) ?? '\ufffd'
export const zeros = (size: number): Uint8Array => new Uint8Array(size)
export const json = (value: unknown): RawMeta => ({ json: true, bytes: utf8(JSON.stringify(value)) })

export function join(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

export function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(wire.varintSize(value))
  wire.writeVarint(bytes, 0, value)
  return bytes
}

/** A frame: numbers become varints, texts UTF-8, bytes stay what they are. */
export function frame(type: number, flags: number, ...fields: (number | string | Uint8Array)[]): Uint8Array {
  const parts = fields.map((field) =>
    typeof field === 'number' ? varint(field) : typeof field === 'string' ? utf8(field) : field,
  )
  const body = join(parts)
  return join([Uint8Array.of((type << 3) | flags), varint(body.length), body])
}

/** A name with its length before it. */
export const named = (name: string | Uint8Array): Uint8Array => {
  const bytes = typeof name === 'string' ? utf8(name) : name
  return join([varint(bytes.length), bytes])
}

/** OPEN of the sender's stream with this number. */
export function openFrame(
  number: number,
  { name = 'x', flags = 0, meta = Uint8Array.of(0), first = '', urgency = 3 } = {},
) {
  return frame(wire.OPEN, flags, number * 2, Uint8Array.of(urgency), named(name), meta, first)
}

export interface Heard {
  readonly type: number
  readonly flags: number
  /** The whole body; for DATA the payload. */
  readonly body: Uint8Array
  /** Of DATA. */
  readonly id: number
}

/** Bytes to frames. */
export class Listener {
  readonly heard: Heard[] = []
  readonly decoder: Decoder
  private id = 0
  private flags = 0
  private payloads: Uint8Array[] = []

  constructor() {
    this.decoder = new Decoder({
      header: () => undefined,
      frame: (type: number, flags: number, body: Body) =>
        this.heard.push({ type, flags, body: body.rest().slice(), id: -1 }),
      skipped: () => this.heard.push({ type: wire.EXTENSION_MIN, flags: 0, body: zeros(0), id: -1 }),
      data: (id, flags) => {
        this.id = id
        this.flags = flags
      },
      payload: (bytes, from, to, last) => {
        this.payloads.push(bytes.slice(from, to))
        if (!last) return
        this.heard.push({ type: wire.DATA, flags: this.flags, body: join(this.payloads), id: this.id })
        this.payloads = []
      },
    })
  }

  push(chunk: Uint8Array): void {
    this.decoder.push(chunk, 0)
  }

  /** What comes next comes over another wire. */
  restart(): void {
    this.decoder.restart()
    this.payloads = []
    this.heard.length = 0
  }
}

const initial: EngineInit = { waitForPreface: false, gate: false, random: () => 0.5 }
const ordinary = { urgency: 3, confirm: false }

/** One engine with its clock and what it has told so far. */
export class Side {
  readonly engine: Engine
  readonly events: EngineEvent[] = []
  now = 0

  constructor(options: EngineOptions = {}, init: Partial<EngineInit> = {}) {
    this.engine = createEngine(parseOptions(options), { ...initial, ...init })
  }

  open(name: string, request: Partial<OpenRequest> = {}): EngineStream {
    return this.engine.open({ name, ...ordinary, ...request })
  }

  /** Everything it has to say now. */
  output(budget = 65_536): Uint8Array[] {
    const out: Uint8Array[] = []
    this.collect()
    while (this.engine.transmit(out, budget, this.now) > 0) this.collect()
    this.collect()
    return out
  }

  collect(): void {
    for (let event = this.engine.event(); event !== undefined; event = this.engine.event()) this.events.push(event)
  }

  receive(chunk: Uint8Array): void {
    this.engine.receive(chunk, this.now)
    this.collect()
  }

  tick(now: number): void {
    this.now = now
    this.engine.tick(now)
    this.collect()
  }

  /** Takes the events of a type out. */
  take<T extends EngineEvent['type']>(type: T): EventOf<T>[] {
    this.collect()
    const taken = this.events.filter((event): event is EventOf<T> => event.type === type)
    this.events.splice(0, this.events.length, ...this.events.filter((event) => event.type !== type))
    return taken
  }

  /** The only event of a type. */
  one<T extends EngineEvent['type']>(type: T): EventOf<T> {
    const taken = this.take(type)
    assert.equal(taken.length, 1, `${taken.length} events ${type}`)
    return taken[0]
  }

  /** Takes all data that has come, gives its credit back and returns it as one. */
  read(): Uint8Array {
    const data = this.take('data')
    for (const { stream, bytes, eom } of data) this.engine.consume(stream, bytes.length, eom ? 1 : 0)
    return join(data.map(({ bytes }) => bytes.slice()))
  }

  /** Code of the error it closed with; undefined: cleanly. */
  closedWith(): string | undefined {
    return this.one('closed').error?.code
  }

  get used(): (limit: string) => number {
    const { limits } = this.engine.stats()
    return (limit) => limits[limit].used
  }
}

/** Two engines, what one says heard by the other until both are quiet. */
export class Pair {
  readonly a: Side
  readonly b: Side

  constructor(options: EngineOptions = {}, forB: EngineOptions = options) {
    this.a = new Side(options)
    this.b = new Side(forB, { waitForPreface: true })
    this.run()
    this.a.take('hello')
    this.b.take('hello')
  }

  /** `each` is done before every exchange; it may make more to say. */
  run(each: () => void = () => undefined): void {
    for (let quiet = false; !quiet; ) {
      each()
      const toB = this.a.output()
      const toA = this.b.output()
      for (const chunk of toB) this.b.receive(chunk)
      for (const chunk of toA) this.a.receive(chunk)
      quiet = toA.length + toB.length === 0
    }
  }

  /** A stream that both know: [ours at a, theirs at b]. */
  stream(name = 'x', request: Partial<OpenRequest> = {}): [EngineStream, EngineStream] {
    const mine = this.a.open(name, request)
    this.run()
    return [mine, this.b.one('open').stream]
  }
}

/** One engine against a script of frames. */
export class Scripted extends Side {
  private readonly listener = new Listener()
  private prefaceLeft = 8

  constructor(options: EngineOptions = {}, init: Partial<EngineInit> = {}, hello: Uint8Array = zeros(0)) {
    super(options, init)
    this.receive(join([wire.PREFACE, frame(wire.HELLO, 0, hello)]))
    this.heard()
    this.take('hello')
  }

  /** The peer says these frames, in one chunk. */
  say(...frames: Uint8Array[]): this {
    this.receive(join(frames))
    return this
  }

  /** What the engine has said since the last time. */
  heard(): Heard[] {
    for (let chunk of this.output()) {
      const skip = Math.min(this.prefaceLeft, chunk.length)
      this.prefaceLeft -= skip
      chunk = chunk.subarray(skip)
      this.listener.push(chunk)
    }
    return this.listener.heard.splice(0)
  }

  /** The frames of one type among those said since the last time. */
  heardOf(type: number): Heard[] {
    return this.heard().filter((heard) => heard.type === type)
  }

  get tokens(): number {
    return 1000 - this.used('glitchTokens')
  }
}
