// Walks an encoded value before anything is made of it, so that no declared length, depth or count can cost memory.
// Knows the heads of MessagePack and our limits; makes no value and allocates nothing.

import type { BraidError } from '../../engine/errors.ts'
import { extension, readShortest } from './extensions.ts'
import { badValue, DEPTH_MAX, overLimit, type ValueBounds } from './limits.ts'

// What a head opens.
const SCALAR = 0
const BYTES = 1
const TEXT = 2
const EXTENSION = 3
const ARRAY = 4
const MAP = 5
const UNUSED = 6

/** For each head: what it opens, how many bytes its length field has, and without one, how much it opens. */
const kinds = new Uint8Array(256)
const fields = new Uint8Array(256)
const counts = new Uint8Array(256)

/** Fills in consecutive heads. */
function heads(first: number, kind: number, fieldOf: readonly number[], countOf: readonly number[]): void {
  for (let index = 0; index < Math.max(fieldOf.length, countOf.length); index++) {
    kinds[first + index] = kind
    fields[first + index] = fieldOf[index] ?? 0
    counts[first + index] = countOf[index] ?? 0
  }
}
const small = Array.from({ length: 32 }, (_, count) => count)
heads(0x80, MAP, [], small.slice(0, 16))
heads(0x90, ARRAY, [], small.slice(0, 16))
heads(0xa0, TEXT, [], small)
heads(0xc1, UNUSED, [0], [])
heads(0xc4, BYTES, [1, 2, 4], [])
heads(0xc7, EXTENSION, [1, 2, 4], [])
heads(0xca, SCALAR, [], [4, 8, 1, 2, 4, 8, 1, 2, 4, 8])
heads(0xd4, EXTENSION, [], [1, 2, 4, 8, 16])
heads(0xd9, TEXT, [1, 2, 4], [])
heads(0xdc, ARRAY, [2, 4], [])
heads(0xde, MAP, [2, 4], [])

/** For each container that is open: how many values are still to come in it; where it must end, or that it is an object. */
const pending = new Int32Array(DEPTH_MAX + 1)
const mustEnd = new Float64Array(DEPTH_MAX + 1)
const OBJECT = -1

/** What a survey found. */
export interface Surveyed {
  /** Where the value ends. */
  end: number
  /** How many bytes it announces to follow it. */
  attached: number
  /** Byte arrays are inside, which decoding would leave as views of the body. */
  holdsBytes: boolean
}

const found: Surveyed = { end: 0, attached: 0, holdsBytes: false }

/**
 * Checks that the bytes begin with one whole value within the bounds; afterwards decoding costs memory in proportion to the
 * body. Whether what follows is what the value announces is for the caller to compare.
 *
 * @returns what it found, in an object the next survey changes.
 * @throws BraidError `BRAID_INVALID_INPUT`.
 */
export function survey(bytes: Uint8Array, bounds: ValueBounds): Surveyed {
  const end = bytes.length
  let position = 0
  let depth = 0
  let keys = 0
  let textAt = 0
  let textEnd = -1
  let insideEnd = 0
  begin()
  for (;;) {
    while (pending[depth] === 0) {
      if (depth === 0) {
        found.end = position
        return found
      }
      if (mustEnd[depth]! > 0 && mustEnd[depth] !== position) throw badValue('an extension is not as long as it says')
      depth--
    }
    pending[depth]!--
    if (position >= end) throw tooShort()
    const head = bytes[position++]!
    if (head < 0x80 || head >= 0xe0) continue
    const kind = kinds[head]!
    const field = fields[head]!
    if (kind === UNUSED) throw badValue('it has a byte that begins no value')
    if (field > end - position) throw tooShort()
    let count = field === 0 ? counts[head]! : readCount(bytes, position, field)
    position += field
    if (kind === TEXT) {
      textAt = position
      textEnd = position += count
      if (position > end) throw tooShort()
      continue
    }
    if (kind !== SCALAR) keys += keysOf(kind, count, depth > 0, insideEnd > 0)
    if (keys > bounds.keys) throw tooMany(bounds)
    if (kind === MAP) count *= 2
    else if (kind === EXTENSION) count++ // the byte with its type
    if (count > end - position) throw tooShort()
    if (kind <= EXTENSION) {
      if (count === 8 && (head === 0xcf || head === 0xd3)) checkWhole(head, bytes, position)
      else if (kind === BYTES) found.holdsBytes = true
      else if (kind === EXTENSION) {
        if (mustEnd[depth] === OBJECT && position - field - 1 === textEnd) checkNamed(bytes, position, textAt, textEnd)
        if (holdsList(bytes, position, count)) {
          insideEnd = position + count
          position++
          pending[depth]!++
          continue
        }
      }
      position += count
      continue
    }
    if (++depth > bounds.depth) throw tooDeep(bounds)
    pending[depth] = count
    mustEnd[depth] = kind === MAP ? OBJECT : insideEnd
    insideEnd = 0
  }
}

/** Whatever becomes an object of its own costs far more than the byte or two it came in. */
function keysOf(kind: number, count: number, nested: boolean, extended: boolean): number {
  if (kind === MAP) return count || 1
  if (extended) return count
  return kind === ARRAY && !nested ? 0 : 1
}

function begin(): void {
  found.attached = 0
  found.holdsBytes = false
  pending[0] = 1
  mustEnd[0] = 0
}

/**
 * Looks at an extension, from the byte with its type on. Those with one list inside are walked into.
 *
 * @returns whether a list is to come.
 */
function holdsList(bytes: Uint8Array, position: number, count: number): boolean {
  const type = bytes[position]!
  if (type === extension.attachment) {
    found.attached += readShortest(bytes, position + 2, position + count)
    return false
  }
  if (type < extension.map || type > extension.error) return false
  const inside = bytes[position + 1]!
  if (count < 2 || !((inside >= 0x90 && inside < 0xa0) || inside === 0xdc || inside === 0xdd))
    throw badValue('an extension does not hold the list it should')
  return true
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Whether a key is read as `then`. Whoever decodes is lenient, so that more bytes than four can be: those are no UTF-8. */
function isThen(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 4 * 'then'.length) return false
  try {
    return decoder.decode(bytes.subarray(start, end)) === 'then'
  } catch {
    return true
  }
}

/** Looks at an extension that is the value of a key. */
function checkNamed(bytes: Uint8Array, position: number, start: number, end: number): void {
  if (bytes[position] === extension.function && isThen(bytes, start, end))
    throw badValue('a function under the key "then" would be called by whoever awaits the object')
}

function tooMany(bounds: ValueBounds): BraidError {
  return overLimit('valueKeys', `more than ${bounds.keys} keys; the receiver's limit keys raises that`)
}

function tooDeep(bounds: ValueBounds): BraidError {
  return overLimit('valueDepth', `nested deeper than ${bounds.depth}; the receiver's limit depth raises that`)
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
  const high = readCount(bytes, position, 4)
  const safe = high <= 0x1f_ffff || (head === 0xd3 && high >= 0xffe0_0000)
  if (!safe) throw badValue('a whole number beyond 2^53 must travel as a bigint')
}
