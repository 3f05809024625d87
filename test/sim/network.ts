// A network as a chain of small nodes, one chain a direction. Each passes bytes on in order, late, cut or joined,
// and pushes back when full. Knows bytes and time, and nothing of what they mean.

import type { Clock } from './clock.ts'
import type { NodePlan } from './plan.ts'
import type { Prng } from './prng.ts'

/** What takes bytes: a node, or the endpoint at the far end. */
export interface Port {
  /** Takes the chunk. False: taken, but nothing more until `resume` is called on whoever pushed. */
  push(chunk: Uint8Array): boolean
  /** No more will come: the orderly end of the transport. */
  finish(): void
}

/** What may be told that there is room again. */
export interface Source {
  resume(): void
}

interface Held {
  readonly due: number
  /** Undefined is the end of the pipe. */
  readonly chunk: Uint8Array | undefined
}

/** A node that passes on what it is given at once, bounded by `capacity` bytes while what is below is full. */
export class Node implements Port, Source {
  below: Port = nowhere
  above: Source = nobody
  protected readonly clock: Clock
  protected readonly held: Held[] = []
  #bytes = 0
  #open = true
  #full = false
  #armed = false
  readonly #capacity: number

  constructor(clock: Clock, capacity = 64 * 1024) {
    this.clock = clock
    this.#capacity = capacity
  }

  push(chunk: Uint8Array): boolean {
    this.hold(chunk, this.due(chunk))
    return !this.#full
  }

  finish(): void {
    this.held.push({ due: Math.max(this.clock.now, this.held.at(-1)?.due ?? 0), chunk: undefined })
    this.#arm()
  }

  resume(): void {
    this.#open = true
    this.#arm()
  }

  /** When the chunk may leave; never before the one in front of it. */
  protected due(_chunk: Uint8Array): number {
    return this.clock.now
  }

  protected hold(chunk: Uint8Array, due: number): void {
    this.held.push({ due: Math.max(due, this.held.at(-1)?.due ?? 0), chunk })
    this.#bytes += chunk.length
    if (this.#bytes >= this.#capacity) this.#full = true
    this.#arm()
  }

  /** Takes what leaves next off the queue; everything it takes must be due. */
  protected take(): Uint8Array | undefined {
    return this.held.shift()?.chunk
  }

  protected pass(chunk: Uint8Array): boolean {
    return this.below.push(chunk)
  }

  #arm(): void {
    const first = this.held[0]
    if (this.#armed || !this.#open || first === undefined) return
    this.#armed = true
    this.clock.at(first.due, () => this.#drain())
  }

  #drain(): void {
    this.#armed = false
    while (this.#open && this.held.length > 0 && (this.held[0] as Held).due <= this.clock.now) {
      const chunk = this.take()
      if (chunk === undefined) {
        this.below.finish()
        break
      }
      this.#bytes -= chunk.length
      if (!this.pass(chunk)) this.#open = false
    }
    this.#arm()
    if (this.#full && this.#bytes <= this.#capacity / 2) {
      this.#full = false
      this.above.resume()
    }
  }
}

const nowhere: Port = { push: () => true, finish: () => undefined }
const nobody: Source = { resume: () => undefined }

/** Light takes its time: every chunk is `ms` late, and up to `jitterMs` more, in order. */
export class Delay extends Node {
  readonly #ms: number
  readonly #jitterMs: number
  readonly #random: Prng

  constructor(clock: Clock, random: Prng, ms: number, jitterMs: number, capacity: number) {
    super(clock, capacity)
    this.#ms = ms
    this.#jitterMs = jitterMs
    this.#random = random
  }

  protected override due(): number {
    return this.clock.now + this.#ms + this.#jitterMs * this.#random.unit()
  }
}

/** A link of so many bytes a ms behind a buffer of `capacity` bytes. */
export class Rate extends Node {
  readonly #bytesPerMs: number
  #freeAt = 0

  constructor(clock: Clock, bytesPerMs: number, capacity: number) {
    super(clock, capacity)
    this.#bytesPerMs = bytesPerMs
  }

  protected override due(chunk: Uint8Array): number {
    this.#freeAt = Math.max(this.#freeAt, this.clock.now) + chunk.length / this.#bytesPerMs
    return this.#freeAt
  }
}

/** Splits chunks into random pieces down to one byte; after `budget` pieces they are larger, so that runs end. */
export class Chop extends Node {
  readonly #random: Prng
  readonly #largest: number
  #budget: number

  constructor(clock: Clock, random: Prng, largest: number, budget: number) {
    super(clock)
    this.#random = random
    this.#largest = largest
    this.#budget = budget
  }

  override push(chunk: Uint8Array): boolean {
    let taken = true
    for (let at = 0; at < chunk.length; ) {
      const largest = this.#budget-- > 0 ? this.#largest : 16 * 1024
      const end = Math.min(chunk.length, at + this.#random.skewed(1, largest))
      taken = super.push(chunk.subarray(at, end))
      at = end
    }
    return taken
  }
}

/** Joins what arrives within `ms` into chunks of at most 64 KiB, as a kernel does between two reads. */
export class Coalesce extends Node {
  readonly #ms: number

  constructor(clock: Clock, ms: number) {
    super(clock, 128 * 1024)
    this.#ms = ms
  }

  protected override due(): number {
    return (Math.floor(this.clock.now / this.#ms) + 1) * this.#ms
  }

  protected override take(): Uint8Array | undefined {
    const first = super.take()
    if (first === undefined) return undefined
    const parts = [first]
    let bytes = first.length
    for (;;) {
      const next = this.held[0]
      if (next?.chunk === undefined || next.due > this.clock.now || bytes + next.chunk.length > 64 * 1024) break
      bytes += next.chunk.length
      parts.push(next.chunk)
      this.held.shift()
    }
    return parts.length === 1 ? first : Buffer.concat(parts)
  }
}

/** Stands still now and then: up to `longestMs`, with at least that and at most four times that between. */
export class Stall extends Node {
  readonly #random: Prng
  readonly #longestMs: number
  #from: number
  #until = 0

  constructor(clock: Clock, random: Prng, longestMs: number) {
    super(clock)
    this.#random = random
    this.#longestMs = longestMs
    this.#from = random.unit() * longestMs
  }

  protected override due(): number {
    const { now } = this.clock
    if (now >= this.#from) {
      this.#until = now + this.#random.unit() * this.#longestMs
      this.#from = this.#until + this.#longestMs * (1 + 3 * this.#random.unit())
    }
    return Math.max(now, this.#until)
  }
}

/** Breaks the connection when byte number `offset` would pass; calls `broken` once and swallows the rest. */
export class Cut extends Node {
  #left: number
  readonly #broken: () => void

  constructor(clock: Clock, offset: number, broken: () => void) {
    super(clock)
    this.#left = offset
    this.#broken = broken
  }

  protected override pass(chunk: Uint8Array): boolean {
    if (this.#left < 0) return true
    if (chunk.length <= this.#left) {
      this.#left -= chunk.length
      return super.pass(chunk)
    }
    const head = chunk.subarray(0, this.#left)
    this.#left = -1
    if (head.length > 0) super.pass(head)
    this.#broken()
    return true
  }
}

/** Builds the node a plan names. */
export function buildNode(plan: NodePlan, clock: Clock, random: Prng): Node {
  switch (plan.kind) {
    case 'delay':
      return new Delay(clock, random, plan.ms, plan.jitterMs, plan.capacity)
    case 'rate':
      return new Rate(clock, plan.bytesPerMs, plan.capacity)
    case 'chop':
      return new Chop(clock, random, plan.largest, plan.budget)
    case 'coalesce':
      return new Coalesce(clock, plan.ms)
    case 'stall':
      return new Stall(clock, random, plan.longestMs)
    case 'buffer':
      return new Node(clock, plan.capacity)
  }
}

/** Hangs the nodes one below the other, between whoever sends and the port at the far end. */
export function chain(source: Source, nodes: readonly Node[], port: Port): Port {
  let above = source
  for (const [index, node] of nodes.entries()) {
    node.above = above
    node.below = nodes[index + 1] ?? port
    above = node
  }
  return nodes[0] ?? port
}
