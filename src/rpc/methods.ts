// Which functions of an object may be called from outside: a table built once, of named own functions only.
// Knows no session and no bytes.

/** Any function, before its arguments are known to fit. */
export type AnyFunction = (...values: never[]) => unknown

/** The one name a client has of its own. */
export const WITH = 'with'

/** What every object has, and what would make a client look like a promise or like JSON: never offered, never asked for. */
const never: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'then', 'toJSON'])

/** Longest name of a method, in UTF-8 bytes. */
const NAME_BYTES_MAX = 128
const utf8 = new TextEncoder()

/** Whether a method may have this name at all. */
export function canBeMethod(name: string): boolean {
  if (never.has(name) || name === '' || name.startsWith('$')) return false
  // A character has at most three bytes: short names need no counting.
  return name.length * 3 <= NAME_BYTES_MAX || utf8.encode(name).length <= NAME_BYTES_MAX
}

/**
 * Lists the functions of `api` that may be called, by name.
 *
 * A plain object (or module) offers its own functions; an instance of a class its own and the methods of exactly that
 * class. Inherited ones are offered only when `only` names them: a class may extend one its author never meant to show.
 * Getters are never run, symbols never offered.
 *
 * @throws TypeError when there is nothing to offer, a name cannot travel, or `only` names what is not there.
 */
export function listMethods(api: object, only?: readonly string[]): Map<string, AnyFunction> {
  if (typeof api !== 'object' || api === null || Array.isArray(api))
    throw new TypeError('only an object can be exposed')
  const methods = new Map<string, AnyFunction>()
  if (only === undefined) {
    const prototype: object | null = Object.getPrototypeOf(api)
    for (const holder of [api, prototype]) {
      if (!isRoot(holder)) for (const name of Object.getOwnPropertyNames(holder)) addMethod(methods, holder, name)
    }
  } else {
    for (const name of only) {
      for (let holder: object | null = api; !isRoot(holder); holder = Object.getPrototypeOf(holder)) {
        addMethod(methods, holder, name)
      }
      if (!methods.has(name)) throw new TypeError(`there is no method "${name}" to expose`)
    }
  }
  if (methods.size === 0) throw new TypeError('the object has no methods to expose')
  return methods
}

function isRoot(holder: object | null): holder is null {
  return holder === null || holder === Object.prototype
}

function addMethod(methods: Map<string, AnyFunction>, holder: object, name: string): void {
  const value: unknown = Object.getOwnPropertyDescriptor(holder, name)?.value
  if (typeof value !== 'function' || never.has(name) || methods.has(name)) return
  if (name === WITH) throw new TypeError(`a method cannot be called "${WITH}": clients have that name for call options`)
  if (!canBeMethod(name))
    throw new TypeError(`a method cannot be called "${name}": at most 128 bytes, not starting with $`)
  methods.set(name, value as AnyFunction)
}
