// Callee: calls and messages of the peer, from their arrival to the one reply each is owed.

import type { Engine } from '../engine/contract.ts'
import { BraidError, codes } from '../engine/errors.ts'
import { ArrivedCall, type CallHost, deadlinePassed } from './arrived-call.ts'
import { Bag } from './bag.ts'
import { CALL_STREAM, REPLY_STREAM, readBody, sizeOf, writeBody } from './bodies.ts'
import { bytesIn, isBytes, joined } from './bytes.ts'
import { MESSAGE_METHOD } from './caller.ts'
import type { Ceiling } from './ceiling.ts'
import type { Clock } from './clock.ts'
import { isThenable } from './deferred.ts'
import { LATER } from './direct.ts'
import type { LiveStream } from './live-stream.ts'
import { type Handler, MethodTable } from './method-table.ts'
import type { Bytes, JsonValue, Meta } from './opener.ts'
import type { CallContext, Session } from './session.ts'
import { Waiting } from './waiting.ts'
import { failureOf, localError, toReason } from './words.ts'

/** What answering calls needs of its session. */
export interface CalleeHost {
  readonly engine: Engine
  readonly clock: Clock
  readonly assembled: Ceiling
  readonly exposeErrors: boolean
  readonly handlerWaitMs: number
  /** Largest result the peer takes in a frame. */
  readonly frameMax: number
  /** What handlers see of the session. */
  readonly session: Session
  wake(): void
  answered(bytes: number): void
  openStream(name: string, meta: Meta | undefined, part: boolean): LiveStream
  workEnded(): void
}

const EMPTY = new Uint8Array(0)

export class Callee implements CallHost {
  readonly waiting: Waiting<ArrivedCall>
  readonly clock: Clock
  readonly session: Session
  private readonly host: CalleeHost
  private readonly methods = new MethodTable<CallContext>()
  private readonly bySlot: (ArrivedCall | undefined)[] = []
  private readonly byStream = new Bag<ArrivedCall>()
  private offering = false
  /** Calls that were not answered yet. */
  count = 0

  constructor(host: CalleeHost) {
    this.host = host
    this.clock = host.clock
    this.session = host.session
    this.waiting = new Waiting(host.clock, host.handlerWaitMs, (call) => this.refuse(call))
  }

  /** Bytes of arguments that wait for a handler, but for those that count as assembled. */
  get waitingBytes(): number {
    let bytes = 0
    if (this.waiting.size > 0) for (const { args, body } of this.waiting) if (body === undefined) bytes += args.length
    return bytes
  }

  handle(pattern: string, handler: Handler<CallContext>): () => void {
    const remove = this.methods.add(pattern, handler)
    this.offerSoon()
    return remove
  }

  /** A call in a slot. */
  arrived(slot: number, method: string, args: Uint8Array, deadlineMs: number | undefined, oneWay: boolean): void {
    const call = new ArrivedCall(this, slot, method, deadlineMs, oneWay)
    call.args = args
    this.bySlot[slot] = call
    this.count++
    this.route(call)
  }

  cancelled(slot: number, code: number): void {
    this.bySlot[slot]?.abort(localError(code, 'the caller gave up', { scope: 'call', initiator: 'remote' }))
  }

  /** A call whose arguments come by stream. */
  arrivedByStream(stream: LiveStream): void {
    const { method, deadline } = (stream.meta ?? {}) as { method?: unknown; deadline?: unknown }
    if (typeof method !== 'string' || (deadline !== undefined && typeof deadline !== 'number')) {
      stream.reset('INVALID_INPUT', `${CALL_STREAM} names its method in its metadata`)
      stream.settle()
      return
    }
    const call = new ArrivedCall(this, -1, method, deadline, false)
    call.stream = stream
    this.byStream.add(call)
    this.count++
    readBody(stream, this.host.assembled, sizeOf(stream.meta as object), {
      whole: (args, body) => {
        call.args = args
        call.body = body
        this.route(call)
      },
      failed: () => {
        if (!this.end(call)) return
        stream.settle()
        this.host.workEnded()
      },
    })
    const onAbort = (): void => {
      if (this.byStream.has(call))
        call.abort(localError(codes.CANCELLED.number, 'the caller gave up', { scope: 'call', initiator: 'remote' }))
    }
    stream.signal.addEventListener('abort', onAbort)
  }

  /** The session is over: nobody waits for replies any more. */
  close(error: BraidError): void {
    for (const call of this.waiting) call.body?.drop()
    this.waiting.clear()
    this.count = 0
    for (const call of this.bySlot) call?.abort(error)
    for (const call of this.byStream.all()) call.abort(error)
    this.bySlot.length = 0
    this.byStream.clear()
  }

  private route(call: ArrivedCall): void {
    const handler = this.methods.find(call.method)
    if (call.ended !== undefined) this.answerError(call, call.ended)
    // It waited for a handler, or on the way, until nobody waits for its answer any more.
    else if (call.remaining() === 0) this.answerError(call, deadlinePassed())
    else if (handler !== undefined) this.run(call, handler)
    else if (this.methods.count > 0 && !call.method.startsWith('$')) this.refuse(call)
    else {
      // A view would keep alive all that was received with it.
      call.args = call.args.slice()
      this.waiting.add(call)
    }
  }

  /** Waits for the other methods that are registered in the same turn before it refuses any. */
  private offerSoon(): void {
    if (this.offering || this.waiting.size === 0) return
    this.offering = true
    queueMicrotask(() => {
      this.offering = false
      for (const call of this.waiting) {
        const refusable = this.methods.count > 0 && !call.method.startsWith('$')
        if (this.methods.find(call.method) === undefined && !refusable) continue
        this.waiting.delete(call)
        this.route(call)
      }
    })
  }

  private refuse(call: ArrivedCall): void {
    let text = 'no handler takes messages'
    if (call.method !== MESSAGE_METHOD) {
      const meant = this.methods.nearest(call.method)
      text = `no method "${call.method}" is exposed${meant === undefined ? '' : `; did you mean "${meant}"?`}`
    }
    this.answerError(call, new BraidError('UNIMPLEMENTED', text, { scope: 'call' }))
  }

  private run(call: ArrivedCall, handler: Handler<CallContext>): void {
    const { args } = call
    // Kept, they would keep alive all that was received with them as long as the handler runs.
    call.args = EMPTY
    let result: unknown
    try {
      result = handler(args, call)
    } catch (thrown) {
      this.answerError(call, thrown)
      return
    }
    if (isThenable(result)) this.answerLater(call, result)
    else if (result !== LATER) this.answer(call, result)
  }

  private answerLater(call: ArrivedCall, result: PromiseLike<unknown>): void {
    result.then(
      (value) => this.answer(call, value),
      (thrown: unknown) => this.answerError(call, thrown),
    )
  }

  answer(call: ArrivedCall, value: unknown): void {
    if (call.answered !== undefined) return
    const result = call.oneWay ? EMPTY : value
    if (!isBytes(result)) {
      this.answerError(call, new TypeError(`the handler of "${call.method}" answered no Uint8Array`))
      return
    }
    if (!this.end(call)) return
    this.reply(call, result)
    // Only now: a drain may end the session with the last call, and its reply must be on its way by then.
    this.host.workEnded()
  }

  /** See `CallContext.answer`. */
  answerByStream(call: ArrivedCall, meta: JsonValue): LiveStream {
    const { host } = this
    if (call.ended !== undefined) throw call.ended
    if (!this.end(call)) {
      const text = call.answered === undefined ? 'nobody waits for an answer any more' : 'the call is answered already'
      throw new BraidError('CLOSED', text, { scope: 'call' })
    }
    const { stream: asked } = call
    const stream = host.openStream(
      REPLY_STREAM,
      asked === undefined ? { answer: meta } : { answer: meta, call: asked.link.number },
      true,
    )
    call.follow(stream)
    if (asked === undefined) host.engine.replyVia(call.slot, stream.link)
    else this.endAfter(asked, stream)
    host.wake()
    host.workEnded()
    return stream
  }

  private reply(call: ArrivedCall, result: Bytes): void {
    const { host } = this
    const size = bytesIn(result)
    if (call.stream !== undefined) {
      writeBody(call.stream, result)
      call.stream.settle()
    } else if (size <= host.frameMax) {
      host.engine.reply(call.slot, joined(result))
      host.answered(size)
    } else {
      const stream = host.openStream(REPLY_STREAM, { size }, true)
      host.engine.replyVia(call.slot, stream.link)
      writeBody(stream, result)
    }
  }

  answerError(call: ArrivedCall, thrown: unknown): void {
    if (call.answered !== undefined) return call.answered.crash(thrown)
    if (!this.end(call)) return
    this.replyError(call, thrown)
    this.host.workEnded()
  }

  private replyError(call: ArrivedCall, thrown: unknown): void {
    const { number, text, details } = failureOf(thrown, this.host.exposeErrors)
    if (call.stream !== undefined) {
      if (details === undefined) {
        call.stream.crash(thrown)
        call.stream.settle()
      } else this.replyDetails(call.stream, number, text, details)
      return
    }
    // Details that do not fit beside the text in one frame are of no use to anybody.
    const fits = details === undefined || details.length <= this.host.frameMax - 1024
    this.host.engine.replyError(call.slot, number, text, fits ? details : undefined)
    this.host.wake()
  }

  /** A RESET has no place for details: they come on a stream, like an answer. */
  private replyDetails(asked: LiveStream, number: number, text: string, details: Uint8Array): void {
    const error = { code: number, reason: toReason(text) }
    const stream = this.host.openStream(REPLY_STREAM, { answer: null, call: asked.link.number, error }, true)
    writeBody(stream, details)
    this.endAfter(asked, stream)
  }

  /** Ends a call that is a stream when its answer is over; not before, as an end without bytes would pass for an empty answer. */
  private endAfter(asked: LiveStream, answer: LiveStream): void {
    void answer.closed.then(() => {
      asked.end()
      asked.settle()
    })
  }

  /** The handler has ended; false if the session ended before it. */
  private end(call: ArrivedCall): boolean {
    call.release()
    call.body?.drop()
    call.body = undefined
    if (call.stream === undefined) {
      if (this.bySlot[call.slot] !== call) return false
      this.bySlot[call.slot] = undefined
    } else if (!this.byStream.delete(call)) return false
    this.count--
    return true
  }
}
