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
import type { EngineSettings } from './options.ts'
import { Outbound } from './outbound.ts'
import * as resumption from './resume.ts'
import { counts, limits } from './stats.ts'
import { ANSWERED, ENDING, MINE, OWES_ANSWER, OWES_FIN, REFILLS, StreamRecord, WANTS_WRITABLE } from './streams.ts'
import { Timers } from './timers.ts'
import { encodeReason } from './wire.ts'

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
  /** A listener: whoever says HELLO is told this, and nothing else. Default: nobody is turned away. */
  readonly refuse?: BraidError | undefined
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
  private readonly timers: Timers
  private bytesIn = 0
  private bytesOut = 0
  /** `closed` was told: there are no more events. */
  private over = false
  private held: Uint8Array[] = []
  heldBytes = 0

  constructor(settings: EngineSettings, init: EngineInit) {
    const resume = init.resume === true
    this.core = new Core(settings, !init.waitForPreface, resume, init.refuse)
    this.inbound = new Inbound(this.core, init.gate)
    this.outbound = new Outbound(this.core, init.waitForPreface, resume, init.random)
    this.timers = new Timers(this.core, this.inbound.decoder, init.random)
  }

  // -- commands on streams

  open(request: OpenRequest): EngineStream {
    const { core } = this
    const { name, meta, urgency, confirm, part = false } = request
    const record = new StreamRecord(true, urgency, core.peer.streamWindow)
    // Once the session is over `closed` is the last event: this one then fails with everything that is live.
    if (core.phase === 'open' && core.peerGoAway !== undefined && !part) core.refuseOpen(record, core.peerGoAway)
    else core.opens.push({ record, name: core.namesOut.encode(name), meta, confirm, part })
    return record
  }

  accept(stream: EngineStream, answer: RawMeta | undefined): void {
    const record = stream as StreamRecord
    if (record.has(MINE | ANSWERED | ENDING)) return
    record.bits |= ANSWERED
    if (answer !== undefined) record.seldom().answer = answer
    this.core.owe(record, OWES_ANSWER)
  }

  write(stream: EngineStream, bytes: Uint8Array, eom = false): boolean {
    const record = stream as StreamRecord
    if ((record.bits & ENDING) !== 0) return false
    const { core } = this
    const outgoing = record.outgoing ?? record.begin()
    core.queued += outgoing.push(bytes, eom)
    if (!outgoing.scheduled) core.ready(record)
    if (outgoing.queued < core.settings.writeBuffer) return true
    record.bits |= WANTS_WRITABLE | REFILLS
    core.writesHeld++
    return false
  }

  end(stream: EngineStream, trailer?: RawMeta): void {
    const record = stream as StreamRecord
    if (record.has(ENDING)) return
    record.bits |= ENDING
    if (trailer !== undefined) record.seldom().trailer = trailer
    const { outgoing } = record
    if (outgoing !== undefined && outgoing.queued > 0) {
      record.bits |= WANTS_WRITABLE
      this.core.scheduler.end(outgoing)
      return
    }
    record.outgoing = undefined
    if (record.opened) this.core.owe(record, OWES_FIN)
  }

  reset(stream: EngineStream, code: number, reason: string): void {
    const record = stream as StreamRecord
    if (!record.opened) {
      // A reply that was to name it says this instead.
      const rare = record.seldom()
      rare.stopCode = code
      rare.stopReason = reason
      return this.core.forget(record)
    }
    this.core.abortSending(record, code, reason)
    this.core.abortReceiving(record, code, reason)
  }

  stop(stream: EngineStream, code: number, reason: string): void {
    const record = stream as StreamRecord
    if (record.opened) return this.core.abortReceiving(record, code, reason)
    // Told to the peer right behind the OPEN.
    record.stop(code, reason)
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
    else core.caller.wait(call)
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
    this.core.ping()
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
    this.timers.detach()
    return true
  }

  redial(attempt: number): void {
    resumption.redial(this.core, attempt)
  }

  adopt(received: number, ticket: Ticket, now: number): void {
    this.core.now = now
    this.timers.heard(now)
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
    this.timers.heard(now)
    const held = this.held
    this.held = []
    this.heldBytes = 0
    for (const chunk of held) this.receive(chunk, now)
  }

  limitGrowth(on: boolean): void {
    this.core.frugal = on
  }

  // -- input

  receive(chunk: Uint8Array, now: number): void {
    const { core, inbound } = this
    core.now = now
    if (core.phase !== 'open') return
    this.bytesIn += chunk.length
    this.timers.heard(now)
    core.glitches.refill(now)
    try {
      const at = inbound.push(chunk, 0)
      if (at < chunk.length && core.phase === 'open') this.hold(chunk.subarray(at))
    } catch (thrown) {
      core.blame(thrown)
    }
    this.timers.watch(now)
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
    this.core.now = now
    if (this.core.phase === 'open') this.timers.tick(now)
  }

  moved(now: number): void {
    this.timers.heard(now)
  }

  deadline(): number | undefined {
    const { core } = this
    return core.phase === 'open' && core.attached ? this.timers.deadline() : undefined
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

  get memory(): number {
    const { receive, queued, caller, callee, replay } = this.core
    const arrived = receive.unread + this.heldBytes + this.inbound.decoder.pending
    return arrived + queued + caller.bytes + callee.bytes + replay.bytes
  }

  get closing(): boolean {
    return this.core.phase !== 'open'
  }

  *liveStreams(): Generator<EngineStream> {
    yield* this.core.streams.live()
    for (const { record } of this.core.opens) if (!record.finished) yield record
  }

  liveCalls(): Iterable<EngineCall> {
    return this.core.caller.live()
  }

  stats(): EngineStats {
    const { decoder } = this.inbound
    return {
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      framesIn: decoder.frames,
      framesOut: this.outbound.writer.framesSent,
      memory: this.memory,
      ...counts(this.core),
      limits: limits(this.core, this.heldBytes, decoder.body.reasonsDropped),
    }
  }

  /** Whoever prints a session should see nothing of what is under way: tokens and tickets pass here, and other people's bytes. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Engine { ${this.core.phase} }`
  }
}
