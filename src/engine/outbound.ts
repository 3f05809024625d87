// Output: one `transmit` is one flush. Order: handshake, control, replies, calls, OPENs, then DATA by the scheduler.
// Frames are formed as late as possible, into one writer, and nothing else runs meanwhile.

import type { Core } from './core.ts'
import { encodeHello } from './hello.ts'
import { calls, replies } from './outbound-calls.ts'
import { opens, owed, streams } from './outbound-streams.ts'
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

  constructor(core: Core, waitForPreface: boolean, random: () => number) {
    this.core = core
    this.writer = new FrameWriter(core.pace)
    this.waitForPreface = waitForPreface
    this.hello = encodeHello(core.settings, random)
  }

  transmit(out: Uint8Array[], budget: number): number {
    const { core, writer } = this
    if (core.phase === 'closed') return 0
    if (!this.prefaceSent && this.waitForPreface && !core.prefaceRead) return 0
    writer.begin(out)
    if (!this.prefaceSent) this.handshake()
    if (core.phase !== 'failing') {
      this.control()
      owed(writer, core)
      replies(writer, core, budget)
      if (core.phase === 'open') calls(writer, core, this.share(budget))
      if (core.phase === 'open') opens(writer, core, this.share(budget))
      streams(writer, core, this.share(budget))
      owed(writer, core)
    }
    if (core.phase === 'failing' || (core.phase === 'closing' && writer.size === 0)) {
      writer.reasoned(wire.CLOSE, 0, [core.closeCode], core.closeReason)
      core.phase = 'closed'
    }
    return writer.finish()
  }

  private share(budget: number): number {
    return Math.max(budget, this.writer.size + Math.ceil(budget / SHARE))
  }

  private handshake(): void {
    this.prefaceSent = true
    this.writer.payload(wire.PREFACE, 0, wire.PREFACE.length)
    // A listener that refuses the dialer's version says so without introducing itself.
    if (this.core.phase !== 'failing' || this.core.helloRead || !this.waitForPreface)
      this.writer.opaque(wire.HELLO, this.hello)
  }

  /** What the session owes, each at most once. */
  private control(): void {
    const { core } = this
    if (core.pongDue !== undefined) {
      this.writer.opaque(wire.PONG, core.pongDue)
      core.pongDue = undefined
    }
    if (core.pingDue) {
      core.pingDue = false
      core.pingSerial = (core.pingSerial + 1) & 0xff
      core.pingSentAt = core.now
      this.writer.opaque(wire.PING, Uint8Array.of(core.pingSerial))
    }
    if (core.owesAck) {
      core.owesAck = false
      const frames = core.framesReceived - core.framesReported
      core.framesReported = core.framesReceived
      if (frames > 0) this.writer.plain(wire.ACK, 0, frames)
    }
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
