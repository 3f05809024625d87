// The native engine: commands, input, output and timers over the core. docs/PROTOCOL.md is its specification,
// contract.ts its interface. No clock, no I/O, no user code: the only file that sees all the others.

import { OutgoingCall } from './calls.ts'
import type { Engine, EngineCall, EngineEvent, EngineStats, EngineStream, OpenRequest, RawMeta } from './contract.ts'
import { Core } from './core.ts'
import { BraidError } from './errors.ts'
import { Inbound } from './inbound.ts'
import type { EngineSettings } from './options.ts'
import { Outbound } from './outbound.ts'
import { isFinal, step } from './state.ts'
import { counts, limits, SLOW_PEER_BYTES, SLOW_PEER_MS } from './stats.ts'
import { OWES_ANSWER, OWES_FIN, StreamRecord } from './streams.ts'
import { encodeReason, encodeText, REPLY_STREAM } from './wire.ts'

export { REPLY_STREAM } from './wire.ts'

/** What may still arrive after the session asked the transport to pause. */
const HELD_SLACK_BYTES = 1_048_576
const none = new Uint8Array(0)

export interface EngineInit {
  /** A listener: nothing is sent before the dialer's preface was read. */
  readonly waitForPreface: boolean
  /** Hold what follows the peer's HELLO until `admit`. */
  readonly gate: boolean
  /** A listener: whoever says HELLO is told this, and nothing else. Default: nobody is turned away. */
  readonly refuse?: BraidError | undefined
  /** Uniform in [0, 1), for the entry of HELLO that nobody knows. */
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
  private readonly waitForPreface: boolean
  private bytesIn = 0
  private bytesOut = 0
  private helloDue: number | undefined
  /** The frame that is not complete, and how far it was when the present ten seconds began. */
  private slow: { frames: number; bytes: number; due: number } | undefined
  /** `closed` was told: there are no more events. */
  private over = false
  private held: Uint8Array[] = []
  /** Streams given up before their OPEN since the queue of OPENs was last cleaned. */
  private forgotten = 0
  heldBytes = 0

  constructor(settings: EngineSettings, init: EngineInit) {
    this.core = new Core(settings, init.refuse)
    this.inbound = new Inbound(this.core, init.gate)
    this.outbound = new Outbound(this.core, init.waitForPreface, init.random)
    this.waitForPreface = init.waitForPreface
  }

  // -- commands on streams

  open(request: OpenRequest): EngineStream {
    const { core } = this
    const { name, meta, urgency, confirm } = request
    const isReply = name === REPLY_STREAM
    const opening = { name: encodeText(name), meta, confirm, isReply }
    const record = new StreamRecord(true, urgency, opening, core.peer.streamWindow, core.settings.streamWindow)
    // Once the session is over `closed` is the last event: this one then fails with everything that is live.
    if (core.phase === 'open' && core.peerGoAway !== undefined && !isReply) core.refuseOpen(record, core.peerGoAway)
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
    const { core } = this
    core.queued += record.push(bytes, eom)
    core.ready(record)
    if (record.queued < core.settings.writeBuffer) return true
    record.wantsWritable = true
    core.writesHeld++
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
      return this.forget(record)
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

  /** A stream whose OPEN was never written leaves no trace. */
  private forget(record: StreamRecord): void {
    if (record.finished) return
    record.sending = step(record.sending, 'reset')
    record.receiving = step(record.receiving, 'reset')
    this.core.dropQueue(record)
    // Skipped when its turn comes; cleaned up by halves, so that giving up many costs no more than opening them.
    if (++this.forgotten * 2 > this.core.opens.size) {
      this.core.opens.keep((waiting) => !waiting.finished)
      this.forgotten = 0
    }
    this.core.events.push({ type: 'finished', stream: record })
  }

  consume(stream: EngineStream, bytes: number, messages: number): void {
    this.core.consume(stream as StreamRecord, bytes + messages)
  }

  settle(stream: EngineStream): void {
    this.core.settle(stream as StreamRecord)
  }

  // -- commands on calls

  call(method: string, args: Uint8Array, deadlineAt: number | undefined, oneWay: boolean, owner: unknown): EngineCall {
    const { core } = this
    const call = new OutgoingCall(method, args, deadlineAt, oneWay, owner)
    if (core.phase === 'open' && core.peerGoAway !== undefined)
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
    core.events.push({ type: 'closed', error: undefined })
  }

  lost(error: BraidError): void {
    const { core } = this
    const over = core.phase !== 'open'
    core.phase = 'closed'
    if (!over) core.events.push({ type: 'closed', error })
  }

  admit(now: number): void {
    this.core.now = now
    this.inbound.decoder.halted = false
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
    core.glitches.refill(now)
    try {
      const at = inbound.push(chunk, 0)
      if (at < chunk.length && core.phase === 'open') this.hold(chunk.subarray(at))
    } catch (error) {
      if (!(error instanceof BraidError)) throw error
      core.fail(error)
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
    if (!core.helloRead && now >= this.helloDue) {
      const text = `no complete HELLO within ${core.settings.helloTimeoutMs} ms`
      core.fail(new BraidError('SLOW_PEER', text), this.waitForPreface && !core.prefaceRead)
    }
    if (this.slow !== undefined && now >= this.slow.due) {
      const { decoder } = inbound
      if (decoder.frames === this.slow.frames && decoder.pending - this.slow.bytes < SLOW_PEER_BYTES) {
        core.fail(new BraidError('SLOW_PEER', 'a frame was begun and did not go on at 512 B/s'))
      } else this.slow = undefined
      this.watch(now)
    }
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
    if (core.phase !== 'open') return undefined
    // Not ticked yet: due at once, to learn when the session began.
    if (core.helloRead) return this.slow?.due
    return Math.min(this.helloDue ?? core.now, this.slow?.due ?? Number.POSITIVE_INFINITY)
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

  get memory(): number {
    const { receive, queued, caller, callee } = this.core
    const arrived = receive.unread + this.heldBytes + this.inbound.decoder.pending
    return arrived + queued + caller.bytes + callee.bytes
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
}
