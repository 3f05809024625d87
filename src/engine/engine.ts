// The native engine: commands, input, output and timers over the core. docs/PROTOCOL.md is its specification,
// contract.ts its interface. No clock, no I/O, no user code: the only file that sees all the others.

import { OutgoingCall } from './calls.ts'
import type {
  Engine,
  EngineCall,
  EngineEvent,
  EngineStats,
  EngineStream,
  OpenRequest,
  RawMeta,
  Ticket,
} from './contract.ts'
import { Core } from './core.ts'
import { BraidError } from './errors.ts'
import { Inbound } from './inbound.ts'
import { LATE_MS, Liveness } from './liveness.ts'
import type { EngineSettings } from './options.ts'
import { Outbound } from './outbound.ts'
import * as resumption from './resume.ts'
import { isFinal } from './state.ts'
import { engineStats } from './stats.ts'
import { OWES_ANSWER, OWES_FIN, StreamRecord } from './streams.ts'
import { encodeReason, encodeText } from './wire.ts'

const SLOW_PEER_MS = 10_000
const SLOW_PEER_BYTES = 5120
/** What may still arrive after the session asked the transport to pause. */
const HELD_SLACK_BYTES = 1_048_576
const none = new Uint8Array(0)

export interface EngineInit {
  /** A listener: nothing is sent before the dialer's preface was read. */
  readonly waitForPreface: boolean
  /** Keep what is sent until it is acknowledged, and say so, for a transport that takes the place of a lost one. Default false. */
  readonly resume?: boolean
  /** Hold what follows the peer's HELLO until `admit`. */
  readonly gate: boolean
  /** Uniform in [0, 1), for the entry of HELLO that nobody knows and for when pings go. */
  readonly random: () => number
}

/** Makes one side of a session that speaks the native protocol. */
export function createEngine(settings: EngineSettings, init: EngineInit): Engine {
  return new NativeEngine(settings, init)
}

class NativeEngine implements Engine {
  private readonly core: Core
  private readonly inbound: Inbound
  private readonly outbound: Outbound
  private readonly liveness: Liveness
  private readonly waitForPreface: boolean
  private bytesIn = 0
  private bytesOut = 0
  private helloDue: number | undefined
  /** The frame that is not complete, and how far it was when the present ten seconds began. */
  private slow: { frames: number; bytes: number; due: number } | undefined
  /** `closed` was told: there are no more events. */
  private over = false
  private held: Uint8Array[] = []
  heldBytes = 0

  constructor(settings: EngineSettings, init: EngineInit) {
    const resume = init.resume === true
    this.core = new Core(settings, !init.waitForPreface, resume)
    this.inbound = new Inbound(this.core, init.gate)
    this.outbound = new Outbound(this.core, init.waitForPreface, resume, init.random)
    this.liveness = new Liveness(settings.idleTimeoutMs, init.random)
    this.waitForPreface = init.waitForPreface
  }

  // -- commands on streams

  open(request: OpenRequest): EngineStream {
    const { core } = this
    const { name, meta, urgency, confirm, part = false } = request
    const opening = { name: encodeText(name), meta, confirm, part }
    const record = new StreamRecord(true, urgency, opening, core.peer.streamWindow, core.settings.streamWindow)
    // Once the session is over `closed` is the last event: this one then fails with everything that is live.
    if (core.phase === 'open' && core.peerGoAway !== undefined && !part) core.refuseOpen(record, core.peerGoAway)
    else core.opens.push(record)
    return record
  }

  accept(stream: EngineStream, answer: RawMeta | undefined): void {
    const record = stream as StreamRecord
    if (record.mine || record.answered || record.ending || isFinal(record.sending)) return
    record.answered = true
    record.answer = answer
    this.core.owe(record, OWES_ANSWER)
  }

  write(stream: EngineStream, bytes: Uint8Array, eom = false): boolean {
    const record = stream as StreamRecord
    if (record.ending || isFinal(record.sending)) return false
    record.push(bytes, eom)
    this.core.ready(record)
    if (record.queued < this.core.settings.writeBuffer) return true
    record.wantsWritable = true
    return false
  }

  end(stream: EngineStream, trailer?: RawMeta): void {
    const record = stream as StreamRecord
    if (record.ending || isFinal(record.sending)) return
    record.ending = true
    record.trailer = trailer
    if (record.queued > 0) record.wantsWritable = true
    if (record.opened && record.queued === 0) this.core.owe(record, OWES_FIN)
  }

  reset(stream: EngineStream, code: number, reason: string): void {
    const record = stream as StreamRecord
    if (!record.opened) {
      // A reply that was to name it says this instead.
      record.stopCode = code
      record.stopReason = reason
      return this.core.forget(record)
    }
    this.core.abortSending(record, code, reason)
    this.core.abortReceiving(record, code, reason)
  }

  stop(stream: EngineStream, code: number, reason: string): void {
    const record = stream as StreamRecord
    if (record.opened) return this.core.abortReceiving(record, code, reason)
    // Told to the peer right behind the OPEN.
    record.stopped = true
    record.stopCode = code
    record.stopReason = reason
  }

  consume(stream: EngineStream, bytes: number, messages: number): void {
    this.core.consume(stream as StreamRecord, bytes + messages)
  }

  settle(stream: EngineStream): void {
    this.core.settle(stream as StreamRecord)
  }

  // -- commands on calls

  call(
    method: string,
    args: Uint8Array,
    deadlineAt: number | undefined,
    oneWay: boolean,
    owner: unknown,
    part = false,
  ): EngineCall {
    const { core } = this
    const call = new OutgoingCall(method, args, deadlineAt, oneWay, owner, part)
    if (core.phase === 'open' && core.peerGoAway !== undefined && !part)
      core.events.push({ type: 'replyError', call, error: core.peerGoAway })
    else core.caller.waiting.push(call)
    return call
  }

  cancel(call: EngineCall, code: number): void {
    this.core.caller.cancel(call as OutgoingCall, code)
  }

  reply(slot: number, result: Uint8Array): void {
    this.core.callee.owe({ slot, result, via: undefined, failure: undefined })
  }

  replyVia(slot: number, stream: EngineStream): void {
    this.core.callee.owe({ slot, result: none, via: stream as StreamRecord, failure: undefined })
  }

  replyError(slot: number, code: number, reason: string, details?: Uint8Array): void {
    const failure = { code, reason: encodeReason(reason), details: details ?? none }
    this.core.callee.owe({ slot, result: none, via: undefined, failure })
  }

  // -- commands on the session

  ping(): void {
    if (this.core.pingSentAt === undefined) this.core.pingDue = true
  }

  goAway(code: number, reason: string): void {
    const { core } = this
    if (core.goAwayCount !== undefined) return
    core.goAwayCount = core.streams.theirsOpened
    core.goAwayDue = { code, reason }
  }

  close(code: number, reason: string): void {
    const { core } = this
    if (core.phase !== 'open') return
    core.phase = 'closing'
    core.closeCode = code
    core.closeReason = reason
    // No transport, no goodbye.
    if (!core.attached || core.expects === 'answer') core.phase = 'closed'
    core.events.push({ type: 'closed', error: undefined })
  }

  lost(error: BraidError): void {
    const { core } = this
    const over = core.phase !== 'open'
    core.phase = 'closed'
    if (!over) core.events.push({ type: 'closed', error })
  }

  // -- commands of resumption

  detach(): boolean {
    const { core } = this
    if (core.phase !== 'open' || core.ticket === undefined) return false
    resumption.detach(core)
    this.inbound.detach()
    this.outbound.detach()
    this.slow = undefined
    return true
  }

  redial(attempt: number): void {
    this.helloDue = undefined
    resumption.redial(this.core, attempt)
  }

  adopt(received: number, ticket: Ticket, now: number): void {
    this.core.now = now
    this.liveness.heard(now)
    try {
      resumption.adopt(this.core, received, ticket)
    } catch (thrown) {
      this.core.blame(thrown)
    }
  }

  issue(ticket: Ticket): void {
    this.core.ticket = ticket
    this.core.ticketDue = ticket
  }

  refuseResume(code: number, reason: string): void {
    resumption.refuse(this.core, code, reason)
  }

  admit(now: number): void {
    this.core.now = now
    this.inbound.decoder.halted = false
    this.liveness.heard(now)
    const held = this.held
    this.held = []
    this.heldBytes = 0
    for (const chunk of held) this.receive(chunk, now)
  }

  // -- input

  receive(chunk: Uint8Array, now: number): void {
    const { core, inbound } = this
    core.now = now
    if (core.phase !== 'open') return
    this.bytesIn += chunk.length
    this.liveness.heard(now)
    core.glitches.refill(now)
    try {
      const at = inbound.push(chunk, 0)
      if (at < chunk.length && core.phase === 'open') this.hold(chunk.subarray(at))
    } catch (thrown) {
      core.blame(thrown)
    }
    this.watch(now)
  }

  /** Keeps what came before the session was admitted. */
  private hold(rest: Uint8Array): void {
    this.heldBytes += rest.length
    this.bytesIn -= rest.length // counted when it is looked at
    const max = this.core.settings.earlyBytes + HELD_SLACK_BYTES
    if (this.heldBytes > max)
      throw new BraidError('EXHAUSTED', `more than ${max} bytes before the session was authorised`)
    this.held.push(rest)
  }

  tick(now: number): void {
    const { core, inbound } = this
    core.now = now
    if (core.phase !== 'open') return
    if (this.helloDue === undefined) this.helloDue = now + core.settings.helloTimeoutMs
    if (core.expects !== undefined && now >= this.helloDue) this.silent(core.expects)
    if (this.slow !== undefined && now >= this.slow.due) {
      const { decoder } = inbound
      // After a sleep of ours what came meanwhile has yet to be read.
      if (now - this.slow.due > LATE_MS) this.slow = undefined
      else if (decoder.frames === this.slow.frames && decoder.pending - this.slow.bytes < SLOW_PEER_BYTES) {
        core.fail(new BraidError('SLOW_PEER', 'a frame was begun and did not go on at 512 B/s'))
      } else this.slow = undefined
      this.watch(now)
    }
    if (this.listening) this.look(now)
  }

  /** Before the HELLO its own timer runs; while the session is not admitted, PONGs are not looked at. */
  private get listening(): boolean {
    return this.core.helloRead && this.core.expects === undefined && !this.inbound.decoder.halted
  }

  private look(now: number): void {
    const { core, liveness } = this
    const verdict = liveness.look(now)
    if (verdict === 'ping') this.ping()
    if (verdict !== 'silent') return
    core.silences++
    const seconds = Math.round(liveness.silence(now) / 100) / 10
    const text = `nothing came from the other side for ${seconds} s, not even an answer to a ping: it is taken for dead`
    const error = new BraidError('TRANSPORT_LOST', text, { scope: 'transport', initiator: 'remote' })
    core.events.push({ type: 'silent', error })
  }

  moved(now: number): void {
    this.liveness.heard(now)
  }

  /** The first frame did not come in time. */
  private silent(expected: 'hello' | 'answer'): void {
    const { core } = this
    const within = `within ${core.settings.helloTimeoutMs} ms`
    if (expected === 'hello') {
      const error = new BraidError('SLOW_PEER', `no complete HELLO ${within}`)
      return core.fail(error, this.waitForPreface && !core.prefaceRead)
    }
    // Another transport may do better.
    this.helloDue = Number.POSITIVE_INFINITY
    const error = new BraidError('TRANSPORT_LOST', `no answer to RESUME ${within}`, { scope: 'transport' })
    core.events.push({ type: 'silent', error })
  }

  /** Notes when a frame that is under way must have got on. */
  private watch(now: number): void {
    const { decoder } = this.inbound
    if (!decoder.incomplete || decoder.halted) this.slow = undefined
    else if (this.slow === undefined || this.slow.frames !== decoder.frames) {
      this.slow = { frames: decoder.frames, bytes: decoder.pending, due: now + SLOW_PEER_MS }
    }
  }

  deadline(): number | undefined {
    const { core } = this
    if (core.phase !== 'open' || !core.attached) return undefined
    // Not ticked yet: due at once, to learn when the wait began.
    const first = core.expects === undefined ? Number.POSITIVE_INFINITY : (this.helloDue ?? core.now)
    const idle = this.listening ? this.liveness.due : Number.POSITIVE_INFINITY
    const due = Math.min(first, idle, this.slow?.due ?? Number.POSITIVE_INFINITY)
    return due === Number.POSITIVE_INFINITY ? undefined : due
  }

  // -- output

  event(): EngineEvent | undefined {
    if (this.over) return undefined
    const event = this.core.events.shift()
    this.over = event?.type === 'closed'
    return event
  }

  transmit(out: Uint8Array[], budget: number, now: number): number {
    this.core.now = now
    const bytes = this.outbound.transmit(out, budget)
    this.bytesOut += bytes
    return bytes
  }

  get acknowledged(): number {
    return this.core.pace.framesAcked
  }

  get closing(): boolean {
    return this.core.phase !== 'open'
  }

  *liveStreams(): Generator<EngineStream> {
    yield* this.core.streams.live()
    for (const record of this.core.opens) if (!record.finished) yield record
  }

  liveCalls(): Iterable<EngineCall> {
    return this.core.caller.live()
  }

  stats(): EngineStats {
    return engineStats(
      this.core,
      this.bytesIn,
      this.bytesOut,
      this.inbound.decoder.frames,
      this.outbound.writer.framesSent,
      this.heldBytes,
    )
  }
}
