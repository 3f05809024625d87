// Pump: moves bytes between one engine and its transport, or one transport after the other. Owns flushing and the one timer.
// Knows no stream and no call; what events mean is its owner's business.

import type { Engine, EngineEvent } from '../engine/contract.ts'
import { BraidError } from '../engine/errors.ts'
import { Patience } from '../engine/liveness.ts'
import { afterMicrotasks, type Clock } from './clock.ts'
import { Line } from './line.ts'
import { NOTHING_KEPT, type Transport, type TransportSink } from './transport.ts'

/** Most bytes of one write to the transport, and what may be queued before a flush does not wait for the end of the turn. */
const FLUSH_BYTES = 256 * 1024
/** Answers of one turn that leave before its end, and how many times as many the next time. */
const ANSWERS_FIRST = 4
const ANSWERS_GROWTH = 4
/** How long CLOSE may wait for room in the transport, and the transport for its own end. */
const CLOSE_WAIT_MS = 2_000
const GONE_WAIT_MS = 5_000
/** What may be wrong with somebody who hangs up at once. */
const MUTE = 'it may be full, or speak something else there (TLS wants tls://)'

export interface PumpOwner {
  /** False: nothing refers any more to the bytes it came with. */
  event(event: EngineEvent): unknown
  /** Bytes are about to be given to the engine. */
  receiving(): void
  /** Bytes were given to the engine. */
  received(): void
  /** The transport is dead, for whatever reason: nothing goes out or comes in any more. Once for each transport. */
  lost(error: BraidError): void
  /** What was to be done in this turn is done: the time to look what is held. */
  flushed(): void
  /** The session is over and its transport gone; the last call. */
  gone(): void
  /** The engine or the handling of an event threw, which is a bug of ours: this session must not take others with it. */
  broken(thrown: unknown): void
}

export class Pump implements TransportSink {
  private readonly engine: Engine
  /** Undefined: the transport is lost. */
  private line: Line | undefined
  readonly clock: Clock
  private readonly owner: PumpOwner
  /** The wait for it to take bytes again, and what the peer had acknowledged when it began. */
  private readonly stall: Patience
  private readonly writeTimeoutMs: number
  private acknowledged = 0
  /** The peer has said something. */
  private heard = false
  writesStalled = 0
  private scheduled = false
  /** Events are being handed out: what they cause is handed out by the same loop. */
  private dispatching = false
  private queued = 0
  /** Answers of this turn since some left, and how many are enough for the next. */
  private answers = 0
  private enough = ANSWERS_FIRST
  private timer: unknown
  private timerAt = 0
  /** When the wait for CLOSE to leave, then for the transport to go, is over. */
  private closeAt: number | undefined
  private ending = false
  private told = false
  /** Somebody may still refer to bytes that are being received. */
  private kept = false

  constructor(engine: Engine, transport: Transport, clock: Clock, owner: PumpOwner, writeTimeoutMs: number) {
    this.engine = engine
    this.line = new Line(transport, this)
    this.clock = clock
    this.owner = owner
    this.writeTimeoutMs = writeTimeoutMs
    this.stall = new Patience(writeTimeoutMs)
  }

  start(): void {
    this.line?.start()
    this.wake()
  }

  /** What the transport knows of who is at its other end. */
  get certificate(): unknown {
    return this.line?.transport.certificate
  }

  /** Goes on with another transport, which may have been another pump's. */
  attach(line: Line): void {
    line.sink = this
    this.line = line
    this.wake()
  }

  /** Gives the transport away, to be used by another pump. */
  giveAway(): Line | undefined {
    const { line } = this
    this.drop()
    return line
  }

  /** Leaves the transport behind; it ends by itself, and nobody hears of it. */
  leave(): void {
    this.giveAway()?.leave()
  }

  /** Flushes once for all that is done in this turn. */
  wake(): void {
    if (this.scheduled) return
    this.scheduled = true
    afterMicrotasks(this.flush)
  }

  /** Counts bytes handed to the engine; many of them do not wait for the end of the turn. */
  wrote(bytes: number): void {
    this.queued += bytes
    if (this.queued >= FLUSH_BYTES) this.transmit()
    this.wake()
  }

  /**
   * Counts an answer and its bytes. The first of many do not wait for the last: who asked has something to do meanwhile, and both
   * sides work at once. Later ones leave in ever larger groups, which keeps writes few.
   */
  answered(bytes: number): void {
    if (++this.answers >= this.enough) {
      this.answers = 0
      this.enough *= ANSWERS_GROWTH
      this.transmit()
    }
    this.wrote(bytes)
  }

  hold(): void {
    this.line?.transport.pause()
  }

  release(): void {
    this.line?.transport.resume()
  }

  get isFull(): boolean {
    return this.line?.full === true
  }

  // -- TransportSink

  bytes(chunk: Uint8Array): typeof NOTHING_KEPT | undefined {
    this.heard = true
    // Between events that wait to be handed out, which may be views of it.
    this.kept = this.dispatching
    this.owner.receiving()
    try {
      this.engine.receive(chunk, this.clock.now())
    } catch (thrown) {
      this.owner.broken(thrown)
    }
    this.owner.received()
    this.dispatch()
    this.wake()
    return this.kept || this.engine.heldBytes > 0 ? undefined : NOTHING_KEPT
  }

  drained(): void {
    this.engine.moved(this.clock.now())
    this.flush()
  }

  closed(error?: Error): void {
    // A transport that knows what its end means says so itself.
    if (error instanceof BraidError) return this.lost(error)
    const remote = this.line?.transport.remote
    const silent = this.heard
      ? `${remote} ended the connection without a goodbye`
      : `${remote} ended the connection before it said anything: ${MUTE}`
    const text = error === undefined ? silent : `connection to ${remote}: ${error.message}`
    this.lost(new BraidError('TRANSPORT_LOST', text, { scope: 'transport', initiator: 'remote', cause: error }))
  }

  // -- the end

  /** Ends the transport without goodbye: nothing is to be expected of it any more. How it ends is nobody's concern then. */
  cut(error: BraidError): void {
    const { line } = this
    if (line === undefined) return
    this.lost(error)
    line.leave()
  }

  /** What the transport says from now on concerns nobody here. */
  private drop(): void {
    if (this.line !== undefined) this.line.sink = undefined
    this.line = undefined
    this.clearTimer()
  }

  /** The one way on which every dead transport goes. */
  private lost(error: BraidError): void {
    if (this.line === undefined) return
    this.drop()
    this.owner.lost(error)
    this.dispatch()
  }

  // -- within

  private readonly flush = (): void => {
    this.scheduled = false
    this.dispatch()
    this.transmit()
    this.answers = 0
    this.enough = ANSWERS_FIRST
    this.close()
    this.arm()
    this.owner.flushed()
  }

  /** Hands out events until there are none; true if there were any. */
  private dispatch(): boolean {
    if (this.dispatching) return false
    this.dispatching = true
    let some = false
    for (let event = this.engine.event(); event !== undefined; event = this.engine.event()) {
      some = true
      try {
        if (this.owner.event(event) !== false) this.kept = true
      } catch (thrown) {
        this.kept = true
        this.owner.broken(thrown)
      }
    }
    this.dispatching = false
    this.tellGone()
    return some
  }

  /** The end of the transport, after all that happened before it; it may come while events are handed out. */
  private tellGone(): void {
    if (this.line !== undefined || !this.engine.closing || this.dispatching || this.told) return
    this.told = true
    this.owner.gone()
  }

  private transmit(): void {
    this.queued = 0
    for (let { line } = this; line !== undefined && !line.full && !this.ending; line = this.line) {
      const chunks: Uint8Array[] = []
      try {
        if (this.engine.transmit(chunks, FLUSH_BYTES, this.clock.now()) === 0) return
      } catch (thrown) {
        this.owner.broken(thrown)
        return
      }
      try {
        if (!line.transport.send(chunks)) this.filled(line)
      } catch (thrown) {
        this.closed(thrown instanceof Error ? thrown : new Error(String(thrown)))
        line.leave()
      }
      // Who was told to write on writes after this turn; the next flush goes by urgency with that in it.
      if (this.dispatch()) {
        this.wake()
        return
      }
    }
  }

  private filled(line: Line): void {
    line.full = true
    this.acknowledged = this.engine.acknowledged
    this.stall.restart(this.clock.now())
  }

  /** Bytes wait in the transport, and neither it nor the peer shows that any of them moved. */
  private stalled(now: number): boolean {
    if (this.line?.full !== true) return false
    if (this.acknowledged !== this.engine.acknowledged) this.filled(this.line)
    return this.stall.over(now)
  }

  /** When the session has ended: the transport ends as soon as it took the last frame, or after a while. */
  private close(): void {
    const { line } = this
    if (line === undefined || !this.engine.closing || this.ending || this.scheduled) return
    const now = this.clock.now()
    if (this.closeAt === undefined) this.closeAt = now + CLOSE_WAIT_MS
    if (line.full && now < this.closeAt) return
    this.ending = true
    this.closeAt = now + GONE_WAIT_MS
    try {
      line.transport.close()
    } catch {
      this.closed()
    }
  }

  private readonly onTimer = (): void => {
    this.timer = undefined
    const now = this.clock.now()
    if (this.ending) {
      // The transport promised to tell when it is gone; nobody waits for ever for a broken promise.
      if (this.closeAt !== undefined && now >= this.closeAt) this.closed()
      else this.arm()
      return
    }
    if (this.stalled(now)) {
      this.writesStalled++
      const text = `the connection to ${this.line?.transport.remote} took no byte for ${this.writeTimeoutMs} ms: it is taken for dead`
      this.cut(new BraidError('TRANSPORT_LOST', text, { scope: 'transport', initiator: 'remote' }))
      return
    }
    try {
      this.engine.tick(now)
    } catch (thrown) {
      this.owner.broken(thrown)
    }
    this.flush()
  }

  private arm(): void {
    // Without a transport nothing is waited for here; drop has ended the timer.
    if (this.line === undefined) return
    const idle = this.ending ? undefined : this.engine.deadline()
    const stall = this.isFull && !this.ending ? this.stall.due : Number.POSITIVE_INFINITY
    const due = Math.min(idle ?? Number.POSITIVE_INFINITY, stall, this.closeAt ?? Number.POSITIVE_INFINITY)
    if (due === Number.POSITIVE_INFINITY) {
      this.clearTimer()
      return
    }
    // A timer that is early is cheaper than one that is moved with every flush: it looks again.
    if (this.timer !== undefined && this.timerAt <= due) return
    this.clearTimer()
    this.timerAt = due
    // As long as anybody can be heard the transport keeps the program running; this timer need not.
    this.timer = this.clock.set(this.onTimer, Math.max(0, Math.ceil(due - this.clock.now())), true)
  }

  private clearTimer(): void {
    if (this.timer === undefined) return
    this.clock.clear(this.timer)
    this.timer = undefined
  }
}
