// HELLO: what each side accepts. Writes ours, reads and bounds theirs. docs/PROTOCOL.md, section 4.

import { COPY_BYTES_MAX } from './batch.ts'
import type { Body } from './body.ts'
import type { RemoteHello } from './contract.ts'
import { BraidError } from './errors.ts'
import { AUTH_BYTES_MAX, bounds, CODEC_BYTES_MAX, type EngineSettings } from './options.ts'
import {
  decodeText,
  encodeText,
  FEATURE_RESUME,
  HELLO_BYTES_MAX,
  HELLO_ENTRIES_MAX,
  readVarint,
  VERSION_MAX,
  VERSION_MIN,
  varintSize,
  writeVarint,
} from './wire.ts'

const VERSIONS = 0
const MAX_FRAME = 1
const STREAM_WINDOW = 2
const SESSION_WINDOW = 3
const STREAMS = 4
const CALLS = 5
const MAX_META = 6
const FEATURES = 7
const AUTH = 8
const CODEC = 9
const GREASE_MIN = 64

/** Largest frame payload that is ever used, whatever the peer offers. */
const FRAME_MAX = bounds.maxFrame.max

/** What the peer accepts. */
export interface PeerLimits extends RemoteHello {
  readonly streamWindow: number
  readonly sessionWindow: number
  /** It can resume the session over another transport. */
  readonly resume: boolean
}

/** What holds before the peer's HELLO was read: nobody may declare less. */
export const floors: PeerLimits = {
  version: VERSION_MIN,
  auth: new Uint8Array(0),
  codec: '',
  maxFrame: bounds.maxFrame.min,
  streamWindow: bounds.streamWindow.min,
  sessionWindow: bounds.sessionWindow.min,
  maxStreams: bounds.maxStreams.min,
  maxCalls: bounds.maxCalls.min,
  maxMeta: bounds.maxMeta.min,
  resume: false,
}

function varints(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.reduce((sum, value) => sum + varintSize(value), 0))
  let at = 0
  for (const value of values) at = writeVarint(bytes, at, value)
  return bytes
}

/** The body of our HELLO, with one entry nobody knows at a random place, so that ignoring those stays exercised. */
export function encodeHello(settings: EngineSettings, resume: boolean, random: () => number): Uint8Array {
  const entries: [number, Uint8Array][] = [
    [VERSIONS, varints(VERSION_MIN, VERSION_MAX)],
    [MAX_FRAME, varints(settings.maxFrame)],
    [STREAM_WINDOW, varints(settings.streamWindow)],
    [SESSION_WINDOW, varints(settings.sessionWindow)],
    [STREAMS, varints(settings.maxStreams)],
    [CALLS, varints(settings.maxCalls)],
    [MAX_META, varints(settings.maxMeta)],
  ]
  if (resume) entries.push([FEATURES, varints(FEATURE_RESUME)])
  if (settings.auth.length > 0) entries.push([AUTH, settings.auth])
  if (settings.codec !== '') entries.push([CODEC, encodeText(settings.codec)])
  const grease = Uint8Array.from({ length: Math.floor(random() * 9) }, () => Math.floor(random() * 256))
  entries.splice(Math.floor(random() * (entries.length + 1)), 0, [GREASE_MIN + Math.floor(random() * 10_000), grease])
  let size = 0
  for (const [key, value] of entries) size += varintSize(key) + varintSize(value.length) + value.length
  const body = new Uint8Array(size)
  let at = 0
  for (const [key, value] of entries) {
    at = writeVarint(body, writeVarint(body, at, key), value.length)
    body.set(value, at)
    at += value.length
  }
  return body
}

function bad(text: string): BraidError {
  return new BraidError('BAD_LIMITS', text)
}

/** One varint filling its value exactly, within bounds. */
function number(name: string, value: Uint8Array, at: number, floor: number, max: number): number {
  if (at >= value.length || at + (1 << (value[at] >> 6)) > value.length) throw bad(`${name} in HELLO is cut short`)
  const result = readVarint(value, at)
  if (result < floor) throw bad(`${name} in HELLO is ${result}, below its floor of ${floor}`)
  if (result > max) throw bad(`${name} in HELLO is ${result}, above ${max}`)
  return result
}

function whole(name: string, value: Uint8Array, floor: number, max: number): number {
  if (value.length === 0 || 1 << (value[0] >> 6) !== value.length) throw bad(`${name} in HELLO is not one number`)
  if (value.length === 8 && max < 2 ** 30) throw bad(`${name} in HELLO is in the 8-byte form`)
  return number(name, value, 0, floor, max)
}

function version(value: Uint8Array): number {
  const min = number('the lowest version', value, 0, 0, Number.MAX_SAFE_INTEGER)
  const at = 1 << (value[0] >> 6)
  const max = number('the highest version', value, at, min, Number.MAX_SAFE_INTEGER)
  if (at + (1 << (value[at] >> 6)) !== value.length) throw bad('bytes are left over behind the versions in HELLO')
  const common = Math.min(max, VERSION_MAX)
  if (common < Math.max(min, VERSION_MIN)) {
    throw new BraidError(
      'VERSION',
      `this side speaks version ${VERSION_MIN} to ${VERSION_MAX}, the peer ${min} to ${max}`,
    )
  }
  return common
}

const COUNT_MAX = Number.MAX_SAFE_INTEGER

/** Reads one known entry into `limits`. */
function apply(limits: { -readonly [K in keyof PeerLimits]: PeerLimits[K] }, key: number, value: Uint8Array): void {
  switch (key) {
    case VERSIONS:
      limits.version = version(value)
      break
    case MAX_FRAME:
      limits.maxFrame = Math.min(whole('MAX_FRAME', value, bounds.maxFrame.min, 2 ** 30 - 1), FRAME_MAX)
      break
    case STREAM_WINDOW:
      limits.streamWindow = whole('STREAM_WINDOW', value, bounds.streamWindow.min, bounds.streamWindow.max)
      break
    case SESSION_WINDOW:
      limits.sessionWindow = whole('SESSION_WINDOW', value, bounds.sessionWindow.min, bounds.sessionWindow.max)
      break
    case STREAMS:
      limits.maxStreams = whole('STREAMS', value, bounds.maxStreams.min, COUNT_MAX)
      break
    case CALLS:
      limits.maxCalls = whole('CALLS', value, bounds.maxCalls.min, COUNT_MAX)
      break
    case MAX_META:
      limits.maxMeta = whole('MAX_META', value, bounds.maxMeta.min, 2 ** 30 - 1)
      break
    case FEATURES:
      limits.resume = whole('the feature bits', value, 0, COUNT_MAX) % 2 === FEATURE_RESUME
      break
    case AUTH:
      if (value.length > AUTH_BYTES_MAX) throw bad(`auth in HELLO is over ${AUTH_BYTES_MAX} bytes`)
      limits.auth = value.slice()
      break
    case CODEC: {
      const name = value.length > CODEC_BYTES_MAX ? undefined : decodeText(value)
      if (name === undefined) throw bad('the codec name in HELLO is too long or not UTF-8')
      limits.codec = name
    }
  }
}

/**
 * Reads the peer's HELLO.
 *
 * @throws BraidError BAD_LIMITS for a malformed one, VERSION when there is no version in common.
 */
export function parseHello(body: Body): PeerLimits {
  if (body.left > HELLO_BYTES_MAX) throw bad(`a HELLO of ${body.left} bytes`)
  const limits = { ...floors }
  const seen = new Set<number>()
  try {
    while (body.left > 0) {
      const key = body.varint()
      const value = body.take(body.varint30())
      if (seen.has(key)) throw bad(`key ${key} twice in HELLO`)
      if (seen.size === HELLO_ENTRIES_MAX) throw bad(`more than ${HELLO_ENTRIES_MAX} entries in HELLO`)
      seen.add(key)
      apply(limits, key, value)
    }
  } catch (error) {
    // A field past the end is, here, a malformed HELLO.
    if (error instanceof BraidError && error.code === 'BRAID_FRAME_SIZE') throw bad('an entry of HELLO is cut short')
    throw error
  }
  // Metadata travels in one frame with a name and first bytes, so a small MAX_FRAME bounds it too.
  limits.maxMeta = Math.min(limits.maxMeta, limits.maxFrame - COPY_BYTES_MAX)
  return limits
}
