// Draining: how a peer comes to its end by itself: what waits still gets its session, what is under way may end, all within one
// bound; then it tells what it had to cut.

import type { Clock } from '../session/clock.ts'
import { Deferred } from '../session/deferred.ts'
import type { DrainReport, Session } from '../session/session.ts'

export interface DrainingHost {
  readonly clock: Clock
  /** How much work waits for a session. */
  readonly waiting: number
  readonly sessions: readonly Session[]
  /** Nobody waits any more: no further session is needed. */
  stopDialling(): void
  /** Fails what waits. */
  cutWaiting(): DrainReport
  /** All sessions are over. */
  drained(): void
}

export class Draining {
  readonly #host: DrainingHost
  readonly #due: number
  readonly #timer: unknown
  readonly #report = new Deferred<DrainReport>()
  #cut: DrainReport = { streams: 0, calls: 0 }
  #reports: Promise<DrainReport[]> | undefined

  constructor(host: DrainingHost, ms: number) {
    this.#host = host
    this.#due = host.clock.now() + ms
    if (ms !== Number.POSITIVE_INFINITY) this.#timer = host.clock.set(() => this.end(), ms)
  }

  get promise(): Promise<DrainReport> {
    return this.#report.promise
  }

  /** The sessions are being drained: nothing goes over them any more, and no other will come. */
  get isLast(): boolean {
    return this.#reports !== undefined
  }

  /** Nobody may be waiting any more. */
  check(): void {
    if (this.isLast || this.#host.waiting > 0) return
    this.#host.stopDialling()
    if (this.#timer !== undefined) this.#host.clock.clear(this.#timer)
    const left = Math.max(0, this.#due - this.#host.clock.now())
    this.#reports = Promise.all(this.#host.sessions.map((session) => session.drain(left)))
    void this.#reports.then(() => this.#host.drained())
  }

  /** Nobody waits any longer: the time is over, or the peer is. */
  end(): void {
    if (this.isLast) return
    const { streams, calls } = this.#host.cutWaiting()
    this.#cut = { streams: this.#cut.streams + streams, calls: this.#cut.calls + calls }
    this.check()
  }

  /** The peer is gone with all its sessions. */
  async finish(): Promise<void> {
    const reports = [this.#cut, ...((await this.#reports) ?? [])]
    const sum = (count: (report: DrainReport) => number) => reports.reduce((total, report) => total + count(report), 0)
    this.#report.resolve({ streams: sum((report) => report.streams), calls: sum((report) => report.calls) })
  }
}
