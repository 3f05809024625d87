// What a handler may know about the call it answers, and how a function says that it wants to.
// No global or async storage: the context is handed to exactly those functions that ask for it.

import type { CallContext, Session } from '../session/session.ts'
import type { Metadata } from './call/body.ts'
import type { AnyFunction, HandlerContext } from './service/method.ts'

/**
 * One call, as its handler sees it; `withContext` hands it over.
 *
 * @example
 * import { expose, MethodContext, withContext, wrap } from 'braidwire/rpc'
 * import { pair } from 'braidwire/test'
 *
 * const api = { name: withContext((ctx) => `${ctx instanceof MethodContext} ${ctx.method}`) }
 * const [server, client] = pair()
 * expose(server, api)
 * console.log(await wrap(client).name()) // 'true name'
 * await client.close()
 */
export class MethodContext implements HandlerContext {
  readonly #call: CallContext
  #context: Record<string, unknown> | undefined
  /** Words the caller sent along, of its choosing: nothing to trust. */
  readonly metadata: Metadata
  /** Name the caller used, with its dots. */
  readonly method: string

  constructor(call: CallContext, method: string, metadata: Metadata) {
    this.#call = call
    this.method = method
    this.metadata = metadata
  }

  /** What middleware added to this call. */
  get context(): Record<string, unknown> {
    this.#context ??= {}
    return this.#context
  }

  /** The session the call came over. */
  get session(): Session {
    return this.#call.session
  }

  /** What the session's `authorize` returned; undefined without one. */
  get principal(): unknown {
    return this.#call.session.principal
  }

  /** Aborts when the caller gave up, the deadline passed or the session ended. Hand it to whatever waits. */
  get signal(): AbortSignal {
    return this.#call.signal
  }

  /** Time left in ms before the caller's deadline, never below 0; undefined when there is none. */
  remaining(): number | undefined {
    return this.#call.remaining()
  }
}

const contextual = new WeakMap<AnyFunction, AnyFunction>()

/**
 * Lets a method see its call: the function gets the {@link MethodContext} before the caller's arguments, and callers do
 * not see that parameter. A class needs an arrow function or another argument for its `this`.
 *
 * @example
 * import { pair } from 'braidwire/test'
 * import { expose, withContext, wrap } from 'braidwire/rpc'
 *
 * const api = {
 *   left: withContext((ctx, unit) => (ctx.remaining() ?? 0) / (unit === 's' ? 1000 : 1)),
 * }
 * const [server, client] = pair()
 * expose(server, api)
 * const seconds = await wrap(client).with({ timeout: 2000 }).left('s')
 * console.log(seconds <= 2)
 * await client.close()
 */
export function withContext<Values extends unknown[], Result>(
  handler: (ctx: MethodContext, ...values: Values) => Result,
): (...values: Values) => Result {
  const marked = (): never => {
    throw new TypeError('a method made by withContext runs only as an answer to a call')
  }
  contextual.set(marked, handler as AnyFunction)
  return marked
}

/** The function behind one made by {@link withContext}; undefined for any other. */
export function contextHandler(method: AnyFunction): AnyFunction | undefined {
  return contextual.get(method)
}
