// A world whose transport is cut at given bytes, and another takes its place at once: what happens to a golden session on its way.
// What its ends were told is kept; whether that is right, it does not judge.

import type { EngineEvent, Ticket } from '#dist/engine/contract.js'
import type { EngineOptions } from '#dist/engine/options.js'
import { decodeFrame, PREFACE } from '../codec/frames.ts'
import { type End, type Setting, World } from '../golden/world.ts'
import { characters, describe } from './player.ts'

/** On the way to `a` or to `b`, behind so many bytes. */
export interface Place {
  readonly to: 'a' | 'b'
  readonly at: number
}

/** The session could not go on: nobody had a ticket, or it was closed by then. Ends the script. */
export class Lost extends Error {}

/** What the application is not told, or what tells of the way and not of the work. */
const ofTheWay = new Set<EngineEvent['type']>(['ticket', 'pong', 'writable'])
/** More transports than a plan has cuts. */
const ATTEMPTS_MAX = 10

export class CutWorld extends World {
  /** By end and what it is about (a stream, a call, the session): all that was told of it, in order, bytes joined. */
  readonly told = new Map<string, string[]>()
  /** Bytes that arrived over the first transport. */
  readonly first: Readonly<Record<'a' | 'b', Uint8Array[]>> = { a: [], b: [] }
  /** `a` was given a ticket: from then on nothing may be lost. */
  ticketed = false
  private readonly cuts: readonly Place[]
  private readonly gated: boolean
  private readonly carried = { a: 0, b: 0 }
  /** Which transport bytes were handed to. */
  private readonly over = new WeakMap<Uint8Array, number>()
  private transport = 0
  private heardByB = 0
  private issued = false

  constructor(cuts: readonly Place[], a?: EngineOptions, b?: EngineOptions, setting: Setting = {}) {
    super(a, b, { ...setting, resume: true })
    this.cuts = cuts
    this.gated = setting.gate === true
    for (const end of [this.a, this.b]) {
      end.written = false
      end.heard = (event) => this.hear(end, event)
    }
  }

  protected override say(from: End, most?: number): Uint8Array {
    // As a listener does: once it knows who it is.
    if (from === this.b && !this.issued && this.heardByB > (this.gated ? 1 : 0)) {
      this.issued = true
      this.b.engine.issue(ticket(0))
    }
    const bytes = super.say(from, most)
    this.over.set(bytes, this.transport)
    return bytes
  }

  protected override deliver(to: End, bytes: Uint8Array): void {
    if (this.over.get(bytes) !== this.transport) return // lost with a transport before this one
    const { arrived, cut } = this.carry(to.name as 'a' | 'b', bytes)
    if (this.transport === 0) this.first[to.name as 'a' | 'b'].push(arrived)
    if (arrived.length > 0 || !cut) super.deliver(to, arrived)
    if (cut) this.goOn()
  }

  /** What of these bytes gets through. */
  private carry(to: 'a' | 'b', bytes: Uint8Array): { readonly arrived: Uint8Array; readonly cut: boolean } {
    const place = this.cuts[this.transport]
    const room = place?.to === to ? place.at - this.carried[to] : Number.POSITIVE_INFINITY
    this.carried[to] += bytes.length
    return { arrived: bytes.subarray(0, room), cut: room <= bytes.length }
  }

  /** The transport is lost: `a` dials until one lives long enough for its RESUME. */
  private goOn(): void {
    for (const end of [this.a, this.b]) {
      end.drain()
      this.lose(end)
    }
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      this.transport++
      this.carried.a = 0
      this.carried.b = 0
      const said = this.redial(this.transport)
      const { arrived, cut } = this.carry('b', said)
      const resume = arrived.length > PREFACE.length ? decodeFrame(arrived, PREFACE.length)?.value : undefined
      if (resume !== undefined) this.b.engine.adopt(Number(resume.fields.count), ticket(this.transport), this.now)
      if (!cut) return
      this.lose(this.a)
      if (resume !== undefined) this.lose(this.b)
    }
    throw new Error('no transport lived')
  }

  private lose(end: End): void {
    try {
      end.detach()
    } catch (cause) {
      throw new Lost(`${end.name} could not go on`, { cause })
    }
  }

  private hear(end: End, event: EngineEvent): void {
    if (end === this.b) this.heardByB++
    else if (event.type === 'ticket') this.ticketed = true
    if (ofTheWay.has(event.type)) return
    if ('stream' in event) event.stream.owner ??= `${event.stream.mine ? 'my' : 'peer'}${event.stream.number}`
    const whose = 'stream' in event ? event.stream.owner : 'call' in event ? event.call.owner : event.type
    const key = `${end.name} ${whose}`
    const told = this.told.get(key) ?? []
    this.told.set(key, told)
    if (event.type !== 'data') {
      told.push(describe(event))
      return
    }
    // However many pieces it came in.
    const begun = told.at(-1)?.startsWith('data ') === true ? (told.pop() as string) : 'data '
    told.push(begun + characters(event.bytes))
    if (event.eom) told.push('eom')
  }
}

function ticket(number: number): Ticket {
  return { id: new Uint8Array(16).fill(7), secret: new Uint8Array(32).fill(number), keepMs: 60_000 }
}
