// The caller's side: methods of the other side as functions, typed after the API that exposes them.
// Knows Opener and values; knows no frame, slot or stream.

import { quiet } from '../session/deferred.ts'
import type { CallOptions, Opener } from '../session/opener.ts'
import { decodeValue, encodeArguments } from './codec.ts'
import { incoming } from './failure.ts'
import { type AnyFunction, canBeMethod, WITH } from './methods.ts'
import { parseLimits, type ValueBounds, type ValueLimits } from './survey.ts'

/** Names of the functions of an API that a client can call. */
export type MethodName<Api> = {
  [Key in keyof Api]: Key extends 'then' | 'with' | 'toJSON' | keyof object
    ? never
    : Key extends string
      ? Api[Key] extends AnyFunction
        ? Key
        : never
      : never
}[keyof Api]

/** One method as its callers see it: the same arguments, its result as a promise. */
export type RemoteMethod<Method> = Method extends (...values: infer Values) => infer Result
  ? (...values: Values) => Promise<Awaited<Result>>
  : never

/** A client of an API. */
export type Client<Api> = { readonly [Key in MethodName<Api>]: RemoteMethod<Api[Key]> } & {
  /** The same client with other call options; they replace those it had. */
  readonly with: (options: CallOptions) => Client<Api>
}

/** An API of which nothing is known: any name, any arguments, unknown results. */
export type UnknownApi<Name extends string = string> = Record<Name, (...values: unknown[]) => unknown>

export interface WrapOptions {
  /** What one result may hold. */
  readonly limits?: ValueLimits | undefined
}

/**
 * Makes a client of what the other side exposes.
 *
 * Each method returns a promise: of the result, or rejected with a BraidError - with a {@link RpcError} when the callee
 * sent a name or data - or with a TypeError when an argument cannot travel. It settles whatever happens to the session.
 * With `names` the client has exactly those methods; without, any name may be tried. Nothing is sent before a call.
 *
 * @throws TypeError for a name no method can have.
 * @example
 * import { pair } from 'braidwire/test'
 * import { expose, wrap } from 'braidwire/rpc'
 *
 * const api = { read: async (name) => `contents of ${name}` }
 * const [server, client] = pair()
 * expose(server, api)
 * const remote = wrap(client, ['read']) // in TypeScript wrap<typeof api>(client), and all of it is typed
 * console.log(await remote.with({ timeoutMs: 1000 }).read('hello'))
 * await client.close()
 */
export function wrap<const Name extends string>(
  opener: Opener,
  names: readonly Name[],
  options?: WrapOptions,
): Client<UnknownApi<Name>>
export function wrap<Api extends object = UnknownApi>(
  opener: Opener,
  names?: readonly MethodName<Api>[],
  options?: WrapOptions,
): Client<Api>
export function wrap(opener: Opener, names?: readonly string[], options: WrapOptions = {}): unknown {
  const bounds = parseLimits(options.limits)
  for (const name of names ?? []) {
    if (name === WITH || !canBeMethod(name)) throw new TypeError(`a method cannot be called "${name}"`)
  }
  const known = names === undefined ? undefined : new Set(names)
  return new Proxy(nobody, new Methods(opener, known, bounds, undefined))
}

/** Clients have no properties of their own: every name is answered by {@link Methods}, none can be set. */
const nobody: object = Object.freeze(Object.create(null))

/** Answers the names a client is asked for. A call with options of its own costs one of these, so it is kept light. */
class Methods implements ProxyHandler<object> {
  readonly #opener: Opener
  readonly #known: ReadonlySet<string> | undefined
  readonly #bounds: ValueBounds
  readonly #options: CallOptions | undefined
  readonly #made = new Map<PropertyKey, unknown>()

  constructor(
    opener: Opener,
    known: ReadonlySet<string> | undefined,
    bounds: ValueBounds,
    options: CallOptions | undefined,
  ) {
    this.#opener = opener
    this.#known = known
    this.#bounds = bounds
    this.#options = options
  }

  get(_client: object, name: PropertyKey): unknown {
    const made = this.#made.get(name)
    if (made !== undefined || typeof name !== 'string') return made
    const method = this.#make(name)
    if (method !== undefined) this.#made.set(name, method)
    return method
  }

  has(_client: object, name: PropertyKey): boolean {
    return this.get(_client, name) !== undefined
  }

  #make(name: string): unknown {
    if (name === WITH) {
      return (options: CallOptions) => new Proxy(nobody, new Methods(this.#opener, this.#known, this.#bounds, options))
    }
    if (this.#known === undefined ? !canBeMethod(name) : !this.#known.has(name)) return undefined
    return makeMethod(this.#opener, name, this.#bounds, this.#options)
  }
}

function makeMethod(opener: Opener, name: string, bounds: ValueBounds, options: CallOptions | undefined): unknown {
  const result = (bytes: Uint8Array): unknown => decodeValue(bytes, bounds)
  return (...values: unknown[]): Promise<unknown> => {
    try {
      return quiet(opener.call(name, encodeArguments(values), options).then(result, fail))
    } catch (error) {
      return quiet(Promise.reject(error))
    }
  }
}

function fail(error: unknown): never {
  throw incoming(error)
}
