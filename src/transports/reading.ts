// Reading: how a carrier that can be paused is read. Paused by whoever uses it, or because it has had its turn: one busy peer
// cannot keep all others waiting. Knows neither sockets nor bytes.

import type { TransportSink } from '../session/transport.ts'

/** What can be told to deliver nothing for a while. */
export interface Pausable {
  pause(): unknown
  resume(): unknown
}

/**
 * How a carrier that delivers much at a time gives way: what has been read for 5 ms without a break goes on in the next turn of
 * the event loop, so that one busy peer cannot keep all others waiting.
 */
export interface Turns {
  /** Time in ms. */
  now(): number
  /** Runs the task in the next turn, when others have had theirs. */
  next(task: () => void): unknown
}

/** How long one carrier is read without giving way, in ms. */
const TURN_MS = 5

export class Reading {
  readonly #carrier: Pausable
  readonly #turns: Turns | undefined
  /** Time spent reading since it last gave way, in ms. */
  #spent = 0
  /** Paused by whoever uses it. */
  #paused = false
  #givesWay = false

  /** Without turns it reads whatever the carrier delivers, for as long as it does. */
  constructor(carrier: Pausable, turns: Turns | undefined) {
    this.#carrier = carrier
    this.#turns = turns
  }

  /** Hands on what the carrier delivered. */
  deliver(chunk: Uint8Array, sink: TransportSink): void {
    if (this.#turns === undefined) sink.bytes(chunk)
    else this.#deliverFairly(chunk, sink, this.#turns)
  }

  pause(): void {
    this.#paused = true
    this.#carrier.pause()
  }

  resume(): void {
    this.#paused = false
    if (!this.#givesWay) this.#carrier.resume()
  }

  #deliverFairly(chunk: Uint8Array, sink: TransportSink, turns: Turns): void {
    const begun = turns.now()
    sink.bytes(chunk)
    this.#spent += turns.now() - begun
    if (this.#spent < TURN_MS || this.#givesWay) return
    this.#givesWay = true
    this.#carrier.pause()
    turns.next(() => {
      this.#givesWay = false
      this.#spent = 0
      if (!this.#paused) this.#carrier.resume()
    })
  }
}

/** Every frame takes a view of the chunk; a view of a Node Buffer is a Buffer, and half as dear again to make. */
export function plain(chunk: Uint8Array): Uint8Array {
  return chunk.constructor === Uint8Array ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
}
