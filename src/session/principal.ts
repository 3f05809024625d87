// Principals: whether the authorisation hook has named the same one again.

/**
 * Whether two principals are the same: the same value, or plain data (objects, arrays, dates, bytes) that says the same. Instances
 * of classes are the same only if they are identical.
 */
export function samePrincipal(one: unknown, other: unknown): boolean {
  try {
    return same(one, other)
  } catch {
    // It contains itself, or a getter threw: what cannot be compared is not known to be the same.
    return false
  }
}

function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  const prototype: unknown = Object.getPrototypeOf(one)
  if (prototype !== Object.getPrototypeOf(other)) return false
  if (!plain.has(prototype) && !(one instanceof Uint8Array)) {
    const value: unknown = one.valueOf()
    return typeof value !== 'object' && Object.is(value, other.valueOf()) // a date
  }
  const keys = Object.keys(one)
  if (keys.length !== Object.keys(other).length) return false
  const [a, b] = [one as Record<string, unknown>, other as Record<string, unknown>]
  return keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
}

const plain: ReadonlySet<unknown> = new Set([Object.prototype, Array.prototype, null])
