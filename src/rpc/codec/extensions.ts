// The numbers of the extension types of our MessagePack values, and the payload of a reference.
// Knows no value but those; what each number holds stands in docs/PROTOCOL.md.

import type { Reference, ReferenceKind } from './codec.ts'
import { badValue } from './limits.ts'

/**
 * Numbers of the extension types; all others are refused, 64 to 127 as the application's own.
 *
 * | number | value | payload |
 * |---|---|---|
 * | -1 | Date | timestamp of the MessagePack specification, 4, 8 or 12 bytes |
 * | 0 | undefined | none |
 * | 1 | bigint | two's complement, big-endian, shortest, 1 to 1,024 bytes |
 * | 2 | Map | an array of keys and values in turn |
 * | 3 | Set | an array of its items |
 * | 4 | Error | an array: name, message, code, data, cause |
 * | 5 | typed array, ArrayBuffer, DataView | kind, then bytes, little-endian |
 * | 6 | RegExp | flags, `/`, source |
 * | 7 | URL | its text |
 * | 16, 18, 19, 20 | stream, items, function, signal | number, then a byte with the flag |
 * | 17 | bytes that follow the value | kind, then how many |
 */
export const extension = {
  date: -1,
  undefined: 0,
  bigint: 1,
  map: 2,
  set: 3,
  error: 4,
  typedArray: 5,
  regExp: 6,
  url: 7,
  stream: 16,
  attachment: 17,
  items: 18,
  function: 19,
  signal: 20,
} as const

/** The kinds of references by their extension types. */
const referenceKinds: ReadonlyMap<number, ReferenceKind> = new Map([
  [extension.stream, 'stream'],
  [extension.items, 'items'],
  [extension.function, 'function'],
  [extension.signal, 'signal'],
])

/** A byte array longer than this leaves the value and follows it, uncopied. */
export const ATTACH_BYTES_MIN = 4 * 1024

/** What a reference of this type leads to; undefined for a type that is no reference. */
export function referenceKind(type: number): ReferenceKind | undefined {
  return referenceKinds.get(type)
}

/** A whole number up to 2^53 - 1, big-endian, in as few bytes as it takes, with room before and after. */
export function shortest(value: number, before: number, after: number): Uint8Array {
  let length = 1
  for (let rest = Math.floor(value / 256); rest > 0; rest = Math.floor(rest / 256)) length++
  const bytes = new Uint8Array(before + length + after)
  for (let at = before + length - 1, rest = value; at >= before; at--) {
    bytes[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return bytes
}

/**
 * Reads such a number off the bytes from start up to end.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for none, one not in its shortest form, or one above 2^53 - 1.
 */
export function readShortest(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start || (end > start + 1 && bytes[start] === 0)) throw badValue('a number is not in its shortest form')
  let value = 0
  for (let at = start; at < end; at++) {
    value = value * 256 + bytes[at]!
    if (value > Number.MAX_SAFE_INTEGER) throw badValue('a number is above 2^53 - 1')
  }
  return value
}

export function referencePayload(reference: Reference): Uint8Array {
  const { number, flag } = reference
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`a reference has the number ${number}`)
  const bytes = shortest(number, 0, 1)
  bytes[bytes.length - 1] = flag ? 1 : 0
  return bytes
}

export function readReference(kind: ReferenceKind, bytes: Uint8Array): Reference {
  const flag = bytes[bytes.length - 1]
  if (flag !== 0 && flag !== 1) throw badValue(`a reference of kind ${kind} ends with neither 0 nor 1`)
  return { kind, number: readShortest(bytes, 0, bytes.length - 1), flag: flag === 1 }
}
