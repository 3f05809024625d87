// Every option of an engine in one table: meaning, unit, default, bounds. Knows no frame.
// The defaults are the network profile of docs/PROTOCOL.md, section 8; a person may raise each, within its bounds.

import { BraidError } from './errors.ts'
import { encodeText } from './wire.ts'

interface Bound {
  readonly default: number
  readonly min: number
  readonly max: number
}

/** Largest window a sender may ever hold: 2^30 - 1, so that credit stays a small integer in every engine. */
export const WINDOW_MAX: number = 2 ** 30 - 1

const KiB = 1024
const MiB = 1024 * KiB

/** Numeric options with default and bounds; sizes in bytes, times in ms, the rest are counts. */
export const bounds = {
  /** Largest DATA payload, call body or message frame accepted, in bytes. */
  maxFrame: { default: 64 * KiB, min: 16 * KiB, max: MiB },
  /** Credit each stream starts with, in bytes. */
  streamWindow: { default: 64 * KiB, min: 16 * KiB, max: WINDOW_MAX },
  /** Largest window one stream may grow to, in bytes. */
  streamWindowMax: { default: 16 * MiB, min: 16 * KiB, max: WINDOW_MAX },
  /** How far all windows together may grow beyond `streamWindow`, in bytes. */
  growthPool: { default: 16 * MiB, min: 0, max: WINDOW_MAX },
  /** Unread bytes of all streams together, in bytes. */
  sessionWindow: { default: 32 * MiB, min: 64 * KiB, max: WINDOW_MAX },
  /** Streams the peer may have open at once. */
  maxStreams: { default: 256, min: 32, max: 2 ** 24 },
  /** Calls the peer may have in flight at once. */
  maxCalls: { default: 256, min: 32, max: 65_536 },
  /** Largest metadata of an OPEN, answer or trailer, in bytes. */
  maxMeta: { default: 8 * KiB, min: KiB, max: 60 * KiB },
  /** A stream holds this many unsent bytes before `write` answers false. */
  writeBuffer: { default: 128 * KiB, min: KiB, max: WINDOW_MAX },
  /** Bytes that may arrive while the session is not yet authorised. */
  earlyBytes: { default: 64 * KiB, min: KiB, max: MiB },
  /** Bytes kept for a transport that takes the place of a lost one, in bytes; at most. Then streams and calls wait. */
  replayBytes: { default: 16 * MiB, min: MiB, max: WINDOW_MAX },
  /** Time in ms within which preface and HELLO must have arrived. */
  helloTimeoutMs: { default: 10_000, min: 1, max: 600_000 },
  /**
   * Silence of the peer in ms after which it is taken for dead. It is asked after a third of it. Longer than the peer's
   * `authorize` may take: what comes before that has answered is not looked at.
   */
  idleTimeoutMs: { default: 45_000, min: 100, max: 86_400_000 },
} as const satisfies Record<string, Bound>

export type NumericOption = keyof typeof bounds

/** Options of an engine as a person gives them; see {@link bounds} for each number's default and bounds. */
export interface EngineOptions extends Partial<Record<NumericOption, number>> {
  /** Bytes shown to the peer's `authorize`, at most 4 KiB. Default: none. */
  auth?: Uint8Array | undefined
  /** Name of the value codec of this side's calls, for the layers above. Default: none. */
  codec?: string | undefined
}

/** Options with every default filled in. */
export interface EngineSettings extends Record<NumericOption, number> {
  auth: Uint8Array
  codec: string
}

/** Metadata travels in one frame with the first bytes of its stream, which take up to 4 KiB. */
const FIRST_BYTES_MAX: number = 4 * KiB
/** Auth bytes and codec name share the 8 KiB of a HELLO. */
export const AUTH_BYTES_MAX: number = 4 * KiB
export const CODEC_BYTES_MAX: number = 128
/** A ticket is the name of a session, and the secret that proves whose it is. */
export const TICKET_ID_BYTES: number = 16
export const TICKET_SECRET_BYTES: number = 32

/**
 * Fills in defaults and checks every bound.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` naming the option, its bounds and what was given.
 */
export function parseOptions(options: EngineOptions = {}): EngineSettings {
  const settings = { auth: options.auth ?? new Uint8Array(0), codec: options.codec ?? '' } as EngineSettings
  for (const name of Object.keys(bounds) as NumericOption[]) {
    const { default: byDefault, min, max } = bounds[name]
    const value = options[name] ?? byDefault
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new BraidError('INVALID_INPUT', `option ${name} takes a whole number from ${min} to ${max}, not ${value}`)
    }
    settings[name] = value
  }
  if (settings.maxMeta > settings.maxFrame - FIRST_BYTES_MAX) {
    const most = settings.maxFrame - FIRST_BYTES_MAX
    throw new BraidError(
      'INVALID_INPUT',
      `option maxMeta must fit a frame: with maxFrame ${settings.maxFrame} at most ${most}`,
    )
  }
  if (settings.auth.length > AUTH_BYTES_MAX) {
    throw new BraidError(
      'INVALID_INPUT',
      `option auth takes at most ${AUTH_BYTES_MAX} bytes, not ${settings.auth.length}`,
    )
  }
  if (encodeText(settings.codec).length > CODEC_BYTES_MAX) {
    throw new BraidError('INVALID_INPUT', `option codec takes at most ${CODEC_BYTES_MAX} bytes of UTF-8`)
  }
  // Whoever prints a session should not print its token.
  Object.defineProperty(settings, 'auth', { enumerable: false })
  return settings
}
