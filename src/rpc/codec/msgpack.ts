// Values to bytes and back: MessagePack with our extensions, within limits; large byte arrays follow the value.
// Knows no call; keeps one encoder and one decoder for everybody.

import { Decoder, Encoder } from '@msgpack/msgpack'
import { BraidError } from '../../engine/errors.ts'
import { joined } from '../../session/bytes.ts'
import type { Codec, Encoded, ReferenceReader, ReferenceWriter } from './codec.ts'
import { ATTACH_BYTES_MIN } from './extensions.ts'
import { badValue, cannotSend, defaultBounds, type ValueBounds } from './limits.ts'
import { holdsItself } from './objects.ts'
import { type Decoding, fromExtension } from './read-extensions.ts'
import { LIST_OF_ONE, soleBytes, soleHead, soleStart, writeSole } from './sole-bytes.ts'
import { survey } from './survey.ts'
import { Encoding, toExtension } from './write-extensions.ts'

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

const nothing = new Uint8Array(0)
/** What we send is never too deep for a receiver with default limits; how many keys it takes is its own matter. */
const ownBounds: ValueBounds = { depth: defaultBounds.depth, keys: Number.POSITIVE_INFINITY }

const extensionCodec = {
  tryToEncode: (value: unknown) => toExtension(value, encoding, nest),
  decode: (bytes: Uint8Array, type: number) => fromExtension(bytes, type, decoding, unnest),
}
/** Encoders and decoders by how many extensions they are inside of. */
let encoders = [makeEncoder()]
let decoders = [makeDecoder()]
let encoding = new Encoding()
/** An encoding that is over, for the next one. */
let spare: Encoding | undefined
const decoding: Decoding = { references: undefined, body: nothing, attachedAt: 0 }
let level = 0
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
 * The codec every side of Braidwire knows: MessagePack with extension types for what it lacks.
 *
 * `undefined` is no bytes at all; inside an array, Map, Set it is kept, as a property it is left out. Minus zero arrives as
 * zero. Typed arrays, ArrayBuffers and byte arrays over 4 KiB are handed on uncopied behind the value. Objects arrive plain,
 * with own properties only, and without anything callable under the name `then`. A RegExp arrives as its sender wrote it:
 * running a stranger's pattern may take long.
 *
 * @example
 * import { msgpack } from 'braidwire/rpc'
 * const bytes = msgpack.encode(new Map([['tea', 3n]]))
 * console.log(msgpack.decode(bytes, { depth: 64, keys: 10_000 })) // Map(1) { 'tea' => 3n }
 */
export const msgpack: Codec = { name: 'msgpack', encode, decode }

function encode(value: unknown, references?: ReferenceWriter | undefined): Encoded {
  return value === undefined ? nothing : encodeBehind(0, value, references)
}

/** As `encode`, in one piece behind `room` bytes for the caller to fill. */
export function encodeMessage(value: unknown, room: number, references?: ReferenceWriter | undefined): Uint8Array {
  return value === undefined ? new Uint8Array(room) : joined(encodeBehind(room, value, references))
}

function encodeBehind(room: number, value: unknown, references: ReferenceWriter | undefined): Encoded {
  const sole = soleBytes(value)
  if (sole !== undefined && sole.length <= ATTACH_BYTES_MIN) return encodeSole(room, sole, sole !== value)
  const outer = encoding
  const outerLevel = level
  const own = spare ?? new Encoding()
  spare = undefined
  own.references = references
  encoding = own
  level = 0
  try {
    const bytes = own.twice(value, encodeHere)
    if (own.mustCheck) survey(bytes, ownBounds)
    const head = detach(bytes, room)
    return own.attachments.length === 0 ? head : [head, ...own.attachments]
  } catch (thrown) {
    throw own.failure === undefined ? refused(thrown, value) : own.failure.thrown
  } finally {
    encoding = outer
    level = outerLevel
    own.clear()
    spare = own
  }
}

function encodeSole(room: number, bytes: Uint8Array, inList: boolean): Uint8Array {
  const at = room + soleHead(bytes.length, inList)
  const whole = place(at + bytes.length)
  writeSole(bytes, inList, whole, room)
  return whole
}

function encodeHere(value: unknown): Uint8Array {
  // The writer of references may itself encode, which may bring new encoders.
  encoders[level] ??= makeEncoder()
  return encoders[level]!.encodeSharedRef(value)
}

/** Encodes what is inside an extension; the bytes are to be copied before anything else is encoded on this level. */
function nest(list: readonly unknown[]): Uint8Array {
  if (level >= defaultBounds.depth) throw cannotSend(`a value nested deeper than ${defaultBounds.depth}`)
  level++
  try {
    return encoding.twice(list, encodeHere)
  } finally {
    level--
  }
}

function decode(given: Uint8Array, bounds: ValueBounds, references?: ReferenceReader | undefined): unknown {
  if (given.length === 0) return undefined
  // A Buffer would bring its own kind into the value, and its slice copies nothing.
  const plain = Object.getPrototypeOf(given) === Uint8Array.prototype
  const bytes = plain ? given : new Uint8Array(given.buffer, given.byteOffset, given.length)
  const pins = bytes.length <= PIN_BYTES_MAX && bytes.buffer.byteLength > PIN_BYTES_MAX
  const start = bounds.keys === 0 ? 0 : soleStart(bytes)
  if (start > 0) {
    const sole = pins ? bytes.slice(start) : bytes.subarray(start)
    return bytes[0] === LIST_OF_ONE ? [sole] : sole
  }
  const { end, attached, holdsBytes } = survey(bytes, bounds)
  if (end + attached !== bytes.length) throw unequal(bytes.length - end, attached)
  const body = holdsBytes && pins ? bytes.slice() : bytes
  const { references: outerReferences, body: outerBody, attachedAt: outerAt } = decoding
  const outerLevel = level
  decoding.references = references
  decoding.body = body
  decoding.attachedAt = end
  level = 0
  try {
    return decoders[0]!.decode(attached === 0 ? body : body.subarray(0, end))
  } catch (thrown) {
    if (thrown instanceof BraidError) throw thrown
    throw badValue(thrown instanceof Error ? thrown.message : 'it cannot be read', thrown)
  } finally {
    decoding.references = outerReferences
    decoding.body = outerBody
    decoding.attachedAt = outerAt
    level = outerLevel
    if (bytes.length > KEEP_BYTES_MAX) decoders = [makeDecoder()]
  }
}

function unequal(left: number, attached: number): BraidError {
  if (attached === 0) return badValue(`${left} bytes are left over`)
  return badValue(`${left} bytes follow the value, which announces ${attached}`)
}

function unnest(bytes: Uint8Array): unknown {
  decoders[++level] ??= makeDecoder()
  try {
    return decoders[level]!.decode(bytes)
  } finally {
    level--
  }
}

/** Takes encoded bytes out of the encoder's buffer, which the next value overwrites. */
function detach(bytes: Uint8Array, room: number): Uint8Array {
  const { length } = bytes
  if (length > KEEP_BYTES_MAX) {
    encoders = [makeEncoder()]
    if (room === 0) return bytes
  }
  const whole = place(room + length)
  whole.set(bytes, room)
  return whole
}

/** Memory for an encoded value. */
function place(length: number): Uint8Array {
  if (length < SHARE_BYTES_MIN || length > SHARE_BYTES_MAX) return new Uint8Array(length)
  if (slabUsed + length > slab.length) {
    slab = new Uint8Array(SLAB_BYTES)
    slabUsed = 0
  }
  slabUsed += length
  return slab.subarray(slabUsed - length, slabUsed)
}

function refused(thrown: unknown, value: unknown): TypeError {
  encoders = [makeEncoder()]
  if (holdsItself(value)) return cannotSend('a value that holds itself (a cycle)')
  if (thrown instanceof TypeError) return thrown
  const text = thrown instanceof Error ? thrown.message.replace('the value sent is refused: ', '') : String(thrown)
  return new TypeError(`the value cannot be sent in a call: ${text}`, { cause: thrown })
}
