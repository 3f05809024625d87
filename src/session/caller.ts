// Caller: calls this side makes, each one promise, until each is settled. What is too large for a frame goes by stream.

import type { Engine, EngineCall, EngineStream } from '../engine/contract.ts'
import { BraidError, codes } from '../engine/errors.ts'
import { CALL_STREAM, readBody, writeBody } from './bodies.ts'
import type { Budget } from './budget.ts'
import type { Clock } from './clock.ts'
import { quiet } from './deferred.ts'
import type { LiveStream } from './live-stream.ts'
import type { CallOptions, Meta } from './opener.ts'
import { checkBytes, checkName, localError, restate } from './words.ts'

/** Method of one-way messages. */
export const MESSAGE_METHOD = '$message'

/** What calls need of their session. */
export interface CallerHost {
  readonly engine: Engine
  readonly clock: Clock
  readonly assembled: Budget
  /** Largest arguments the peer takes in a frame. */
  readonly frameMax: number
  /** Why no new work is taken, if none is. */
  readonly closedTo: BraidError | undefined
  wake(): void
  wrote(bytes: number): void
  openStream(name: string, meta: Meta | undefined): LiveStream
  /** A call is over. */
  callEnded(): void
}

/** One call that waits for its reply. */
class PendingCall {
  readonly promise: Promise<Uint8Array | undefined>
  resolve!: (bytes: Uint8Array | undefined) => void
  reject!: (error: unknown) => void
  /** One of them, once it is on its way. */
  link: EngineCall | undefined
  stream: LiveStream | undefined
  timer: unknown
  signal: AbortSignal | undefined
  onAbort: (() => void) | undefined
  done = false
  /** A message: nobody wants its result. */
  readonly oneWay: boolean

  constructor(oneWay: boolean) {
    this.oneWay = oneWay
    this.promise = new Promise<Uint8Array | undefined>((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }
}

export class Caller {
  private readonly host: CallerHost
  /** Calls not settled. */
  count = 0
  /** Those of them that travel by stream: the engine knows nothing of them. */
  private readonly byStream = new Set<PendingCall>()

  constructor(host: CallerHost) {
    this.host = host
  }

  call(method: string, bytes: Uint8Array, options: CallOptions | undefined): Promise<Uint8Array> {
    const pending = new PendingCall(false)
    try {
      this.start(pending, method, bytes, options)
    } catch (error) {
      quiet(pending.promise)
      pending.reject(error)
    }
    return pending.promise as Promise<Uint8Array>
  }

  message(bytes: Uint8Array): Promise<void> {
    const pending = new PendingCall(true)
    const { host } = this
    try {
      checkBytes(bytes, 'a message')
      if (bytes.length > host.frameMax) {
        const text = `a message takes at most ${host.frameMax} bytes, one frame of the peer, not ${bytes.length}`
        throw new BraidError('INVALID_INPUT', text, { scope: 'call', executed: 'no' })
      }
      if (host.closedTo !== undefined) throw restate(host.closedTo, { executed: 'no' })
      this.send(pending, MESSAGE_METHOD, bytes, undefined)
    } catch (error) {
      quiet(pending.promise)
      pending.reject(error)
    }
    return pending.promise as Promise<undefined>
  }

  /** The engine has the reply. */
  replied(link: EngineCall, result: Uint8Array, via: EngineStream | undefined): void {
    const pending = link.owner as PendingCall | undefined
    if (pending === undefined) return
    if (via === undefined) {
      this.finish(pending)
      pending.resolve(pending.oneWay ? undefined : result)
      return
    }
    const stream = via.owner as LiveStream
    pending.stream = stream
    pending.link = undefined
    this.byStream.add(pending)
    this.readResult(pending, stream)
  }

  refused(link: EngineCall, error: BraidError): void {
    const pending = link.owner as PendingCall | undefined
    if (pending !== undefined) this.fail(pending, error)
  }

  /** The session is over: everything fails, with what is known about it having been executed. */
  close(error: BraidError): void {
    for (const link of this.host.engine.liveCalls()) {
      const pending = link.owner as PendingCall | undefined
      if (pending !== undefined) this.fail(pending, link.sent ? error : restate(error, { executed: 'no' }))
    }
    for (const pending of [...this.byStream]) this.fail(pending, error)
  }

  private start(pending: PendingCall, method: string, bytes: Uint8Array, options: CallOptions | undefined): void {
    const { host } = this
    checkName(method, 'method')
    checkBytes(bytes, 'what a call carries')
    if (host.closedTo !== undefined) throw restate(host.closedTo, { executed: 'no' })
    const timeoutMs = options?.timeoutMs === Number.POSITIVE_INFINITY ? undefined : options?.timeoutMs
    const signal = options?.signal
    if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
      throw new RangeError(`timeoutMs is a number from 0, not ${timeoutMs}`)
    }
    if (signal?.aborted) throw cancelled(signal, 'no')
    if (bytes.length > host.frameMax) this.sendByStream(pending, method, bytes, timeoutMs)
    else this.send(pending, method, bytes, timeoutMs)
    // A transport may die under the first write: then nothing is left to give up.
    if (pending.done) return
    if (signal !== undefined) {
      pending.signal = signal
      pending.onAbort = () => this.giveUp(pending, 'CANCELLED')
      signal.addEventListener('abort', pending.onAbort)
    }
    if (timeoutMs !== undefined) {
      pending.timer = host.clock.set(() => this.giveUp(pending, 'DEADLINE'), timeoutMs)
    }
  }

  private send(pending: PendingCall, method: string, bytes: Uint8Array, timeoutMs: number | undefined): void {
    const { host } = this
    const deadlineAt = timeoutMs === undefined ? undefined : host.clock.now() + timeoutMs
    pending.link = host.engine.call(method, bytes, deadlineAt, pending.oneWay, pending)
    this.count++
    host.wrote(bytes.length)
  }

  private sendByStream(pending: PendingCall, method: string, bytes: Uint8Array, timeoutMs: number | undefined): void {
    const deadline = timeoutMs === undefined ? undefined : Math.ceil(timeoutMs)
    const stream = this.host.openStream(CALL_STREAM, deadline === undefined ? { method } : { method, deadline })
    pending.stream = stream
    this.byStream.add(pending)
    this.count++
    this.readResult(pending, stream)
    writeBody(stream, bytes)
  }

  private readResult(pending: PendingCall, stream: LiveStream): void {
    readBody(stream, this.host.assembled, {
      whole: (bytes, body) => {
        body.drop()
        if (pending.done) return
        this.finish(pending)
        pending.resolve(bytes)
      },
      failed: (error) => this.fail(pending, error.scope === 'stream' ? restate(error, { scope: 'call' }) : error),
    })
  }

  private giveUp(pending: PendingCall, code: 'CANCELLED' | 'DEADLINE'): void {
    if (pending.done) return
    const { link, stream } = pending
    const sent = link === undefined ? stream === undefined || stream.id >= 0 : link.sent
    const executed = sent ? 'maybe' : 'no'
    const error =
      code === 'CANCELLED'
        ? cancelled(pending.signal, executed)
        : localError(codes.DEADLINE.number, 'the call took too long', { scope: 'call', executed })
    this.fail(pending, error)
    if (link !== undefined) {
      this.host.engine.cancel(link, error.number)
      link.owner = undefined
      this.host.wake()
    }
    stream?.reset(code)
  }

  private fail(pending: PendingCall, error: BraidError): void {
    if (pending.done) return
    this.finish(pending)
    quiet(pending.promise)
    pending.reject(error)
  }

  private finish(pending: PendingCall): void {
    pending.done = true
    this.count--
    if (pending.timer !== undefined) this.host.clock.clear(pending.timer)
    if (pending.onAbort !== undefined) pending.signal?.removeEventListener('abort', pending.onAbort)
    if (pending.stream !== undefined) this.byStream.delete(pending)
    this.host.callEnded()
  }
}

function cancelled(signal: AbortSignal | undefined, executed: 'no' | 'maybe'): BraidError {
  return localError(codes.CANCELLED.number, 'the call was cancelled', {
    scope: 'call',
    executed,
    cause: signal?.reason,
  })
}
