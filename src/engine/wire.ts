// The format in one place: frame types, flags, varints. Kept together with docs/PROTOCOL.md, sections 1 to 3.
// Knows no state: what a frame means is decided in inbound.ts.

import { BraidError } from './errors.ts'

/** `f5 "BRD" CR LF SUB` and the major version. */
export const PREFACE: Uint8Array = Uint8Array.of(0xf5, 0x42, 0x52, 0x44, 0x0d, 0x0a, 0x1a, 0x01)
/** Lowest and highest version of the wire spoken here. */
export const VERSION_MIN = 1
export const VERSION_MAX = 1

export const HELLO = 0
export const RESUME = 1
export const TICKET = 2
export const RESUME_NO = 3
export const PING = 4
export const PONG = 5
export const ACK = 6
export const OPEN = 8
export const DATA = 9
export const RESET = 10
export const CREDIT = 11
export const SCREDIT = 12
export const ASK = 13
export const LIMIT = 14
export const META = 15
export const CALL = 16
export const REPLY = 17
export const CANCEL = 18
export const GOAWAY = 20
export const CLOSE = 21
export const ACKREQ = 22
/** From here on who does not know a frame skips it. 7, 19 and 23 are reserved and refused. */
export const EXTENSION_MIN = 24

/** OPEN, DATA: the sender's half ends here. */
export const FIN = 1
/** OPEN: answer as soon as a handler takes the stream. */
export const CONFIRM = 2
/** Of OPEN and CALL: belongs to work under way, and is taken also by who takes no new work. */
export const PART = 4
/** DATA: a message ends here. */
export const EOM = 2
/** DATA: acknowledge when this frame is whole. */
export const MARK = 4
/** RESET: I abort my half. */
export const SEND = 1
/** RESET: send me no more. */
export const RECV = 2
/** META: not the answer but the trailer; ends the half. */
export const TRAILER = 1
export const ONEWAY = 1
export const DEADLINE = 2
export const ERROR = 1
export const VIA_STREAM = 2

/** Flag bits each type may carry; undefined: the type is not known here. */
const flagsAllowed: readonly (number | undefined)[] = (() => {
  const table: (number | undefined)[] = new Array(32).fill(undefined)
  const plain = [HELLO, RESUME, TICKET, RESUME_NO, PING, PONG, ACK, CREDIT, SCREDIT, ASK, LIMIT, CANCEL, GOAWAY, CLOSE]
  for (const type of [...plain, ACKREQ]) table[type] = 0
  table[OPEN] = FIN | CONFIRM | PART
  table[DATA] = FIN | EOM | MARK
  table[RESET] = SEND | RECV
  table[META] = TRAILER
  table[CALL] = ONEWAY | DEADLINE | PART
  table[REPLY] = ERROR | VIA_STREAM
  return table
})()

/** Frames both sides count; the others may be lost with a transport without harm. */
const sequenced: readonly boolean[] = Array.from(
  { length: 32 },
  (_, type) => type >= OPEN && type <= GOAWAY && type !== 19,
)

/** Whether a frame of this type counts as received or sent (section 3, the starred rows). */
export function isSequenced(type: number): boolean {
  return sequenced[type] === true
}

/** @throws BraidError UNKNOWN_FRAME for a type or flag that must be understood and is not. */
export function checkType(type: number, flags: number): void {
  if (type >= EXTENSION_MIN) return
  const allowed = flagsAllowed[type]
  if (allowed === undefined) throw new BraidError('UNKNOWN_FRAME', `frame type ${type} is not known`)
  if ((flags & ~allowed) !== 0)
    throw new BraidError('UNKNOWN_FRAME', `flags ${flags} of frame type ${type} are not known`)
}

/** Room each body has beyond MAX_FRAME, for ids, names and fixed fields beside a full payload. */
export const FRAME_OVERHEAD_MAX = 256
export const HELLO_BYTES_MAX = 8192
export const HELLO_ENTRIES_MAX = 64
export const PING_BYTES_MAX = 8
/** Bit of the features in HELLO: this side can resume the session over another transport. */
export const FEATURE_RESUME = 1
export const NAME_BYTES_MAX = 128
export const REASON_BYTES_MAX = 256
export const METHOD_NAMES_MAX = 1024
/** Deepest header: type, 4-byte length, 8-byte id. */
export const HEADER_BYTES_MAX = 13

/** Metadata kinds. */
export const META_NONE = 0
export const META_JSON = 1
export const META_BYTES = 2

/** Bytes a varint takes in its shortest form. */
export function varintSize(value: number): number {
  return value < 64 ? 1 : value < 16384 ? 2 : value < 2 ** 30 ? 4 : 8
}

/** Writes the shortest form at `at` and returns where the next field goes. The caller has made room. */
export function writeVarint(into: Uint8Array, at: number, value: number): number {
  if (value < 64) {
    into[at] = value
    return at + 1
  }
  if (value < 16384) {
    into[at] = 0x40 | (value >> 8)
    into[at + 1] = value
    return at + 2
  }
  if (value < 2 ** 30) {
    into[at] = 0x80 | (value >> 24)
    into[at + 1] = value >> 16
    into[at + 2] = value >> 8
    into[at + 3] = value
    return at + 4
  }
  const high = Math.floor(value / 2 ** 32)
  into[at] = 0xc0 | (high >> 24)
  into[at + 1] = high >> 16
  into[at + 2] = high >> 8
  into[at + 3] = high
  into[at + 4] = value / 2 ** 24
  into[at + 5] = value >> 16
  into[at + 6] = value >> 8
  into[at + 7] = value
  return at + 8
}

/** Reads a varint known to lie wholly in `bytes`; its size is `1 << (bytes[at] >> 6)`. */
export function readVarint(bytes: Uint8Array, at: number): number {
  const first = bytes[at]
  switch (first >> 6) {
    case 0:
      return first
    case 1:
      return ((first & 0x3f) << 8) | bytes[at + 1]
    case 2:
      return ((first & 0x3f) << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
  }
  const high = ((first & 0x3f) << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
  const low = bytes[at + 4] * 2 ** 24 + ((bytes[at + 5] << 16) | (bytes[at + 6] << 8) | bytes[at + 7])
  const value = high * 2 ** 32 + low
  if (value > Number.MAX_SAFE_INTEGER) throw new BraidError('FRAME_SIZE', 'a number above 2^53-1')
  return value
}

const encoder = new TextEncoder()
const strict = new TextDecoder('utf-8', { fatal: true })

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text)
}

/** UTF-8 to text; undefined when it is not valid UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

/** A reason as it may travel: cut at a character so that it fits 256 bytes. */
export function encodeReason(reason: string): Uint8Array {
  const bytes = new Uint8Array(reason === '' ? 0 : REASON_BYTES_MAX)
  return bytes.subarray(0, encoder.encodeInto(reason, bytes).written)
}
