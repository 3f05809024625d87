// Options of a session in one table: meaning, unit, default, bounds. The engine's own are in engine/options.ts.

import { BraidError } from '../engine/errors.ts'
import { type EngineOptions, type EngineSettings, parseOptions } from '../engine/options.ts'
import { Budget, sharedBudget } from './budget.ts'
import { type Clock, systemClock, systemRandom } from './clock.ts'
import type { Session } from './session.ts'

/** Numeric options of a session with default and bounds; sizes in bytes, times in ms. */
export const sessionBounds = {
  /** Time `authorize` may take, in ms; after that the session is refused. */
  authorizeTimeoutMs: { default: 10_000, min: 1, max: 600_000 },
  /** Time for which the transport may take no byte although some wait, in ms; after that it is cut. */
  writeTimeoutMs: { default: 30_000, min: 100, max: 86_400_000 },
  /** How long a stream or call waits for a handler before it is refused, in ms. */
  handlerWaitMs: { default: 1_000, min: 0, max: 600_000 },
  /** Largest message of `send` and `messages()`, in bytes. */
  maxMessage: { default: 1024 * 1024, min: 1, max: 2 ** 30 - 1 },
  /** Bytes of messages and call bodies being put together, of the whole session. */
  maxAssembled: { default: 16 * 1024 * 1024, min: 64 * 1024, max: 2 ** 30 - 1 },
} as const

type SessionNumber = keyof typeof sessionBounds

/** Options of a session: those of its engine, and what the session itself decides. */
export interface SessionOptions extends EngineOptions, Partial<Record<SessionNumber, number>> {
  /**
   * Runs when the peer's HELLO was read (see `session.remote.auth`) and before anything else of the peer is looked at.
   * What it returns becomes `session.principal`; throwing refuses the session with DENIED. Default: everybody may.
   */
  authorize?: ((session: Session) => unknown) | undefined
  /** Tell the peer the text of errors that handlers throw. Default false: it learns INTERNAL and no more. */
  exposeErrors?: boolean | undefined
  /** What this session shares with others; see `Budget`. Default: one for all sessions of the process that are given none. */
  budget?: Budget | undefined
  /** Aborting gives up connecting, or ends listening. */
  signal?: AbortSignal | undefined
  /** Time and timers; for tests. Default: the runtime's. */
  clock?: Clock | undefined
  /** Numbers from 0 to 1 for what need not be secret; for tests. Default: the runtime's. */
  random?: (() => number) | undefined
}

/** Options with every default filled in. */
export interface SessionSettings extends Record<SessionNumber, number> {
  readonly engine: EngineSettings
  readonly authorize: ((session: Session) => unknown) | undefined
  readonly exposeErrors: boolean
  readonly budget: Budget
  readonly clock: Clock
  readonly random: () => number
}

/**
 * Fills in defaults and checks every bound.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` naming the option, its bounds and what was given.
 */
export function parseSessionOptions(options: SessionOptions = {}): SessionSettings {
  const numbers = {} as Record<SessionNumber, number>
  for (const name of Object.keys(sessionBounds) as SessionNumber[]) {
    const { default: byDefault, min, max } = sessionBounds[name]
    const value = options[name] ?? byDefault
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new BraidError('INVALID_INPUT', `option ${name} takes a whole number from ${min} to ${max}, not ${value}`)
    }
    numbers[name] = value
  }
  const budget = options.budget ?? sharedBudget()
  if (!(budget instanceof Budget)) throw new BraidError('INVALID_INPUT', 'option budget takes a Budget')
  return {
    ...numbers,
    engine: parseOptions(options),
    authorize: options.authorize,
    exposeErrors: options.exposeErrors ?? false,
    budget,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  }
}
