// Drain: how a session that takes no new work comes to its end, and what had to be cut.

import type { Clock } from './clock.ts'
import { Deferred } from './deferred.ts'
import type { DrainReport } from './session.ts'

/** What is still open. */
export interface OpenWork {
  readonly streams: number
  /** Own calls, and the peer's. */
  readonly callsOut: number
  readonly callsIn: number
}

export interface DrainHost {
  readonly clock: Clock
  openWork(): OpenWork
  /** Tells the peer that no more is taken. */
  goAway(): void
  /** Resolves when the peer has answered; rejects when the session ends. */
  ping(): Promise<number>
  /** Everything is over, or the time is. */
  drained(): void
}

export class Drain {
  private readonly host: DrainHost
  private readonly report = new Deferred<DrainReport>()
  private timer: unknown
  /** What crossed the word that no more is taken has come, and has been answered. */
  private settled = false
  /** Something ended since the peer was last known to have heard of everything. */
  private unheard = false
  private leaving = false
  private over = false

  constructor(host: DrainHost) {
    this.host = host
  }

  get promise(): Promise<DrainReport> {
    return this.report.promise
  }

  start(ms: number): void {
    if (ms !== Number.POSITIVE_INFINITY) this.timer = this.host.clock.set(() => this.host.drained(), ms)
    this.host.goAway()
    void this.settle()
  }

  /**
   * Work that was sent before the peer knew is refused as never executed; closing before it has come would leave its sender in
   * doubt. It has come when a ping from behind the GOAWAY is answered.
   */
  private async settle(): Promise<void> {
    try {
      await this.barrier()
    } catch {
      return
    }
    this.settled = true
    await this.leave()
  }

  /** Everything sent by now has arrived. The first ping may have been under way before; a lost transport keeps the second waiting. */
  private async barrier(): Promise<void> {
    await this.host.ping()
    this.unheard = false
    await this.host.ping()
  }

  /** Something ended, or the session has a transport again. */
  check(): void {
    this.unheard = true
    if (this.settled) void this.leave()
  }

  /** Closes when nothing is open, and when the peer has the end of what was: it would not hear of it any more. */
  private async leave(): Promise<void> {
    if (this.leaving) return
    this.leaving = true
    try {
      while (this.isIdle && this.unheard) await this.barrier()
      this.leaving = false
      if (this.isIdle) this.host.drained()
    } catch {
      // The session ended meanwhile.
    }
  }

  private get isIdle(): boolean {
    if (this.over) return false
    const { streams, callsOut, callsIn } = this.host.openWork()
    return streams + callsOut + callsIn === 0
  }

  /** The session ends, with so much open. */
  end(): void {
    const { streams, callsOut, callsIn } = this.host.openWork()
    this.over = true
    if (this.timer !== undefined) this.host.clock.clear(this.timer)
    this.cut = { streams, calls: callsOut + callsIn }
  }

  /** The transport is gone. */
  finish(): void {
    this.report.resolve(this.cut)
  }

  private cut: DrainReport = { streams: 0, calls: 0 }
}
