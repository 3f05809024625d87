// Walks an encoded value before anything is made of it, so that no declared length, depth or count can cost memory.
// Knows the heads of MessagePack and our limits; makes no value and allocates nothing.

import { BraidError } from '../engine/errors.ts'

/** How much one value may hold. What is over it fails that call with `BRAID_INVALID_INPUT`. */
export interface ValueLimits {
  /** Arrays and objects inside one another, the argument list included: 1 to 512. Default 64. */
  readonly depth?: number | undefined
  /**
   * Keys of all objects of one body together, where an empty object, an array inside another value, a byte array, a Date,
   * a bigint and an undefined count as one: 0 to 2^24. Default 10,000.
   */
  readonly keys?: number | undefined
}

/** {@link ValueLimits} with defaults filled in. */
export interface ValueBounds {
  readonly depth: number
  readonly keys: number
}

const DEPTH_MAX = 512
const KEYS_MAX = 2 ** 24

export const defaultBounds: ValueBounds = { depth: 64, keys: 10_000 }

/**
 * Fills in defaults and checks bounds.
 *
 * @throws RangeError for a number outside the bounds {@link ValueLimits} states.
 */
export function parseLimits(limits: ValueLimits = {}): ValueBounds {
  const { depth = defaultBounds.depth, keys = defaultBounds.keys } = limits
  if (!Number.isInteger(depth) || depth < 1 || depth > DEPTH_MAX) {
    throw new RangeError(`limit depth takes a whole number from 1 to ${DEPTH_MAX}, not ${depth}`)
  }
  if (!Number.isInteger(keys) || keys < 0 || keys > KEYS_MAX) {
    throw new RangeError(`limit keys takes a whole number from 0 to ${KEYS_MAX}, not ${keys}`)
  }
  return { depth, keys }
}

/** The error of a body that is not a value we take. */
export function badValue(text: string, cause?: unknown): BraidError {
  return new BraidError('INVALID_INPUT', `the value sent is refused: ${text}`, { scope: 'call', cause })
}

// For the heads c0 to df: bytes of payload (or of the length field), and what the head opens.
const SCALAR = 0
const BYTES = 1
const TEXT = 2
const EXTENSION = 3
const ARRAY = 4
const MAP = 5
const UNUSED = 6
const kinds = Uint8Array.from(
  // c0 nil, c1 unused, booleans; c4 bin; c7 ext; ca floats, cc uints; d0 ints; d4 fixext; d9 str; dc array; de map
  '0600 111 333 00 0000 0000 33333 222 44 55'.replaceAll(' ', ''),
  Number,
)
const sizes = Uint8Array.from([
  0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 16, 1, 2, 4, 2, 4, 2, 4,
])

/** For each container that is open, how many values are still to come in it. */
const pending = new Int32Array(DEPTH_MAX + 1)

/**
 * Checks that the bytes are exactly one whole value within the bounds; afterwards decoding costs memory in proportion to the body.
 *
 * @returns whether byte arrays are inside, which decoding would leave as views of the body.
 * @throws BraidError `BRAID_INVALID_INPUT`.
 */
export function survey(bytes: Uint8Array, bounds: ValueBounds): boolean {
  const end = bytes.length
  let position = 0
  let depth = 0
  let keys = 0
  let holdsBytes = false
  pending[0] = 1
  for (;;) {
    while (pending[depth] === 0) {
      if (depth === 0) {
        if (position !== end) throw badValue(`${end - position} bytes are left over`)
        return holdsBytes
      }
      depth--
    }
    pending[depth]!--
    if (position >= end) throw tooShort()
    const head = bytes[position++]!
    if (head < 0x80 || head >= 0xe0) continue
    let kind: number
    let count: number
    if (head < 0xc0) {
      kind = head < 0x90 ? MAP : head < 0xa0 ? ARRAY : TEXT
      count = kind === TEXT ? head & 0x1f : head & 0x0f
    } else {
      kind = kinds[head - 0xc0]!
      const size = sizes[head - 0xc0]!
      if (kind === UNUSED) throw badValue('it has a byte that begins no value')
      if (size > end - position) throw tooShort()
      if (kind === SCALAR) {
        if (size === 8) checkWhole(head, bytes, position)
        count = size
      } else if (head >= 0xd4 && head <= 0xd8) {
        count = size
      } else {
        count = readCount(bytes, position, size)
        position += size
      }
    }
    // Whatever becomes an object of its own costs far more than the byte or two it came in.
    if (kind === MAP) keys += count || 1
    else if (kind === BYTES || kind === EXTENSION || (kind === ARRAY && depth > 0)) keys++
    if (keys > bounds.keys) throw badValue(`more than ${bounds.keys} keys; the receiver's limit keys raises that`)
    if (kind === MAP) count *= 2
    else if (kind === EXTENSION) count++ // the byte with its type
    if (count > end - position) throw tooShort()
    if (kind <= EXTENSION) {
      if (kind === BYTES) holdsBytes = true
      position += count
      continue
    }
    if (++depth > bounds.depth)
      throw badValue(`nested deeper than ${bounds.depth}; the receiver's limit depth raises that`)
    pending[depth] = count
  }
}

function tooShort(): BraidError {
  return badValue('it ends before it is whole')
}

function readCount(bytes: Uint8Array, position: number, size: number): number {
  let count = 0
  for (let index = 0; index < size; index++) count = count * 256 + bytes[position + index]!
  return count
}

/** 64-bit whole numbers beyond 2^53 would silently lose digits as a number; they must come as bigint. */
function checkWhole(head: number, bytes: Uint8Array, position: number): void {
  if (head !== 0xcf && head !== 0xd3) return
  const high = readCount(bytes, position, 4)
  const safe = high <= 0x1f_ffff || (head === 0xd3 && high >= 0xffe0_0000)
  if (!safe) throw badValue('a whole number beyond 2^53 must travel as a bigint')
}
