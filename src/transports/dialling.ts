// Dialling: what every way to reach another side has in common - it ends in time, it can be given up, it tells exactly once how it
// went. Knows no carrier.

import { BraidError } from '../engine/errors.ts'
import type { Transport } from '../session/transport.ts'

export interface DialOptions {
  /** Aborting gives up. */
  signal?: AbortSignal | undefined
  /** How long to wait for the other side to answer, every handshake below the session included, in ms. Default 10,000. */
  dialTimeoutMs?: number | undefined
}

const DIAL_TIMEOUT_MS = 10_000
const DIAL_TIMEOUT_MS_MAX = 600_000

/** What every error of dialling says of itself. */
export const transportScope = { scope: 'transport' } as const

/** One attempt that is under way. */
export interface Attempt {
  /** Gives up: nothing of it stays. */
  giveUp(): void
  /** What it is called when its time is over. Default: that nobody answered. */
  tooLate?(ms: number): BraidError
}

/** Checks the options before anything is opened. */
export function checkDial({ dialTimeoutMs = DIAL_TIMEOUT_MS }: DialOptions): void {
  if (dialTimeoutMs >= 1 && dialTimeoutMs <= DIAL_TIMEOUT_MS_MAX) return
  const text = `option dialTimeoutMs takes a number from 1 to ${DIAL_TIMEOUT_MS_MAX}, not ${dialTimeoutMs}`
  throw new BraidError('INVALID_INPUT', text, transportScope)
}

/**
 * Runs an attempt to reach `url`, which settles with a transport or with why there is none, but not before `begin` returns. Whatever
 * comes after that is ignored.
 */
export function attempt(
  url: string,
  options: DialOptions,
  begin: (settle: (outcome: Transport | BraidError) => void) => Attempt,
): Promise<Transport> {
  const { signal, dialTimeoutMs = DIAL_TIMEOUT_MS } = options
  const givenUp = () =>
    new BraidError('CANCELLED', `dialling ${url} was given up`, { ...transportScope, cause: signal?.reason })
  if (signal?.aborted) return Promise.reject(givenUp())
  return new Promise((resolve, reject) => {
    let over = false
    const settle = (outcome: Transport | BraidError): void => {
      if (over) return
      over = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      if (!(outcome instanceof BraidError)) return resolve(outcome)
      under.giveUp()
      reject(outcome)
    }
    const aborted = () => settle(givenUp())
    const noAnswer = (ms: number) =>
      new BraidError('UNREACHABLE', `cannot reach ${url}: no answer within ${ms} ms`, transportScope)
    const under = begin(settle)
    const timer = setTimeout(() => settle((under.tooLate ?? noAnswer)(dialTimeoutMs)), dialTimeoutMs)
    signal?.addEventListener('abort', aborted, { once: true })
  })
}
