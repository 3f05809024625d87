// The caller's side of a service: methods of the other side as functions, typed after the API that exposes them.
// Knows names and options of calls; how one is made is in call/.

import { BraidError } from '../engine/errors.ts'
import { systemClock } from '../session/clock.ts'
import type { Opener } from '../session/opener.ts'
import { type Metadata, noMetadata } from './call/body.ts'
import { CallPromise } from './call/call-promise.ts'
import { type InvokeOptions, invoke, type Target } from './call/invoke.ts'
import type { Client, MethodName, MethodOptions, Safe, UnknownApi } from './client.ts'
import { compose, type MethodCall, type Middleware } from './middleware.ts'
import { MANIFEST_METHOD, type Manifest } from './service/manifest.ts'
import { canBeMethod, canBeSegment } from './service/names.ts'
import { targetOf, type WrapOptions } from './target.ts'

/**
 * Makes a client of what the other side exposes.
 *
 * Each method returns a promise: of the result, or rejected with a BraidError - with a {@link RpcError} when the callee
 * sent a name or data - or with a TypeError when an argument cannot travel. It settles whatever happens to the session. What a
 * generator answers is iterated: `for await (const item of client.list())`. With `names` the client has exactly those methods;
 * without, any name may be tried, and an unknown one is refused by the other side at once. Nothing is sent before a call, and
 * the calls of one turn of the event loop leave together.
 *
 * @throws TypeError for a name no method can have, or a session whose codec is not known.
 * @example
 * import { pair } from 'braidwire/test'
 * import { expose, wrap } from 'braidwire/rpc'
 *
 * const api = { files: { read: async (name) => `contents of ${name}` } }
 * const [server, client] = pair()
 * expose(server, api)
 * const remote = wrap(client, ['files.read']) // in TypeScript wrap<typeof api>(client), and all of it is typed
 * console.log(await remote.with({ timeout: 1000 }).files.read('hello'))
 * console.log(await remote.files.read.safe('hello')) // { ok: true, value: 'contents of hello' }
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
  for (const name of names ?? []) {
    if (!canBeMethod(name)) throw new TypeError(`a method cannot be called "${name}"`)
  }
  const calls = new Calls(targetOf(opener, options), options.use ?? [])
  return new Proxy(nobody, new Branch(calls, names, '', {}))
}

/**
 * Asks the other side what it exposes to this one: names, shapes, JSON Schemas where validators give them, documentation.
 *
 * Rejects as any call does; with UNIMPLEMENTED when nothing is exposed.
 *
 * @example
 * import { pair } from 'braidwire/test'
 * import { expose, manifest } from 'braidwire/rpc'
 *
 * const [server, client] = pair()
 * expose(server, { add: (a, b) => a + b })
 * console.log((await manifest(client)).methods) // { add: { shape: 'call' } }
 * await client.close()
 */
export function manifest(opener: Opener, options: MethodOptions & WrapOptions = {}): Promise<Manifest> {
  return invoke(
    targetOf(opener, options),
    MANIFEST_METHOD,
    [],
    noMetadata,
    options,
  ) as Promise<unknown> as Promise<Manifest>
}

/** Makes the calls of one client. */
class Calls {
  readonly #target: Target
  readonly #use: readonly Middleware[]

  constructor(target: Target, use: readonly Middleware[]) {
    this.#target = target
    this.#use = use
  }

  call(method: string, values: readonly unknown[], options: InvokeOptions & MethodOptions): CallPromise {
    if (this.#use.length === 0) return invoke(this.#target, method, values, options.metadata ?? noMetadata, options)
    const call = new ClientCall(method, values, options)
    const promise = new CallPromise((resolve) => {
      resolve(compose(this.#use, call, () => invoke(this.#target, method, values, call.metadata, call.options())))
    })
    promise.then(undefined, () => {})
    return promise
  }
}

/** One call as middleware sees it. */
class ClientCall implements MethodCall {
  readonly side = 'client'
  readonly method: string
  readonly args: readonly unknown[]
  readonly metadata: Record<string, string>
  readonly signal: AbortSignal | undefined
  readonly context: Record<string, unknown> = {}
  readonly idempotent: boolean
  readonly #due: number | undefined
  readonly #oneWay: boolean | undefined

  constructor(method: string, args: readonly unknown[], options: InvokeOptions & MethodOptions) {
    const { signal, timeout, metadata, oneWay, idempotent = false } = options
    this.#oneWay = oneWay
    this.method = method
    this.args = args
    this.metadata = { ...(metadata satisfies Metadata | undefined) }
    this.signal = signal
    this.idempotent = idempotent
    this.#due = timeout === undefined ? undefined : systemClock.now() + timeout
  }

  remaining(): number | undefined {
    return this.#due === undefined ? undefined : Math.max(0, this.#due - systemClock.now())
  }

  /** What the next attempt may take. */
  options(): InvokeOptions {
    return { signal: this.signal, timeout: this.remaining(), oneWay: this.#oneWay }
  }
}

/** Clients have no properties of their own: every name is answered by a {@link Branch}, none can be set. */
const nobody: object = Object.freeze(Object.create(null))

/** One level of a client: the names below a path. A call with options of its own costs one of these, so it is kept light. */
class Branch implements ProxyHandler<object> {
  readonly #calls: Calls
  /** Full names the client has; undefined: any. */
  readonly #names: readonly string[] | undefined
  /** Empty at the root. */
  readonly #path: string
  readonly #options: MethodOptions
  readonly #made = new Map<PropertyKey, unknown>()

  constructor(calls: Calls, names: readonly string[] | undefined, path: string, options: MethodOptions) {
    this.#calls = calls
    this.#names = names
    this.#path = path
    this.#options = options
  }

  get(_client: object, name: PropertyKey): unknown {
    const made = this.#made.get(name)
    if (made !== undefined || typeof name !== 'string') return made
    const member = this.#make(name)
    if (member !== undefined) this.#made.set(name, member)
    return member
  }

  has(_client: object, name: PropertyKey): boolean {
    return this.get(_client, name) !== undefined
  }

  #make(name: string): unknown {
    if (name === 'with') return (options: MethodOptions) => this.#with(options)
    if (name === 'safe') return this.#path === '' ? undefined : this.#safe()
    if (name === 'tell') return this.#path === '' ? undefined : this.#tell()
    if (!canBeSegment(name)) return undefined
    const path = this.#path === '' ? name : `${this.#path}.${name}`
    if (this.#names !== undefined && !this.#names.some((known) => known === path || known.startsWith(`${path}.`))) {
      return undefined
    }
    return method(this.#calls, path, this.#options, new Branch(this.#calls, this.#names, path, this.#options))
  }

  #with(options: MethodOptions): unknown {
    const all = { ...this.#options, ...options }
    const branch = new Branch(this.#calls, this.#names, this.#path, all)
    return this.#path === '' ? new Proxy(nobody, branch) : method(this.#calls, this.#path, all, branch)
  }

  #tell(): (...values: readonly unknown[]) => Promise<unknown> {
    return (...values) => this.#calls.call(this.#path, values, { ...this.#options, oneWay: true })
  }

  #safe(): (...values: readonly unknown[]) => Promise<Safe<unknown>> {
    return (...values) =>
      this.#calls.call(this.#path, values, this.#options).then(
        (value): Safe<unknown> => ({ ok: true, value }),
        (error: unknown): Safe<unknown> => {
          if (error instanceof BraidError) return { ok: false, error }
          throw error
        },
      )
  }
}

/** A function that is a subtree too. Its names are looked up in its prototype, so that calling it costs no proxy. */
function method(calls: Calls, path: string, options: MethodOptions, below: Branch): unknown {
  const call = (...values: readonly unknown[]): CallPromise => calls.call(path, values, options)
  // What functions have by themselves would hide methods of these names.
  Reflect.deleteProperty(call, 'name')
  Reflect.deleteProperty(call, 'length')
  Object.setPrototypeOf(call, new Proxy(nobody, below))
  return Object.freeze(call)
}
