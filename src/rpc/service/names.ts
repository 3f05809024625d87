// What a method may be called: the one place that knows which words a client keeps for itself.
// Knows no methods, only their names.

/** Words a client has of its own, at every level: `remote.with(options)`, `remote.read.safe()`, `remote.log.tell()`. */
export const RESERVED: readonly string[] = ['with', 'safe', 'tell']

/** What every object has, and what would make a client look like a promise or like JSON: never offered, never asked for. */
const never: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'then', 'toJSON'])

/** Longest name of a method with all its dots, in UTF-8 bytes. */
const NAME_BYTES_MAX = 128
const utf8 = new TextEncoder()

/** Whether a property of this name is passed over, without a word, when methods are listed. */
export function isNeverOffered(name: string): boolean {
  return never.has(name)
}

/** Whether this can stand between two dots. */
export function canBeSegment(name: string): boolean {
  return name !== '' && !name.startsWith('$') && !name.includes('.') && !never.has(name) && !RESERVED.includes(name)
}

/** Whether a method may have this name, with its dots, at all. */
export function canBeMethod(name: string): boolean {
  // A character has at most three bytes: short names need no counting.
  if (name.length * 3 > NAME_BYTES_MAX && utf8.encode(name).length > NAME_BYTES_MAX) return false
  return name.includes('.') ? name.split('.').every(canBeSegment) : canBeSegment(name)
}

/**
 * Checks the way to a method.
 *
 * @returns its name, with dots
 * @throws TypeError that says which word cannot be in a name, and why.
 */
export function joinName(path: readonly string[]): string {
  const name = path.join('.')
  for (const segment of path) {
    if (RESERVED.includes(segment))
      throw new TypeError(`a method cannot be called "${name}": clients have "${segment}" for themselves`)
    if (!canBeSegment(segment))
      throw new TypeError(`a method cannot be called "${name}": "${segment}" is empty, has a dot or begins with $`)
  }
  if (!canBeMethod(name)) throw new TypeError(`a method cannot be called "${name}": at most 128 bytes`)
  return name
}
