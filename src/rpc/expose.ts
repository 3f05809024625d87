// The callee's side: an object of functions becomes methods of a session.
// Knows values and errors of calls; knows no frame, slot or stream.

import { BraidError } from '../engine/errors.ts'
import { isThenable } from '../session/deferred.ts'
import type { CallHandler, Session } from '../session/session.ts'
import { decodeArguments, encodeValue } from './codec.ts'
import { contextHandler, MethodContext } from './context.ts'
import { outgoing } from './failure.ts'
import { type AnyFunction, listMethods } from './methods.ts'
import { parseLimits, type ValueBounds, type ValueLimits } from './survey.ts'

export interface ExposeOptions {
  /** Offer only these methods; the one way to offer inherited ones. Default: see {@link expose}. */
  readonly only?: readonly string[] | undefined
  /** Show callers the name, text and data of errors not meant for them. Default: what the session's `exposeErrors` says. */
  readonly exposeErrors?: boolean | undefined
  /** Told of every error whose text the caller does not get, so that it is not lost. Default: nobody. */
  readonly onError?: ((error: unknown, method: string) => void) | undefined
  /** What one list of arguments may hold. */
  readonly limits?: ValueLimits | undefined
}

/**
 * Lets the other side call the functions of `api`, and nothing else.
 *
 * A plain object or module offers its own functions, an instance of a class its own functions and the methods of exactly
 * that class; never what every object has (`constructor`, `toString` ...), nor `then` and `toJSON`. A function may be
 * async. It gets the caller's arguments unchecked: whoever calls may send anything a value can be.
 *
 * @returns a function that takes the methods back.
 * @throws TypeError when there is nothing to offer, or a name cannot travel or is taken.
 * @example
 * import { pair } from 'braidwire/test'
 * import { expose, wrap } from 'braidwire/rpc'
 *
 * const api = { add: (a, b) => a + b }
 * const [server, client] = pair()
 * expose(server, api)
 * console.log(await wrap(client).add(1, 2)) // 3
 * await client.close()
 */
export function expose(session: Session, api: object, options: ExposeOptions = {}): () => void {
  const bounds = parseLimits(options.limits)
  const undo: (() => void)[] = []
  const takeBack = (): void => {
    for (const off of undo.splice(0)) off()
  }
  try {
    for (const [name, method] of listMethods(api, options.only)) {
      const answer = makeAnswer(api, method, bounds, options)
      undo.push(session.handleCall(name, answer))
    }
  } catch (error) {
    takeBack()
    throw error
  }
  return takeBack
}

/** Everything a call needs is made here, once a method, so that a call makes no closure. */
function makeAnswer(api: object, method: AnyFunction, bounds: ValueBounds, options: ExposeOptions): CallHandler {
  const run = method as (...values: unknown[]) => unknown
  const handler = contextHandler(method) as ((ctx: MethodContext, ...values: unknown[]) => unknown) | undefined
  const fail = (thrown: unknown, name: string): never => {
    const error = outgoing(thrown, options.exposeErrors === true)
    if (!(error instanceof BraidError)) report(options.onError, thrown, name)
    throw error
  }
  const settle = async (result: PromiseLike<unknown>, name: string): Promise<Uint8Array> => {
    try {
      return encodeValue(await result)
    } catch (thrown) {
      return fail(thrown, name)
    }
  }
  return (bytes, call) => {
    try {
      const values = decodeArguments(bytes, bounds)
      const result =
        handler === undefined ? run.apply(api, values as unknown[]) : handler(new MethodContext(call), ...values)
      return isThenable(result) ? settle(result, call.method) : encodeValue(result)
    } catch (thrown) {
      return fail(thrown, call.method)
    }
  }
}

function report(onError: ExposeOptions['onError'], error: unknown, method: string): void {
  try {
    onError?.(error, method)
  } catch {
    // A broken observer must not change what the caller gets.
  }
}
