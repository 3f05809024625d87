// Budget: what all sessions of a process may take together. Decides who may come in before anything is spent on him.
// Knows neither sessions nor transports; share.ts is what each of them takes.

import { BraidError } from '../engine/errors.ts'
import { Addresses, Handshakes } from './arrivals.ts'
import { Ceiling, type LimitUse } from './ceiling.ts'
import { exhausted, type Pools, Share } from './share.ts'

const MiB = 1024 * 1024
const UNLIMITED = Number.POSITIVE_INFINITY

/** Every limit of a Budget with its default and the least it may be; the most is no limit, `Infinity`. */
export const budgetBounds = {
  bytes: { default: 1024 * MiB, min: MiB },
  sessions: { default: UNLIMITED, min: 1 },
  sessionsPerAddress: { default: UNLIMITED, min: 1 },
  handshakes: { default: 1024, min: 1 },
  detached: { default: 1000, min: 0 },
  detachedBytes: { default: 256 * MiB, min: 0 },
} as const

type BudgetLimit = keyof typeof budgetBounds

/** Limits of a Budget: whole numbers, or `Infinity` for none. */
export interface BudgetOptions {
  /**
   * Bytes all sessions may hold before no new one is taken and no window grows: received and not read, queued and not sent, put
   * together. From 1 MiB. Default 1 GiB: as much as 32 sessions with a full `sessionWindow`.
   */
  bytes?: number | undefined
  /** Sessions, dialled and accepted, from 1. Those that still shake hands do not count. Default: no limit. */
  sessions?: number | undefined
  /**
   * Accepted connections of one remote host, shaking hands or not, from 1. A Unix socket is one address. Default: no limit,
   * because behind a proxy all clients have one address.
   */
  sessionsPerAddress?: number | undefined
  /**
   * Accepted connections that may be shaking hands at once, from 1. One more, and the oldest of them is closed: strangers who
   * say nothing cost bounded memory and keep nobody out. Default 1,024.
   */
  handshakes?: number | undefined
  /** Sessions that lost their transport and wait for another. One more, and it is over at once. Default 1,000. */
  detached?: number | undefined
  /** Bytes those may hold together. Default 256 MiB. */
  detachedBytes?: number | undefined
}

/** Each limit of a Budget: what it is set to, how much is in use, how often something was refused because of it. */
export type BudgetStats = Readonly<Record<BudgetLimit, LimitUse>>

/**
 * What all sessions that are given it may take together: pass one object as the option `budget` of every `listen` and `connect`
 * of a process. Those that are given none share one with the defaults.
 *
 * @example
 * import { Budget, connect, listen } from 'braidwire'
 * const budget = new Budget({ sessions: 2, sessionsPerAddress: 10 })
 * const listener = await listen('tcp://127.0.0.1:0', () => {}, { budget })
 * const session = await connect(listener.url, { budget }) // both ends of it are sessions of this process
 * await connect(listener.url, { budget }).catch((error) => console.log(error.code)) // 'BRAID_EXHAUSTED'
 * console.log(budget.stats().sessions) // { max: 2, used: 2, refused: 1 }
 * await session.close()
 * await listener.close()
 */
export class Budget {
  readonly #pools: Pools

  /** Throws BraidError INVALID_INPUT naming a limit that is no whole number, or less than it may be. */
  constructor(options: BudgetOptions = {}) {
    const limit = (name: BudgetLimit): number => {
      const { default: byDefault, min } = budgetBounds[name]
      const value = options[name] ?? byDefault
      if (value !== UNLIMITED && (!Number.isSafeInteger(value) || value < min)) {
        const text = `${name} of a Budget takes a whole number from ${min}, or Infinity, not ${value}`
        throw new BraidError('INVALID_INPUT', text)
      }
      return value
    }
    this.#pools = {
      bytes: new Ceiling(limit('bytes')),
      sessions: new Ceiling(limit('sessions')),
      addresses: new Addresses(limit('sessionsPerAddress')),
      handshakes: new Handshakes(limit('handshakes')),
      detached: new Ceiling(limit('detached')),
      detachedBytes: new Ceiling(limit('detachedBytes')),
    }
  }

  /** Every limit with its value, its use and its refusals. Sizes in bytes. */
  stats(): BudgetStats {
    const use = ({ max, used, refused }: LimitUse): LimitUse => ({ max, used, refused })
    const { bytes, sessions, addresses, handshakes, detached, detachedBytes } = this.#pools
    return {
      bytes: use(bytes),
      sessions: use(sessions),
      sessionsPerAddress: use(addresses),
      handshakes: use(handshakes),
      detached: use(detached),
      detachedBytes: use(detachedBytes),
    }
  }

  /** For `connect`: why no session can begin now, if none can, before anybody is dialled. Counts it as refused. */
  refuses(): BraidError | undefined {
    const { bytes, sessions } = this.#pools
    const isShort = bytes.used >= bytes.max
    if (!isShort && sessions.used < sessions.max) return undefined
    const reached = isShort ? bytes : sessions
    reached.refused++
    return exhausted(isShort ? 'bytes' : 'sessions', reached.max)
  }

  /**
   * For who begins sessions: the share of one that this side began.
   *
   * @throws BraidError `BRAID_EXHAUSTED` naming the limit.
   */
  dialled(): Share {
    const refusal = this.refuses()
    if (refusal !== undefined) throw refusal
    const share = new Share(this.#pools, undefined, undefined)
    share.enter()
    return share
  }

  /**
   * For who accepts connections: the share of one that begins to shake hands. Its `refusal` says that it must not become a new
   * session. Undefined: close the connection without a word.
   */
  accepted(address: string): Share | undefined {
    const { addresses, handshakes } = this.#pools
    if (handshakes.overrun()) return undefined
    let refusal = this.refuses()
    if (refusal === undefined && !addresses.enter(address)) refusal = exhausted('sessionsPerAddress', addresses.max)
    const share = new Share(this.#pools, refusal === undefined ? address : undefined, refusal)
    handshakes.enter(share)
    return share
  }
}

let processBudget: Budget | undefined

/** What sessions share that are given no other. */
export function sharedBudget(): Budget {
  processBudget ??= new Budget()
  return processBudget
}
