// Listener: transports that somebody accepts become sessions; it keeps them, bounds those still shaking hands, and ends
// them all. Knows no socket: whoever accepts hands transports over and can be told to stop.

import { BraidError } from '../engine/errors.ts'
import { quiet } from './deferred.ts'
import { parseSessionOptions, type SessionOptions } from './options.ts'
import { Refusals } from './refusals.ts'
import type { DrainReport, Session } from './session.ts'
import { begin } from './start.ts'
import { Tickets } from './tickets.ts'
import type { Transport, TransportSink } from './transport.ts'

/** How a listener keeps sessions whose transport was lost. */
export interface ResumeOptions {
  /** How long one is kept for its peer to come back, in ms, from 1 to 3,600,000. Default 60,000. */
  keepMs?: number | undefined
  /**
   * Also over transports that others can read: whoever reads the ticket there can take the session over. Default false: only over
   * TLS, Unix sockets, loopback, and within a process.
   */
  plain?: boolean | undefined
}

/** Options of `listen`: those of every session, and what the listener itself decides. */
export interface ListenOptions extends SessionOptions {
  /**
   * Connections that may be shaking hands at once, from 1. One more, and the oldest of them is closed: strangers who say
   * nothing cost bounded memory and keep nobody out. Default 1,024.
   */
  maxHandshakes?: number | undefined
  /**
   * Keep a session when its transport is lost, so that a peer that dials again (`connect` with `reconnect`) goes on with it:
   * nothing is lost or doubled. Default false.
   */
  resume?: boolean | ResumeOptions | undefined
}

export interface ListenerStats {
  /** Connections accepted so far. */
  readonly accepted: number
  /** Sessions that are live. */
  readonly sessions: number
  /** Connections that are shaking hands now, how many may, and how many were closed because of that bound. */
  readonly handshakes: { readonly max: number; readonly used: number; readonly refused: number }
}

/** Accepts sessions until it is closed. */
export interface Listener extends AsyncDisposable {
  /** The first of `urls`. */
  readonly url: string
  /** Where it listens, one for each target, with the real port: what to dial. */
  readonly urls: readonly string[]
  /** The live sessions: those handed to the callback and not closed yet. Who is still shaking hands is not among them. */
  readonly sessions: ReadonlySet<Session>
  /** Takes no new sessions, drains every live one for up to `ms`, then closes. Tells what had to be cut, all together. */
  drain(ms: number): Promise<DrainReport>
  /** Takes no new sessions and closes the live ones. Resolves when all transports are gone. */
  close(): Promise<void>
  stats(): ListenerStats
}

/** Where transports come in until it is closed: a listening socket, one transport. `url` is what to dial, with the real port. */
export interface Door {
  readonly url: string
  close(): unknown
}

/** Keeps a transport only to close it. */
const NOBODY: TransportSink = { bytes: () => {}, drained: () => {}, closed: () => {} }

const HANDSHAKES_MAX = 1024
const KEEP_MS = 60_000
const KEEP_MS_MAX = 3_600_000

/**
 * A Listener whose doors and transports are handed in: what `listen` is made of, for whoever accepts something else.
 *
 * @example
 * import { connect, LiveListener } from 'braidwire'
 * import { memory } from 'braidwire/transport/memory'
 * const listener = new LiveListener((session) => session.handleCall('echo', (bytes) => bytes), { maxHandshakes: 10 })
 * listener.add({ url: 'memory:', close: () => console.log('nobody else') }) // 'nobody else'
 * const [near, far] = memory()
 * listener.accept(far)
 * const session = await connect(near)
 * console.log(await session.call('echo', Uint8Array.of(1))) // Uint8Array(1) [ 1 ]
 * await listener.close()
 */
export class LiveListener implements Listener {
  readonly #options: ListenOptions
  readonly #onSession: (session: Session) => unknown
  readonly #doors: Door[] = []
  readonly #ready = new Set<Session>()
  /** In the order they came: the first is the oldest. */
  readonly #handshaking = new Set<Session>()
  /** Closed, their transports still ending. */
  readonly #ending = new Set<Session>()
  readonly #handshakesMax: number
  readonly #signal: AbortSignal | undefined
  readonly #tickets: Tickets | undefined
  readonly #refusals = new Refusals()
  readonly #plain: boolean
  readonly #aborted = () => void this.close()
  #accepted = 0
  #refused = 0
  #open = true
  #stopped: Promise<unknown> | undefined
  #closed: Promise<void> | undefined

  /** Throws BraidError INVALID_INPUT for an option out of its bounds: better here than at the first connection. */
  constructor(onSession: (session: Session) => unknown, options: ListenOptions) {
    const { maxHandshakes = HANDSHAKES_MAX, resume = false, signal, ...rest } = options
    const { keepMs = KEEP_MS, plain = false } = typeof resume === 'object' ? resume : {}
    parseSessionOptions(rest)
    if (!Number.isInteger(maxHandshakes) || maxHandshakes < 1) {
      throw new BraidError('INVALID_INPUT', `option maxHandshakes takes a whole number from 1, not ${maxHandshakes}`)
    }
    if (!(keepMs >= 1 && keepMs <= KEEP_MS_MAX)) {
      throw new BraidError('INVALID_INPUT', `option keepMs takes a number from 1 to ${KEEP_MS_MAX}, not ${keepMs}`)
    }
    if (typeof onSession !== 'function') throw new TypeError('listen takes a function that is given each session')
    if (signal?.aborted) throw new BraidError('CANCELLED', 'listening was given up', { cause: signal.reason })
    this.#handshakesMax = maxHandshakes
    this.#options = rest
    this.#onSession = onSession
    this.#signal = signal
    this.#tickets = resume === false ? undefined : new Tickets(Math.round(keepMs))
    this.#plain = plain
    signal?.addEventListener('abort', this.#aborted)
  }

  get url(): string {
    return this.#doors[0]?.url ?? ''
  }

  get urls(): readonly string[] {
    return this.#doors.map((door) => door.url)
  }

  get sessions(): ReadonlySet<Session> {
    return this.#ready
  }

  /** Adds a door; one that comes too late is closed. */
  add(door: Door): void {
    if (this.#open) this.#doors.push(door)
    else void door.close()
  }

  /** A transport was accepted. */
  accept(transport: Transport): void {
    // Twice the bound, counting those whose transports still end: then even being refused politely is too much.
    if (!this.#open || this.#handshaking.size + this.#ending.size >= this.#handshakesMax * 2) {
      this.#refused++
      transport.start(NOBODY)
      transport.close()
      return
    }
    if (this.#handshaking.size >= this.#handshakesMax) this.#refuseOldest()
    this.#accepted++
    const tickets = this.#plain || transport.confidential === true ? this.#tickets : undefined
    const ready = (admitted: Session): unknown => {
      this.#handshaking.delete(admitted)
      this.#ready.add(admitted)
      return this.#onSession(admitted)
    }
    const hooks = { ready, resumption: tickets?.resumption(), returning: tickets, refusals: this.#refusals }
    const session = begin(transport, this.#options, 'listener', hooks)
    this.#handshaking.add(session)
    void session.closed.then(() => {
      this.#handshaking.delete(session)
      this.#ending.delete(session)
      this.#ready.delete(session)
    })
  }

  async drain(ms: number): Promise<DrainReport> {
    if (!(ms >= 0)) throw new RangeError(`drain waits a number of ms from 0, not ${ms}`)
    void this.#stop()
    // Who has said who he is may have called already, and learns when he is let in that nothing of it was executed.
    const known = [...this.#handshaking].filter((session) => session.stats().framesIn > 0)
    for (const session of this.#handshaking) if (!known.includes(session)) void session.close()
    const reports = await Promise.all([...this.#ready, ...known].map((session) => session.drain(ms)))
    await this.close()
    const sum = (count: (report: DrainReport) => number) => reports.reduce((total, report) => total + count(report), 0)
    return { streams: sum((report) => report.streams), calls: sum((report) => report.calls) }
  }

  close(): Promise<void> {
    this.#closed ??= quiet(this.#closeAll())
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  stats(): ListenerStats {
    const handshakes = { max: this.#handshakesMax, used: this.#handshaking.size, refused: this.#refused }
    return { accepted: this.#accepted, sessions: this.#ready.size, handshakes }
  }

  #refuseOldest(): void {
    const [oldest] = this.#handshaking
    if (oldest === undefined) return
    this.#refused++
    this.#handshaking.delete(oldest)
    this.#ending.add(oldest)
    void oldest.close('EXHAUSTED', 'too many connections are shaking hands')
  }

  async #closeAll(): Promise<void> {
    const stopped = this.#stop()
    const sessions = [...this.#ready, ...this.#handshaking, ...this.#ending]
    await Promise.all(sessions.map((session) => session.close()))
    await stopped
  }

  /** Shuts the doors; settles when whatever they still have to do is done. */
  #stop(): Promise<unknown> {
    this.#open = false
    this.#signal?.removeEventListener('abort', this.#aborted)
    // A door that throws must not keep the sessions open.
    this.#stopped ??= quiet(Promise.all(this.#doors.map(async (door) => door.close())))
    return this.#stopped
  }
}
