// Two engines on one simple link, for tests of speed and fairness: streams that never end, readers that keep up or stall.
// Measures in virtual time; the monitor holds both sides to the protocol meanwhile.

import type { EngineEvent, EngineStream } from '#dist/engine/contract.js'
import { createEngine } from '#dist/engine/engine.js'
import { type EngineOptions, parseOptions } from '#dist/engine/options.js'
import { Clock } from './clock.ts'
import { Endpoint, type Observer } from './endpoint.ts'
import type { SideIndex } from './model.ts'
import { Monitor } from './monitor.ts'
import { chain, Delay, Rate } from './network.ts'
import { slice } from './pattern.ts'
import { Prng } from './prng.ts'

/** One Gbit/s in bytes a ms. */
export const GBIT = 125_000

export interface LinkOptions {
  /** Round trip in ms, and bytes a ms in each direction. */
  readonly rttMs: number
  readonly bytesPerMs: number
  /** What the sending transport buffers. */
  readonly socketBytes?: number
  readonly options?: EngineOptions
}

/** An endless writer, or the reader at the other end of one. */
export interface Flow {
  readonly name: string
  readonly pieceBytes: number
  readonly stalled: boolean
  /** It writes no more than this. */
  left: number
  /** Its two ends. */
  readonly streams: [EngineStream, Endpoint][]
  /** Bytes that reached the reader. */
  received: number
  /** When the first of them did, and when the stream was opened. */
  firstAt: number
  readonly openedAt: number
}

/** One side of a link. Side 0 opens and writes, side 1 reads and answers calls at once. */
class Party implements Observer {
  endpoint!: Endpoint
  readonly #link: Link
  readonly #side: SideIndex

  constructor(link: Link, side: SideIndex) {
    this.#link = link
    this.#side = side
  }

  sent(chunk: Uint8Array): void {
    this.#link.monitor.sent(this.#side, chunk)
  }

  arrived(chunk: Uint8Array): void {
    this.#link.monitor.arrived(this.#side, chunk)
  }

  gone(): void {
    throw new Error('the link closed')
  }

  event(event: EngineEvent): void {
    const { engine } = this.endpoint
    switch (event.type) {
      case 'open':
        return this.#link.opened(event.name, event.stream, this.endpoint)
      case 'data':
        return this.#link.took(event.stream, event.bytes.length, engine)
      case 'writable':
        return this.#link.fill(event.stream)
      case 'call':
        return engine.reply(event.slot, event.args)
      case 'reply':
        return this.#link.replied(event.call.owner as number)
      case 'closed':
        throw new Error(`closed: ${event.error?.message}`)
    }
  }
}

export class Link {
  readonly clock = new Clock()
  readonly monitor = new Monitor()
  readonly flows = new Map<string, Flow>()
  /** Round trips of calls, in ms. */
  readonly callMs: number[] = []
  readonly #parties: readonly [Party, Party]

  constructor({ rttMs, bytesPerMs, socketBytes = 256 * 1024, options = {} }: LinkOptions) {
    const random = new Prng(1)
    this.#parties = [new Party(this, 0), new Party(this, 1)]
    for (const [side, party] of this.#parties.entries()) {
      const settings = parseOptions(options)
      const init = { waitForPreface: side === 1, gate: false, random: () => random.unit() }
      const budget = 256 * 1024
      party.endpoint = new Endpoint(createEngine(settings, init), this.clock, party, () => budget, settings.earlyBytes)
    }
    const [a, b] = [this.#parties[0].endpoint, this.#parties[1].endpoint]
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const rate = new Rate(this.clock, bytesPerMs, socketBytes)
      const delay = new Delay(this.clock, random, rttMs / 2, 0, Number.POSITIVE_INFINITY)
      from.below = chain(from, [rate, delay], to)
      to.above = delay
    }
    a.flush()
    b.flush()
  }

  get sender(): Endpoint {
    return this.#parties[0].endpoint
  }

  /** Opens a stream and writes pieces on it for ever. */
  open(name: string, pieceBytes: number, urgency = 3, stalled = false, left = Number.POSITIVE_INFINITY): Flow {
    const openedAt = this.clock.now
    const flow: Flow = { name, pieceBytes, stalled, left, streams: [], received: 0, firstAt: -1, openedAt }
    this.flows.set(name, flow)
    this.sender.do(() => {
      const stream = this.sender.engine.open({ name, urgency, confirm: false })
      stream.owner = flow
      flow.streams.push([stream, this.sender])
      this.fill(stream)
    })
    return flow
  }

  opened(name: string, stream: EngineStream, endpoint: Endpoint): void {
    const flow = this.flows.get(name)
    stream.owner = flow
    flow?.streams.push([stream, endpoint])
  }

  fill(stream: EngineStream): void {
    const flow = stream.owner as Flow
    while (flow.left > 0) {
      flow.left -= flow.pieceBytes
      if (!this.sender.engine.write(stream, slice(0, flow.pieceBytes))) return
    }
  }

  took(stream: EngineStream, bytes: number, engine: Endpoint['engine']): void {
    const flow = stream.owner as Flow
    flow.received += bytes
    if (flow.firstAt < 0) flow.firstAt = this.clock.now
    if (!flow.stalled) engine.consume(stream, bytes, 0)
  }

  /** Ends both halves of a stream, its handler too, and takes what was not read. */
  end(name: string): void {
    const flow = this.flows.get(name) as Flow
    for (const [stream, endpoint] of flow.streams) {
      endpoint.do(() => {
        if (!stream.mine) endpoint.engine.consume(stream, flow.received, 0)
        if (!stream.mine) endpoint.engine.settle(stream)
        endpoint.engine.end(stream)
      })
    }
  }

  call(): void {
    this.sender.do(() => this.sender.engine.call('echo', slice(0, 64), undefined, false, this.clock.now))
  }

  replied(madeAt: number): void {
    this.callMs.push(this.clock.now - madeAt)
  }

  run(untilMs: number): void {
    let reached = false
    this.clock.at(untilMs, () => {
      reached = true
    })
    while (!reached && this.clock.step()) {}
  }

  /** Bytes a ms that reached the readers between now and then, by flow. */
  measure(untilMs: number): Map<string, number> {
    const before = [...this.flows.values()].map((flow) => ({ flow, received: flow.received }))
    const from = this.clock.now
    this.run(untilMs)
    return new Map(before.map(({ flow, received }) => [flow.name, (flow.received - received) / (untilMs - from)]))
  }
}

export function total(rates: Map<string, number>): number {
  return [...rates.values()].reduce((sum, rate) => sum + rate, 0)
}
