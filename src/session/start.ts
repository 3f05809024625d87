// Starting sessions: the one place that puts a native engine, a transport and a session together.

import { createEngine } from '../engine/engine.ts'
import { BraidError, codes } from '../engine/errors.ts'
import { systemRandom } from './clock.ts'
import { quiet } from './deferred.ts'
import type { SessionHooks } from './hooks.ts'
import { Line } from './line.ts'
import { LiveSession } from './live-session.ts'
import { parseSessionOptions, type SessionOptions, type SessionSettings } from './options.ts'
import { type Dial, Redial } from './redial.ts'
import type { Session } from './session.ts'
import type { Share } from './share.ts'
import type { Transport } from './transport.ts'
import { localError } from './words.ts'

/** Who speaks first: the dialer; or both at once where nobody dialled (ports, memory, streams of another session). */
export type Role = 'dialer' | 'listener' | 'symmetric'

/**
 * Starts a session over a transport; it can be used at once. For transports, views and tests; applications use `connect` and
 * `listen`.
 *
 * `onReady` runs when the peer was admitted and before anything it sent is dispatched: handlers registered there miss nothing.
 * If it throws or rejects, the session ends with INTERNAL.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for an option out of its bounds, `BRAID_EXHAUSTED` when the Budget has no place.
 *
 * @example
 * import { startSession } from 'braidwire'
 * import { memory } from 'braidwire/transport/memory'
 * const [left, right] = memory()
 * const a = startSession(left)
 * const b = startSession(right, {}, 'symmetric', (session) => session.handleCall('echo', (bytes) => bytes))
 * console.log(await a.call('echo', Uint8Array.of(1))) // Uint8Array(1) [ 1 ]
 * await a.close()
 * await b.closed
 */
export function startSession(
  transport: Transport,
  options: SessionOptions = {},
  role: Role = 'symmetric',
  onReady?: (session: Session) => unknown,
): Session {
  return begin(transport, options, role, { ready: onReady })
}

/**
 * Starts a session and waits until both HELLOs were read. Rejects with the error if the session ends first, with CANCELLED if
 * `options.signal` aborts first; the transport is closed then.
 *
 * With `dial` the session outlives its transport, if the other side keeps sessions too: when the transport is lost, `dial` is
 * asked for another, and the session goes on over it with nothing lost or doubled.
 *
 * @example
 * import { connectSession } from 'braidwire'
 * import { memory } from 'braidwire/transport/memory'
 * const [left, right] = memory()
 * const [a, b] = await Promise.all([connectSession(left), connectSession(right, { codec: 'json' }, 'listener')])
 * console.log(a.remote.codec) // 'json'
 * await b.close()
 */
export function connectSession(
  transport: Transport,
  options: SessionOptions = {},
  role: Role = 'dialer',
  dial?: Dial,
): Promise<Session> {
  const { signal } = options
  const resumption = dial === undefined ? undefined : new Redial(dial, options.random ?? systemRandom)
  const promise = new Promise<Session>((resolve, reject) => {
    const over = (error: BraidError | undefined): void => {
      signal?.removeEventListener('abort', abort)
      reject(error ?? new BraidError('CLOSED', 'the other side closed the session', { initiator: 'remote' }))
    }
    const ready = (session: Session): void => {
      signal?.removeEventListener('abort', abort)
      resolve(session)
    }
    const session = attempt(transport, () => begin(transport, options, role, { ready, over, resumption }))
    const abort = (): void => {
      reject(localError(codes.CANCELLED.number, 'connecting was given up', { executed: 'no', cause: signal?.reason }))
      quiet(session.close('CANCELLED'))
    }
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort)
  })
  return quiet(promise)
}

/** Whoever is only told that there is no session cannot close its transport. */
function attempt<T>(transport: Transport, task: () => T): T {
  try {
    return task()
  } catch (thrown) {
    new Line(transport).turnAway()
    throw thrown
  }
}

/** Starts a session whose end and resumption somebody looks after. */
export function begin(transport: Transport, options: SessionOptions, role: Role, hooks: SessionHooks): Session {
  const settings = parseSessionOptions(options)
  return startShared(transport, settings, role, hooks, settings.budget.dialled())
}

/** Starts a session that has its share of the Budget already. One that may not become a session is told so, if it asks for one. */
export function startShared(
  transport: Transport,
  settings: SessionSettings,
  role: Role,
  hooks: SessionHooks,
  share: Share,
): LiveSession {
  const engine = createEngine(settings.engine, {
    waitForPreface: role === 'listener',
    gate: settings.authorize !== undefined,
    refuse: hooks.refuse ?? share.refusal,
    resume: hooks.resumption !== undefined,
    random: settings.random,
  })
  const session = new LiveSession(engine, transport, settings, hooks, share)
  try {
    session.start()
  } catch (thrown) {
    share.end()
    throw thrown
  }
  return session
}
