// What a handler throws, as it travels and as the caller sees it: name, code, message, data and cause.
// Knows the error details of a reply and nothing else of the wire.

import { BraidError, type BraidErrorInit, type CodeName, codeName, codeNumber, codes } from '../engine/errors.ts'
import { joined } from '../session/bytes.ts'
import type { Bytes } from '../session/opener.ts'
import type { Codec } from './codec/codec.ts'
import { defaultBounds } from './codec/limits.ts'

/** A reason on the wire holds 256 bytes; a longer message goes into the details, up to this many characters. */
const REASON_CHARS_MAX = 80
const MESSAGE_CHARS_MAX = 4096
/** What of a message always has room, whatever its characters. */
const SHORT_CHARS_MAX = 1024
const NAME_CHARS_MAX = 64
const STACK_CHARS_MAX = 8192
/** Half of the smallest frame a peer may declare. */
const DETAIL_BYTES_MAX = 8 * 1024

/** What a {@link RpcError} carries beside its code and text. */
export interface RpcErrorInit extends BraidErrorInit {
  /** Name of the error, for people and logs. Default `RpcError`. */
  name?: string | undefined
  /** Anything an argument can be; the caller reads it as `error.data`. */
  data?: unknown
  /** Where the other side threw it, if it says so. */
  remoteStack?: string | undefined
}

/**
 * An error meant for the caller: thrown by a handler, it arrives with the same name, code, message, data and cause.
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
  /** Where the other side threw it; only when it was exposed with `exposeStacks`. */
  readonly remoteStack: string | undefined

  constructor(code: CodeName, message: string, init: RpcErrorInit = {}) {
    super(code, message, { scope: 'call', ...init })
    this.name = init.name ?? 'RpcError'
    this.data = init.data
    this.remoteStack = init.remoteStack
  }
}

/** What a side tells of its errors. */
export interface FailurePolicy {
  /** Name, text and data of errors not meant for callers travel too. */
  readonly exposeErrors: boolean
  /** Stacks travel too. */
  readonly exposeStacks: boolean
  /** Told of an error whose text is hidden. Answers the id under which it is to be found, or ''. */
  hidden(error: unknown, method: string): string
}

/** Hides everything, and tells nobody. */
export const hideAll: FailurePolicy = { exposeErrors: false, exposeStacks: false, hidden: () => '' }

/** The part of a failure that has no place in the frame, as a value. */
interface Details {
  name?: string
  message?: string
  data?: unknown
  cause?: unknown
  stack?: string
  /** Set when it is not what the code alone says: a handler ran, or something in front of it refused the call. */
  executed?: 'no' | 'maybe'
  /** Only where there is no frame: the code's number. */
  code?: number
}

/** What shall be said of a thrown value: a code with its number, a text, and details. */
interface Saying {
  readonly code: CodeName
  readonly number: number | undefined
  readonly message: string
  readonly details: Details
}

function saying(thrown: unknown, policy: FailurePolicy, method: string): Saying {
  const inner = !(thrown instanceof BraidError) || !travels(thrown)
  if (inner && !policy.exposeErrors) {
    const id = policy.hidden(thrown, method)
    const message =
      id === '' ? codes.INTERNAL.meaning : `the method failed; its owner has the reason under log id ${id}`
    return { code: 'INTERNAL', number: undefined, message, details: {} }
  }
  if (!(thrown instanceof Error)) return { code: 'INTERNAL', number: undefined, message: String(thrown), details: {} }
  const details: Details = {}
  if (thrown.name !== 'BraidError') details.name = String(thrown.name).slice(0, NAME_CHARS_MAX)
  if ('data' in thrown && thrown.data !== undefined) details.data = thrown.data
  // The cause of an error that is not of ours was never meant to be seen, whatever is exposed.
  if (thrown instanceof RpcError && thrown.cause !== undefined) details.cause = thrown.cause
  if (policy.exposeStacks && thrown.stack !== undefined) details.stack = thrown.stack.slice(0, STACK_CHARS_MAX)
  if (inner) return { code: 'INTERNAL', number: undefined, message: thrown.message, details }
  const error = thrown as BraidError
  if (error.initiator === 'remote' && error.executed === 'no') details.executed = 'maybe'
  else if (error.executed === 'no' && new BraidError(nameOf(error), '').executed !== 'no') details.executed = 'no'
  return { code: nameOf(error), number: error.number, message: error.message, details }
}

/** A code that never travels tells of some other session this handler used; to this caller it is an inner matter. */
function travels(error: BraidError): boolean {
  const name = nameOf(error)
  return 'number' in codes[name] || name === 'RESET'
}

function nameOf(error: BraidError): CodeName {
  return error.code.slice('BRAID_'.length) as CodeName
}

/** What the byte level shall send in a reply for a thrown value. */
export function outgoing(thrown: unknown, policy: FailurePolicy, codec: Codec, method: string): BraidError {
  const { code, number, message, details } = saying(thrown, policy, method)
  if (message.length > REASON_CHARS_MAX) details.message = message.slice(0, MESSAGE_CHARS_MAX)
  return new BraidError(code, message, { scope: 'call', number, details: detailBytes(details, codec) })
}

/** The same as one value, for a stream of items. */
export function encodeFailure(thrown: unknown, policy: FailurePolicy, codec: Codec, method: string): Bytes {
  const { code, number, message, details } = saying(thrown, policy, method)
  const whole = { ...details, message: message.slice(0, MESSAGE_CHARS_MAX), code: number ?? codeNumber(code) }
  // A long text may take more bytes than there are; a short one always fits.
  const short = { message: message.slice(0, REASON_CHARS_MAX), code: whole.code }
  return detailBytes(whole, codec) ?? (detailBytes(short, codec) as Uint8Array)
}

/** Data that cannot travel, or is too long for a reply, must not cost the caller the code and the text. */
function detailBytes(details: Details, codec: Codec): Uint8Array | undefined {
  const { data, cause, stack, ...rest } = details
  const short = rest.message === undefined ? rest : { ...rest, message: rest.message.slice(0, SHORT_CHARS_MAX) }
  for (const tried of [details, { ...rest, data, stack }, rest, short]) {
    if (Object.values(tried).every((part) => part === undefined)) return undefined
    try {
      const bytes = joined(codec.encode(tried))
      if (bytes.length <= DETAIL_BYTES_MAX) return bytes
    } catch {
      // Falls through to the details with less.
    }
  }
  return undefined
}

/** The error as the caller shall see it: a {@link RpcError} when the callee sent details, else the error it was. */
export function incoming(error: unknown, codec: Codec): unknown {
  if (!(error instanceof BraidError) || error.details === undefined || error.details.length === 0) return error
  const details = decodeDetails(error.details, codec)
  return details === undefined ? error : rebuild(nameOf(error), error, details)
}

/** The error a stream of items ended with. */
export function decodeFailure(bytes: Uint8Array, codec: Codec): RpcError {
  const details = decodeDetails(bytes, codec) ?? {}
  const number = typeof details.code === 'number' && Number.isSafeInteger(details.code) ? details.code : 10
  const error = new BraidError(codeName(number), '', { scope: 'call', initiator: 'remote', number })
  return rebuild(codeName(number), error, details)
}

type Unchecked = { [Key in keyof Details]?: unknown }

function decodeDetails(bytes: Uint8Array, codec: Codec): Unchecked | undefined {
  try {
    const details = codec.decode(bytes, defaultBounds)
    return typeof details === 'object' && details !== null ? details : undefined
  } catch {
    return undefined
  }
}

function rebuild(code: CodeName, error: BraidError, details: Unchecked): RpcError {
  const { name, message, data, cause, stack, executed } = details
  const text = typeof message === 'string' ? message.slice(0, MESSAGE_CHARS_MAX) : error.message
  return new RpcError(code, text === '' ? codes[code].meaning : text, {
    name: typeof name === 'string' && name !== '' ? name.slice(0, NAME_CHARS_MAX) : undefined,
    data,
    cause,
    remoteStack: typeof stack === 'string' ? stack.slice(0, STACK_CHARS_MAX) : undefined,
    scope: error.scope,
    initiator: error.initiator,
    executed: executed === 'maybe' || executed === 'no' ? executed : error.executed,
    number: error.number,
    reason: error.reason,
  })
}
