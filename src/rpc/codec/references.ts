// Which values may stay with their sender, and the asking: the one rule for every codec.
// Knows the writer of references; knows no format.

import type { Reference, ReferenceWriter } from './codec.ts'
import { cannotSend } from './limits.ts'
import { isPlain, looksLikeReference, travelsAsFields } from './objects.ts'

/**
 * Asks the writer for a value that is no known kind of data. Undefined: its fields travel.
 *
 * @throws TypeError when it is neither a reference nor data.
 */
export function referenceOf(value: object, references: ReferenceWriter | undefined): Reference | undefined {
  if (isPlain(value) && !looksLikeReference(value)) return undefined
  const reference = references?.write(value)
  if (reference !== undefined) return reference
  if (typeof value === 'function') throw cannotSend('a function')
  if ((value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] !== undefined)
    throw cannotSend('an async iterable')
  if (travelsAsFields(value)) return undefined
  throw cannotSend(`a value of kind ${Object.prototype.toString.call(value).slice(8, -1)}`)
}
