// BraidError and the one table of codes: name, wire number, meaning.
// Knows nothing of frames or sessions; everything that fails anywhere in Braidwire fails with a code from here.

/** How far a failure reaches: it ends this one call, this one stream, the whole session, or only the transport under it. */
export type ErrorScope = 'call' | 'stream' | 'session' | 'transport'

/** Who ended it: this side, or the peer. */
export type ErrorInitiator = 'local' | 'remote'

interface CodeEntry {
  /** Number on the wire; undefined for codes that never travel. */
  readonly number?: number
  /** One sentence: what happened. */
  readonly meaning: string
}

/**
 * Every code without its `BRAID_` prefix, with the number it travels under (`docs/PROTOCOL.md`, section 9).
 * What to do about each stands in `docs/ERRORS.md`, which a test holds against this table.
 */
export const codes = {
  PROTOCOL: { number: 1, meaning: 'The peer broke a rule of the protocol.' },
  BAD_LIMITS: { number: 2, meaning: 'The HELLO was malformed, or declared a limit below its floor.' },
  FRAME_SIZE: { number: 3, meaning: 'A frame was longer than accepted, or its fields did not fit its length.' },
  UNKNOWN_FRAME: { number: 4, meaning: 'A frame type or flag that must be understood is not known here.' },
  STREAM_ID: { number: 5, meaning: 'An OPEN did not carry the next stream number.' },
  LIMIT_EXCEEDED: { number: 6, meaning: 'A counted limit (streams, calls, message size, metadata) was exceeded.' },
  STREAM_STATE: { number: 7, meaning: 'A frame came for a stream that is in no state to take it.' },
  FLOW_CONTROL: { number: 8, meaning: 'More bytes came than credit was granted for.' },
  REFUSED: { number: 9, meaning: 'The peer did not take the stream or call; nothing was executed.' },
  INTERNAL: { number: 10, meaning: 'A handler threw, or Braidwire itself failed.' },
  INTEGRITY: { number: 11, meaning: 'Bytes arrived that are not the bytes that were sent.' },
  FLOOD: { number: 12, meaning: 'The peer sent too many frames that move nothing.' },
  SLOW_PEER: { number: 13, meaning: 'A frame or the HELLO did not arrive whole in time.' },
  CANCELLED: { number: 14, meaning: 'The work was given up on purpose.' },
  DEADLINE: { number: 15, meaning: 'The time allowed was used up.' },
  EXHAUSTED: { number: 16, meaning: 'A budget of memory, disk, time or places on the side named is used up.' },
  UNIMPLEMENTED: { number: 17, meaning: 'No such method is exposed; nothing was executed.' },
  INVALID_INPUT: { number: 18, meaning: 'The input is not what the operation takes.' },
  DENIED: { number: 19, meaning: 'Not allowed: authorisation failed, or the path or method is off limits.' },
  NOT_FOUND: { number: 20, meaning: 'The thing asked for does not exist.' },
  GOING_AWAY: { number: 21, meaning: 'The session is draining and takes no new work; nothing was executed.' },
  VERSION: { number: 22, meaning: 'The two sides have no version of the protocol in common.' },
  SUPERSEDED: { number: 23, meaning: 'A newer transport took over this session.' },
  SESSION_LOST: { number: 24, meaning: 'The session cannot be resumed.' },
  TRANSPORT_LOST: {
    meaning: 'The connection broke without a goodbye, or the other side said or took nothing for too long.',
  },
  UNREACHABLE: { meaning: 'The address cannot be dialled; nothing was sent.' },
  TLS: { meaning: 'No secure connection: a certificate, or TLS itself, was refused.' },
  ADDRESS: { meaning: 'The address cannot be listened on.' },
  CLOSED: { meaning: 'The session or stream was closed on purpose.' },
  RESET: { meaning: 'The peer reset the stream or failed the call with a code of the application.' },
} as const satisfies Record<string, CodeEntry>

/** A code's name without the prefix. */
export type CodeName = keyof typeof codes
/** Every code an error of Braidwire can carry. */
export type BraidErrorCode = `BRAID_${CodeName}`

/** First number that belongs to the application; below are the protocol's. */
export const APPLICATION_CODE_MIN = 64

const names = new Map<number, CodeName>()
for (const [name, entry] of Object.entries(codes) as [CodeName, CodeEntry][]) {
  if (entry.number !== undefined) names.set(entry.number, name)
}

/**
 * The number a code travels under.
 *
 * Codes that never travel (`CLOSED`, `TRANSPORT_LOST` ...) become CANCELLED: to the peer it is work given up.
 */
export function codeNumber(name: CodeName): number {
  return (codes[name] as CodeEntry).number ?? codes.CANCELLED.number
}

/** The name of a number off the wire: RESET from 64 up, INTERNAL for a number this version does not know. */
export function codeName(number: number): CodeName {
  if (number >= APPLICATION_CODE_MIN) return 'RESET'
  return names.get(number) ?? 'INTERNAL'
}

/** What a {@link BraidError} carries beside its code and text. */
export interface BraidErrorInit {
  scope?: ErrorScope
  initiator?: ErrorInitiator
  /** `no`: the peer certainly did not act on it, so a retry is safe. Default `maybe`. */
  executed?: 'no' | 'maybe'
  /** The number as it travelled; 64 and up are the application's own. */
  number?: number | undefined
  /** The peer's text, when it sent one. */
  reason?: string | undefined
  /** Bytes the peer attached to a failed call, for the RPC layer. */
  details?: Uint8Array | undefined
  cause?: unknown
}

/**
 * The one error class of Braidwire. Recognise it by `code`, never by its text.
 *
 * @example
 * import { BraidError } from 'braidwire'
 * const error = new BraidError('NOT_FOUND', 'no file "a.txt" is served', { scope: 'stream' })
 * console.log(error.code) // 'BRAID_NOT_FOUND'
 */
export class BraidError extends Error {
  readonly code: BraidErrorCode
  readonly scope: ErrorScope
  readonly initiator: ErrorInitiator
  readonly executed: 'no' | 'maybe'
  readonly number: number
  readonly reason: string
  readonly details: Uint8Array | undefined

  constructor(name: CodeName, message: string, init: BraidErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.name = 'BraidError'
    this.code = `BRAID_${name}`
    this.scope = init.scope ?? 'session'
    this.initiator = init.initiator ?? 'local'
    this.executed = init.executed ?? (neverExecuted.has(name) ? 'no' : 'maybe')
    this.number = init.number ?? codeNumber(name)
    this.reason = init.reason ?? ''
    this.details = init.details
  }
}

/** Codes that say by themselves that nothing was executed, so that a retry is safe (RFC 9113 section 8.7). */
const neverExecuted = new Set<CodeName>(['REFUSED', 'GOING_AWAY', 'UNIMPLEMENTED', 'UNREACHABLE', 'TLS'])

/** Makes the error for a number off the wire: its name, the peer's text or else the code's own meaning. */
export function errorFromWire(number: number, reason: string, init: BraidErrorInit): BraidError {
  const name = codeName(number)
  return new BraidError(name, reason === '' ? codes[name].meaning : reason, {
    initiator: 'remote',
    number,
    reason,
    ...init,
  })
}
