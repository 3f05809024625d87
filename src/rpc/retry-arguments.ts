// What a call's arguments hold that can be had only once. Looked at when a call has failed, never before.

/**
 * `none`: all of it is data. `functions`: they may have been called if the method ran. `flows`: a stream or an iterable, of
 * which a part may have gone with the first attempt even if nothing was executed.
 */
export type Consumable = 'none' | 'functions' | 'flows'

/** Looks through arguments, with all they hold. */
export function consumables(args: readonly unknown[]): Consumable {
  const seen = new Set<object>()
  const open: unknown[] = [...args]
  let found: Consumable = 'none'
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'function') found = 'functions'
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) continue
    seen.add(value)
    if (flows(value)) return 'flows'
    if (value instanceof Map) open.push(...value.keys(), ...value.values())
    else if (value instanceof Set || Array.isArray(value)) for (const item of value) open.push(item)
    else for (const item of Object.values(value)) open.push(item)
  }
  return found
}

/** A byte stream of any make, or something to iterate over as it comes. */
function flows(value: object): boolean {
  if (Symbol.asyncIterator in value || 'getReader' in value || 'getWriter' in value) return true
  const { readable, writable } = value as { readable?: unknown; writable?: unknown }
  return isObject(readable) || isObject(writable)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
