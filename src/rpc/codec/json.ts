// Values as JSON that people and other languages can read, within limits.
// Knows no call.

import { BraidError } from '../../engine/errors.ts'
import type { Codec, Encoded, ReferenceReader, ReferenceWriter } from './codec.ts'
import { JsonReader, scan } from './json-read.ts'
import { JsonWriter } from './json-write.ts'
import { badValue, cannotSend, type ValueBounds } from './limits.ts'
import { holdsItself } from './objects.ts'

const nothing = new Uint8Array(0)
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * The codec to read along with: plain JSON stays plain, and what JSON lacks is an object with the single key `$`, as
 * `{"$":["bigint","12"]}`. Slower than MessagePack, and bytes take a third more.
 *
 * It takes what MessagePack takes, under the same limits, and minus zero as well.
 *
 * @example
 * import { json } from 'braidwire/rpc'
 * const bytes = json.encode({ tea: 3n })
 * console.log(new TextDecoder().decode(bytes)) // {"tea":{"$":["bigint","3"]}}
 * console.log(json.decode(bytes, { depth: 64, keys: 10_000 })) // { tea: 3n }
 */
export const json: Codec = { name: 'json', encode, decode }

function encode(value: unknown, references?: ReferenceWriter | undefined): Encoded {
  if (value === undefined) return nothing
  const writer = new JsonWriter(references)
  try {
    return encoder.encode(JSON.stringify(writer.tree(value, 0)))
  } catch (thrown) {
    if (writer.failure !== undefined) throw writer.failure.thrown
    if (holdsItself(value)) throw cannotSend('a value that holds itself (a cycle)')
    if (thrown instanceof TypeError) throw thrown
    const text = thrown instanceof Error ? thrown.message : String(thrown)
    throw new TypeError(`the value cannot be sent in a call: ${text}`, { cause: thrown })
  }
}

function decode(bytes: Uint8Array, bounds: ValueBounds, references?: ReferenceReader | undefined): unknown {
  if (bytes.length === 0) return undefined
  scan(bytes, bounds)
  try {
    return new JsonReader(bounds, references).value(JSON.parse(decoder.decode(bytes)), 0)
  } catch (thrown) {
    if (thrown instanceof BraidError) throw thrown
    throw badValue(thrown instanceof Error ? thrown.message : 'it cannot be read', thrown)
  }
}
