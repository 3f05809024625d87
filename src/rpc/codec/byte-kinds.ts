// Typed arrays, ArrayBuffer and DataView as bytes, little-endian on every machine, and back.
// Knows their numbers and names; knows no format around them.

import { badValue } from './limits.ts'

interface ByteKind {
  readonly name: string
  /** Bytes of one element. */
  readonly size: number
  readonly over: (buffer: ArrayBuffer, offset: number, bytes: number) => object
}

/** A kind's number is its index here. */
const kinds: readonly ByteKind[] = [
  { name: 'Uint8Array', size: 1, over: (buffer, offset, bytes) => new Uint8Array(buffer, offset, bytes) },
  { name: 'Int8Array', size: 1, over: (buffer, offset, bytes) => new Int8Array(buffer, offset, bytes) },
  { name: 'Uint8ClampedArray', size: 1, over: (buffer, offset, bytes) => new Uint8ClampedArray(buffer, offset, bytes) },
  { name: 'Int16Array', size: 2, over: (buffer, offset, bytes) => new Int16Array(buffer, offset, bytes / 2) },
  { name: 'Uint16Array', size: 2, over: (buffer, offset, bytes) => new Uint16Array(buffer, offset, bytes / 2) },
  { name: 'Int32Array', size: 4, over: (buffer, offset, bytes) => new Int32Array(buffer, offset, bytes / 4) },
  { name: 'Uint32Array', size: 4, over: (buffer, offset, bytes) => new Uint32Array(buffer, offset, bytes / 4) },
  { name: 'Float32Array', size: 4, over: (buffer, offset, bytes) => new Float32Array(buffer, offset, bytes / 4) },
  { name: 'Float64Array', size: 8, over: (buffer, offset, bytes) => new Float64Array(buffer, offset, bytes / 8) },
  { name: 'BigInt64Array', size: 8, over: (buffer, offset, bytes) => new BigInt64Array(buffer, offset, bytes / 8) },
  { name: 'BigUint64Array', size: 8, over: (buffer, offset, bytes) => new BigUint64Array(buffer, offset, bytes / 8) },
  { name: 'ArrayBuffer', size: 1, over: wholeBuffer },
  { name: 'DataView', size: 1, over: (buffer, offset, bytes) => new DataView(buffer, offset, bytes) },
]
const numbers: ReadonlyMap<string, number> = new Map(kinds.map(({ name }, number) => [name, number]))

const swapsBytes = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0

/** A buffer of its own, lest the rest of a body be in it. */
function wholeBuffer(buffer: ArrayBuffer, offset: number, bytes: number): ArrayBuffer {
  return bytes === buffer.byteLength ? buffer : buffer.slice(offset, offset + bytes)
}

/** The number of the kind a value is; undefined for anything but those. */
export function byteKind(value: object): number | undefined {
  if (value instanceof ArrayBuffer) return numbers.get('ArrayBuffer')
  if (!ArrayBuffer.isView(value)) return undefined
  return numbers.get((value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? '')
}

export function byteKindNumber(name: string): number | undefined {
  return numbers.get(name)
}

export function byteKindName(kind: number): string {
  return kinds[kind]!.name
}

/** The bytes of a value of this kind, where the machine allows a view of its memory. */
export function bytesOf(value: object, kind: number): Uint8Array {
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value as ArrayBuffer)
  return swapsBytes ? swapped(bytes, kinds[kind]!.size) : bytes
}

/**
 * A value of this kind over the bytes; over a copy where memory is not aligned for it.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for a kind that is none, or bytes that are not whole elements.
 */
export function fromBytes(kind: number, bytes: Uint8Array): object {
  const known = kinds[kind]
  if (known === undefined) throw badValue(`${kind} is no kind of byte array`)
  if (bytes.length % known.size !== 0) throw badValue(`${bytes.length} bytes are no whole elements of ${known.name}`)
  let own = swapsBytes ? swapped(bytes, known.size) : bytes
  if (own.byteOffset % known.size !== 0) own = own.slice()
  return known.over(own.buffer as ArrayBuffer, own.byteOffset, own.length)
}

/** The elements with their bytes in the other order. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  if (size === 1) return bytes
  const copy = new Uint8Array(bytes.length)
  for (let at = 0; at < bytes.length; at++) copy[at] = bytes[at - (at % size) + (size - 1 - (at % size))]!
  return copy
}
