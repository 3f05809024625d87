// ArrivedCall: one call of the peer as its handler sees it, from its arrival to its answer. Sends nothing itself.

import { type BraidError, codes } from '../engine/errors.ts'
import type { Assembly } from './assembly.ts'
import type { Clock } from './clock.ts'
import type { DirectCall } from './direct.ts'
import type { LiveStream } from './live-stream.ts'
import type { Bytes, JsonValue } from './opener.ts'
import type { Session } from './session.ts'
import type { Stream } from './stream.ts'
import { localError } from './words.ts'

const EMPTY = new Uint8Array(0)

/** What a call needs of the side that answers it. */
export interface CallHost {
  readonly clock: Clock
  readonly session: Session
  answer(call: ArrivedCall, value: unknown): void
  answerError(call: ArrivedCall, thrown: unknown): void
  answerByStream(call: ArrivedCall, meta: JsonValue): LiveStream
}

export class ArrivedCall implements DirectCall {
  readonly method: string
  readonly oneWay: boolean
  /** Where the reply goes: a slot, or else a stream. */
  readonly slot: number
  stream: LiveStream | undefined
  args: Uint8Array = EMPTY
  body: Assembly | undefined
  /** Why nobody waits for the answer any more. */
  ended: BraidError | undefined
  /** The answer, when it is a stream. */
  answered: LiveStream | undefined
  /** See `Bag`. */
  place = -1
  private readonly host: CallHost
  private readonly due: number | undefined
  private controller: AbortController | undefined
  private timer: unknown

  constructor(host: CallHost, slot: number, method: string, deadlineMs: number | undefined, oneWay: boolean) {
    this.host = host
    this.slot = slot
    this.method = method
    this.oneWay = oneWay
    this.due = deadlineMs === undefined ? undefined : host.clock.now() + deadlineMs
  }

  get session(): Session {
    return this.host.session
  }

  remaining(): number | undefined {
    return this.due === undefined ? undefined : Math.max(0, this.due - this.host.clock.now())
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController()
      if (this.ended !== undefined) this.controller.abort(this.ended)
      else if (this.answered !== undefined) this.followStream(this.answered)
      else if (this.due !== undefined) {
        this.timer = this.host.clock.set(() => this.abort(deadlinePassed()), this.remaining() ?? 0)
      }
    }
    return this.controller.signal
  }

  answer(meta: JsonValue): Stream {
    return this.host.answerByStream(this, meta)
  }

  replied(bytes: Bytes): void {
    this.host.answer(this, bytes)
  }

  failed(error: unknown): void {
    this.host.answerError(this, error)
  }

  /** The answer is this stream from now on: the deadline ends it, and its end is the end of the call. */
  follow(stream: LiveStream): void {
    this.answered = stream
    if (this.due !== undefined) {
      this.timer = this.host.clock.set(() => stream.abandon(deadlinePassed()), this.remaining() ?? 0)
      void stream.closed.then(() => this.release())
    }
    if (this.controller !== undefined) this.followStream(stream)
  }

  abort(error: BraidError): void {
    this.ended ??= error
    this.release()
    this.controller?.abort(error)
  }

  /** The handler has ended: no timer outlives it. */
  release(): void {
    if (this.timer !== undefined) this.host.clock.clear(this.timer)
    this.timer = undefined
  }

  private followStream({ signal }: LiveStream): void {
    const abort = (): void => this.controller?.abort(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort)
  }
}

export function deadlinePassed(): BraidError {
  return localError(codes.DEADLINE.number, 'the time the caller allowed is over', { scope: 'call' })
}
