// Output: one `transmit` is one flush. Order: handshake, control, replies, calls, OPENs, then DATA by the scheduler.
// Frames are formed as late as possible, into one writer, and nothing else runs meanwhile.

import type { Core } from './core.ts'
import { encodeHello } from './hello.ts'
import { calls, replies } from './outbound-calls.ts'
import { opens, owed, streams } from './outbound-streams.ts'
import { writeResume, writeTicket } from './resume.ts'
import * as wire from './wire.ts'
import { FrameWriter } from './writer.ts'

/** Whatever goes before, calls, OPENs and DATA each keep this part of a flush, so that none starves. */
const SHARE = 16

export class Outbound {
  readonly writer: FrameWriter
  private readonly core: Core
  private readonly hello: Uint8Array
  private readonly waitForPreface: boolean
  private prefaceSent = false

  constructor(core: Core, waitForPreface: boolean, resume: boolean, random: () => number) {
    this.core = core
    this.writer = new FrameWriter(core.pace)
    this.waitForPreface = waitForPreface
    this.hello = encodeHello(core.settings, resume, random)
  }

  transmit(out: Uint8Array[], budget: number): number {
    const { core, writer } = this
    if (core.phase === 'closed' || !core.attached) return 0
    // A listener says nothing before it knows whether the other side wants a new session or an old one.
    if (!this.prefaceSent && this.waitForPreface && this.listens()) return 0
    const before = out.length
    writer.begin(out)
    if (!this.prefaceSent) this.handshake()
    if (core.phase !== 'failing' && core.expects !== 'answer' && core.resumeRefusal === undefined) {
      this.unsequenced()
      if (core.replay.pending) return writer.finish() + core.replay.repeat(out, budget)
      const from = writer.size
      // Nothing is sent again after the end, so there is no buffer to wait for: what is owed goes before CLOSE.
      if (core.phase === 'closing' || !core.replay.blocked) this.sequenced(budget)
      if (core.replay.isOn) return this.kept(out, before, from)
    }
    this.goodbye()
    return writer.finish()
  }

  /** The transport is lost: the next one begins with a preface. */
  detach(): void {
    this.prefaceSent = false
  }

  private listens(): boolean {
    const { core } = this
    return !core.prefaceRead || (core.expects === 'hello' && core.phase === 'open')
  }

  /** What both sides count, and what may therefore go out again. */
  private sequenced(budget: number): void {
    const { core, writer } = this
    this.control()
    owed(writer, core)
    replies(writer, core, budget)
    if (core.phase === 'open' && core.replay.full) {
      core.replay.waits++
      return
    }
    if (core.phase === 'open') calls(writer, core, this.share(budget))
    if (core.phase === 'open') opens(writer, core, this.share(budget))
    streams(writer, core, this.share(budget))
    owed(writer, core)
  }

  /** Ends a flush, which is what `out` holds from `before` on, and keeps its sequenced frames, which begin with byte `from`. */
  private kept(out: Uint8Array[], before: number, from: number): number {
    const { core, writer } = this
    const { replay, pace } = core
    const to = writer.size
    const { markEnd } = writer
    const asks = markEnd === 0 && replay.wantsAck(to - from)
    if (asks) this.askForAck()
    this.goodbye()
    const bytes = writer.finish()
    if (to > from) replay.keep(before === 0 ? out : out.slice(before), from, to, pace.framesSent)
    // Told after it was kept: it asks about all but what stands behind the frame that asks.
    if (asks) replay.asked()
    else if (markEnd > 0) replay.asked(to - markEnd)
    return bytes
  }

  private goodbye(): void {
    const { core, writer } = this
    if (core.phase !== 'failing' && (core.phase !== 'closing' || writer.size > 0)) return
    writer.reasoned(wire.CLOSE, 0, [core.closeCode], core.closeReason)
    core.phase = 'closed'
  }

  private share(budget: number): number {
    return Math.max(budget, this.writer.size + Math.ceil(budget / SHARE))
  }

  private handshake(): void {
    this.prefaceSent = true
    this.writer.payload(wire.PREFACE, 0, wire.PREFACE.length)
    const { resumeRefusal: refusal } = this.core
    if (refusal !== undefined) {
      this.writer.reasoned(wire.RESUME_NO, 0, [refusal.code], refusal.reason)
      this.core.phase = 'closed'
      return
    }
    if (this.core.expects === 'answer') return writeResume(this.writer, this.core)
    // Whoever goes on with a session says so with a ticket.
    if (this.core.adopted) return
    // A listener that refuses the dialer's version says so without introducing itself.
    if (this.core.phase !== 'failing' || this.core.helloRead || !this.waitForPreface)
      this.writer.opaque(wire.HELLO, this.hello)
  }

  /** What belongs to this transport, each at most once. */
  private unsequenced(): void {
    const { core } = this
    if (core.ticketDue !== undefined) {
      writeTicket(this.writer, core, core.ticketDue)
      core.ticketDue = undefined
    }
    if (core.pongDue !== undefined) {
      this.writer.opaque(wire.PONG, core.pongDue)
      core.pongDue = undefined
    }
    // A pong says that the GOAWAY before it was heard: a ping does not overtake one that waits for what goes out again.
    const waits = core.goAwayDue !== undefined && (core.replay.pending || core.replay.blocked)
    if (core.pingDue && !waits) {
      core.pingDue = false
      core.pingSerial = (core.pingSerial + 1) & 0xff
      core.pingSentAt = core.now
      this.writer.opaque(wire.PING, Uint8Array.of(core.pingSerial))
      // A quiet session asks so often, and lets go of what it kept.
      if (core.replay.unasking) this.askForAck()
    }
    if (core.owesAck) {
      core.owesAck = false
      const frames = core.framesReceived - core.framesReported
      core.framesReported = core.framesReceived
      if (frames > 0) this.writer.plain(wire.ACK, 0, frames)
    }
  }

  private askForAck(): void {
    this.writer.plain(wire.ACKREQ, 0)
    this.core.replay.asked()
  }

  /** What the session owes the peer, each at most once. */
  private control(): void {
    const { core } = this
    if (core.owesSessionCredit) {
      core.owesSessionCredit = false
      this.writer.plain(wire.SCREDIT, 0, core.receive.grant())
    }
    if (core.peerOpenLimit > core.peerOpenAnnounced) {
      core.peerOpenAnnounced = core.peerOpenLimit
      const size = 1 + wire.varintSize(core.peerOpenLimit)
      this.writer.head(wire.LIMIT, 0, size, size)
      this.writer.byte(0)
      this.writer.varint(core.peerOpenLimit)
    }
    if (core.goAwayDue !== undefined) {
      this.writer.reasoned(wire.GOAWAY, 0, [core.goAwayCount as number, core.goAwayDue.code], core.goAwayDue.reason)
      core.goAwayDue = undefined
    }
    if (core.caller.cancels.length === 0) return
    for (const { slot, code } of core.caller.cancels) this.writer.plain(wire.CANCEL, 0, slot, code)
    core.caller.cancels.length = 0
  }
}
