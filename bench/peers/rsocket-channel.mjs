// A channel of rsocket as a stream that the dialling side writes: its reader, which gives credit, and its writer, which
// waits for it. The metadata of the first item, which is of one byte, says what the channel is for.

import core from 'rsocket-core'
import { Flowable } from 'rsocket-flowable'
import { fatal } from './service.mjs'
import { asBuffer } from './streams.mjs'

const { decodeRoutes, encodeRoute } = core
/** As many as can be asked for at once. */
export const EVERYTHING = 0x7fffffff

/** What a reader of a channel asks for at first, and half of it again and again: credit is counted in items. */
export const CREDIT_ITEMS = 64

/** The listening side of a channel. What it is for is the route of its first item. */
export class Reader {
  #meter
  #answers
  #creditItems
  #subscription
  #take

  constructor(meter, answers, creditItems) {
    this.#meter = meter
    this.#answers = answers
    this.#creditItems = creditItems
  }

  onSubscribe(subscription) {
    this.#subscription = subscription
    subscription.request(1)
  }

  onNext({ data, metadata }) {
    if (this.#take === undefined) this.#take = this[decodeRoutes(metadata).next().value]()
    else this.#take(data)
  }

  onComplete() {
    this.#answers.onComplete()
  }

  /** The connection has ended; the dialling side says when it should not have. */
  onError() {}

  sink() {
    const number = this.#meter.opened()
    const refill = Math.ceil(this.#creditItems / 2)
    let left = this.#creditItems
    this.#subscription.request(left)
    return (chunk) => {
      this.#meter.add(number, chunk.length)
      if (--left > this.#creditItems - refill) return
      left += refill
      this.#subscription.request(refill)
    }
  }

  /** What it asked for comes, and then nothing is asked for any more. */
  stuck() {
    this.#subscription.request(this.#creditItems)
    return () => {}
  }

  churn() {
    return () => {}
  }
}

/** The dialling side of a channel. Its first item is of one byte and only says what it is for. */
export class Writer {
  #ready
  #items
  #credit = 0
  #full = false
  #waiting = []
  #ended = false

  constructor(socket, route, ready, done = fatal) {
    this.#ready = ready
    const items = new Flowable((subscriber) => {
      this.#items = subscriber
      subscriber.onSubscribe({ request: (more) => this.#request(more), cancel() {} })
    })
    this.#waiting.push({ data: Buffer.of(0), metadata: encodeRoute(route) })
    socket.requestChannel(items).subscribe({
      onSubscribe: (subscription) => subscription.request(EVERYTHING),
      onNext() {},
      onComplete: done,
      onError: fatal,
    })
  }

  write(chunk) {
    this.#waiting.push({ data: asBuffer(chunk) })
    this.#flush()
    this.#full = this.#credit === 0
    return !this.#full
  }

  end() {
    this.#ended = true
    this.#flush()
  }

  #request(more) {
    this.#credit += more
    this.#flush()
    if (!this.#full || this.#credit === 0) return
    this.#full = false
    this.#ready()
  }

  #flush() {
    while (this.#credit > 0 && this.#waiting.length > 0) {
      this.#credit--
      this.#items.onNext(this.#waiting.shift())
    }
    if (this.#ended && this.#waiting.length === 0) this.#items.onComplete()
  }
}
