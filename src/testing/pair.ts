// pair: two sessions joined in memory, for tests and examples.

import '#platform'
import type { SessionOptions } from '../session/options.ts'
import type { Session } from '../session/session.ts'
import { startSession } from '../session/start.ts'
import type { Transport } from '../session/transport.ts'
import { memory } from '../transports/memory.ts'

export { ManualClock } from './manual-clock.ts'

/** A day: a test's clock leaps, and in between neither side is heard by the other. */
const IDLE_MS = 86_400_000

/**
 * Two sessions over an in-memory transport, usable at once; `options` are for both, or `second` for the second. Unless the
 * options say otherwise they bear a silence of a day.
 *
 * @example
 * import { pair } from 'braidwire/test'
 * const [a, b] = pair()
 * b.handle('greet', (stream) => stream.end({ hello: stream.meta }))
 * const stream = a.open('greet', { meta: 'Ada' })
 * stream.end()
 * await stream.closed
 * console.log(stream.trailer) // { hello: 'Ada' }
 * await a.close()
 */
export function pair(options: SessionOptions = {}, second: SessionOptions = options): [Session, Session] {
  const [left, right] = memory()
  const start = (transport: Transport, own: SessionOptions): Session =>
    startSession(transport, { idleTimeoutMs: IDLE_MS, ...own }, 'symmetric')
  return [start(left, options), start(right, second)]
}
