// LivePeer: makes a Peer work: which session takes work, what happens when it drains or is lost, and the end of it all. Dialling,
// waiting, draining and the work itself have files of their own.

import { BraidError, codes } from '../engine/errors.ts'
import type { Clock } from '../session/clock.ts'
import { Deferred, isThenable, quiet } from '../session/deferred.ts'
import type { Bytes, CallOptions, OpenOptions } from '../session/opener.ts'
import type { DrainReport, Session } from '../session/session.ts'
import { StateReader, type States } from '../session/states.ts'
import type { Stream } from '../session/stream.ts'
import { localError, restate } from '../session/words.ts'
import { Dialling, type DiallingHost, type DialSession } from './dialling.ts'
import { Draining, type DrainingHost } from './draining.ts'
import { Link } from './link.ts'
import type { PeerSettings } from './options.ts'
import type { Peer, PeerState } from './peer.ts'
import { Room, type RoomHost } from './room.ts'
import { PeerCall, PeerStream, type PeerWork, type WorkHost } from './work.ts'

/** States that may wait to be read by a loop. */
const STATES_MAX = 100

export class LivePeer implements Peer, DiallingHost, RoomHost, DrainingHost, WorkHost {
  readonly clock: Clock
  readonly random: () => number
  state: PeerState = { type: 'connecting', attempt: 1 }
  readonly #settings: PeerSettings
  readonly #dialling: Dialling
  readonly #room: Room<PeerWork>
  readonly #states: States<PeerState> = new Set()
  /** All whose session is not over. */
  readonly #links = new Set<Link>()
  /** Why there is no session. */
  #why: BraidError | undefined
  /** The newest, unless it drains or is over. */
  #link: Link | undefined
  #draining: Draining | undefined
  readonly #end = new Deferred<BraidError | undefined>()
  /** Why it is over, as soon as that is decided. */
  #ending: { readonly error: BraidError | undefined } | undefined
  readonly #aborted = () => void this.close()

  constructor(dial: DialSession, settings: PeerSettings) {
    const { signal } = settings
    if (signal?.aborted) throw localError(codes.CANCELLED.number, 'the signal is aborted', { cause: signal.reason })
    this.clock = settings.clock
    this.random = settings.random
    this.#settings = settings
    this.#room = new Room(this, settings.waitMs, settings.maxWaiting)
    this.#dialling = new Dialling(dial, this)
    signal?.addEventListener('abort', this.#aborted)
    this.#dialling.start()
  }

  // -- Peer

  get closed(): Promise<BraidError | undefined> {
    return this.#end.promise
  }

  states(): AsyncIterableIterator<PeerState> {
    return new StateReader(this.#states, this.state, this.state.type === 'closed', STATES_MAX)
  }

  open(name: string, options?: OpenOptions): Promise<Stream> {
    return new PeerStream(name, options).start(this)
  }

  call(method: string, bytes: Bytes, options?: CallOptions): Promise<Uint8Array> {
    try {
      return new PeerCall(this, method, bytes, options).start()
    } catch (error) {
      return quiet(Promise.reject(error))
    }
  }

  drain(ms: number): Promise<DrainReport> {
    if (!(ms >= 0)) throw new RangeError(`drain waits a number of ms from 0, not ${ms}`)
    if (this.#draining !== undefined) return this.#draining.promise
    const draining = new Draining(this, this.#ending === undefined ? ms : 0)
    this.#draining = draining
    void this.closed.then(() => draining.finish())
    this.#turn({ type: 'draining' })
    draining.check()
    return draining.promise
  }

  close(): Promise<void> {
    this.#conclude(undefined)
    for (const { session } of this.#links) quiet(session.close())
    return this.closed.then(() => undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // -- WorkHost

  place(work: PeerWork, repeated: boolean): BraidError | undefined {
    const { scope } = work
    const over = this.#ending
    if (over !== undefined) {
      const error = over.error ?? new BraidError('CLOSED', 'this side closed the peer')
      return restate(error, { scope, executed: 'no' })
    }
    const draining = this.#draining
    if (draining !== undefined && (draining.isLast || !repeated)) {
      return new BraidError('GOING_AWAY', 'this peer is draining', { scope })
    }
    if (this.#link?.isUsable !== true) return this.#room.enter(work)
    work.go(this.#link)
    return undefined
  }

  // -- RoomHost

  get why(): BraidError | undefined {
    if (this.#link?.isDetached !== true) return this.#why
    return new BraidError('TRANSPORT_LOST', 'the session has lost its transport and dials again', {
      scope: 'transport',
    })
  }

  emptied(): void {
    this.#draining?.check()
  }

  // -- DiallingHost

  dialling(attempt: number): void {
    this.#turn({ type: 'connecting', attempt })
  }

  waits(attempt: number, retryAt: number, error: BraidError): void {
    this.#why = error
    this.#turn({ type: 'waiting', attempt, retryAt, error })
  }

  dialled(session: Session): void {
    const link = new Link(session)
    this.#links.add(link)
    this.#link = link
    void this.#watch(link)
    void this.#setUp(link)
  }

  hopeless(error: BraidError): void {
    this.#conclude(error)
  }

  // -- DrainingHost

  get waiting(): number {
    return this.#room.size
  }

  get sessions(): readonly Session[] {
    return [...this.#links].map((link) => link.session)
  }

  stopDialling(): void {
    this.#dialling.stop()
  }

  cutWaiting(): DrainReport {
    return this.#room.fail(new BraidError('GOING_AWAY', 'this peer is draining'))
  }

  drained(): void {
    this.#conclude(undefined)
  }

  // -- within

  async #setUp(link: Link): Promise<void> {
    const { session } = link
    try {
      await this.#settings.onSession?.(session)
    } catch (thrown) {
      const ours = new BraidError('INTERNAL', 'onSession failed', { cause: thrown })
      this.#retire(link, thrown instanceof BraidError ? thrown : ours)
      quiet(session.close('INTERNAL'))
      return
    }
    if (this.#link !== link) return
    link.isOpen = true
    // What becomes of one that drains or is over already, is on its way here.
    if (!link.isMeant) return
    link.openedAt = this.clock.now()
    this.#why = undefined
    this.#stands(link)
  }

  /** The newest session has a transport, or looks for another. */
  #stands(link: Link): void {
    const { session } = link
    const type = link.isDetached ? 'detached' : 'ready'
    if (this.state.type !== type) this.#turn({ type, session })
    while (link.isUsable) {
      const work = this.#room.leave()
      if (work === undefined) break
      work.go(link)
    }
    this.#draining?.check()
  }

  /** Follows a session to its end. */
  async #watch(link: Link): Promise<void> {
    const { session } = link
    for await (const state of session.states()) {
      if (state === 'draining') {
        const text = 'the session drains, and takes no new work'
        this.#retire(link, new BraidError('GOING_AWAY', text, { initiator: 'remote' }))
      } else if (this.#link === link && link.isMeant) {
        this.#stands(link)
      }
    }
    const ended = await session.closed
    const initiator = this.#ending === undefined ? 'remote' : 'local'
    const error = ended ?? new BraidError('CLOSED', 'the session was closed', { initiator })
    this.#links.delete(link)
    this.#tell(link, error)
    this.#retire(link, error)
    this.#checkGone()
  }

  /** The session takes no more work: another has to. */
  #retire(link: Link, error: BraidError): void {
    link.isRetired = true
    if (this.#link !== link) return
    this.#link = undefined
    if (this.#ending !== undefined || this.#draining?.isLast === true) return
    this.#dialling.again(error, link.isOpen ? this.clock.now() - link.openedAt : 0)
  }

  #tell(link: Link, error: BraidError): void {
    const lost = link.lost(error)
    if (lost === undefined) return
    try {
      const result = this.#settings.onLost?.(lost)
      if (isThenable(result)) result.then(undefined, () => {})
    } catch {
      // Whoever counts losses must not cause any.
    }
  }

  #turn(state: PeerState): void {
    const { type } = this.state
    if (type === 'closed' || (type === 'draining' && state.type !== 'closed')) return
    this.state = state
    for (const reader of this.#states) reader.turned(state)
  }

  /** It is over, with this error. What goes over a session may end there. */
  #conclude(error: BraidError | undefined): void {
    if (this.#ending !== undefined) return
    this.#ending = { error }
    this.#settings.signal?.removeEventListener('abort', this.#aborted)
    this.#dialling.stop()
    // Counted, if somebody wants to know.
    this.#draining?.end()
    this.#room.fail(error ?? new BraidError('CLOSED', 'this side closed the peer'))
    this.#turn({ type: 'closed', error })
    for (const reader of this.#states) reader.close()
    this.#checkGone()
  }

  #checkGone(): void {
    if (this.#ending !== undefined && this.#links.size === 0) this.#end.resolve(this.#ending.error)
  }
}
