// Work: one call or one stream begun through a peer, from whichever session takes it until it is settled.

import type { BraidError } from '../engine/errors.ts'
import type { Clock } from '../session/clock.ts'
import { Deferred } from '../session/deferred.ts'
import type { Bytes, CallOptions, OpenOptions } from '../session/opener.ts'
import type { Stream } from '../session/stream.ts'
import { isOfSession, type Link } from './link.ts'
import type { Work } from './room.ts'

/** Work that knows what to do when there is a session. */
export interface PeerWork extends Work {
  go(link: Link): void
}

export interface WorkHost {
  readonly clock: Clock
  /** Gives the work to a session, now or later; or says why not. */
  place(work: PeerWork, repeated: boolean): BraidError | undefined
}

export class PeerStream implements PeerWork {
  readonly scope = 'stream'
  readonly dueAt = undefined
  readonly #name: string
  readonly #options: OpenOptions | undefined
  readonly #result = new Deferred<Stream>()

  constructor(name: string, options: OpenOptions | undefined) {
    this.#name = name
    this.#options = options
  }

  get signal(): AbortSignal | undefined {
    return this.#options?.signal
  }

  start(host: WorkHost): Promise<Stream> {
    const refusal = host.place(this, false)
    if (refusal !== undefined) this.fail(refusal)
    return this.#result.promise
  }

  go(link: Link): void {
    try {
      const stream = link.session.open(this.#name, this.#options)
      link.follow(stream)
      this.#result.resolve(stream)
    } catch (error) {
      this.#result.reject(error)
    }
  }

  fail(error: BraidError): void {
    this.#result.reject(error)
  }
}

export class PeerCall implements PeerWork {
  readonly scope = 'call'
  readonly dueAt: number | undefined
  readonly #host: WorkHost
  readonly #method: string
  readonly #bytes: Bytes
  readonly #options: CallOptions | undefined
  readonly #result = new Deferred<Uint8Array>()
  #isRepeated = false

  /** @throws RangeError for a timeout that is none. */
  constructor(host: WorkHost, method: string, bytes: Bytes, options: CallOptions | undefined) {
    const timeout = options?.timeout === Number.POSITIVE_INFINITY ? undefined : options?.timeout
    if (timeout !== undefined && !(timeout >= 0)) throw new RangeError(`timeout is a number from 0, not ${timeout}`)
    this.dueAt = timeout === undefined ? undefined : host.clock.now() + timeout
    this.#host = host
    this.#method = method
    this.#bytes = bytes
    this.#options = options
  }

  get signal(): AbortSignal | undefined {
    return this.#options?.signal
  }

  start(): Promise<Uint8Array> {
    const refusal = this.#host.place(this, false)
    if (refusal !== undefined) this.fail(refusal)
    return this.#result.promise
  }

  go(link: Link): void {
    link.session.call(this.#method, this.#bytes, this.#optionsOver(link)).then(
      (result) => this.#result.resolve(result),
      (error) => this.#failed(link, error),
    )
  }

  fail(error: BraidError): void {
    this.#result.reject(error)
  }

  /** What was certainly not executed, because its session takes no more work or is over, is made once more over the next one. */
  #failed(link: Link, error: unknown): void {
    if (!this.#isRepeated && isOfSession(error) && error.executed === 'no' && !link.isMeant) {
      this.#isRepeated = true
      if (this.#host.place(this, true) === undefined) return
    }
    link.callFailed(error)
    this.#result.reject(error)
  }

  /** Time has passed since the caller gave it so much; an answer that is a stream belongs to the session as any. */
  #optionsOver(link: Link): CallOptions | undefined {
    const { dueAt } = this
    const options = this.#options
    if (options === undefined) return undefined
    const { signal, oneWay, takeStream } = options
    const timeout = dueAt === undefined ? undefined : Math.max(0, dueAt - this.#host.clock.now())
    if (takeStream === undefined) return { signal, oneWay, timeout }
    const follow = (stream: Stream): void => {
      link.follow(stream)
      options.takeStream?.(stream)
    }
    return { signal, oneWay, timeout, takeStream: follow }
  }
}
