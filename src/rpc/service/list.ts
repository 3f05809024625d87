// Which functions of an object may be called from outside: a table built once, of named own methods only.
// Reads objects without running anything of them; knows no session and no bytes.

import { functionMethod, Mounted } from './function-method.ts'
import type { AnyFunction, Method } from './method.ts'
import { isNeverOffered, joinName } from './names.ts'
import { type Check, Guarded, Mount, Routed } from './offer.ts'
import { Procedure } from './procedure.ts'
import { ProcedureMethod } from './procedure-method.ts'

/** Plain objects within plain objects, down to this depth. */
const DEPTH_MAX = 8
/** Objects looked into for one service: an API that holds a cache or a graph by mistake must not be walked for ever. */
const OBJECTS_MAX = 10_000

export interface ListOptions {
  /**
   * Offer only these, by full name, methods or whole subtrees; the one way to offer inherited methods, and plain objects
   * that an instance holds.
   */
  readonly only?: readonly string[] | undefined
}

/** All that a service offers. */
export interface Listing {
  /** By full name. */
  readonly methods: ReadonlyMap<string, Method>
  /** Sub-services, asked for names `methods` does not have. */
  readonly mounts: readonly Mounted[]
}

/**
 * Lists what of `api` may be called.
 *
 * A plain object (or module) offers its own functions and procedures, and those of plain objects within it under dotted
 * names; an instance of a class its own functions and the methods of exactly that class, never inherited ones, and no
 * objects it holds: those are its state. Getters are never run, symbols never offered, and neither is what every object
 * has, `then` or `toJSON`.
 *
 * @throws TypeError when there is nothing to offer, a name cannot travel, or `only` names what is not there.
 */
export function listMethods(api: object, options: ListOptions = {}): Listing {
  const list = new List()
  list.addRoot(api, options.only)
  if (list.methods.size === 0 && list.mounts.length === 0) throw new TypeError('the object has no methods to expose')
  return list
}

/** A place in an API: the words that lead there, and the guards that were passed on the way. */
interface Place {
  readonly path: readonly string[]
  readonly asked: readonly Check[]
}

class List implements Listing {
  readonly methods = new Map<string, Method>()
  readonly mounts: Mounted[] = []
  #objects = 0

  addRoot(api: unknown, names: readonly string[] | undefined, asked: readonly Check[] = []): void {
    const place: Place = { path: [], asked }
    if (api instanceof Guarded) return this.addRoot(api.api, names, [...asked, api.check])
    if (api instanceof Routed) {
      for (const name of names ?? []) if (!offers(api, name)) throw missing(place, name)
      return this.#addObject(place, api.api as object, names ?? api.names)
    }
    const known = api instanceof Procedure || api instanceof Mount
    if (typeof api !== 'object' || api === null || Array.isArray(api) || known)
      throw new TypeError('only an object of methods can be exposed')
    this.#addObject(place, api, names)
  }

  #addObject(place: Place, api: object, names: readonly string[] | undefined): void {
    if (place.path.length > DEPTH_MAX) throw tooDeep(place)
    if (++this.#objects > OBJECTS_MAX)
      throw new TypeError(`more than ${OBJECTS_MAX} objects to look into: name what to offer with "only"`)
    if (names !== undefined) {
      for (const name of names) this.#addNamed(place, api, name)
      return
    }
    const prototype: object | null = Object.getPrototypeOf(api)
    for (const holder of isRoot(prototype) ? [api] : [api, prototype]) {
      for (const name of Object.getOwnPropertyNames(holder)) {
        this.#addValue(step(place, name), api, ownValue(holder, name), isRoot(prototype))
      }
    }
  }

  /** One name of `only`: the words before its last dot lead through subtrees, the last may be inherited. */
  #addNamed(place: Place, api: object, name: string): void {
    const before = this.methods.size + this.mounts.length
    const dot = name.indexOf('.')
    if (dot < 0) {
      for (let holder: object | null = api; !isRoot(holder); holder = Object.getPrototypeOf(holder)) {
        const value = ownValue(holder, name)
        if (value === undefined) continue
        this.#addValue(step(place, name), api, value, true)
        break
      }
    } else {
      const word = name.slice(0, dot)
      this.#addBelow(step(place, word), ownValue(api, word), name.slice(dot + 1))
    }
    if (this.methods.size + this.mounts.length === before && !this.methods.has(joined(place, name)))
      throw missing(place, name)
  }

  #addBelow(place: Place, value: unknown, name: string): void {
    if (value instanceof Guarded) return this.#addBelow(guarded(place, value), value.api, name)
    if (value instanceof Routed) {
      if (offers(value, name)) this.#addNamed(place, value.api as object, name)
      return
    }
    if (isPlain(value)) this.#addNamed(place, value, name)
  }

  /** `routes`: plain objects here are subtrees. */
  #addValue(place: Place, holder: object, value: unknown, routes: boolean): void {
    const name = place.path.at(-1)!
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || isNeverOffered(name)) return
    if (typeof value === 'function') {
      this.#add(place, (full) => functionMethod(full, holder, value as AnyFunction, place.asked))
    } else if (value instanceof Procedure) {
      this.#add(place, (full) => new ProcedureMethod(full, value.definition, place.asked))
    } else if (value instanceof Guarded) {
      this.#addValue(guarded(place, value), holder, value.api, true)
    } else if (value instanceof Routed) {
      this.#addObject(place, value.api as object, value.names)
    } else if (value instanceof Mount) {
      this.mounts.push(new Mounted(joinName(place.path), value.handler, place.asked))
    } else if (routes && isPlain(value) && place.path.length <= DEPTH_MAX) {
      this.#addObject(place, value, undefined)
    }
  }

  #add(place: Place, make: (name: string) => Method): void {
    if (place.path.length > DEPTH_MAX) throw tooDeep(place)
    const name = joinName(place.path)
    // What an instance has itself hides what its class has.
    if (!this.methods.has(name)) this.methods.set(name, make(name))
  }
}

/** Whether a router with names of its own lets this one through: what it leaves out stays out. */
function offers(router: Routed<object>, name: string): boolean {
  return router.names?.some((offered) => name === offered || name.startsWith(`${offered}.`)) ?? true
}

function missing(place: Place, name: string): TypeError {
  return new TypeError(`there is no method "${joined(place, name)}" to expose`)
}

function tooDeep(place: Place): TypeError {
  return new TypeError(`"${place.path.join('.')}" is nested deeper than ${DEPTH_MAX} names, or within itself`)
}

function step(place: Place, name: string): Place {
  return { path: [...place.path, name], asked: place.asked }
}

function guarded(place: Place, by: Guarded<unknown>): Place {
  return { path: place.path, asked: [...place.asked, by.check] }
}

function joined(place: Place, name: string): string {
  return [...place.path, name].join('.')
}

/** What a property holds, without running a getter. */
function ownValue(holder: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(holder, name)?.value
}

function isRoot(holder: object | null): holder is null {
  return holder === null || holder === Object.prototype
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && isRoot(Object.getPrototypeOf(value))
}
