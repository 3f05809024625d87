// Carriers: two ends of one connection as transports for sessions, with a simulated network between them. They end as
// sockets do: in good order, by a reset, or without a word. Know bytes and nothing of what they mean.

import type { Transport, TransportSink } from '#dist/session/transport.js'
import type { Clock } from '../clock.ts'
import type { SideIndex } from '../model.ts'
import { chain, type Node, type Port, type Source } from '../network.ts'
import type { SideClock } from './side-clock.ts'

/** How long an end that was closed waits for the other side's end. */
const CLOSE_WAIT_MS = 2000
/** After so long without a word the kernel itself gives a connection up. */
const DEAD_MS = 400_000

/** Sees what passes an end. */
export interface Tap {
  sent(side: SideIndex, chunk: Uint8Array): void
  arrived(side: SideIndex, chunk: Uint8Array): void
}

/** One end of a carrier: what a session gets. */
export class End implements Transport {
  readonly remote: string
  readonly confidential = true
  /** Where bytes arrive, and who is told that there is room below. */
  readonly port: Port = { push: (chunk) => this.#arrive(chunk), finish: () => this.#arrive(undefined) }
  readonly source: Source = { resume: () => this.#roomBelow() }
  below!: Port
  above: Source | undefined
  gone = false
  /** Sent so far. */
  bytes = 0
  /** Sends left until one fails, and how it does: it throws, or the end is gone before `send` returns. */
  sendsLeft = Number.POSITIVE_INFINITY
  sendFails: 'throws' | 'closes' = 'throws'
  readonly #side: SideIndex
  readonly #time: SideClock
  readonly #tap: Tap | undefined
  readonly #lost: () => void
  #sink: TransportSink | undefined
  /** Undefined is the end of what arrives. */
  readonly #inbox: (Uint8Array | undefined)[] = []
  #paused = false
  #delivering = false
  #refusing = false
  #full = false
  #closing = false

  /** `lost` is called when this end failed by itself. */
  constructor(side: SideIndex, time: SideClock, lost: () => void, tap: Tap | undefined) {
    this.remote = `sim://${side === 0 ? 'b' : 'a'}`
    this.#side = side
    this.#time = time
    this.#lost = lost
    this.#tap = tap
  }

  // -- Transport

  start(sink: TransportSink): void {
    this.#sink = sink
    this.#time.after(0, () => this.#deliver())
  }

  send(chunks: Uint8Array[]): boolean {
    if (this.gone || this.#closing) return true
    for (const chunk of chunks) {
      this.bytes += chunk.length
      // Said, also if it gets no further than this.
      this.#tap?.sent(this.#side, chunk)
    }
    if (this.sendsLeft-- <= 0) {
      this.#lost()
      if (this.sendFails === 'throws') throw new Error('write EPIPE')
      this.fail(new Error('write ECONNRESET'))
      return true
    }
    for (const chunk of chunks) if (!this.below.push(chunk)) this.#full = true
    return !this.#full
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#time.after(0, () => this.#deliver())
  }

  close(): void {
    if (this.#closing || this.gone) return
    this.#closing = true
    this.below.finish()
    this.#time.idleAfter(CLOSE_WAIT_MS, () => this.#leave())
  }

  // -- what happens to it

  /** The connection is gone, and the kernel says so. */
  fail(error: Error): void {
    this.#time.run(() => this.#leave(error))
  }

  #arrive(chunk: Uint8Array | undefined): boolean {
    if (this.gone) return true
    this.#inbox.push(chunk)
    this.#time.run(() => this.#deliver())
    // Refused also while this side stands still: then nothing has been delivered.
    this.#refusing = this.#inbox.length > 0
    return !this.#refusing
  }

  #deliver(): void {
    if (this.#delivering) return
    this.#delivering = true
    while (!this.gone && this.#sink !== undefined && !this.#paused && this.#inbox.length > 0) {
      const chunk = this.#inbox.shift()
      if (chunk === undefined) this.#ended()
      else {
        // Whoever closed it listens no more.
        if (!this.#closing) this.#tap?.arrived(this.#side, chunk)
        this.#sink.bytes(chunk)
      }
    }
    this.#delivering = false
    if (!this.#refusing || this.#inbox.length > 0) return
    this.#refusing = false
    this.above?.resume()
  }

  /** As a socket that allows no half-open connections: the end of one direction is answered with that of the other. */
  #ended(): void {
    if (!this.#closing) this.below.finish()
    this.#leave()
  }

  #roomBelow(): void {
    this.#time.run(() => {
      if (!this.#full || this.gone) return
      this.#full = false
      this.#sink?.drained()
    })
  }

  #leave(error?: Error): void {
    if (this.gone) return
    this.gone = true
    if (error === undefined) this.#sink?.closed()
    else this.#sink?.closed(error)
  }
}

/** What passes bytes on until the connection breaks. */
class Gate implements Port {
  open = true
  readonly #port: Port

  constructor(port: Port) {
    this.#port = port
  }

  push(chunk: Uint8Array): boolean {
    return this.open ? this.#port.push(chunk) : true
  }

  finish(): void {
    if (this.open) this.#port.finish()
  }
}

/** How a connection breaks: both sides are told, or only the one whose kernel says that it is dead, or none. */
export type Breakage = 'reset' | 'aDead' | 'bDead' | 'silent'

/** One connection. */
export class Carrier {
  readonly ends: readonly [End, End]
  broken = false
  /** Its fault has struck. */
  struck = false
  /** Its place among all of a world. */
  number = 0
  onSendFailed: (() => void) | undefined
  /** Nobody but the kernel noticed that it is dead. */
  onUnnoticed: (() => void) | undefined
  readonly #clock: Clock
  readonly #gates: readonly [Gate, Gate]

  constructor(clock: Clock, times: readonly [SideClock, SideClock], tap: Tap | undefined) {
    this.#clock = clock
    const lost = (): void => {
      this.onSendFailed?.()
      this.break('reset')
    }
    this.ends = [new End(0, times[0], lost, tap), new End(1, times[1], lost, tap)]
    this.#gates = [new Gate(this.ends[0].port), new Gate(this.ends[1].port)]
  }

  /** Sent by both ends. */
  get bytes(): number {
    return this.ends[0].bytes + this.ends[1].bytes
  }

  /** Hangs the nodes of one direction between its ends. */
  hang(from: SideIndex, nodes: readonly Node[]): void {
    const [sender, receiver] = from === 0 ? this.ends : ([this.ends[1], this.ends[0]] as const)
    sender.below = chain(sender.source, nodes, this.#gates[from === 0 ? 1 : 0])
    receiver.above = nodes.at(-1)
  }

  /** Nothing passes any more. `delays`: when each side hears of it. */
  break(how: Breakage, delays: readonly [number, number] = [0, 0]): void {
    if (this.broken) return
    this.broken = true
    for (const gate of this.#gates) gate.open = false
    for (const [side, end] of this.ends.entries()) {
      const told = how === 'reset' || how === (side === 0 ? 'aDead' : 'bDead')
      if (told) this.#clock.after(delays[side] ?? 0, () => end.fail(new Error('read ECONNRESET')))
      else this.#clock.at(this.#clock.now + DEAD_MS, () => this.#unnoticed(end), true)
    }
  }

  #unnoticed(end: End): void {
    if (!end.gone) this.onUnnoticed?.()
    end.fail(new Error('read ETIMEDOUT'))
  }
}
