// Middleware: functions around calls, the same type for both sides, and the one way they are nested.
// Knows no codec and no session; client and server bring what is in the middle.

import type { HandlerContext } from './service/method.ts'

/** One call as middleware sees it. */
export interface MethodCall<Context extends object = Record<string, unknown>> {
  readonly side: 'client' | 'server'
  /** Full name, with its dots. */
  readonly method: string
  /** On the server as they came: middleware runs before validation. */
  readonly args: readonly unknown[]
  /** Travels with the call. On the client middleware may add to it until it calls `next`. */
  readonly metadata: Record<string, string>
  /** Undefined when nothing can abort it. */
  readonly signal: AbortSignal | undefined
  /** Time left in ms, never below 0; undefined without a deadline. */
  remaining(): number | undefined
  /** What middleware outside of this one passed to its `next`. */
  readonly context: Context
  /** Whether it is known here that a retry does no harm. */
  readonly idempotent: boolean
  /** The call as its handler will see it: session, principal. Undefined on the client. */
  readonly ctx?: HandlerContext<Context> | undefined
}

/**
 * A function around calls. `next` runs what is inside and answers with the method's result: a value, or an async
 * iterable; its argument is added to the call's context. Whatever the middleware returns is the result of the call, and
 * whatever it throws fails it. On the client `next` may be called again: that is a retry.
 */
export type Middleware = (call: MethodCall, next: (context?: object) => Promise<unknown>) => unknown

declare const passed: unique symbol
/** The result of a call, on its way through middleware that adds `Added` to the context. */
export interface Passed<Added extends object> {
  readonly [passed]: Added
}

/** A call at its callee: the context is always there. */
export interface ReceivedCall<Context extends object> extends MethodCall<Context> {
  readonly side: 'server'
  readonly ctx: HandlerContext<Context>
}

/**
 * Middleware of a procedure that tells the compiler what it adds to the context: it answers with what `next` answered.
 * `Context` is what it needs to be there already.
 */
export type ContextMiddleware<Added extends object, Context extends object = object> = (
  call: ReceivedCall<Context>,
  next: <Given extends object = object>(context?: Given) => Promise<Passed<Given>>,
) => PromiseLike<Passed<Added>>

/**
 * Runs `last` inside of the middlewares, the first of them outermost. Without any it is just `last()`; else the answer is
 * a promise. What is given to `next` is copied into `call.context`.
 */
export function compose(middlewares: readonly Middleware[], call: MethodCall, last: () => unknown): unknown {
  return middlewares.length === 0 ? last() : step(middlewares, 0, call, last)
}

async function step(
  middlewares: readonly Middleware[],
  index: number,
  call: MethodCall,
  last: () => unknown,
): Promise<unknown> {
  const middleware = middlewares[index]
  if (middleware === undefined) return last()
  let asked = false
  return middleware(call, async (added) => {
    // A handler must not run twice for one call; only the caller knows whether a retry does harm.
    if (asked && call.side === 'server') throw new TypeError('next() was called twice: only a client can retry')
    asked = true
    if (added !== undefined) Object.assign(call.context, added)
    return step(middlewares, index + 1, call, last)
  })
}

/** What middleware sees of a call at its callee. */
export function serverCall(ctx: HandlerContext, args: readonly unknown[], idempotent: boolean): MethodCall {
  return new ServerCall(ctx, args, idempotent)
}

/** Asks the context only for what is read: a signal and a clock cost nothing unless somebody looks. */
class ServerCall implements MethodCall {
  readonly side = 'server'
  readonly ctx: HandlerContext
  readonly args: readonly unknown[]
  readonly idempotent: boolean

  constructor(ctx: HandlerContext, args: readonly unknown[], idempotent: boolean) {
    this.ctx = ctx
    this.args = args
    this.idempotent = idempotent
  }

  get method(): string {
    return this.ctx.method
  }
  get metadata(): Record<string, string> {
    return this.ctx.metadata as Record<string, string>
  }
  get signal(): AbortSignal {
    return this.ctx.signal
  }
  get context(): Record<string, unknown> {
    return this.ctx.context as Record<string, unknown>
  }
  remaining(): number | undefined {
    return this.ctx.remaining()
  }
}
