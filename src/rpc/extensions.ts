// The extension types of our MessagePack values: the one table of their numbers, and what is built of it.
// Knows values and bytes; knows no call.

import { decodeTimestampExtension, ExtData, encodeTimestampExtension } from '@msgpack/msgpack'
import { badValue } from './survey.ts'

/**
 * Numbers of the extension types. Those marked reserved are refused on both sides until they are built.
 *
 * | number | value | payload |
 * |---|---|---|
 * | -1 | Date | timestamp of the MessagePack specification, 4, 8 or 12 bytes |
 * | 0 | undefined | none |
 * | 1 | bigint | two's complement, big-endian, shortest, 1 to 1,024 bytes |
 * | 2-7 | Map, Set, Error, typed array, RegExp, URL | reserved |
 * | 16 | stream: the number of a stream its sender opened under a `$` name before the call | reserved |
 * | 17 | bytes that ride on such a stream instead of inside the value | reserved |
 * | 18 | async iterable over such a stream | reserved |
 * | 19 | function: a slot its sender answers | reserved |
 * | 20 | AbortSignal | reserved |
 * | 8-15, 21-63 | | reserved |
 * | 64-127 | | the application's own, refused here |
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
  iterable: 18,
  function: 19,
  signal: 20,
} as const

/** Largest bigint that travels, in bytes: parsing cost grows with its square. */
const BIGINT_BYTES_MAX = 1024

/** Stands for `undefined` where the encoder would write nil: see `substitute` in codec.ts. */
export const undefinedMarker: object = Object.freeze({ stands: 'for undefined' })

/** Thrown to leave the encoder when an array holds `undefined`; never seen outside codec.ts. */
export const holdsUndefined: object = Object.freeze({ needs: 'substitute' })

const undefinedData = new ExtData(extension.undefined, new Uint8Array(0))

/** What the encoder asks for everything that is not nil, boolean, number or string. */
export function tryToEncode(value: unknown): ExtData | null {
  if (typeof value === 'bigint') return new ExtData(extension.bigint, bigintBytes(value))
  if (typeof value !== 'object' || value === null) throw cannotSend(`a ${typeof value}`)
  if (value === undefinedMarker) return undefinedData
  if (Array.isArray(value)) {
    if (value.includes(undefined)) throw holdsUndefined
    return null
  }
  if (travelsAsFields(value) || value instanceof Uint8Array) return null
  const timestamp = encodeTimestampExtension(value)
  if (timestamp !== null) {
    if (Number.isNaN(Number(value))) throw cannotSend('an invalid Date')
    return new ExtData(extension.date, timestamp)
  }
  throw cannotSend(`a value of kind ${Object.prototype.toString.call(value).slice(8, -1)}`)
}

/**
 * Plain objects and classes of somebody's own travel as their fields. What the platform tags (Map, Error, Promise ...)
 * keeps its contents elsewhere and would arrive as an empty object.
 */
export function travelsAsFields(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  return Object.prototype.toString.call(value) === '[object Object]'
}

/** What the decoder asks for every extension. */
export function decodeExtension(bytes: Uint8Array, type: number): unknown {
  if (type === extension.undefined && bytes.length === 0) return undefined
  if (type === extension.bigint) return bigintFrom(bytes)
  if (type === extension.date) {
    const date = decodeTimestampExtension(bytes)
    if (!Number.isNaN(date.getTime())) return date
  }
  throw badValue(`extension type ${type} with ${bytes.length} bytes is not understood`)
}

export function cannotSend(what: string): TypeError {
  return new TypeError(`${what} cannot be sent in a call`)
}

function bigintBytes(value: bigint): Uint8Array {
  // A negative number needs as many bytes as its complement: both leave the top bit for the sign.
  let digits = (value < 0n ? ~value : value).toString(16)
  if (digits.length % 2 === 1) digits = `0${digits}`
  else if (digits.charCodeAt(0) >= 56) digits = `00${digits}` // '8' and up: the top bit is taken
  const length = digits.length / 2
  if (length > BIGINT_BYTES_MAX) throw cannotSend(`a bigint of more than ${BIGINT_BYTES_MAX} bytes`)
  const flip = value < 0n ? 0xff : 0
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index++) {
    bytes[index] = Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16) ^ flip
  }
  return bytes
}

function bigintFrom(bytes: Uint8Array): bigint {
  if (bytes.length === 0 || bytes.length > BIGINT_BYTES_MAX) throw badValue(`a bigint of ${bytes.length} bytes`)
  let digits = '0x'
  for (const byte of bytes) digits += byte < 16 ? `0${byte.toString(16)}` : byte.toString(16)
  return BigInt.asIntN(bytes.length * 8, BigInt(digits))
}
