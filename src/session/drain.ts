// Drain: how a session that takes no new work comes to its end, and what had to be cut.

import type { Clock } from './clock.ts'
import { Deferred } from './deferred.ts'
import type { DrainReport, State } from './session.ts'

/** What is still open. */
export interface OpenWork {
  readonly streams: number
  /** Own calls, and the peer's. */
  readonly callsOut: number
  readonly callsIn: number
}

export interface DrainHost {
  readonly clock: Clock
  /** `detached`: what was answered has yet to reach the peer. */
  readonly state: State
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
   * doubt. It has come when a ping from behind the GOAWAY is answered. The first one may have been under way before.
   */
  private async settle(): Promise<void> {
    try {
      await this.host.ping()
      await this.host.ping()
    } catch {
      return
    }
    this.settled = true
    this.check()
  }

  /** Something ended, or the session has a transport again. */
  check(): void {
    if (this.over || !this.settled || this.host.state === 'detached') return
    const { streams, callsOut, callsIn } = this.host.openWork()
    if (streams + callsOut + callsIn === 0) this.host.drained()
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
