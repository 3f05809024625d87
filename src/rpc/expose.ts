// The callee's side of a service: what an API offers becomes methods of a session.
// Knows what can be offered and how calls are answered; knows no frame, slot or stream.

import type { CallHandler, Session } from '../session/session.ts'
import { type Answering, answering } from './call/answer.ts'
import { rpcOf } from './call/connect.ts'
import type { Codec } from './codec/codec.ts'
import { parseLimits, type ValueLimits } from './codec/limits.ts'
import type { FailurePolicy } from './failure.ts'
import { type Log, logFailure, makeLogId } from './log.ts'
import { compose, type Middleware, serverCall } from './middleware.ts'
import type { RpcSession } from './rpc-session.ts'
import type { Mounted } from './service/function-method.ts'
import { type Listing, listMethods } from './service/list.ts'
import { describe, MANIFEST_METHOD, type Manifest } from './service/manifest.ts'
import type { HandlerContext, Method } from './service/method.ts'

export interface ExposeOptions {
  /** Offer only these methods or subtrees, by full name; the one way to offer inherited ones. Default: see {@link expose}. */
  readonly only?: readonly string[] | undefined
  /** Run around every call, the first outermost. Default: none. */
  readonly use?: readonly Middleware[] | undefined
  /** Show callers the name, text and data of errors not meant for them. Default: what the session's `exposeErrors` says. */
  readonly exposeErrors?: boolean | undefined
  /** Show callers where an error was thrown: `error.remoteStack`. For development. Default: false. */
  readonly exposeStacks?: boolean | undefined
  /**
   * Told of every error whose text the caller does not get, so that it is not lost, and of the id the caller got for it.
   * Default: nobody.
   */
  readonly onError?: ((error: unknown, method: string, logId: string) => void) | undefined
  /** Where to write errors whose text the caller does not get, with the id the caller got, and warnings. Default: nowhere. */
  readonly log?: Log | false | undefined
  /** What one list of arguments may hold. */
  readonly limits?: ValueLimits | undefined
  /** Codecs beside msgpack and JSON that callers may use. */
  readonly codecs?: readonly Codec[] | undefined
}

/**
 * Lets the other side call what `api` offers, and nothing else.
 *
 * A plain object or module offers its own functions, its procedures, and those of plain objects within it under dotted names;
 * an instance of a class its own functions and the methods of exactly that class; never what every object has (`constructor`,
 * `toString` ...), nor `then` and `toJSON`. A function may be async, or an async generator. It gets the caller's arguments
 * unchecked, unless it is a procedure with a schema: whoever calls may send anything a value can be. An unknown method is
 * refused at once, with the name that was probably meant.
 *
 * @returns a function that takes the methods back.
 * @throws TypeError when there is nothing to offer, or a name cannot travel or is taken.
 * @example
 * import { pair } from 'braidwire/test'
 * import { expose, wrap } from 'braidwire/rpc'
 *
 * const api = {
 *   add: (a, b) => a + b,
 *   async *count(to) {
 *     for (let n = 1; n <= to; n++) yield n
 *   },
 * }
 * const [server, client] = pair()
 * expose(server, api)
 * const remote = wrap(client)
 * console.log(await remote.add(1, 2)) // 3
 * const numbers = []
 * for await (const n of remote.count(3)) numbers.push(n)
 * console.log(numbers) // [ 1, 2, 3 ]
 * await client.close()
 */
export function expose(session: Session, api: object, options: ExposeOptions = {}): () => void {
  const listing = listMethods(api, options)
  const service = new Service(session, options)
  const undo: (() => void)[] = []
  const takeBack = (): void => {
    for (const off of undo.splice(0)) off()
  }
  try {
    for (const method of listing.methods.values())
      undo.push(session.handleCall(method.name, service.answerMethod(method)))
    for (const mounted of listing.mounts)
      undo.push(session.handleCall(`${mounted.prefix}.*`, service.answerMount(mounted)))
    undo.push(service.describe(listing))
  } catch (error) {
    takeBack()
    throw error
  }
  return takeBack
}

/** One API on one session. */
class Service {
  readonly #rpc: RpcSession
  readonly #answering: Omit<Answering, 'invoke'>
  readonly #use: readonly Middleware[]

  constructor(session: Session, options: ExposeOptions) {
    const rpc = rpcOf(session)
    rpc.addCodecs(options.codecs)
    if (options.log !== undefined && options.log !== false) rpc.log = options.log
    this.#rpc = rpc
    rpc.bounds = parseLimits(options.limits)
    this.#answering = { rpc, bounds: rpc.bounds, policy: policyOf(session, options) }
    this.#use = options.use ?? []
  }

  answerMethod(method: Method): CallHandler {
    const use = this.#use
    const invoke =
      use.length === 0
        ? (values: readonly unknown[], ctx: HandlerContext) => method.invoke(values, ctx)
        : (values: readonly unknown[], ctx: HandlerContext) =>
            compose(use, serverCall(ctx, values, method.idempotent), () => method.invoke(values, ctx))
    return answering({ ...this.#answering, invoke })
  }

  /** A sub-service answers under whatever name it is called by. */
  answerMount(mounted: Mounted): CallHandler {
    const invoke = (values: readonly unknown[], ctx: HandlerContext): unknown =>
      compose(this.#use, serverCall(ctx, values, false), () => mounted.invoke(ctx.method, values, ctx))
    return answering({ ...this.#answering, invoke })
  }

  /** Adds it to what the session says of itself. */
  describe(listing: Listing): () => void {
    const { services, session } = this.#rpc
    if (services.size === 0) {
      const invoke = (_values: readonly unknown[], ctx: HandlerContext): unknown => describeAll(services, ctx)
      this.#rpc.undescribe = session.handleCall(MANIFEST_METHOD, answering({ ...this.#answering, invoke }))
    }
    services.add(listing)
    return () => {
      services.delete(listing)
      if (services.size === 0) this.#rpc.undescribe?.()
    }
  }
}

function describeAll(services: ReadonlySet<Listing>, ctx: HandlerContext): Promise<Manifest> {
  const all = [...services]
  const methods = new Map(all.flatMap((listing) => [...listing.methods]))
  return describe(methods, ctx, { mounts: all.flatMap((listing) => listing.mounts) })
}

function policyOf(session: Session, options: ExposeOptions): FailurePolicy {
  const { onError, log } = options
  return {
    exposeErrors: options.exposeErrors ?? session.exposeErrors,
    exposeStacks: options.exposeStacks === true,
    hidden: (error, method) => {
      let id = logFailure(log, error, method)
      if (onError === undefined) return id
      if (id === '') id = makeLogId()
      try {
        onError(error, method, id)
      } catch {
        // A broken observer must not change what the caller gets.
      }
      return id
    },
  }
}
