// Caller: calls this side makes, each one promise, until each is settled. What is too large for a frame goes by stream.

import type { Engine, EngineCall, EngineStream } from '../engine/contract.ts'
import { BraidError, codes } from '../engine/errors.ts'
import { Bag } from './bag.ts'
import { CALL_STREAM, REPLY_STREAM, readBody, writeBody } from './bodies.ts'
import { bytesIn, isBytes, joined } from './bytes.ts'
import type { Ceiling } from './ceiling.ts'
import type { Clock } from './clock.ts'
import { quiet } from './deferred.ts'
import type { ReplyTaker } from './direct.ts'
import type { LiveStream } from './live-stream.ts'
import type { Bytes, CallOptions, Meta } from './opener.ts'
import { checkBytes, checkName, localError, restate } from './words.ts'

/** Method of one-way messages. */
export const MESSAGE_METHOD = '$message'

const EMPTY = new Uint8Array(0)
const nothing = (): void => {}
const TOO_LONG = 'the call took too long'

/** What calls need of their session. */
export interface CallerHost {
  readonly engine: Engine
  readonly clock: Clock
  readonly assembled: Ceiling
  /** Largest arguments the peer takes in a frame. */
  readonly frameMax: number
  /** Why no new work is taken, if none is. */
  readonly closedTo: BraidError | undefined
  wake(): void
  wrote(bytes: number): void
  readonly isOver: boolean
  openStream(name: string, meta: Meta | undefined, part: boolean): LiveStream
  /** A call is over. */
  workEnded(): void
}

/** One call that waits for its reply. */
class PendingCall {
  readonly taker: ReplyTaker
  readonly options: CallOptions | undefined
  /** Nobody wants its result. */
  readonly oneWay: boolean
  /** One of them, once it is on its way. */
  link: EngineCall | undefined
  stream: LiveStream | undefined
  /** The answer, which whoever asked has now. */
  handed: LiveStream | undefined
  timer: unknown
  signal: AbortSignal | undefined
  onAbort: (() => void) | undefined
  done = false
  /** See `Bag`. */
  place = -1

  constructor(taker: ReplyTaker, options: CallOptions | undefined, oneWay: boolean) {
    this.taker = taker
    this.options = options
    this.oneWay = oneWay
  }
}

/** The promise of a call. */
class PromisedReply implements ReplyTaker {
  readonly promise: Promise<Uint8Array>
  private resolve!: (bytes: Uint8Array) => void
  private reject!: (error: unknown) => void

  constructor() {
    this.promise = new Promise<Uint8Array>((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  replied(bytes: Uint8Array): void {
    this.resolve(bytes)
  }

  failed(error: unknown): void {
    quiet(this.promise)
    this.reject(error)
  }
}

export class Caller {
  private readonly host: CallerHost
  /** Calls not settled. */
  count = 0
  /** Those of them that travel by stream: the engine knows nothing of them. */
  private readonly byStream = new Bag<PendingCall>()

  constructor(host: CallerHost) {
    this.host = host
  }

  call(method: string, bytes: Bytes, options: CallOptions | undefined): Promise<Uint8Array> {
    const reply = new PromisedReply()
    this.callFor(reply, method, bytes, options)
    return reply.promise
  }

  /** See `DirectOpener`. */
  callFor(taker: ReplyTaker, method: string, bytes: Bytes, options: CallOptions | undefined): void {
    const pending = new PendingCall(taker, options, options?.oneWay === true)
    try {
      this.start(pending, method, bytes, options)
    } catch (error) {
      taker.failed(error)
    }
  }

  message(bytes: Uint8Array): Promise<void> {
    const reply = new PromisedReply()
    const { host } = this
    try {
      checkBytes(bytes, 'a message')
      if (bytes.length > host.frameMax) {
        const text = `a message takes at most ${host.frameMax} bytes, one frame of the peer, not ${bytes.length}`
        throw new BraidError('INVALID_INPUT', text, { scope: 'call', executed: 'no' })
      }
      if (host.closedTo !== undefined) throw restate(host.closedTo, { executed: 'no' })
      this.send(new PendingCall(reply, undefined, true), MESSAGE_METHOD, bytes, undefined, false)
    } catch (error) {
      reply.failed(error)
    }
    return quiet(reply.promise.then(nothing))
  }

  /** The engine has the reply. */
  replied(link: EngineCall, result: Uint8Array, via: EngineStream | undefined): void {
    const pending = link.owner as PendingCall | undefined
    if (pending === undefined) return
    if (via === undefined) {
      this.finish(pending)
      pending.taker.replied(pending.oneWay ? EMPTY : result)
      return
    }
    const stream = via.owner as LiveStream
    // A peer may name any stream it has opened: one that somebody uses is none of ours.
    if (stream.name !== REPLY_STREAM || !stream.isUntouched) return this.fail(pending, noAnswer())
    pending.link = undefined
    if (stream.meta !== undefined && pending.options?.takeStream !== undefined) return this.handOver(pending, stream)
    stream.end()
    pending.stream = stream
    this.byStream.add(pending)
    this.readResult(pending, stream)
  }

  /** A stream came as the answer to a call that is itself one: the n-th of this side's. */
  answered(stream: LiveStream, call: number): void {
    for (const pending of this.byStream.all()) {
      if (pending.stream?.link.number !== call || pending.options?.takeStream === undefined) continue
      this.byStream.delete(pending)
      return this.handOver(pending, stream)
    }
    stream.reset('CANCELLED', 'nobody waits for this answer')
  }

  /** The n-th of this side's streams, a call, has failed; the stream carries what there is to say about it. */
  failed(stream: LiveStream, call: number, error: BraidError): void {
    stream.end()
    const pending = this.byStream.all().find((other) => other.stream?.link.number === call)
    if (pending === undefined) return stream.reset('CANCELLED', 'nobody waits for this answer')
    readBody(stream, this.host.assembled, 0, {
      whole: (details, body) => {
        body.drop()
        this.fail(pending, restate(error, { scope: 'call', details }))
      },
      failed: () => this.fail(pending, restate(error, { scope: 'call' })),
    })
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
    for (const pending of this.byStream.all()) this.fail(pending, error)
  }

  private start(pending: PendingCall, method: string, bytes: Bytes, options: CallOptions | undefined): void {
    const { host } = this
    checkName(method, 'method')
    if (!isBytes(bytes)) checkBytes(bytes, 'what a call carries')
    const part = options?.part === true
    if (host.closedTo !== undefined && (host.isOver || !part)) throw restate(host.closedTo, { executed: 'no' })
    const timeout = options?.timeout === Number.POSITIVE_INFINITY ? undefined : options?.timeout
    const signal = options?.signal
    if (timeout !== undefined && !(timeout >= 0)) {
      throw new RangeError(`timeout is a number from 0, not ${timeout}`)
    }
    if (signal?.aborted) throw cancelled(signal, 'no')
    const size = bytesIn(bytes)
    if (size > host.frameMax) this.sendByStream(pending, method, bytes, size, timeout, part)
    else this.send(pending, method, joined(bytes), timeout, part)
    // A transport may die under the first write: then nothing is left to give up.
    if (pending.done) return
    if (signal !== undefined || timeout !== undefined) this.watch(pending, signal, timeout)
  }

  /** Gives it up in time. */
  private watch(pending: PendingCall, signal: AbortSignal | undefined, timeout: number | undefined): void {
    if (signal !== undefined) {
      pending.signal = signal
      pending.onAbort = () => this.giveUp(pending, 'CANCELLED')
      signal.addEventListener('abort', pending.onAbort)
    }
    if (timeout !== undefined) {
      pending.timer = this.host.clock.set(() => this.giveUp(pending, 'DEADLINE'), timeout)
    }
  }

  private send(
    pending: PendingCall,
    method: string,
    bytes: Uint8Array,
    timeout: number | undefined,
    part: boolean,
  ): void {
    const { host } = this
    const deadlineAt = timeout === undefined ? undefined : host.clock.now() + timeout
    pending.link = host.engine.call(method, bytes, deadlineAt, pending.oneWay, pending, part)
    this.count++
    host.wrote(bytes.length)
  }

  private sendByStream(
    pending: PendingCall,
    method: string,
    bytes: Bytes,
    size: number,
    timeout: number | undefined,
    part: boolean,
  ): void {
    const deadline = timeout === undefined ? undefined : Math.ceil(timeout)
    const stream = this.host.openStream(
      CALL_STREAM,
      deadline === undefined ? { method, size } : { method, deadline, size },
      part,
    )
    pending.stream = stream
    this.byStream.add(pending)
    this.count++
    this.readResult(pending, stream)
    writeBody(stream, bytes)
  }

  private readResult(pending: PendingCall, stream: LiveStream): void {
    readBody(stream, this.host.assembled, stream.declared, {
      whole: (bytes, body) => {
        body.drop()
        if (pending.done) return
        this.finish(pending)
        pending.taker.replied(pending.oneWay ? EMPTY : bytes)
      },
      failed: (error) => this.fail(pending, error.scope === 'stream' ? restate(error, { scope: 'call' }) : error),
    })
  }

  /** The answer is a stream, whoever asked has it, and from now on what is asked of the call is asked of the stream. */
  private handOver(pending: PendingCall, stream: LiveStream): void {
    pending.done = true
    pending.handed = stream
    this.count--
    void stream.closed.then(() => this.unwatch(pending))
    try {
      pending.options?.takeStream?.(stream)
    } catch (thrown) {
      stream.crash(thrown)
    }
    pending.taker.replied(EMPTY)
    this.host.workEnded()
  }

  private giveUp(pending: PendingCall, code: 'CANCELLED' | 'DEADLINE'): void {
    // What came and went whole is nobody's to give up, though the last frames of it may still be on their way.
    if (pending.handed !== undefined && !pending.handed.hasEnded) {
      const error =
        code === 'CANCELLED' ? cancelled(pending.signal, 'maybe') : localError(codes.DEADLINE.number, TOO_LONG, {})
      pending.handed.abandon(restate(error, { scope: 'stream' }))
    }
    if (pending.done) return
    const { link, stream } = pending
    const sent = link === undefined ? stream === undefined || stream.id >= 0 : link.sent
    const executed = sent ? 'maybe' : 'no'
    const error =
      code === 'CANCELLED'
        ? cancelled(pending.signal, executed)
        : localError(codes.DEADLINE.number, TOO_LONG, { scope: 'call', executed })
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
    pending.taker.failed(error)
  }

  private finish(pending: PendingCall): void {
    pending.done = true
    this.count--
    this.unwatch(pending)
    if (pending.stream !== undefined) this.byStream.delete(pending)
    this.host.workEnded()
  }

  /** Nobody gives it up any more. */
  private unwatch(pending: PendingCall): void {
    if (pending.timer !== undefined) this.host.clock.clear(pending.timer)
    if (pending.onAbort !== undefined) pending.signal?.removeEventListener('abort', pending.onAbort)
  }
}

function noAnswer(): BraidError {
  const text = 'the reply names a stream that is no answer, or that of another call'
  return new BraidError('PROTOCOL', text, { scope: 'call', initiator: 'remote', executed: 'maybe' })
}

/** What a call fails with when its signal aborts. */
export function cancelled(signal: AbortSignal | undefined, executed: 'no' | 'maybe'): BraidError {
  const reason: unknown = signal?.reason
  // A call made to answer another ends for the same reason as that one.
  const late = reason instanceof BraidError && reason.code === 'BRAID_DEADLINE'
  return localError(late ? codes.DEADLINE.number : codes.CANCELLED.number, late ? TOO_LONG : 'the call was cancelled', {
    scope: 'call',
    executed,
    cause: reason,
  })
}
