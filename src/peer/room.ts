// Room: where work waits while its peer has no session: so much of it, for so long, and no longer than its own signal and deadline
// allow. Knows no session.

import { BraidError, codes } from '../engine/errors.ts'
import { cancelled } from '../session/caller.ts'
import type { Clock } from '../session/clock.ts'
import { Waiting } from '../session/waiting.ts'
import { localError, restate } from '../session/words.ts'

/** A call or a stream that may have to wait. */
export interface Work {
  readonly scope: 'call' | 'stream'
  readonly signal: AbortSignal | undefined
  /** When its time is used up, by the clock of the peer. */
  readonly dueAt: number | undefined
  fail(error: BraidError): void
}

export interface RoomHost {
  readonly clock: Clock
  /** Why there is no session now. */
  readonly why: BraidError | undefined
  /** The last one has given up. */
  emptied(): void
}

interface Watch {
  readonly timer: unknown
  readonly onAbort: () => void
}

export class Room<W extends Work> {
  readonly #host: RoomHost
  readonly #waitMs: number
  readonly #max: number
  readonly #waiting: Waiting<W>
  readonly #watches = new Map<W, Watch>()

  constructor(host: RoomHost, waitMs: number, max: number) {
    this.#host = host
    this.#waitMs = waitMs
    this.#max = max
    this.#waiting = new Waiting(host.clock, waitMs, (work) => {
      this.#end(work, this.#unreachable(work))
    })
  }

  get size(): number {
    return this.#watches.size
  }

  /** Lets work wait, or says why not. */
  enter(work: W): BraidError | undefined {
    const { clock } = this.#host
    const { signal, dueAt, scope } = work
    if (signal?.aborted) return this.#givenUp(work)
    if (this.#waitMs === 0) return this.#unreachable(work)
    if (this.size >= this.#max) {
      const text = `${this.#max} calls and streams wait for a session already: maxWaiting is ${this.#max}`
      return new BraidError('EXHAUSTED', text, { scope, executed: 'no' })
    }
    const onAbort = (): void => this.#end(work, this.#givenUp(work))
    const late = (): void => {
      const text = 'the time was used up before there was a session'
      this.#end(work, localError(codes.DEADLINE.number, text, { scope, executed: 'no' }))
    }
    const timer = dueAt === undefined ? undefined : clock.set(late, Math.max(0, dueAt - clock.now()))
    signal?.addEventListener('abort', onAbort)
    this.#watches.set(work, { timer, onAbort })
    this.#waiting.add(work)
    return undefined
  }

  /** Lets the one go that has waited longest; undefined: nobody waits. */
  leave(): W | undefined {
    for (const work of this.#waiting) {
      this.#waiting.delete(work)
      this.#left(work)
      return work
    }
    return undefined
  }

  /** Nobody need wait any more. Tells how many did. */
  fail(error: BraidError): { readonly streams: number; readonly calls: number } {
    const count = { stream: 0, call: 0 }
    for (let work = this.leave(); work !== undefined; work = this.leave()) {
      count[work.scope]++
      work.fail(restate(error, { scope: work.scope, executed: 'no' }))
    }
    return { streams: count.stream, calls: count.call }
  }

  #end(work: W, error: BraidError): void {
    this.#waiting.delete(work)
    this.#left(work)
    work.fail(error)
    if (this.size === 0) this.#host.emptied()
  }

  #left(work: W): void {
    const watch = this.#watches.get(work)
    if (watch === undefined) return
    this.#watches.delete(work)
    if (watch.timer !== undefined) this.#host.clock.clear(watch.timer)
    work.signal?.removeEventListener('abort', watch.onAbort)
  }

  #givenUp({ scope, signal }: W): BraidError {
    return restate(cancelled(signal, 'no'), { scope, cause: signal?.reason })
  }

  #unreachable({ scope }: W): BraidError {
    const { why } = this.#host
    const within = this.#waitMs === 0 ? 'there is no session now' : `there was no session within ${this.#waitMs} ms`
    const text = `${within}: ${why === undefined ? 'it is being dialled' : why.message}`
    return new BraidError('UNREACHABLE', text, { scope, executed: 'no', cause: why })
  }
}
