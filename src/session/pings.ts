// Pings: who waits for the round trip that is under way. All of them share one.

import type { BraidError } from '../engine/errors.ts'
import { Deferred } from './deferred.ts'

export class Pings {
  private waiting: Deferred<number>[] = []
  private over: BraidError | undefined

  add(): Promise<number> {
    const ping = new Deferred<number>()
    if (this.over === undefined) this.waiting.push(ping)
    else ping.reject(this.over)
    return ping.promise
  }

  answered(rttMs: number): void {
    for (const ping of this.waiting.splice(0)) ping.resolve(rttMs)
  }

  /** The session is over. */
  fail(error: BraidError): void {
    this.over = error
    for (const ping of this.waiting.splice(0)) ping.reject(error)
  }
}
