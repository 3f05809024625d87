// Errors, patterns, URLs and dates as the data they travel as, and back: what the codecs share about objects of the platform.
// Knows no format. The one place here that makes dates, of data only: it reads no clock.

import { BraidError, type CodeName, codes } from '../../engine/errors.ts'
import { badValue, cannotSend } from './limits.ts'

const NAME_CHARS_MAX = 64
/** Longest source of a RegExp that travels: what compiles it grows with it. */
const PATTERN_CHARS_MAX = 1024
const URL_CHARS_MAX = 8192

/** Names that bring back a class of their own; any other stays a name. A Map, so that no name reaches a prototype. */
const errorClasses: ReadonlyMap<string, ErrorConstructor> = new Map<string, ErrorConstructor>([
  ['EvalError', EvalError],
  ['RangeError', RangeError],
  ['ReferenceError', ReferenceError],
  ['SyntaxError', SyntaxError],
  ['TypeError', TypeError],
  ['URIError', URIError],
])

/** Name, message, code, data and cause, without what is undefined at the end. Never the stack. */
export function errorFields(error: Error): unknown[] {
  const { name, message, code, data, cause } = error as Error & { readonly code?: unknown; readonly data?: unknown }
  const fields = [
    String(name).slice(0, NAME_CHARS_MAX),
    String(message),
    typeof code === 'string' || (typeof code === 'number' && Number.isFinite(code)) ? code : undefined,
    data,
    cause,
  ]
  while (fields.length > 2 && fields.at(-1) === undefined) fields.pop()
  return fields
}

/**
 * The error of such fields: a BraidError for a code of ours, a built-in class by its name, else an Error with that name.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for fields of other types.
 */
export function errorFrom(fields: unknown): Error {
  if (!Array.isArray(fields) || fields.length < 2 || fields.length > 5) throw badValue('an error has 2 to 5 fields')
  const [name, message, code, data, cause] = fields as unknown[]
  if (typeof name !== 'string' || name.length > NAME_CHARS_MAX) throw badValue('the name of an error is no short text')
  if (typeof message !== 'string') throw badValue('the message of an error is no text')
  if (code !== undefined && typeof code !== 'string' && typeof code !== 'number')
    throw badValue('the code of an error is neither text nor number')
  const ours = typeof code === 'string' ? codeOf(code) : undefined
  const init = cause === undefined ? undefined : { cause }
  const error =
    ours === undefined
      ? new (errorClasses.get(name) ?? Error)(message, init)
      : new BraidError(ours, message, { scope: 'call', initiator: 'remote', executed: 'maybe', cause })
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
  // The stack made here would show how it was decoded, which helps nobody; the other side's does not travel.
  Object.defineProperty(error, 'stack', { value: `${name}: ${message}`, configurable: true, writable: true })
  if (code !== undefined && ours === undefined) Object.assign(error, { code })
  if (data !== undefined) Object.assign(error, { data })
  return error
}

function codeOf(code: string): CodeName | undefined {
  const name = code.startsWith('BRAID_') ? code.slice('BRAID_'.length) : ''
  return Object.hasOwn(codes, name) ? (name as CodeName) : undefined
}

export function patternText({ flags, source }: RegExp): [flags: string, source: string] {
  if (source.length > PATTERN_CHARS_MAX) throw cannotSend(`a RegExp of more than ${PATTERN_CHARS_MAX} characters`)
  return [flags, source]
}

/** @throws BraidError `BRAID_INVALID_INPUT` for a pattern that is too long or that this runtime cannot compile. */
export function patternFrom(flags: string, source: string): RegExp {
  if (source.length > PATTERN_CHARS_MAX) throw badValue(`a RegExp of more than ${PATTERN_CHARS_MAX} characters`)
  try {
    return new RegExp(source, flags)
  } catch (thrown) {
    throw badValue('a RegExp that cannot be compiled', thrown)
  }
}

interface UrlClass {
  new (text: string): { readonly href: string }
}

function urlClass(): UrlClass | undefined {
  return (globalThis as { URL?: UrlClass }).URL
}

/** The text of a URL; undefined for any other value. */
export function urlText(value: object): string | undefined {
  const URL = urlClass()
  if (URL === undefined || !(value instanceof URL)) return undefined
  if (value.href.length > URL_CHARS_MAX) throw cannotSend(`a URL of more than ${URL_CHARS_MAX} characters`)
  return value.href
}

/** @throws BraidError `BRAID_INVALID_INPUT` for a text that is no URL, or where the runtime has none. */
export function urlFrom(text: string): object {
  if (text.length > URL_CHARS_MAX) throw badValue(`a URL of more than ${URL_CHARS_MAX} characters`)
  const URL = urlClass()
  if (URL === undefined) throw badValue('it holds a URL, and this runtime has no globalThis.URL: set one, or send text')
  try {
    return new URL(text)
  } catch (thrown) {
    throw badValue('a URL that cannot be parsed', thrown)
  }
}

/** A moment as text with milliseconds, in UTC; undefined for any other value. */
export function dateText(value: object): string | undefined {
  if (!(value instanceof Date)) return undefined
  if (Number.isNaN(value.getTime())) throw cannotSend('an invalid Date')
  return value.toISOString()
}

/** @throws BraidError `BRAID_INVALID_INPUT` for any text but the one `dateText` writes. */
export function dateFrom(text: string): Date {
  const date = new Date(text)
  if (Number.isNaN(date.getTime()) || date.toISOString() !== text) throw badValue('a date that is not in ISO 8601 form')
  return date
}

/**
 * Plain objects and classes of somebody's own travel as their fields. What the platform tags (Promise, WeakMap ...)
 * keeps its contents elsewhere and would arrive as an empty object.
 */
export function travelsAsFields(value: object): boolean {
  return isPlain(value) || Object.prototype.toString.call(value) === '[object Object]'
}

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

interface Looks {
  readonly [Symbol.asyncIterator]?: unknown
  readonly readable?: unknown
  readonly writable?: unknown
}

/** Whether a plain object may be more than data: it iterates, or has the halves of a stream. */
export function looksLikeReference(value: object): boolean {
  const { readable, writable } = value as Looks
  return (
    (typeof readable === 'object' && readable !== null) ||
    (typeof writable === 'object' && writable !== null) ||
    (value as Looks)[Symbol.asyncIterator] !== undefined
  )
}

/** Whether a value holds itself, however deep; told only of those that could not be sent. */
export function holdsItself(value: unknown, above: Set<unknown> = new Set(), done: Set<unknown> = new Set()): boolean {
  if (typeof value !== 'object' || value === null || done.has(value)) return false
  if (above.has(value)) return true
  if (above.size >= CYCLE_LENGTH_MAX || ArrayBuffer.isView(value)) return false
  above.add(value)
  const found = insides(value).some((inside) => holdsItself(inside, above, done))
  above.delete(value)
  done.add(value)
  return found
}

const CYCLE_LENGTH_MAX = 1000

function insides(value: object): unknown[] {
  if (value instanceof Map) return [...value].flat()
  if (value instanceof Set) return [...value]
  if (value instanceof Error) return errorFields(value)
  return Object.values(value)
}
