// Parsed JSON to the values it stands for, within limits, and the look over the bytes before anything is parsed.
// Knows the forms (docs/PROTOCOL.md) and the limits.

import type { BraidError } from '../../engine/errors.ts'
import { fromBase64 } from './base64.ts'
import { BIGINT_BYTES_MAX } from './bigints.ts'
import { byteKindNumber, fromBytes } from './byte-kinds.ts'
import type { ReferenceKind, ReferenceReader } from './codec.ts'
import { badValue, overLimit, type ValueBounds } from './limits.ts'
import { dateFrom, errorFrom, patternFrom, urlFrom } from './objects.ts'

/** A form nests up to four deep, and opens and names up to five things for what counts as one key. */
const FORM_DEPTH = 4
const FORM_KEYS = 5
const BIGINT_DIGITS_MAX = 2467

const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c

/**
 * Checks that parsing costs memory in proportion to the limits; one look at each byte.
 *
 * @throws BraidError `BRAID_INVALID_INPUT`.
 */
export function scan(bytes: Uint8Array, bounds: ValueBounds): void {
  const depthMax = FORM_DEPTH * (bounds.depth + 1)
  const keysMax = FORM_KEYS * (bounds.keys + bounds.depth + 1)
  let depth = 0
  let keys = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      while (++at < bytes.length && bytes[at] !== QUOTE) if (bytes[at] === BACKSLASH) at++
    } else if (byte === COLON) keys++
    // [ and { differ in one bit, and so do ] and }.
    else if ((byte & 0xdf) === 0x5b) {
      if (++depth > depthMax) throw tooDeep(bounds)
      if (++keys > keysMax) throw tooMany(bounds)
    } else if ((byte & 0xdf) === 0x5d) depth--
  }
  if (keys > keysMax) throw tooMany(bounds)
}

function tooMany(bounds: ValueBounds): BraidError {
  return overLimit('valueKeys', `more than ${bounds.keys} keys; the receiver's limit keys raises that`)
}

function tooDeep(bounds: ValueBounds): BraidError {
  return overLimit('valueDepth', `nested deeper than ${bounds.depth}; the receiver's limit depth raises that`)
}

type Fields = Record<string, unknown>

/** Makes values of parsed JSON, in place where it can; one for each value. */
export class JsonReader {
  readonly #bounds: ValueBounds
  readonly #references: ReferenceReader | undefined
  #keys = 0

  constructor(bounds: ValueBounds, references: ReferenceReader | undefined) {
    this.#bounds = bounds
    this.#references = references
  }

  value(parsed: unknown, depth: number): unknown {
    if (typeof parsed === 'number' && !Number.isFinite(parsed)) throw badValue('a number is too large')
    if (typeof parsed !== 'object' || parsed === null) return parsed
    if (Array.isArray(parsed)) {
      if (depth > 0) this.#count(1)
      return this.#list(parsed, depth)
    }
    if (!Object.hasOwn(parsed, '$')) return this.#fields(parsed as Fields, depth)
    const parts = (parsed as Fields).$
    if (!Array.isArray(parts) || Object.keys(parsed).length !== 1) throw badForm()
    if (parts[0] === 'object') return this.#fields(object(parts[1]), depth)
    this.#count(1)
    return this.#form(parts, depth)
  }

  #count(keys: number): void {
    this.#keys += keys
    if (this.#keys > this.#bounds.keys) throw tooMany(this.#bounds)
  }

  #inside(depth: number): number {
    if (depth >= this.#bounds.depth) throw tooDeep(this.#bounds)
    return depth + 1
  }

  #list(list: unknown[], depth: number): unknown[] {
    const inside = this.#inside(depth)
    for (let index = 0; index < list.length; index++) list[index] = this.value(list[index], inside)
    return list
  }

  #fields(fields: Fields, depth: number): Fields {
    const inside = this.#inside(depth)
    const keys = Object.keys(fields)
    this.#count(keys.length || 1)
    for (const key of keys) {
      if (key === '__proto__') throw badValue('the key __proto__ is not allowed')
      const parsed = fields[key]
      if (key === 'then' && isFunction(parsed))
        throw badValue('a function under the key "then" would be called by whoever awaits the object')
      fields[key] = this.value(parsed, inside)
    }
    return fields
  }

  #form(parts: unknown[], depth: number): unknown {
    const [name, first, second] = parts
    if (typeof name !== 'string') throw badForm()
    switch (name) {
      case 'undefined':
        return undefined
      case 'number':
        return numberFrom(text(first))
      case 'bigint':
        return bigintFrom(text(first))
      case 'bytes':
        return fromBase64(text(first))
      case 'date':
        return dateFrom(text(first))
      case 'url':
        return urlFrom(text(first))
      case 'regexp':
        return patternFrom(text(second), text(first))
      case 'map':
        return this.#map(list(first), depth)
      case 'set':
        this.#count(list(first).length)
        return new Set(this.#list(list(first), depth))
      case 'error': {
        const { name, message, code, data, cause, ...rest } = this.#fields(object(first), depth)
        if (Object.keys(rest).length > 0) throw badForm()
        return errorFrom([name, message, code, data, cause])
      }
      case 'stream':
      case 'items':
      case 'function':
      case 'signal':
        return this.#reference(name, first, second)
      default: {
        const kind = byteKindNumber(name)
        if (kind === undefined) throw badForm()
        return fromBytes(kind, fromBase64(text(first)))
      }
    }
  }

  #map(pairs: unknown[], depth: number): Map<unknown, unknown> {
    const inside = this.#inside(depth)
    this.#count(2 * pairs.length)
    const map = new Map<unknown, unknown>()
    for (const pair of pairs) {
      if (list(pair).length !== 2) throw badForm()
      const [key, item] = pair as [unknown, unknown]
      map.set(this.value(key, inside), this.value(item, inside))
    }
    return map
  }

  #reference(kind: ReferenceKind, number: unknown, flag: unknown): unknown {
    if (!Number.isSafeInteger(number) || (number as number) < 0 || (flag !== undefined && flag !== true))
      throw badForm()
    if (this.#references === undefined) throw badValue(`a reference of kind ${kind} has no place here`)
    return this.#references.read({ kind, number: number as number, flag: flag === true })
  }
}

function badForm(): BraidError {
  return badValue('an object with the key "$" is none of the forms that stand for a value')
}

function isFunction(parsed: unknown): boolean {
  const parts = (parsed as { readonly $?: unknown } | null | undefined)?.$
  return Array.isArray(parts) && parts[0] === 'function'
}

function text(part: unknown): string {
  if (typeof part !== 'string') throw badForm()
  return part
}

function list(part: unknown): unknown[] {
  if (!Array.isArray(part)) throw badForm()
  return part
}

function object(part: unknown): Fields {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) throw badForm()
  return part as Fields
}

function numberFrom(name: string): number {
  if (name === 'NaN') return Number.NaN
  if (name === '-0') return -0
  if (name === 'Infinity') return Number.POSITIVE_INFINITY
  if (name === '-Infinity') return Number.NEGATIVE_INFINITY
  throw badForm()
}

function bigintFrom(digits: string): bigint {
  if (digits.length > BIGINT_DIGITS_MAX || !/^(0|-?[1-9][0-9]*)$/.test(digits)) throw badValue('a bigint is malformed')
  const value = BigInt(digits)
  if (BigInt.asIntN(8 * BIGINT_BYTES_MAX, value) !== value)
    throw badValue(`a bigint of more than ${BIGINT_BYTES_MAX} bytes`)
  return value
}
