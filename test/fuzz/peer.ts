// The engine against any bytes, with an application that answers whatever it is told. The first byte of an input says how: the role,
// the gate, whether the handshake is done, whether it could be resumed, in how many deliveries the rest comes.

import assert from 'node:assert/strict'
import type { Engine, EngineEvent, EngineStream } from '#dist/engine/contract.js'
import { BraidError } from '#dist/engine/errors.js'
import { decodeFrame, PREFACE } from '../codec/frames.ts'
import { concat, fromHex } from '../codec/hex.ts'
import { engineFor } from '../golden/tape.ts'
import { characters } from '../sweeps/player.ts'

const LISTENER = 1
const GATE = 2
const GREETED = 4
const BUSY = 8
const RESUME = 16
const BUDGET = 65_536
const ROUNDS_MAX = 10_000
const STEP_MS = 700
const GREETING = fromHex('f5 42 52 44 0d 0a 1a 01 00 04 00 02 01 01')
const none = new Uint8Array(0)

type Split = (bytes: Uint8Array) => Uint8Array[]

/** What came of one run: events in words, pieces of a payload as one, and the bytes that went out. */
interface Outcome {
  readonly told: string[]
  readonly out: Uint8Array
}

/** Same bytes, other pieces: same events, same answer. Nothing is thrown, and every limit holds. */
export function anyBytes(input: Uint8Array): void {
  const whole = new Peer(input[0] ?? 0).play(input.subarray(1), (bytes) => [bytes])
  const single = new Peer(input[0] ?? 0).play(input.subarray(1), (bytes) =>
    Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
  )
  assert.deepEqual(single.told, whole.told, 'other events when a byte at a time')
  assert.ok(Buffer.compare(single.out, whole.out) === 0, 'another answer when a byte at a time')
}

class Peer {
  private readonly engine: Engine
  private readonly told: string[] = []
  private readonly out: Uint8Array[] = []
  private readonly turns: number
  private readonly unread: { stream: EngineStream; bytes: number; messages: number }[] = []
  private readonly opened: EngineStream[] = []
  private readonly slots: number[] = []
  private readonly greeted: boolean
  private gated: boolean
  private closed = false
  private now = 1_000

  constructor(mode: number) {
    const init = { waitForPreface: (mode & LISTENER) !== 0, gate: (mode & GATE) !== 0, resume: (mode & RESUME) !== 0 }
    this.engine = engineFor({ options: { maxStreams: 32, maxCalls: 32, streamWindow: 16_384 }, init, seed: 3, ops: [] })
    this.gated = init.gate
    this.greeted = (mode & GREETED) !== 0
    this.turns = 1 + (mode >> 6)
    this.engine.tick(this.now)
    if ((mode & BUSY) !== 0) this.begin()
  }

  private begin(): void {
    for (const name of ['one', 'two']) {
      const stream = this.engine.open({ name, urgency: 3, confirm: name === 'two' })
      stream.owner = `my ${name}`
      this.engine.write(stream, new Uint8Array(20_000))
    }
    for (const method of ['a', 'b', 'a']) this.engine.call(method, none, this.now + 5_000, false, `call ${method}`)
    this.engine.ping()
  }

  play(input: Uint8Array, split: Split): Outcome {
    this.transmit()
    if (this.greeted) this.deliver(GREETING, split)
    const size = Math.ceil(input.length / this.turns)
    for (let turn = 0; turn < this.turns; turn++) {
      this.deliver(input.subarray(turn * size, (turn + 1) * size), split)
      this.now += STEP_MS
      this.engine.tick(this.now)
      this.react()
      this.transmit()
    }
    this.checkLimits()
    this.checkOutput()
    this.engine.lost(new BraidError('TRANSPORT_LOST', 'over', { scope: 'transport' }))
    this.drain()
    assert.ok(this.closed, 'it was lost and did not say so')
    assert.equal(this.engine.deadline(), undefined)
    return { told: this.told, out: concat(this.out) }
  }

  private deliver(bytes: Uint8Array, split: Split): void {
    for (const chunk of split(bytes)) {
      this.engine.receive(chunk.slice(), this.now)
      this.drain()
    }
  }

  private transmit(): void {
    for (let rounds = 0; this.engine.transmit(this.out, BUDGET, this.now) > 0; rounds++) {
      assert.ok(rounds < ROUNDS_MAX, 'it never stops sending')
      this.drain()
    }
    this.drain()
  }

  private drain(): void {
    for (let event = this.engine.event(); event !== undefined; event = this.engine.event()) {
      assert.ok(!this.closed, `${event.type} after closed`)
      this.note(event)
    }
  }

  private note(event: EngineEvent): void {
    if (event.type === 'data') return this.noteData(event.stream, event.bytes, event.eom)
    if (event.type === 'closed') this.closed = true
    if (event.type === 'open') {
      event.stream.owner = `peer ${event.stream.number}`
      this.opened.push(event.stream)
    }
    if (event.type === 'call') this.slots.push(event.slot)
    const whose = 'stream' in event ? event.stream.owner : 'call' in event ? event.call.owner : ''
    this.told.push(`${event.type} ${whose} ${JSON.stringify(event, plain)}`)
  }

  private noteData(stream: EngineStream, bytes: Uint8Array, eom: boolean): void {
    const last = this.unread.at(-1)
    if (last?.stream === stream) {
      last.bytes += bytes.length
      last.messages += eom ? 1 : 0
    } else this.unread.push({ stream, bytes: bytes.length, messages: eom ? 1 : 0 })
    const head = `data ${stream.owner} `
    const rest = `${characters(bytes)}${eom ? '|' : ''}`
    const before = this.told.at(-1)
    if (before?.startsWith(head)) this.told[this.told.length - 1] = before + rest
    else this.told.push(head + rest)
  }

  /** Consumes, answers and ends what came, each stream and call in a way of its own. */
  private react(): void {
    const { engine } = this
    if (this.gated && this.told.some((line) => line.startsWith('hello'))) {
      this.gated = false
      engine.admit(this.now)
      this.drain()
    }
    for (const { stream, bytes, messages } of this.unread.splice(0)) engine.consume(stream, bytes, messages)
    for (const stream of this.opened.splice(0)) this.answer(stream)
    for (const slot of this.slots.splice(0)) {
      if (slot % 3 === 1) engine.replyError(slot, 64 + slot, 'no')
      else if (slot % 3 === 2) engine.replyVia(slot, engine.open({ name: '$reply', urgency: 3, confirm: false }))
      else engine.reply(slot, new Uint8Array(slot))
    }
    this.drain()
  }

  private answer(stream: EngineStream): void {
    const { engine } = this
    const way = stream.number % 5
    if (way === 0) engine.accept(stream, { json: true, bytes: none })
    if (way === 1) engine.write(stream, new Uint8Array(300), true)
    if (way === 2) engine.stop(stream, 14, 'enough')
    if (way === 3) engine.reset(stream, 70, '')
    if (way !== 2) engine.end(stream)
    engine.settle(stream)
  }

  private checkLimits(): void {
    for (const [limit, { max, used }] of Object.entries(this.engine.stats().limits)) {
      assert.ok(used <= max, `${used} of ${limit}, which is ${max}`)
    }
  }

  private checkOutput(): void {
    const bytes = concat(this.out)
    let last = ''
    for (let at = PREFACE.length; at < bytes.length; ) {
      assert.notEqual(last, 'CLOSE', 'frames follow CLOSE')
      const read = decodeFrame(bytes, at)
      if (read === undefined) assert.fail('it sent half a frame')
      last = read.value.type
      at = read.next
    }
  }
}

function plain(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return characters(value)
  if (name === 'via' || name === 'stream' || name === 'call') return (value as EngineStream | undefined)?.owner
  return value instanceof BraidError ? { code: value.code, reason: value.reason, executed: value.executed } : value
}
