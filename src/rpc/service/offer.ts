// Offer: what stands in an API in place of functions, and says how they are offered: routed, guarded or mounted.
// Knows no names and no calls; list.ts reads it.

import type { HandlerContext } from './method.ts'

/** Something in an API that stands for `Api`; clients see `Api`. */
export abstract class Offer<Api> {
  /** Never there; it carries the type to clients. */
  declare readonly '~api': Api
}

/**
 * Decides about one call. Only `true` lets it pass.
 *
 * It gets what is known before the arguments are looked at, and is asked for every call, so its answer may change while
 * the session lasts.
 */
export type Check = (ctx: HandlerContext) => boolean | PromiseLike<boolean>

/** What {@link guard} makes. */
export class Guarded<Api> extends Offer<Api> {
  readonly check: Check
  readonly api: Api

  constructor(check: Check, api: Api) {
    super()
    this.check = check
    this.api = api
  }
}

/** What {@link router} makes. */
export class Routed<Api extends object> extends Offer<Api> {
  readonly api: Api
  /** Offer only these. */
  readonly names: readonly string[] | undefined

  constructor(api: Api, names: readonly string[] | undefined) {
    super()
    this.api = api
    this.names = names
  }
}

/** Takes the calls of a sub-service whose methods are not known where it is mounted. */
export interface MountHandler {
  /**
   * Answers one call. `method` is the name below the mount: 'read' for 'tenant.read'.
   *
   * @throws BraidError UNIMPLEMENTED for a name it does not know.
   */
  invoke(method: string, values: readonly unknown[], ctx: HandlerContext): unknown
}

/** What {@link mount} makes. */
export class Mount<Api> extends Offer<Api> {
  readonly handler: MountHandler

  constructor(handler: MountHandler) {
    super()
    this.handler = handler
  }
}

export interface RouterOptions {
  /** Offer only these methods; the one way to offer inherited ones. Default: what {@link router} says. */
  readonly only?: readonly string[] | undefined
}

/**
 * Makes a subtree of an instance of a class: its own functions and the methods of exactly that class.
 *
 * Plain objects within an API are subtrees by themselves. An instance is none, because it may be there for its own sake (a
 * database, a timer); this says that it is meant to be called. With `only` a subtree of a part of anything.
 *
 * @throws TypeError when `api` is no object.
 * @example
 * import { router } from 'braidwire/rpc'
 *
 * class Files {
 *   read(name) {
 *     return `contents of ${name}`
 *   }
 * }
 * const api = { files: router(new Files()) } // clients call remote.files.read('a.txt')
 * console.log(Object.keys(api))
 */
export function router<Api extends object>(api: Api, options: RouterOptions = {}): Offer<Api> {
  if (typeof api !== 'object' || api === null) throw new TypeError('router() takes an object of methods')
  return new Routed(api, options.only)
}

/**
 * Hands every call below this place in an API to `handler`: a gateway, a service of another process, one made on demand.
 *
 * @throws TypeError when `handler` has no `invoke`.
 * @example
 * import { mount } from 'braidwire/rpc'
 *
 * const handler = { invoke: (method, values) => `${method}(${values.join()})` }
 * const api = { tenant: mount(handler) } // a call of 'tenant.read' arrives as 'read'
 * console.log(Object.keys(api).join()) // 'tenant'
 */
export function mount<Api extends object>(handler: MountHandler): Offer<Api> {
  if (typeof handler?.invoke !== 'function') throw new TypeError('mount() takes a handler with a function "invoke"')
  return new Mount<Api>(handler)
}
