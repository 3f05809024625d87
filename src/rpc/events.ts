// Events: typed topics over a session. Either side emits, either side listens, and a slow listener slows nobody down.
// What travels and who holds what is the business of events/.

import { BraidError } from '../engine/errors.ts'
import type { Session } from '../session/session.ts'
import type { Codec } from './codec/codec.ts'
import { parseLimits, type ValueBounds, type ValueLimits } from './codec/limits.ts'
import { msgpack } from './codec/msgpack.ts'
import type { Overflow } from './events/backlog.ts'
import { type Hub, hubOf, type Topic } from './events/hub.ts'
import { LiveSubscription, type Subscription } from './events/subscription.ts'
import { checkEventName, checkWish, EVENT, EVENTS_STREAM } from './events/wish.ts'
import { decodeOne, encodeOne } from './one-value.ts'

/** Options of {@link events}. */
export interface EventsOptions {
  /** How values become bytes; both sides have to name the same for a topic. Default: msgpack. */
  readonly codec?: Codec | undefined
  /** What one received event may hold. */
  readonly limits?: ValueLimits | undefined
  /** Bytes held at most for one subscription on this side, beside what its stream holds. Default 256 KiB; one event always fits. */
  readonly bufferBytes?: number | undefined
}

/** Options of {@link Events.on}. */
export interface SubscribeOptions {
  /** Events held for the loop while it is behind, and by the other side while the connection is: 1 to 65,536. Default 256. */
  readonly buffer?: number | undefined
  /** What gives when that is full; 'fail' ends the loop with `BRAID_EXHAUSTED`. Default 'drop-oldest'. */
  readonly overflow?: Overflow | undefined
  /** Aborting unsubscribes; the loop ends with `BRAID_CANCELLED`. */
  readonly signal?: AbortSignal | undefined
}

/** Counts of a topic on this side. */
export interface EventsStats {
  /** Calls of `emit` that found a listener. */
  readonly emitted: number
  /** Subscriptions of the other side. */
  readonly listeners: number
  /** Subscriptions of this side. */
  readonly subscriptions: number
  /** Events held back for listeners that are behind. */
  readonly held: number
  /** Events this side gave up for listeners of the other side. */
  readonly dropped: number
}

/** A topic of a session: `Emitted` goes to the other side, `Heard` comes from it. */
export interface Events<Emitted extends object, Heard extends object = Emitted> extends Disposable {
  /**
   * Sends an event to every subscription of the other side; when there is none, nothing is encoded and nothing travels. Never
   * waits: what a slow listener cannot take is held for it, then given up as it asked for.
   *
   * @throws TypeError for a value that cannot travel, RangeError for one above `maxMessage` bytes.
   */
  emit<Name extends keyof Emitted & string>(event: Name, value: Emitted[Name]): void
  /**
   * Listens to an event of the other side, from now on and until the loop is left. If the other side has not declared the topic
   * yet, the subscription waits there until it does.
   *
   * @throws RangeError or TypeError for options outside their bounds, BraidError as `session.open`.
   */
  on<Name extends keyof Heard & string>(event: Name, options?: SubscribeOptions): Subscription<Heard[Name]>
  /** Unsubscribes what `on` gave out here, and ends the loops of the other side unless this topic is declared twice. */
  close(): void
  stats(): EventsStats
}

/** Bytes held for one subscription unless said otherwise. */
const BUFFER_BYTES = 256 * 1024
const BUFFER_EVENTS = 256

/**
 * Declares a topic of a session: events by name, typed by one type for both sides.
 *
 * Events reach every subscription the other side has at that moment, in order. They are for news, not for work: who is behind
 * loses some, which `dropped` counts, and who is not there hears nothing. Those emitted in one go leave in one write, so a
 * buffer should hold the largest burst. When the session ends cleanly or drains the loops end; when it fails they throw.
 *
 * A subscription to a topic the other side has not declared waits there as long as the session lives, and 64 of them at most;
 * more, and those to a side that never calls `events` at all, fail with `BRAID_REFUSED`.
 *
 * @throws TypeError for a name of no or more than 256 characters, or when the session has the topic with another codec.
 * @example
 * import { events } from 'braidwire/rpc'
 * import { pair } from 'braidwire/test'
 *
 * const [server, client] = pair()
 * const chat = events(server, 'chat') // in TypeScript events<{ said: { text: string } }>(server, 'chat')
 * const said = events(client, 'chat').on('said')
 * await said.ready
 * chat.emit('said', { text: 'hello' })
 * for await (const { text } of said) {
 *   console.log(text) // 'hello'
 *   break
 * }
 * await client.close()
 */
export function events<Emitted extends object = Record<string, unknown>, Heard extends object = Emitted>(
  session: Session,
  topic: string,
  options: EventsOptions = {},
): Events<Emitted, Heard> {
  const { codec = msgpack, bufferBytes = BUFFER_BYTES } = options
  checkEventName(topic, 'topic')
  if (!Number.isInteger(bufferBytes) || bufferBytes < 0) {
    throw new RangeError(`bufferBytes takes a whole number of bytes from 0, not ${bufferBytes}`)
  }
  const bounds = parseLimits(options.limits)
  const hub = hubOf(session)
  return new LiveEvents<Emitted, Heard>(hub, hub.declare(topic, codec, bufferBytes), bounds)
}

class LiveEvents<Emitted extends object, Heard extends object> implements Events<Emitted, Heard> {
  readonly #hub: Hub
  readonly #topic: Topic
  readonly #bounds: ValueBounds
  readonly #subscriptions = new Set<LiveSubscription<unknown>>()
  #closed = false

  constructor(hub: Hub, topic: Topic, bounds: ValueBounds) {
    this.#hub = hub
    this.#topic = topic
    this.#bounds = bounds
  }

  emit<Name extends keyof Emitted & string>(event: Name, value: Emitted[Name]): void {
    const outlets = this.#closed ? undefined : this.#topic.outlets.get(event)
    if (outlets === undefined) return
    const message = encodeOne(this.#topic.codec, value, 1)
    message[0] = EVENT
    const { messageMax } = this.#hub
    if (message.length > messageMax) {
      throw new RangeError(`an event takes less than maxMessage (${messageMax} bytes), not ${message.length}`)
    }
    this.#topic.emitted++
    let first = true
    for (const outlet of outlets) {
      // In memory the very bytes arrive: two listeners must not share them.
      outlet.put(first ? message : message.slice())
      first = false
    }
  }

  on<Name extends keyof Heard & string>(event: Name, options: SubscribeOptions = {}): Subscription<Heard[Name]> {
    if (this.#closed) throw new BraidError('CLOSED', 'these events were closed', { scope: 'call', executed: 'no' })
    const { buffer = BUFFER_EVENTS, overflow = 'drop-oldest', signal } = options
    const { name: topic, codec, bytesMax } = this.#topic
    const wish = { topic, event, buffer, overflow, codec: codec.name }
    checkWish(wish)
    const stream = this.#hub.session.open(EVENTS_STREAM, { meta: wish, signal })
    const subscription: LiveSubscription<Heard[Name]> = new LiveSubscription(stream, {
      buffer,
      bytesMax,
      overflow,
      signal,
      decode: (message) => decodeOne(codec, message, this.#bounds),
      over: (subscription) => {
        this.#subscriptions.delete(subscription)
        this.#topic.subscriptions.delete(subscription)
      },
    })
    this.#subscriptions.add(subscription as LiveSubscription<unknown>)
    this.#topic.subscriptions.add(subscription as LiveSubscription<unknown>)
    return subscription
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const subscription of this.#subscriptions) subscription.close()
    this.#hub.leave(this.#topic)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  stats(): EventsStats {
    const { emitted, listeners, held, dropped, subscriptions } = this.#topic
    return { emitted, listeners, subscriptions: subscriptions.size, held, dropped }
  }
}
