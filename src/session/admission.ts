// Admission: whether a peer that has said its HELLO may come in. Bounds how long that takes and how much may arrive meanwhile.

import { BraidError } from '../engine/errors.ts'
import type { LimitUse } from './ceiling.ts'
import type { Clock } from './clock.ts'
import { isThenable } from './deferred.ts'

export interface AdmissionHost {
  readonly clock: Clock
  /** Stops reading the transport, and goes on. */
  hold(): void
  release(): void
}

export class Admission {
  private readonly host: AdmissionHost
  private readonly timeout: number
  private readonly earlyBytesMax: number
  private timer: unknown
  private decided = false
  private held = false
  private pauses = 0
  private late = 0

  constructor(host: AdmissionHost, timeout: number, earlyBytesMax: number) {
    this.host = host
    this.timeout = timeout
    this.earlyBytesMax = earlyBytesMax
  }

  /** Asks, if there is a hook to ask; exactly one of `admit` and `deny` is called, unless `end` comes first. */
  ask(
    authorize: (() => unknown) | undefined,
    admit: (principal: unknown) => void,
    deny: (cause: unknown) => void,
  ): void {
    if (authorize === undefined) return admit(undefined)
    const settle = (decide: () => void): void => {
      if (this.decided) return
      this.end()
      decide()
    }
    const tooLate = (): void => {
      this.late++
      deny(new BraidError('DEADLINE', `authorize took longer than ${this.timeout} ms`))
    }
    this.timer = this.host.clock.set(() => settle(tooLate), this.timeout)
    try {
      const answer = authorize()
      if (!isThenable(answer)) settle(() => admit(answer))
      else {
        answer.then(
          (principal) => settle(() => admit(principal)),
          (cause: unknown) => settle(() => deny(cause)),
        )
      }
    } catch (cause) {
      settle(() => deny(cause))
    }
  }

  /** So many bytes wait for the decision: more than enough, and the transport has to wait. */
  waits(bytes: number): void {
    if (this.decided || this.held || bytes < this.earlyBytesMax) return
    this.held = true
    this.pauses++
    this.host.hold()
  }

  /** It is decided, or the session is over. */
  end(): void {
    this.decided = true
    if (this.timer !== undefined) this.host.clock.clear(this.timer)
    this.timer = undefined
  }

  /** What was held back may come. */
  open(): void {
    this.decided = true
    if (this.held) this.host.release()
    this.held = false
  }

  limits(bytes: number): { earlyBytes: LimitUse; authorizeTimeoutMs: LimitUse } {
    return {
      earlyBytes: { max: this.earlyBytesMax, used: bytes, refused: this.pauses },
      authorizeTimeoutMs: { max: this.timeout, used: this.timer === undefined ? 0 : 1, refused: this.late },
    }
  }
}
