// A cable between two sessions, for the tests of resumption: it can be cut, and it can go dead without either end hearing of it.
// Has no tests of its own.

import { ManualClock } from '../testing/pair.ts'
import { memory } from '../transports/memory.ts'
import { type ListenOptions, LiveListener } from './listener.ts'
import type { SessionOptions } from './options.ts'
import type { Session } from './session.ts'
import { connectSession } from './start.ts'
import type { Transport, TransportSink } from './transport.ts'

const IDLE_MS = 86_400_000

/** All that microtasks and the turns of a transport in memory still have to do. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** One end of a cable. */
class Plug implements Transport {
  readonly remote: string
  readonly confidential: boolean
  certificate: unknown
  /** Nothing comes out of it, and nobody is told. */
  dead = false
  closed = false
  /** Goes out in one piece with what is sent first. */
  behind: Uint8Array | undefined
  readonly #inner: Transport
  #sink: TransportSink | undefined

  constructor(inner: Transport, remote: string, confidential: boolean) {
    this.#inner = inner
    this.remote = remote
    this.confidential = confidential
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    this.#inner.start({
      bytes: (chunk) => {
        if (!this.dead) this.#sink?.bytes(chunk)
      },
      drained: () => this.#sink?.drained(),
      closed: (error) => {
        if (!this.dead) this.end(error)
      },
    })
  }

  send(chunks: Uint8Array[]): boolean {
    if (this.behind === undefined) return this.#inner.send(chunks)
    const pieces = [...chunks, this.behind].flatMap((chunk) => [...chunk])
    this.behind = undefined
    return this.#inner.send([Uint8Array.from(pieces)])
  }

  pause(): void {
    this.#inner.pause()
  }

  resume(): void {
    this.#inner.resume()
  }

  close(): void {
    this.closed = true
    this.#inner.close()
  }

  /** This end hears that the cable is cut. */
  end(error?: Error): void {
    const sink = this.#sink
    this.dead = true
    this.#sink = undefined
    sink?.closed(error)
  }
}

export class Cable {
  readonly near: Plug
  readonly far: Plug

  constructor(number: number, confidential: boolean) {
    const [near, far] = memory()
    this.near = new Plug(near, 'listener:', confidential)
    this.far = new Plug(far, `dialer:${number}`, confidential)
  }

  /** What is on the way is lost, and both ends hear of it. */
  cut(): void {
    this.goDead()
    this.near.end(new Error('cut'))
    this.far.end(new Error('cut'))
  }

  /** What is on the way is lost, and neither end hears of it. */
  goDead(): void {
    this.near.dead = true
    this.far.dead = true
  }
}

export interface WorldOptions {
  readonly listen?: ListenOptions
  readonly connect?: SessionOptions
  readonly confidential?: boolean
  readonly onSession?: (session: Session) => unknown
}

/** A listener that keeps sessions, and a dialer that dials it again and again, cable after cable. */
export class World {
  readonly clock = new ManualClock()
  readonly listener: LiveListener
  readonly cables: Cable[] = []
  /** Dials fail. */
  refusing = false
  /** The far end of the next cable is not plugged in. */
  unplugged = false
  /** What the far end of the next cable shows for a certificate, and what follows the first words of the near one. */
  certificate: unknown
  behind: Uint8Array | undefined
  /** The listener's side of each session. */
  readonly peers: Session[] = []
  session!: Session
  readonly #options: WorldOptions

  constructor(options: WorldOptions = {}) {
    this.#options = options
    const onSession = (session: Session): unknown => {
      this.peers.push(session)
      return options.onSession?.(session)
    }
    const { clock } = this
    this.listener = new LiveListener(onSession, { clock, idleTimeoutMs: IDLE_MS, resume: true, ...options.listen })
  }

  get peer(): Session {
    return this.peers[0]!
  }

  get cable(): Cable {
    return this.cables.at(-1)!
  }

  /** A cable whose far end the listener has. */
  readonly dial = async (): Promise<Transport> => {
    if (this.refusing) throw new Error('refused')
    const cable = new Cable(this.cables.length, this.#options.confidential ?? true)
    cable.far.certificate = this.certificate
    cable.near.behind = this.behind
    this.cables.push(cable)
    if (!this.unplugged) this.listener.accept(cable.far)
    return cable.near
  }

  async connect(): Promise<this> {
    const options = { clock: this.clock, idleTimeoutMs: IDLE_MS, random: () => 0.5, ...this.#options.connect }
    this.session = await connectSession(await this.dial(), options, 'dialer', this.dial)
    await this.session.ping()
    await settle()
    return this
  }

  /** Lets time pass, and everything happen that it brings about. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      this.clock.advance(Math.min(left, 50))
      await settle()
    }
  }

  async close(): Promise<void> {
    this.refusing = true
    const closing = [this.session?.close(), this.listener.close()]
    await this.pass(10_000)
    await Promise.all(closing)
  }
}
