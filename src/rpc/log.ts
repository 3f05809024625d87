// What calls write to a log, and what of a failure may stand in it: never arguments, metadata or the data of an error.
// Writes where it is told to, and nowhere by itself.

import { BraidError } from '../engine/errors.ts'
import { type Clock, systemClock, systemRandom } from '../session/clock.ts'
import type { Middleware } from './middleware.ts'
import { type Failure, whenOver } from './outcome.ts'

/** Where to write: `console` is one, and so are most loggers. Only text is handed over. */
export interface Log {
  debug(text: string): void
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

/** Options of {@link logCalls}. */
export interface LogCallsOptions {
  /** A call that takes longer than this, in ms, is a warning. Default: none is. */
  readonly slowMs?: number | undefined
  /** Time; for tests. Default: the runtime's. */
  readonly clock?: Clock | undefined
}

/** Digits of a log id: enough to find one line, few enough to read aloud. */
const ID_DIGITS = 8
/** How many causes of an error are written down. */
const CAUSES_MAX = 5
const STACK_CHARS_MAX = 8_192

/**
 * Middleware for both sides that writes a line for each call when it is over: which method, how long, and the code of its
 * failure. A call that went well is `debug`, one that failed `info`, a slow one `warn`. Arguments, metadata, results and the
 * text of errors are never written.
 *
 * @param log where to write; false: nowhere.
 * @throws RangeError for a `slowMs` that is no number from 0.
 * @example
 * import { logCalls } from 'braidwire/rpc'
 *
 * const log = { debug: (text) => console.log(text.replace(/\d+ ms/, 'few ms')), info() {}, warn() {}, error() {} }
 * const call = { side: 'server', method: 'files.read', args: ['secret'], metadata: {} }
 * await logCalls(log)(call, async () => 'contents') // prints: answered "files.read" in few ms
 */
export function logCalls(log: Log | false, options: LogCallsOptions = {}): Middleware {
  const { slowMs = Number.POSITIVE_INFINITY, clock = systemClock } = options
  if (!(slowMs >= 0)) throw new RangeError(`slowMs takes a number of ms from 0, not ${slowMs}`)
  if (log === false) return (_call, next) => next()
  return async (call, next) => {
    const begun = clock.now()
    const over = (failure: Failure): void => {
      const ms = clock.now() - begun
      const verb = call.side === 'client' ? 'called' : 'answered'
      const line = `${verb} ${quoted(call.method)} in ${Math.round(ms)} ms`
      const text = failure === undefined ? line : `${line}: ${label(failure.error)}`
      write(log, ms > slowMs ? 'warn' : failure === undefined ? 'debug' : 'info', text)
    }
    try {
      return whenOver(await next(), over)
    } catch (error) {
      over({ error })
      throw error
    }
  }
}

/**
 * Writes down an error whose text its caller does not get, with an id that goes to both: the caller can quote it.
 *
 * Of the error its stack stands in the log, and those of its causes; none of its other properties, which may hold anything.
 *
 * @param log where to write; false or undefined: nowhere.
 * @returns the id, eight letters and digits; '' when nothing is written.
 * @example
 * import { logFailure } from 'braidwire/rpc'
 *
 * const log = { debug() {}, info() {}, warn() {}, error: (text) => console.log(text.split('\n')[0].slice(0, 29)) }
 * const id = logFailure(log, new Error('no such table'), 'files.read') // prints: "files.read" failed (log id ...
 * console.log(id.length) // 8
 */
export function logFailure(
  log: Log | false | undefined,
  error: unknown,
  method: string,
  random: () => number = systemRandom,
): string {
  if (log === false || log === undefined) return ''
  const id = makeLogId(random)
  write(log, 'error', `${quoted(method)} failed (log id ${id}): ${trace(error)}`)
  return id
}

/** An id for one failure, eight letters and digits. */
export function makeLogId(random: () => number = systemRandom): string {
  let id = ''
  while (id.length < ID_DIGITS)
    id += Math.floor(random() * 36)
      .toString(36)
      .slice(-1)
  return id
}

/** A log that throws must not change what a caller gets. */
function write(log: Log, level: keyof Log, text: string): void {
  try {
    log[level](text)
  } catch {
    // There is nowhere to tell.
  }
}

/** Callers choose names: none may end a line and begin another. */
function quoted(method: string): string {
  return JSON.stringify(method)
}

function label(error: unknown): string {
  if (error instanceof BraidError) return error.code
  return error instanceof Error ? quoted(String(error.name)).slice(1, -1) : typeof error
}

function trace(error: unknown): string {
  const lines: string[] = []
  let current = error
  for (let depth = 0; depth <= CAUSES_MAX && current !== undefined; depth++) {
    try {
      const text = current instanceof Error ? (current.stack ?? `${current.name}: ${current.message}`) : String(current)
      lines.push(text.slice(0, STACK_CHARS_MAX))
    } catch {
      lines.push('an error that cannot be read')
    }
    current = current instanceof Error ? current.cause : undefined
  }
  return lines.join('\ncaused by: ')
}
