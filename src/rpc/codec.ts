// Values to bytes and back: MessagePack with our extensions, within limits.
// Knows nothing of calls beyond "a list of arguments" and "a result"; keeps one encoder and one decoder for everybody.

import { Decoder, Encoder } from '@msgpack/msgpack'
import { BraidError } from '../engine/errors.ts'
import {
  cannotSend,
  decodeExtension,
  holdsUndefined,
  travelsAsFields,
  tryToEncode,
  undefinedMarker,
} from './extensions.ts'
import { badValue, defaultBounds, survey, type ValueBounds } from './survey.ts'

/** The shared encoder keeps its buffer and the decoder the last body: after more bytes than this, new ones take over. */
const KEEP_BYTES_MAX = 64 * 1024
/** Encoded values of these sizes share a slab: a buffer of its own, which shorter ones do not need, costs more than encoding. */
const SHARE_BYTES_MIN = 65
const SHARE_BYTES_MAX = 1024
const SLAB_BYTES = 16 * 1024
/**
 * Byte arrays stay views of what was received, unless a body of this size would pin more than that:
 * a few bytes kept must not keep a whole frame alive.
 */
const PIN_BYTES_MAX = 4 * 1024
/** More arguments than this would overflow the stack when applied. */
const ARGUMENTS_MAX = 1000

const nothing = new Uint8Array(0)
const noArguments: readonly unknown[] = Object.freeze([])

const extensionCodec = { tryToEncode, decode: decodeExtension }
let encoder = makeEncoder()
let decoder = makeDecoder()
let slab = nothing
let slabUsed = 0

function makeEncoder(): Encoder {
  // The library counts a scalar inside the innermost container as one level more.
  return new Encoder({ extensionCodec, ignoreUndefined: true, maxDepth: defaultBounds.depth + 1 })
}

function makeDecoder(): Decoder {
  return new Decoder({ extensionCodec })
}

/**
 * Encodes one value. `undefined` is no bytes at all; inside an array it is kept, as a property it is left out.
 *
 * @throws TypeError for what cannot travel: functions, symbols, Map, Error, Promise, cycles, an invalid Date.
 */
export function encodeValue(value: unknown): Uint8Array {
  if (value === undefined) return nothing
  try {
    return detach(encoder.encodeSharedRef(value))
  } catch (thrown) {
    if (thrown !== holdsUndefined) throw refused(thrown)
  }
  try {
    return detach(encoder.encodeSharedRef(substitute(value, 0)))
  } catch (thrown) {
    throw refused(thrown)
  }
}

/** Encodes a list of arguments; none is no bytes at all. */
export function encodeArguments(values: readonly unknown[]): Uint8Array {
  return values.length === 0 ? nothing : encodeValue(values)
}

/**
 * Decodes one value. Objects are plain, with own properties only; no value holds anything callable.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for bytes that are not one whole value within the bounds.
 */
export function decodeValue(bytes: Uint8Array, bounds: ValueBounds): unknown {
  if (bytes.length === 0) return undefined
  const holdsBytes = survey(bytes, bounds)
  const copy = holdsBytes && bytes.length <= PIN_BYTES_MAX && bytes.buffer.byteLength > PIN_BYTES_MAX
  try {
    return decoder.decode(copy ? bytes.slice() : bytes)
  } catch (thrown) {
    if (thrown instanceof BraidError) throw thrown
    throw badValue(thrown instanceof Error ? thrown.message : 'it cannot be read', thrown)
  } finally {
    if (bytes.length > KEEP_BYTES_MAX) decoder = makeDecoder()
  }
}

/**
 * Decodes a list of arguments.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` as {@link decodeValue}, and for anything but a list of at most 1,000 values.
 */
export function decodeArguments(bytes: Uint8Array, bounds: ValueBounds): readonly unknown[] {
  if (bytes.length === 0) return noArguments
  const values = decodeValue(bytes, bounds)
  if (!Array.isArray(values)) throw badValue('arguments are not a list')
  if (values.length > ARGUMENTS_MAX) throw badValue(`more than ${ARGUMENTS_MAX} arguments`)
  return values
}

/** Takes encoded bytes out of the encoder's buffer, which the next value overwrites. */
function detach(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  if (length > KEEP_BYTES_MAX) {
    encoder = makeEncoder()
    return bytes
  }
  if (length < SHARE_BYTES_MIN || length > SHARE_BYTES_MAX) return bytes.slice()
  if (slabUsed + length > slab.length) {
    slab = new Uint8Array(SLAB_BYTES)
    slabUsed = 0
  }
  slab.set(bytes, slabUsed)
  slabUsed += length
  return slab.subarray(slabUsed - length, slabUsed)
}

function refused(thrown: unknown): TypeError {
  encoder = makeEncoder()
  if (thrown instanceof TypeError) return thrown
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return new TypeError(`the value cannot be sent in a call: ${text}`, { cause: thrown })
}

/** A copy of arrays and plain objects in which the marker stands for every `undefined` of an array: the rare, slow way. */
function substitute(value: unknown, depth: number): unknown {
  if (value === undefined) return undefinedMarker
  if (typeof value !== 'object' || value === null) return value
  if (depth > defaultBounds.depth) throw cannotSend(`a value nested deeper than ${defaultBounds.depth}`)
  if (Array.isArray(value)) return Array.from(value, (item) => substitute(item, depth + 1))
  if (!travelsAsFields(value)) return value
  const copy: Record<string, unknown> = Object.create(null)
  for (const [key, item] of Object.entries(value)) if (item !== undefined) copy[key] = substitute(item, depth + 1)
  return copy
}
