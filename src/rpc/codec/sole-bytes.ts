// A byte array, alone or as the only item of a list, in MessagePack: the commonest body of calls, and one that needs neither an
// encoder nor a survey. Knows this one form; everything else is for msgpack.ts.

/** How a list of one item begins. */
export const LIST_OF_ONE = 0x91
const BYTES_8 = 0xc4
const BYTES_16 = 0xc5

/** The byte array that is all there is in the value; undefined for any other value. */
export function soleBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  if (!Array.isArray(value) || value.length !== 1) return undefined
  const first: unknown = value[0]
  return first instanceof Uint8Array ? first : undefined
}

/** Bytes in front of a byte array of less than 64 KiB. */
export function soleHead(length: number, inList: boolean): number {
  return (inList ? 1 : 0) + (length < 256 ? 2 : 3)
}

/** Writes a byte array of less than 64 KiB and what is in front of it. */
export function writeSole(bytes: Uint8Array, inList: boolean, into: Uint8Array, from: number): void {
  const { length } = bytes
  let at = from
  if (inList) into[at++] = LIST_OF_ONE
  if (length < 256) into[at++] = BYTES_8
  else {
    into[at++] = BYTES_16
    into[at++] = length >> 8
  }
  into[at++] = length
  into.set(bytes, at)
}

/** Where the byte array begins that is all there is in this encoded value; 0 when it is any other, or not whole. */
export function soleStart(encoded: Uint8Array): number {
  const head = encoded[0] === LIST_OF_ONE ? 1 : 0
  const kind = encoded[head]
  if (kind === BYTES_8) return head + 2 + encoded[head + 1]! === encoded.length ? head + 2 : 0
  if (kind !== BYTES_16) return 0
  return head + 3 + encoded[head + 1]! * 256 + encoded[head + 2]! === encoded.length ? head + 3 : 0
}
