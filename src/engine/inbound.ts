// Everything that arrives enters here: the preface, headers, DATA. Other frames go to the reaction for their type.
// docs/PROTOCOL.md, sections 2 and 3. Writes nothing itself and runs no user code.

import type { Body } from './body.ts'
import type { Core } from './core.ts'
import { Decoder, type FrameSink } from './decoder.ts'
import { BraidError } from './errors.ts'
import * as calls from './inbound-calls.ts'
import * as session from './inbound-session.ts'
import * as streams from './inbound-streams.ts'
import { end, sendingPeer } from './inbound-streams.ts'
import * as resumption from './resume.ts'
import { isFinal } from './state.ts'
import { STOPPED, type StreamRecord } from './streams.ts'
import * as wire from './wire.ts'

type Reaction = (core: Core, body: Body, flags: number) => void

/** Type → what a whole frame of it does. DATA never comes whole; types that are not here are refused at the header. */
const reactions: (Reaction | undefined)[] = []
reactions[wire.HELLO] = session.hello
reactions[wire.RESUME] = resumption.resume
reactions[wire.TICKET] = resumption.ticket
reactions[wire.RESUME_NO] = resumption.resumeNo
reactions[wire.PING] = session.ping
reactions[wire.PONG] = session.pong
reactions[wire.ACK] = session.ack
reactions[wire.OPEN] = streams.open
reactions[wire.RESET] = streams.reset
reactions[wire.CREDIT] = streams.credit
reactions[wire.SCREDIT] = streams.sessionCredit
reactions[wire.ASK] = streams.ask
reactions[wire.LIMIT] = streams.limit
reactions[wire.META] = streams.meta
reactions[wire.CALL] = calls.call
reactions[wire.REPLY] = calls.reply
reactions[wire.CANCEL] = calls.cancel
reactions[wire.GOAWAY] = session.goAway
reactions[wire.CLOSE] = session.close
reactions[wire.ACKREQ] = session.ackRequest

/** A DATA frame that was cut with its transport: it comes again from its beginning. */
interface CutShort {
  readonly id: number
  readonly flags: number
  readonly length: number
  /** Bytes of it that were delivered. */
  readonly delivered: number
}

export class Inbound implements FrameSink {
  readonly decoder: Decoder
  private readonly core: Core
  private readonly gate: boolean
  private prefaceBytes = 0
  /** The DATA frame whose payload is arriving. */
  private record: StreamRecord | undefined = undefined
  private id = 0
  private flags = 0
  private length = 0
  /** Bytes of it that were delivered before its transport was lost. */
  private skip = 0
  private cutShort: CutShort | undefined = undefined

  constructor(core: Core, gate: boolean) {
    this.core = core
    this.gate = gate
    this.decoder = new Decoder(this)
  }

  /** Reads from `at` and returns where it stopped. @throws BraidError whatever ends the session. */
  push(chunk: Uint8Array, at: number): number {
    while (!this.core.prefaceRead && at < chunk.length) this.preface(chunk[at++])
    return this.core.phase === 'open' ? this.decoder.push(chunk, at) : chunk.length
  }

  /** The transport is lost. What was received in part is not counted as received: it will come again, from its beginning. */
  detach(): void {
    const { id, flags, length, skip, decoder } = this
    const left = decoder.payloadLeft
    if (left > 0) this.cutShort = { id, flags, length, delivered: length - left + skip }
    this.skip = 0
    this.prefaceBytes = 0
    decoder.restart()
  }

  private preface(byte: number): void {
    const { core } = this
    const expected = wire.PREFACE[this.prefaceBytes++]
    const last = this.prefaceBytes === wire.PREFACE.length
    if (byte === expected) {
      core.prefaceRead = last
      return
    }
    if (!last) {
      core.fail(new BraidError('PROTOCOL', 'the other side does not speak Braidwire', { initiator: 'remote' }), true)
      core.prefaceRead = true // read on only to discard
      return
    }
    core.prefaceRead = true
    throw new BraidError('VERSION', `this side speaks major version ${expected}, the peer ${byte}`)
  }

  // -- FrameSink

  header(type: number, flags: number, length: number): void {
    const { settings } = this.core
    this.place(type)
    wire.checkType(type, flags)
    if (type <= wire.RESUME_NO) {
      if (type === wire.HELLO && this.core.refusal !== undefined) throw this.core.refusal
      if (length > wire.HELLO_BYTES_MAX) throw new BraidError('BAD_LIMITS', `a HELLO of ${length} bytes`)
    } else if (length > settings.maxFrame + wire.FRAME_OVERHEAD_MAX) {
      throw new BraidError('FRAME_SIZE', `a frame of ${length} bytes; maxFrame is ${settings.maxFrame}`)
    } else if ((type === wire.PING || type === wire.PONG) && length > wire.PING_BYTES_MAX) {
      throw new BraidError('FRAME_SIZE', `a ping of ${length} bytes`)
    }
  }

  /** What must come first comes first, and only then. */
  private place(type: number): void {
    const { expects, dialer } = this.core
    if (expects === undefined) {
      if (type === wire.HELLO) throw new BraidError('PROTOCOL', 'a second HELLO')
      if (type === wire.RESUME || type === wire.RESUME_NO)
        throw new BraidError('PROTOCOL', `frame type ${type} within a session`)
      return
    }
    if (type === wire.CLOSE) return
    if (expects === 'hello' ? type === wire.HELLO : type === wire.TICKET || type === wire.RESUME_NO) return
    if (expects === 'hello' && type === wire.RESUME && !dialer) return
    throw new BraidError(
      'PROTOCOL',
      `frame type ${type} before ${expects === 'hello' ? 'HELLO' : 'the answer to RESUME'}`,
    )
  }

  skipped(): void {
    this.core.glitches.spend('an unknown extension frame')
  }

  data(id: number, flags: number, length: number): void {
    const { core } = this
    if (length > core.settings.maxFrame) {
      throw new BraidError('FRAME_SIZE', `a payload of ${length} bytes; maxFrame is ${core.settings.maxFrame}`)
    }
    const record = sendingPeer(core, id, 'DATA')
    this.record = record
    this.id = id
    this.flags = flags
    this.length = length
    if (this.cutShort !== undefined) return this.again(this.cutShort)
    if (length === 0 && (flags & (wire.FIN | wire.EOM)) === 0)
      throw new BraidError('PROTOCOL', 'DATA without bytes, FIN and EOM')
    core.charge(record, length + ((flags & wire.EOM) === 0 ? 0 : 1))
  }

  /** The frame that was cut short comes again; its credit was charged then. */
  private again({ id, flags, length, delivered }: CutShort): void {
    if (id !== this.id || flags !== this.flags || length !== this.length) throw replayDiffers()
    this.cutShort = undefined
    this.skip = delivered
  }

  payload(bytes: Uint8Array, from: number, to: number, last: boolean): void {
    const { core } = this
    const record = this.record as StreamRecord
    if (this.skip > 0) {
      const over = Math.min(this.skip, to - from)
      this.skip -= over
      from += over
    }
    const eom = last && (this.flags & wire.EOM) !== 0
    if (to > from || eom) {
      if ((record.bits & STOPPED) !== 0 || isFinal(record.receiving)) core.discard(to - from + (eom ? 1 : 0))
      else core.events.push({ type: 'data', stream: record, bytes: bytes.subarray(from, to), eom })
      core.glitches.payload(to - from)
    }
    if (!last) return
    core.framesReceived++
    if ((this.flags & wire.MARK) !== 0) core.owesAck = true
    if ((this.flags & wire.FIN) !== 0) end(core, record, undefined)
  }

  frame(type: number, flags: number, body: Body): void {
    const { core } = this
    if (wire.isSequenced(type)) {
      if (this.cutShort !== undefined) throw replayDiffers()
      core.framesReceived++
    }
    reactions[type]?.(core, body, flags)
    // Nothing behind these may be looked at: now, or before the session is admitted.
    const last = type === wire.CLOSE || type === wire.RESUME || type === wire.RESUME_NO
    if (last || (type === wire.HELLO && this.gate)) this.decoder.halted = true
  }
}

function replayDiffers(): BraidError {
  return new BraidError('PROTOCOL', 'what came again after RESUME is not what was cut short')
}
