// Hub: all topics of one session. Gives each subscription of the other side to its topic, or holds it until there is one.
// One handler, however many topics; sends nothing by itself.

import { addLimits } from '../../session/limits.ts'
import type { Session } from '../../session/session.ts'
import type { Stream } from '../../session/stream.ts'
import type { Codec } from '../codec/codec.ts'
import { Outlet } from './outlet.ts'
import type { LiveSubscription } from './subscription.ts'
import { EVENTS_STREAM, readWish, type Wish } from './wish.ts'

/** Most subscriptions of the other side that wait for topics nobody has declared. */
const HELD_MAX = 64

/** What is emitted under one name of a topic, and to whom. */
export class Topic {
  readonly name: string
  readonly codec: Codec
  readonly bytesMax: number
  /** By event; an event nobody listens to has none. */
  readonly outlets = new Map<string, Set<Outlet>>()
  readonly subscriptions = new Set<LiveSubscription<unknown>>()
  /** How many hold it declared. */
  users = 0
  emitted = 0
  /** Drops of outlets that are gone. */
  private droppedBefore = 0

  constructor(name: string, codec: Codec, bytesMax: number) {
    this.name = name
    this.codec = codec
    this.bytesMax = bytesMax
  }

  get listeners(): number {
    let count = 0
    for (const outlets of this.outlets.values()) count += outlets.size
    return count
  }

  get dropped(): number {
    let count = this.droppedBefore
    for (const outlets of this.outlets.values()) for (const outlet of outlets) count += outlet.dropped
    return count
  }

  get held(): number {
    let count = 0
    for (const outlets of this.outlets.values()) for (const outlet of outlets) count += outlet.held
    return count
  }

  add(stream: Stream, wish: Wish): void {
    if (wish.codec !== this.codec.name) {
      const text = `topic "${this.name}" speaks codec ${this.codec.name} here, not ${wish.codec}`
      stream.reset('UNIMPLEMENTED', text)
      return
    }
    const outlet = new Outlet(stream, wish, this.bytesMax)
    const outlets = this.outlets.get(wish.event)
    if (outlets === undefined) this.outlets.set(wish.event, new Set([outlet]))
    else outlets.add(outlet)
    void stream.closed.then(() => this.remove(wish.event, outlet))
  }

  private remove(event: string, outlet: Outlet): void {
    const outlets = this.outlets.get(event)
    if (outlets?.delete(outlet) !== true) return
    this.droppedBefore += outlet.dropped
    if (outlets.size === 0) this.outlets.delete(event)
  }

  end(): void {
    for (const outlets of this.outlets.values()) for (const outlet of outlets) outlet.end()
  }
}

export class Hub {
  readonly session: Session
  /** Largest message the session sends. */
  readonly messageMax: number
  private readonly topics = new Map<string, Topic>()
  private readonly held = new Map<Stream, Wish>()
  private refused = 0

  constructor(session: Session) {
    this.session = session
    addLimits(session, () => ({
      subscriptionsHeld: { max: HELD_MAX, used: this.held.size, refused: this.refused },
    }))
    this.messageMax = session.stats().limits.maxMessage?.max ?? Number.POSITIVE_INFINITY
    session.handle(EVENTS_STREAM, (stream) => this.opened(stream))
    void this.follow()
  }

  /** Takes part in a topic; whoever waits for it is served from now on. */
  declare(name: string, codec: Codec, bytesMax: number): Topic {
    let topic = this.topics.get(name)
    if (topic === undefined) {
      topic = new Topic(name, codec, bytesMax)
      this.topics.set(name, topic)
    }
    if (topic.codec !== codec || topic.bytesMax !== bytesMax) {
      throw new TypeError(`topic "${name}" is declared on this session with another codec or bufferBytes`)
    }
    topic.users++
    for (const [stream, wish] of this.held) {
      if (wish.topic !== name) continue
      this.held.delete(stream)
      topic.add(stream, wish)
    }
    return topic
  }

  /** The last one to leave ends the subscriptions of the other side. */
  leave(topic: Topic): void {
    if (--topic.users > 0) return
    this.topics.delete(topic.name)
    topic.end()
  }

  private opened(stream: Stream): void {
    const wish = readWish(stream.meta)
    if (wish === undefined) {
      stream.reset('INVALID_INPUT', 'the metadata of a subscription names a topic, an event, a buffer and what gives')
      return
    }
    // Nothing comes on this half but its end.
    stream.receive({
      data: () => stream.reset('INVALID_INPUT', 'a subscription sends nothing'),
      end: () => {},
      failed: () => {},
    })
    const topic = this.topics.get(wish.topic)
    if (topic !== undefined) topic.add(stream, wish)
    else if (this.held.size >= HELD_MAX) {
      this.refused++
      stream.reset('REFUSED', `${HELD_MAX} subscriptions wait for topics nobody declares`)
    } else {
      this.held.set(stream, wish)
      void stream.closed.then(() => this.held.delete(stream))
    }
  }

  /** Subscriptions have no end of their own: they must not keep a session from draining. */
  private async follow(): Promise<void> {
    for await (const state of this.session.states()) {
      if (state !== 'draining') continue
      for (const topic of this.topics.values()) topic.end()
      for (const stream of this.held.keys()) stream.end()
      this.held.clear()
    }
  }
}

const hubs = new WeakMap<Session, Hub>()

/** The hub of a session; made, with its handler, on first use. */
export function hubOf(session: Session): Hub {
  let hub = hubs.get(session)
  if (hub === undefined) {
    hub = new Hub(session)
    hubs.set(session, hub)
  }
  return hub
}
