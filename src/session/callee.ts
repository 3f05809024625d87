// Callee: calls and messages of the peer, from their arrival to the one reply each is owed.

import type { Engine } from '../engine/contract.ts'
import { BraidError, codes } from '../engine/errors.ts'
import type { Assembly } from './assembly.ts'
import { CALL_STREAM, REPLY_STREAM, readBody, writeBody } from './bodies.ts'
import type { Budget } from './budget.ts'
import { MESSAGE_METHOD } from './caller.ts'
import type { Clock } from './clock.ts'
import { isThenable } from './deferred.ts'
import type { LiveStream } from './live-stream.ts'
import { nearest } from './nearest.ts'
import type { Meta } from './opener.ts'
import type { CallContext, Session } from './session.ts'
import { Waiting } from './waiting.ts'
import { failureOf, localError } from './words.ts'

/** What answering calls needs of its session. */
export interface CalleeHost {
  readonly engine: Engine
  readonly clock: Clock
  readonly assembled: Budget
  readonly exposeErrors: boolean
  readonly handlerWaitMs: number
  /** Largest result the peer takes in a frame. */
  readonly frameMax: number
  /** What handlers see of the session. */
  readonly session: Session
  wake(): void
  wrote(bytes: number): void
  openStream(name: string, meta: Meta | undefined): LiveStream
  callEnded(): void
}

const EMPTY = new Uint8Array(0)

/** One call of the peer. */
class ArrivedCall implements CallContext {
  readonly method: string
  readonly oneWay: boolean
  /** Where the reply goes: a slot, or else a stream. */
  readonly slot: number
  stream: LiveStream | undefined
  args: Uint8Array = EMPTY
  body: Assembly | undefined
  /** Why nobody waits for the answer any more. */
  ended: BraidError | undefined
  private readonly host: CalleeHost
  private readonly due: number | undefined
  private controller: AbortController | undefined
  private timer: unknown

  constructor(host: CalleeHost, slot: number, method: string, deadlineMs: number | undefined, oneWay: boolean) {
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
      else if (this.due !== undefined) {
        this.timer = this.host.clock.set(() => this.abort(deadlinePassed()), this.remaining() ?? 0)
      }
    }
    return this.controller.signal
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
}

function deadlinePassed(): BraidError {
  return localError(codes.DEADLINE.number, 'the time the caller allowed is over', { scope: 'call' })
}

export class Callee {
  readonly waiting: Waiting<ArrivedCall>
  private readonly host: CalleeHost
  private readonly handlers = new Map<string, (bytes: Uint8Array, context: CallContext) => unknown>()
  /** Methods among the handlers: messages are none. */
  private methods = 0
  private readonly bySlot: (ArrivedCall | undefined)[] = []
  private readonly byStream = new Set<ArrivedCall>()
  private offering = false
  /** Calls that were not answered yet. */
  count = 0

  constructor(host: CalleeHost) {
    this.host = host
    this.waiting = new Waiting(host.clock, host.handlerWaitMs, (call) => this.refuse(call))
  }

  handle(method: string, handler: (bytes: Uint8Array, context: CallContext) => unknown): () => void {
    if (typeof handler !== 'function') throw new TypeError('a handler is a function')
    if (this.handlers.has(method)) throw new TypeError(`"${method}" has a handler already`)
    this.handlers.set(method, handler)
    const counted = method === MESSAGE_METHOD ? 0 : 1
    this.methods += counted
    this.offerSoon()
    return () => {
      if (this.handlers.get(method) !== handler) return
      this.handlers.delete(method)
      this.methods -= counted
    }
  }

  /** A call in a slot. */
  arrived(slot: number, method: string, args: Uint8Array, deadlineMs: number | undefined, oneWay: boolean): void {
    const call = new ArrivedCall(this.host, slot, method, deadlineMs, oneWay)
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
    const call = new ArrivedCall(this.host, -1, method, deadline, false)
    call.stream = stream
    this.byStream.add(call)
    this.count++
    readBody(stream, this.host.assembled, {
      whole: (args, body) => {
        call.args = args
        call.body = body
        this.route(call)
      },
      failed: () => {
        if (!this.end(call)) return
        stream.settle()
        this.host.callEnded()
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
    this.waiting.clear()
    this.count = 0
    for (const call of this.bySlot) call?.abort(error)
    for (const call of this.byStream) call.abort(error)
    this.bySlot.length = 0
    this.byStream.clear()
  }

  private route(call: ArrivedCall): void {
    const handler = this.handlers.get(call.method)
    if (call.ended !== undefined) this.answerError(call, call.ended)
    // It waited for a handler, or on the way, until nobody waits for its answer any more.
    else if (call.remaining() === 0) this.answerError(call, deadlinePassed())
    else if (handler !== undefined) this.run(call, handler)
    else if (this.methods > 0 && call.method !== MESSAGE_METHOD) this.refuse(call)
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
        if (!this.handlers.has(call.method) && (this.methods === 0 || call.method === MESSAGE_METHOD)) continue
        this.waiting.delete(call)
        this.route(call)
      }
    })
  }

  private refuse(call: ArrivedCall): void {
    let text = 'no handler takes messages'
    if (call.method !== MESSAGE_METHOD) {
      const meant = nearest(call.method, this.handlers.keys())
      text = `no method "${call.method}" is exposed${meant === undefined ? '' : `; did you mean "${meant}"?`}`
    }
    this.answerError(call, new BraidError('UNIMPLEMENTED', text, { scope: 'call' }))
  }

  private run(call: ArrivedCall, handler: (bytes: Uint8Array, context: CallContext) => unknown): void {
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
    if (!isThenable(result)) this.answer(call, result)
    else {
      result.then(
        (value) => this.answer(call, value),
        (thrown: unknown) => this.answerError(call, thrown),
      )
    }
  }

  private answer(call: ArrivedCall, value: unknown): void {
    const result = call.oneWay ? EMPTY : value
    if (!(result instanceof Uint8Array)) {
      this.answerError(call, new TypeError(`the handler of "${call.method}" answered no Uint8Array`))
      return
    }
    if (!this.end(call)) return
    this.reply(call, result)
    // Only now: a drain may end the session with the last call, and its reply must be on its way by then.
    this.host.callEnded()
  }

  private reply(call: ArrivedCall, result: Uint8Array): void {
    const { host } = this
    if (call.stream !== undefined) {
      writeBody(call.stream, result)
      call.stream.settle()
    } else if (result.length <= host.frameMax) {
      host.engine.reply(call.slot, result)
      host.wrote(result.length)
    } else {
      const stream = host.openStream(REPLY_STREAM, undefined)
      host.engine.replyVia(call.slot, stream.link)
      writeBody(stream, result)
    }
  }

  private answerError(call: ArrivedCall, thrown: unknown): void {
    if (!this.end(call)) return
    this.replyError(call, thrown)
    this.host.callEnded()
  }

  private replyError(call: ArrivedCall, thrown: unknown): void {
    if (call.stream !== undefined) {
      call.stream.crash(thrown)
      call.stream.settle()
      return
    }
    const { number, text, details } = failureOf(thrown, this.host.exposeErrors)
    // Details that do not fit beside the text in one frame are of no use to anybody.
    const fits = details === undefined || details.length <= this.host.frameMax - 1024
    this.host.engine.replyError(call.slot, number, text, fits ? details : undefined)
    this.host.wake()
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
