// Plays a tape to a fresh engine: the same commands at the same moments, and of its input whatever the sweep makes of it.
// With damaged input some commands have lost their object: those are left out, so that the engine's contract is always kept.

import assert from 'node:assert/strict'
import type { Engine, EngineCall, EngineEvent, EngineStream } from '#dist/engine/contract.js'
import type { BraidError } from '#dist/engine/errors.js'
import { engineFor, type Label, type Op, type Tape } from '../golden/tape.ts'

/** Something the application was told; pieces of one payload count as one. `body` has a character for each byte. */
export interface Told {
  head: string
  body: string
}

/** More rounds than any honest transmission needs. */
const ROUNDS_MAX = 100_000
const BUDGET = 65_536

/** A character for each byte: cheap to make and to compare. */
export function characters(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

export class Player {
  readonly engine: Engine
  readonly told: Told[] = []
  readonly out: Uint8Array[] = []
  /** How the session ended for the application: a code, `clean`, or undefined while it lives. */
  closed: string | undefined
  private readonly streams = new Map<string, EngineStream>()
  private readonly calls = new Map<string, EngineCall>()
  /** By stream, what came and was not consumed: bytes and message ends. */
  private readonly unread = new Map<EngineStream, { bytes: number; messages: number }>()
  private readonly slots = new Set<number>()
  private greeted = false
  private made = { open: 0, call: 0 }

  constructor(tape: Tape) {
    this.engine = engineFor(tape)
  }

  /** Does what the op says; `chunks` in place of the bytes of a `receive`. */
  step(op: Op, chunks?: readonly Uint8Array[]): void {
    switch (op.do) {
      case 'receive':
        for (const chunk of chunks ?? [op.bytes]) this.receive(chunk, op.now)
        return
      case 'tick':
        this.engine.tick(op.now)
        return this.drain()
      case 'transmit':
        return this.transmit(op.now)
      default:
        return this.command(op.do, op.args)
    }
  }

  receive(chunk: Uint8Array, now: number): void {
    // Nobody may look at a chunk once it is handed on: a copy, which a fault could spoil.
    this.engine.receive(chunk.slice(), now)
    this.drain()
  }

  transmit(now: number): void {
    for (let rounds = 0; ; rounds++) {
      assert.ok(rounds < ROUNDS_MAX, 'it never stops sending')
      this.drain()
      if (this.engine.transmit(this.out, BUDGET, now) === 0) break
    }
    this.drain()
  }

  /** Bytes that came and that nobody consumed. */
  get unreadBytes(): number {
    let sum = 0
    for (const { bytes } of this.unread.values()) sum += bytes
    return sum
  }

  drain(): void {
    for (let event = this.engine.event(); event !== undefined; event = this.engine.event()) {
      assert.equal(this.closed, undefined, `${event.type} after closed`)
      this.note(event)
    }
  }

  private note(event: EngineEvent): void {
    switch (event.type) {
      case 'open': {
        const label = `peer${event.stream.number}`
        event.stream.owner = label
        this.streams.set(label, event.stream)
        break
      }
      case 'data':
        return this.data(event.stream, event.bytes, event.eom)
      case 'call':
        assert.ok(!this.slots.has(event.slot), `slot ${event.slot} is busy`)
        this.slots.add(event.slot)
        break
      case 'hello':
        this.greeted = true
        break
      case 'closed':
        this.closed = event.error === undefined ? 'clean' : event.error.code
        break
    }
    this.told.push({ head: describe(event), body: '' })
  }

  private data(stream: EngineStream, bytes: Uint8Array, eom: boolean): void {
    const unread = this.unread.get(stream) ?? { bytes: 0, messages: 0 }
    unread.bytes += bytes.length
    unread.messages += eom ? 1 : 0
    this.unread.set(stream, unread)
    const last = this.told.at(-1)
    const head = `data ${stream.owner}`
    if (last?.head === head) {
      last.body += characters(bytes)
      if (eom) last.head = `${head} eom`
    } else this.told.push({ head: eom ? `${head} eom` : head, body: characters(bytes) })
  }

  private command(name: Exclude<Op['do'], 'receive' | 'tick' | 'transmit'>, given: readonly unknown[]): void {
    const args = given.map((argument) => (isLabel(argument) ? this.find(argument.label) : argument))
    const lost = given.some((argument, at) => isLabel(argument) && args[at] === undefined)
    if (lost || !this.mayStill(name, args)) return
    if (name === 'call') args[4] = `call${this.made.call++}`
    const method = this.engine[name] as (...args: unknown[]) => unknown
    const made = method.apply(this.engine, args)
    if (name === 'open') {
      const stream = made as EngineStream
      stream.owner = `my${this.made.open++}`
      this.streams.set(stream.owner as string, stream)
    } else if (name === 'call') this.calls.set(args[4] as string, made as EngineCall)
    this.drain()
  }

  /** What the contract allows only once, or only so much of. */
  private mayStill(name: Op['do'], args: unknown[]): boolean {
    if (name === 'admit') return this.greeted
    if (name.startsWith('reply')) return this.slots.delete(args[0] as number)
    if (name !== 'consume') return true
    const unread = this.unread.get(args[0] as EngineStream) ?? { bytes: 0, messages: 0 }
    args[1] = Math.min(args[1] as number, unread.bytes)
    args[2] = Math.min(args[2] as number, unread.messages)
    unread.bytes -= args[1] as number
    unread.messages -= args[2] as number
    return true
  }

  private find(label: string): EngineStream | EngineCall | undefined {
    return this.streams.get(label) ?? this.calls.get(label)
  }
}

function isLabel(value: unknown): value is Label {
  return typeof value === 'object' && value !== null && 'label' in value
}

/** The event in one line; whose it is comes second. */
export function describe(event: EngineEvent): string {
  const { type, stream, call, error, ...rest } = event as EngineEvent & {
    stream?: EngineStream
    call?: EngineCall
    error?: BraidError
  }
  const whose = stream?.owner ?? call?.owner ?? ('slot' in rest ? `slot${rest.slot}` : 'session')
  const { code, number, reason, executed, initiator } = error ?? {}
  const why = error === undefined ? '' : JSON.stringify({ code, number, reason, executed, initiator })
  return `${type} ${whose} ${JSON.stringify(rest, plain)} ${why}`.trim()
}

function plain(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return characters(value)
  return name === 'via' ? (value as EngineStream | undefined)?.owner : value
}
