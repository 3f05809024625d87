// Variable-length integers of docs/PROTOCOL.md, section 1. Slow and plain: written from the text, not from the engine.

/** Bytes that break a rule of shape; `code` is the error the specification names for it. */
export class CodecError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'CodecError'
    this.code = code
  }
}

/** Largest value of the 4-byte form. */
export const V30_MAX: number = 2 ** 30 - 1

/** A value read, and where the next field begins. */
export interface Read<T> {
  readonly value: T
  readonly next: number
}

/** The bytes of a varint, in the shortest form or in the `size` asked for. */
export function encodeVarint(value: number, size?: number): number[] {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no varint`)
  const shortest = value < 2 ** 6 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 30 ? 4 : 8
  const length = size ?? shortest
  if (length < shortest || ![1, 2, 4, 8].includes(length))
    throw new RangeError(`${value} has no form of ${length} bytes`)
  const bytes: number[] = []
  let rest = value
  for (let i = 0; i < length; i++) {
    bytes.unshift(rest % 256)
    rest = Math.floor(rest / 256)
  }
  bytes[0] = (bytes[0] ?? 0) + [1, 2, 4, 8].indexOf(length) * 64
  return bytes
}

/** Reads a varint that must end at or before `end`. With `narrow` the 8-byte form is illegal. */
export function decodeVarint(bytes: Uint8Array, at: number, end: number, narrow: boolean): Read<number> {
  if (at >= end) throw new CodecError('FRAME_SIZE', 'a varint begins past the end')
  const first = bytes[at] as number
  const size = [1, 2, 4, 8][first >> 6] as number
  if (at + size > end) throw new CodecError('FRAME_SIZE', 'a varint ends past the end')
  if (size === 8 && narrow) throw new CodecError('FRAME_SIZE', 'an 8-byte varint where none is legal')
  let value = first & 63
  for (let i = 1; i < size; i++) value = value * 256 + (bytes[at + i] as number)
  if (value > Number.MAX_SAFE_INTEGER) throw new CodecError('FRAME_SIZE', 'a varint above 2^53-1')
  return { value, next: at + size }
}
