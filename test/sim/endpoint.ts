// The smallest session there can be: drives one engine over one pipe exactly as the contract says.
// Decides nothing; every event, and every byte in and out, goes to the observer it was given.

import type { Engine, EngineEvent } from '#dist/engine/contract.js'
import { BraidError } from '#dist/engine/errors.js'
import { checkOutput } from './checks.ts'
import type { Clock } from './clock.ts'
import type { Port, Source } from './network.ts'

/** Sees what passes an endpoint. */
export interface Observer {
  event(event: EngineEvent): void
  sent(chunk: Uint8Array): void
  arrived(chunk: Uint8Array): void
  /** The transport is gone, for this side. */
  gone(): void
}

/** Turns of events and output in one flush after which it will never settle. */
const FLUSH_TURNS_MAX = 20_000

/** Looking costs more than the output does. */
const OUTPUTS_PER_LOOK = 4

/** One engine between the network below and an observer above. */
export class Endpoint implements Port, Source {
  readonly engine: Engine
  /** Where bytes go; set when the network is built. */
  below: Port | undefined
  /** Who feeds us, told when reading goes on. */
  above: Source | undefined
  /** Set once nothing can be sent or received any more. */
  gone = false
  /** Counts the times events were drained; what is said in one turn may cross what was already queued in it. */
  turn = 0
  readonly #clock: Clock
  readonly #observer: Observer
  readonly #budget: () => number
  readonly #earlyBytes: number
  #room = true
  #paused = false
  #armed = Number.POSITIVE_INFINITY
  #flushing = false
  #draining = false
  #outputs = 0

  constructor(engine: Engine, clock: Clock, observer: Observer, budget: () => number, earlyBytes: number) {
    this.engine = engine
    this.#clock = clock
    this.#observer = observer
    this.#budget = budget
    this.#earlyBytes = earlyBytes
  }

  /** The turn in which events come that were queued before what is said now. */
  get crossing(): number {
    return this.#draining ? this.turn : this.turn + 1
  }

  /** Commands, then everything they cause. Called inside an event it only runs the commands: the flush is under way. */
  do(commands: () => void): void {
    commands()
    this.flush()
  }

  push(chunk: Uint8Array): boolean {
    if (this.gone) return true
    this.#observer.arrived(chunk)
    this.engine.receive(chunk, this.#clock.now)
    this.flush()
    this.#paused = !this.gone && this.engine.heldBytes > this.#earlyBytes
    return !this.#paused
  }

  /** The transport ended in good order: clean only if a CLOSE came before. */
  finish(): void {
    this.break('the transport ended')
  }

  resume(): void {
    this.#room = true
    this.flush()
  }

  admit(): void {
    this.engine.admit(this.#clock.now)
    this.flush()
    if (!this.#paused) return
    this.#paused = false
    this.above?.resume()
  }

  /** The transport died. */
  break(text: string): void {
    if (this.gone) return
    this.engine.lost(new BraidError('TRANSPORT_LOST', text, { scope: 'transport' }))
    this.#drainEvents()
    this.#leave()
  }

  flush(): void {
    if (this.#flushing || this.gone) return
    this.#flushing = true
    let turns = 0
    for (;;) {
      if (++turns > FLUSH_TURNS_MAX) throw new Error(`a flush does not settle after ${turns} turns`)
      const events = this.#drainEvents()
      const bytes = this.#transmit()
      if (events === 0 && bytes === 0) break
    }
    this.#flushing = false
    if (this.engine.closing && this.#room) {
      this.below?.finish()
      this.#leave()
    }
    this.#arm()
  }

  #leave(): void {
    this.gone = true
    this.#flushing = false
    this.#observer.gone()
  }

  #drainEvents(): number {
    this.turn++
    this.#draining = true
    for (let count = 0; ; count++) {
      const event = this.engine.event()
      if (event === undefined) {
        this.#draining = false
        return count
      }
      this.#observer.event(event)
    }
  }

  #transmit(): number {
    let total = 0
    for (let turns = 0; this.#room; turns++) {
      if (turns > FLUSH_TURNS_MAX) throw new Error(`output without end: ${total} bytes in one flush`)
      const chunks: Uint8Array[] = []
      const looks = ++this.#outputs % OUTPUTS_PER_LOOK === 0
      const before = looks ? this.engine.stats() : undefined
      const claimed = this.engine.transmit(chunks, this.#budget(), this.#clock.now)
      if (before !== undefined) checkOutput(before, this.engine.stats())
      let bytes = 0
      for (const chunk of chunks) bytes += chunk.length
      if (bytes !== claimed) throw new Error(`transmit returned ${claimed} for chunks of ${bytes} bytes`)
      if (bytes === 0) break
      total += bytes
      for (const chunk of chunks) {
        if (chunk.length === 0) throw new Error('transmit handed over an empty chunk')
        this.#observer.sent(chunk)
        if (this.below?.push(chunk) === false) this.#room = false
      }
    }
    return total
  }

  #arm(): void {
    const due = this.engine.deadline()
    if (due === undefined || due >= this.#armed || this.gone) return
    this.#armed = due
    this.#clock.at(
      due,
      () => {
        if (this.#armed !== due) return
        this.#armed = Number.POSITIVE_INFINITY
        if (this.gone) return
        if ((this.engine.deadline() ?? Number.POSITIVE_INFINITY) <= this.#clock.now) this.engine.tick(this.#clock.now)
        this.flush()
      },
      true,
    )
  }
}
