// What a handler throws, as it travels and as the caller sees it: name, code, message and data.
// Knows the error details of a reply and nothing else of the wire.

import { BraidError, type BraidErrorInit, type CodeName, codes } from '../engine/errors.ts'
import { decodeValue, encodeValue } from './codec.ts'
import { defaultBounds } from './survey.ts'

/** A reason on the wire holds 256 bytes; a longer message goes into the details, up to this many characters. */
const REASON_CHARS_MAX = 80
const MESSAGE_CHARS_MAX = 4096
const NAME_CHARS_MAX = 64
/** Half of the smallest frame a peer may declare. */
const DETAIL_BYTES_MAX = 8 * 1024

/** What a {@link RpcError} carries beside its code and text. */
export interface RpcErrorInit extends BraidErrorInit {
  /** Name of the error, for people and logs. Default `RpcError`. */
  name?: string | undefined
  /** Anything an argument can be; the caller reads it as `error.data`. */
  data?: unknown
}

/**
 * An error meant for the caller: thrown by a handler, it arrives with the same name, code, message and data.
 *
 * Any other error a handler throws arrives as `BRAID_INTERNAL` without its text; a BraidError keeps its code and text.
 *
 * @example
 * import { pair } from 'braidwire/test'
 * import { expose, RpcError, wrap } from 'braidwire/rpc'
 *
 * const api = {
 *   buy(item) {
 *     throw new RpcError('EXHAUSTED', `no ${item} left`, { name: 'SoldOut', data: { item } })
 *   },
 * }
 * const [shop, customer] = pair()
 * expose(shop, api)
 * try {
 *   await wrap(customer).buy('tea')
 * } catch (error) {
 *   if (error instanceof RpcError) console.log(error.name, error.code, error.data)
 * }
 * await customer.close()
 */
export class RpcError extends BraidError {
  readonly data: unknown

  constructor(code: CodeName, message: string, init: RpcErrorInit = {}) {
    super(code, message, { scope: 'call', ...init })
    this.name = init.name ?? 'RpcError'
    this.data = init.data
  }
}

/** The part of a failure that has no place in the frame, as a value. */
interface Details {
  name?: string
  message?: string
  data?: unknown
  /** Set when the code alone would promise that nothing was executed, though a handler ran. */
  executed?: 'maybe'
}

/**
 * What the byte level shall send for a thrown value: errors of Braidwire with their details, anything else as it is,
 * for the session to hide.
 */
export function outgoing(thrown: unknown, exposeErrors: boolean): unknown {
  if (!(thrown instanceof BraidError)) return exposeErrors ? exposed(thrown) : thrown
  const name = thrown.code.slice('BRAID_'.length) as CodeName
  // A code that never travels tells of some other session this handler used; to this caller it is an inner matter.
  if (!('number' in codes[name]) && name !== 'RESET')
    return exposeErrors ? exposed(thrown) : new Error(thrown.message, { cause: thrown })
  const details: Details = {}
  if (thrown.name !== 'BraidError') details.name = thrown.name.slice(0, NAME_CHARS_MAX)
  if ('data' in thrown && thrown.data !== undefined) details.data = thrown.data
  if (thrown.initiator === 'remote' && thrown.executed === 'no') details.executed = 'maybe'
  return withDetails(name, thrown.message, thrown.number, details)
}

function exposed(thrown: unknown): BraidError {
  if (!(thrown instanceof Error)) return withDetails('INTERNAL', String(thrown), undefined, {})
  const details: Details = { name: String(thrown.name).slice(0, NAME_CHARS_MAX) }
  if ('data' in thrown && thrown.data !== undefined) details.data = thrown.data
  return withDetails('INTERNAL', thrown.message, undefined, details)
}

function withDetails(name: CodeName, message: string, number: number | undefined, details: Details): BraidError {
  if (message.length > REASON_CHARS_MAX) details.message = message.slice(0, MESSAGE_CHARS_MAX)
  return new BraidError(name, message, { scope: 'call', number, details: detailBytes(details) })
}

/** Data that cannot travel, or is too long for a reply, must not cost the caller the code and the text. */
function detailBytes(details: Details): Uint8Array | undefined {
  if (Object.keys(details).length === 0) return undefined
  try {
    const bytes = encodeValue(details)
    if (bytes.length <= DETAIL_BYTES_MAX) return bytes
  } catch {
    // Falls through to the details without it.
  }
  const { data, ...rest } = details
  return encodeValue(rest)
}

/** The error as the caller shall see it: a {@link RpcError} when the callee sent details, else the error it was. */
export function incoming(error: unknown): unknown {
  if (!(error instanceof BraidError) || error.details === undefined || error.details.length === 0) return error
  let details: unknown
  try {
    details = decodeValue(error.details, defaultBounds)
  } catch {
    return error
  }
  if (typeof details !== 'object' || details === null) return error
  const { name, message, data, executed } = details as { [Key in keyof Details]: unknown }
  return new RpcError(
    error.code.slice('BRAID_'.length) as CodeName,
    typeof message === 'string' ? message.slice(0, MESSAGE_CHARS_MAX) : error.message,
    {
      name: typeof name === 'string' && name !== '' ? name.slice(0, NAME_CHARS_MAX) : undefined,
      data,
      scope: error.scope,
      initiator: error.initiator,
      executed: executed === 'maybe' ? 'maybe' : error.executed,
      number: error.number,
      reason: error.reason,
    },
  )
}
