// What an application says in words or values, and how the wire puts it: codes, reasons, names, metadata.
// Pure functions; knows no session.

import type { RawMeta } from '../engine/contract.ts'
import {
  APPLICATION_CODE_MIN,
  BraidError,
  type BraidErrorCode,
  type BraidErrorInit,
  type CodeName,
  codeName,
  codeNumber,
  codes,
} from '../engine/errors.ts'
import type { Meta } from './opener.ts'

/** Why something is ended: a name of the table of codes (`CANCELLED`), or a number, 64 and up being the application's own. */
export type Code = CodeName | BraidErrorCode | number

/** Longest name of a stream or method, and longest reason, in bytes of UTF-8. */
export const NAME_BYTES_MAX = 128
export const REASON_BYTES_MAX = 256

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * The number a code travels under.
 *
 * @throws TypeError for a name that is not in the table, RangeError for a number that is neither in it nor the application's.
 */
export function toNumber(code: Code): number {
  if (typeof code === 'number') {
    const known = code >= APPLICATION_CODE_MIN || code === codes.INTERNAL.number || codeName(code) !== 'INTERNAL'
    if (!known || !Number.isSafeInteger(code)) {
      throw new RangeError(`a code is a number of Braidwire's table, or from ${APPLICATION_CODE_MIN}, not ${code}`)
    }
    return code
  }
  const name = code.startsWith('BRAID_') ? code.slice(6) : code
  if (!Object.hasOwn(codes, name)) throw new TypeError(`there is no code ${code}`)
  return codeNumber(name as CodeName)
}

/** The error this side sees when it ends something itself. */
export function localError(code: number, reason: string, init: BraidErrorInit): BraidError {
  const name = codeName(code)
  return new BraidError(name, reason === '' ? codes[name].meaning : reason, {
    initiator: 'local',
    number: code,
    reason,
    ...init,
  })
}

/** The same failure with another reach or another answer to "was it executed". */
export function restate(error: BraidError, init: BraidErrorInit): BraidError {
  const { scope, initiator, executed, number, reason, details } = error
  const name = error.code.slice(6) as CodeName
  return new BraidError(name, error.message, {
    scope,
    initiator,
    executed,
    number,
    reason,
    details,
    cause: error,
    ...init,
  })
}

/** What the peer learns of something a handler threw: a BraidError's code and text; of anything else nothing, unless exposed. */
export function failureOf(
  thrown: unknown,
  expose: boolean,
): { number: number; text: string; details: Uint8Array | undefined } {
  if (thrown instanceof BraidError) {
    const name = thrown.code.slice(6) as CodeName
    // A code that never travels tells of this side's own affairs: a lost session elsewhere, an address.
    if (name === 'RESET' || 'number' in codes[name]) {
      return { number: thrown.number, text: thrown.message, details: thrown.details }
    }
  }
  return { number: codes.INTERNAL.number, text: expose ? textOf(thrown) : '', details: undefined }
}

function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown)
  } catch {
    return ''
  }
}

/** Text cut to what a reason may hold; never in the middle of a character. */
export function toReason(text: string | undefined): string {
  if (text === undefined || text === '') return ''
  if (text.length * 3 <= REASON_BYTES_MAX) return text
  const into = new Uint8Array(REASON_BYTES_MAX)
  return text.slice(0, encoder.encodeInto(text, into).read)
}

/**
 * Checks the name of a stream or method.
 *
 * @throws TypeError if it is no string, RangeError if it is longer than 128 bytes.
 */
export function checkName(name: string, what: string): void {
  if (typeof name !== 'string') throw new TypeError(`the name of a ${what} is a string, not ${typeof name}`)
  if (name.length * 3 <= NAME_BYTES_MAX) return
  if (name.length <= NAME_BYTES_MAX && encoder.encode(name).length <= NAME_BYTES_MAX) return
  throw new RangeError(`the name of a ${what} takes at most ${NAME_BYTES_MAX} bytes: "${name.slice(0, 32)}..."`)
}

/** Checks that something is bytes. */
export function checkBytes(bytes: Uint8Array, what: string): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${what} is a Uint8Array, not ${typeof bytes}`)
}

/**
 * Metadata as it travels.
 *
 * @throws TypeError for what JSON cannot say, BraidError `BRAID_INVALID_INPUT` above `max` bytes.
 */
export function encodeMeta(meta: Meta | undefined, max: number): RawMeta | undefined {
  if (meta === undefined) return undefined
  let raw: RawMeta
  if (meta instanceof Uint8Array) {
    raw = { json: false, bytes: meta }
  } else {
    const text = JSON.stringify(meta) as string | undefined
    if (text === undefined) throw new TypeError('metadata is a JSON value or a Uint8Array')
    raw = { json: true, bytes: encoder.encode(text) }
  }
  if (raw.bytes.length > max) {
    throw new BraidError('INVALID_INPUT', `metadata of ${raw.bytes.length} bytes: the peer takes at most ${max}`, {
      scope: 'stream',
      executed: 'no',
    })
  }
  return raw
}

/** Metadata as the application reads it. Throws SyntaxError or TypeError if it is not JSON in UTF-8. */
export function decodeMeta(raw: RawMeta | undefined): Meta | undefined {
  if (raw === undefined) return undefined
  // A view would hold on to all that was received with it.
  if (!raw.json) return raw.bytes.slice()
  return JSON.parse(decoder.decode(raw.bytes)) as Meta
}
