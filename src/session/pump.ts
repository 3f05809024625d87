// Pump: moves bytes between one engine and one transport. Owns flushing and the one timer.
// Knows no stream and no call; what events mean is its owner's business.

import type { Engine, EngineEvent } from '../engine/contract.ts'
import { BraidError } from '../engine/errors.ts'
import { afterMicrotasks, type Clock } from './clock.ts'
import type { Transport, TransportSink } from './transport.ts'

/** Most bytes of one write to the transport, and what may be queued before a flush does not wait for the end of the turn. */
const FLUSH_BYTES = 256 * 1024
/** How long CLOSE may wait for room in the transport, and the transport for its own end. */
const CLOSE_WAIT_MS = 2_000
const GONE_WAIT_MS = 5_000

export interface PumpOwner {
  event(event: EngineEvent): void
  /** Bytes are about to be given to the engine. */
  receiving(): void
  /** Bytes were given to the engine. */
  received(): void
  /** What was to be done in this turn is done: the time to look what is held. */
  flushed(): void
  /** The transport is gone; the last call. */
  gone(): void
  /** The engine or the handling of an event threw, which is a bug of ours: this session must not take others with it. */
  broken(thrown: unknown): void
}

export class Pump implements TransportSink {
  private readonly engine: Engine
  private readonly transport: Transport
  private readonly clock: Clock
  private readonly owner: PumpOwner
  /** `send` answered false. */
  private full = false
  private scheduled = false
  /** Events are being handed out: what they cause is handed out by the same loop. */
  private dispatching = false
  private queued = 0
  private timer: unknown
  private timerAt = 0
  /** When the wait for CLOSE to leave, then for the transport to go, is over. */
  private closeAt: number | undefined
  private ending = false
  private over = false
  private told = false

  constructor(engine: Engine, transport: Transport, clock: Clock, owner: PumpOwner) {
    this.engine = engine
    this.transport = transport
    this.clock = clock
    this.owner = owner
  }

  start(): void {
    this.transport.start(this)
    this.wake()
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

  hold(): void {
    this.transport.pause()
  }

  release(): void {
    this.transport.resume()
  }

  get isFull(): boolean {
    return this.full
  }

  // -- TransportSink

  bytes(chunk: Uint8Array): void {
    if (this.over) return
    this.owner.receiving()
    try {
      this.engine.receive(chunk, this.clock.now())
    } catch (thrown) {
      this.owner.broken(thrown)
    }
    this.owner.received()
    this.dispatch()
    this.wake()
  }

  drained(): void {
    this.full = false
    this.flush()
  }

  closed(error?: Error): void {
    if (this.over) return
    this.over = true
    this.clearTimer()
    const { remote } = this.transport
    const text =
      error === undefined
        ? `${remote} ended the connection without a goodbye`
        : `connection to ${remote}: ${error.message}`
    this.engine.lost(new BraidError('TRANSPORT_LOST', text, { scope: 'transport', initiator: 'remote', cause: error }))
    this.dispatch()
    this.tellGone()
  }

  // -- within

  private readonly flush = (): void => {
    this.scheduled = false
    if (this.over) return
    this.dispatch()
    this.transmit()
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
        this.owner.event(event)
      } catch (thrown) {
        this.owner.broken(thrown)
      }
    }
    this.dispatching = false
    this.tellGone()
    return some
  }

  /** The end of the transport, after all that happened before it; it may come while events are handed out. */
  private tellGone(): void {
    if (!this.over || this.dispatching || this.told) return
    this.told = true
    this.owner.gone()
  }

  private transmit(): void {
    this.queued = 0
    while (!this.full && !this.over && !this.ending) {
      const chunks: Uint8Array[] = []
      try {
        if (this.engine.transmit(chunks, FLUSH_BYTES, this.clock.now()) === 0) return
      } catch (thrown) {
        this.owner.broken(thrown)
        return
      }
      try {
        this.full = !this.transport.send(chunks)
      } catch (thrown) {
        this.closed(thrown instanceof Error ? thrown : new Error(String(thrown)))
      }
      // Who was told to write on writes after this turn; the next flush goes by urgency with that in it.
      if (this.dispatch()) {
        this.wake()
        return
      }
    }
  }

  /** When the session has ended: the transport ends as soon as it took the last frame, or after a while. */
  private close(): void {
    if (!this.engine.closing || this.ending || this.over || this.scheduled) return
    const now = this.clock.now()
    if (this.closeAt === undefined) this.closeAt = now + CLOSE_WAIT_MS
    if (this.full && now < this.closeAt) return
    this.ending = true
    this.closeAt = now + GONE_WAIT_MS
    try {
      this.transport.close()
    } catch {
      this.closed()
    }
  }

  private readonly onTimer = (): void => {
    this.timer = undefined
    if (this.over) return
    const now = this.clock.now()
    if (this.ending) {
      // The transport promised to tell when it is gone; nobody waits for ever for a broken promise.
      if (this.closeAt !== undefined && now >= this.closeAt) this.closed()
      else this.arm()
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
    if (this.over) return
    let due = this.ending ? undefined : this.engine.deadline()
    if (this.closeAt !== undefined && (due === undefined || this.closeAt < due)) due = this.closeAt
    if (due === undefined) {
      this.clearTimer()
      return
    }
    // A timer that is early is cheaper than one that is moved with every flush: it looks again.
    if (this.timer !== undefined && this.timerAt <= due) return
    this.clearTimer()
    this.timerAt = due
    this.timer = this.clock.set(this.onTimer, Math.max(0, Math.ceil(due - this.clock.now())))
  }

  private clearTimer(): void {
    if (this.timer === undefined) return
    this.clock.clear(this.timer)
    this.timer = undefined
  }
}
