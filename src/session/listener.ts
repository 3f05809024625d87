// Listener: transports that somebody accepts become sessions; it keeps them, bounds those still shaking hands, and ends
// them all. Knows no socket: whoever accepts hands transports over and can be told to stop.

import { BraidError } from '../engine/errors.ts'
import { addressOf } from './arrivals.ts'
import type { LimitUse } from './ceiling.ts'
import { quiet } from './deferred.ts'
import { Line } from './line.ts'
import { parseSessionOptions, type SessionOptions, type SessionSettings } from './options.ts'
import { Refusals } from './refusals.ts'
import type { DrainReport, Session } from './session.ts'
import { startShared } from './start.ts'
import { type ResumeOptions, Tickets } from './tickets.ts'
import type { Transport } from './transport.ts'

/** Options of `listen`: those of every session, and what the listener itself decides. */
export interface ListenOptions extends SessionOptions {
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
  /** Connections that are shaking hands now. */
  readonly handshaking: number
  /** Connections closed for want of a place: there was none, or newer ones wanted it. */
  readonly refused: number
  /** Each limit of the listener's Budget, with what all who share it use, and how often it refused something. */
  readonly limits: Readonly<Record<string, LimitUse>>
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

/**
 * A Listener whose doors and transports are handed in: what `listen` is made of, for whoever accepts something else.
 *
 * @example
 * import { Budget, connect, LiveListener } from 'braidwire'
 * import { memory } from 'braidwire/transport/memory'
 * const listener = new LiveListener((session) => session.handleCall('echo', (bytes) => bytes), { budget: new Budget({ handshakes: 10 }) })
 * listener.add({ url: 'memory:', close: () => console.log('nobody else') }) // 'nobody else'
 * const [near, far] = memory()
 * listener.accept(far)
 * const session = await connect(near)
 * console.log(await session.call('echo', Uint8Array.of(1))) // Uint8Array(1) [ 1 ]
 * await listener.close()
 */
export class LiveListener implements Listener {
  readonly #settings: SessionSettings
  readonly #onSession: (session: Session) => unknown
  readonly #doors: Door[] = []
  readonly #ready = new Set<Session>()
  /** In the order they came: the first is the oldest. */
  readonly #handshaking = new Set<Session>()
  /** Closed, their transports still ending. */
  readonly #ending = new Set<Session>()
  readonly #signal: AbortSignal | undefined
  readonly #tickets: Tickets | undefined
  /** Tickets are also given where others can read them. */
  readonly #plain: boolean
  readonly #refusals = new Refusals()
  readonly #aborted = () => void this.close()
  #accepted = 0
  #refused = 0
  #open = true
  /** Why it takes nobody new, while those whose transport is lost may still come back. */
  #draining: BraidError | undefined
  #stopped: Promise<unknown> | undefined
  #closed: Promise<void> | undefined

  /** Throws BraidError INVALID_INPUT for an option out of its bounds: better here than at the first connection. */
  constructor(onSession: (session: Session) => unknown, options: ListenOptions) {
    const { signal, resume } = options
    this.#settings = parseSessionOptions(options)
    const { keepMs, plain = false } = typeof resume === 'object' ? resume : {}
    this.#tickets = resume === undefined || resume === false ? undefined : new Tickets(keepMs)
    this.#plain = plain
    if (typeof onSession !== 'function') throw new TypeError('listen takes a function that is given each session')
    if (signal?.aborted) throw new BraidError('CANCELLED', 'listening was given up', { cause: signal.reason })
    this.#onSession = onSession
    this.#signal = signal
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

  /** A transport was accepted. One that throws when it is started is at its end; answers with what it threw then. */
  accept(transport: Transport): Error | undefined {
    const share = this.#open ? this.#settings.budget.accepted(addressOf(transport.remote)) : undefined
    if (share === undefined) {
      this.#refused++
      new Line(transport).turnAway()
      return undefined
    }
    this.#accepted++
    if (share.refusal !== undefined) this.#refused++
    const ready = (admitted: Session): unknown => {
      this.#handshaking.delete(admitted)
      this.#ready.add(admitted)
      return this.#onSession(admitted)
    }
    const tickets = this.#plain || transport.confidential === true ? this.#tickets : undefined
    const hooks = {
      ready,
      refuse: this.#draining,
      resumption: tickets?.resumption(),
      returning: tickets,
      refusals: this.#refusals,
    }
    let session: Session
    try {
      session = startShared(transport, this.#settings, 'listener', hooks, share)
    } catch (thrown) {
      new Line(transport).leave()
      return thrown instanceof Error ? thrown : new Error(String(thrown))
    }
    share.evict = () => this.#evict(session)
    this.#handshaking.add(session)
    void session.closed.then(() => {
      this.#handshaking.delete(session)
      this.#ending.delete(session)
      this.#ready.delete(session)
    })
    return undefined
  }

  async drain(ms: number): Promise<DrainReport> {
    if (!(ms >= 0)) throw new RangeError(`drain waits a number of ms from 0, not ${ms}`)
    // A session without a transport needs a door to come back through; the others need none any more.
    this.#draining ??= new BraidError('GOING_AWAY', 'this listener is draining', { executed: 'no' })
    if (this.#tickets === undefined) void this.#stop()
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
    const [sessions, handshaking] = [this.#ready.size, this.#handshaking.size]
    const limits = this.#settings.budget.stats()
    return { accepted: this.#accepted, sessions, handshaking, refused: this.#refused, limits }
  }

  #evict(session: Session): void {
    this.#refused++
    this.#handshaking.delete(session)
    this.#ending.add(session)
    void session.close(
      'EXHAUSTED',
      'too many connections are shaking hands: the limit handshakes of the Budget is reached',
    )
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
