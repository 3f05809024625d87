// Two processes, this one dialling and its child listening, and what a unit of work costs them. Knows no workload.

import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import { connect, type Receiver, type Session, type SessionOptions } from 'braidwire'
import { type Mark, mark, median } from '../sample.ts'
import { Child } from './child.ts'

/** What both sides hold after a garbage collection. */
export interface Weights {
  readonly client: Mark
  readonly server: Mark
}

const ROUNDS = 7
const PASSES = 5
/** Both sides do more than this between two readings of the processor's time, or the reading would be part of the figure. */
const CALLS = 10_000
/** They cost a third. */
const CALLS_IN_MEMORY = 30_000
const IN_FLIGHT = 32
const CHUNKS = 6_000
const CHUNK = new Uint8Array(16 * 1024)
const BODY = new Uint8Array(64)
const ignore: Receiver = { data() {}, end() {}, failed() {} }

/** A day: at the largest sizes the questions whether the peer is still there would be counted as part of other work. */
export const SILENCE_MS = 86_400_000

export class Rig {
  readonly url: string
  readonly #server: Child

  /** `options` are the listening side's. */
  static async start(options: SessionOptions = {}): Promise<Rig> {
    const server = new Child(new URL('./server.js', import.meta.url))
    return new Rig(server, await server.ask<string>('listen', { idleTimeoutMs: SILENCE_MS, ...options }))
  }

  private constructor(server: Child, url: string) {
    this.#server = server
    this.url = url
  }

  connect(): Promise<Session> {
    return connect(this.url, { idleTimeoutMs: SILENCE_MS })
  }

  /** Streams that came to be left idle. */
  idle(): Promise<number> {
    return this.#server.ask<number>('idle')
  }

  /** Processor time of both processes in µs that `work` took. */
  async cpuUs(work: () => Promise<unknown>): Promise<number> {
    const server = await this.#server.ask<number>('cpuMs')
    const own = mark([], false).cpuMs
    await work()
    const ownTook = mark([], false).cpuMs - own
    return 1000 * (ownTook + (await this.#server.ask<number>('cpuMs')) - server)
  }

  /** What a call of 64 B costs, 32 in flight: processor time of both processes in µs. */
  async callCost(session: Session): Promise<number> {
    return (await this.cpuUs(() => calls(session, CALLS, IN_FLIGHT))) / CALLS
  }

  /** The same for two sessions joined in memory and alone in their process: the listening one. */
  memoryCallCost(): Promise<number> {
    return this.#server.ask<number>('memoryCallCost')
  }

  /** The same as {@link callCost} for a chunk of 16 KiB on one stream. */
  async chunkCost(session: Session): Promise<number> {
    return (await this.cpuUs(() => chunks(session, CHUNKS))) / CHUNKS
  }

  async weigh(): Promise<Weights> {
    await settled()
    const server = await this.#server.ask<Mark>('weigh')
    return { client: mark([], true), server }
  }

  /** Code that is compiled and buffers that are made once are not what is looked for. */
  async warm(session: Session): Promise<void> {
    await warmCalls(session)
    for (let pass = 0; pass < PASSES; pass++) await chunks(session, CHUNKS)
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }
}

/** What is over still has a turn or two to go. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn()
  await delay(50)
}

/** So many calls of 64 B, at most so many of them at a time. */
export async function calls(session: Session, count: number, inFlight: number): Promise<void> {
  let left = count
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const { length } = await session.call('echo', BODY)
      if (length !== BODY.length) throw new Error(`a reply of ${length} bytes, not ${BODY.length}`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
}

export async function warmCalls(session: Session): Promise<void> {
  for (let pass = 0; pass < PASSES; pass++) await calls(session, CALLS, IN_FLIGHT)
}

/** What a call of 64 B costs, 32 in flight, when both ends are in this process: its processor time in µs. */
export async function ownCallCost(session: Session): Promise<number> {
  const before = mark([], false).cpuMs
  await calls(session, CALLS_IN_MEMORY, IN_FLIGHT)
  return ((mark([], false).cpuMs - before) * 1000) / CALLS_IN_MEMORY
}

async function chunks(session: Session, count: number): Promise<void> {
  const stream = session.open('sink')
  stream.receive(ignore)
  for (let chunk = 0; chunk < count; chunk++) if (!stream.write(CHUNK)) await stream.ready
  stream.end()
  const error = await stream.closed
  if (error !== undefined) throw error
}

/** The middle of several rounds. */
export async function middle(cost: () => Promise<number>): Promise<number> {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await cost())
  return median(rounds)
}

/** A cost, and how it compares with another that is measured in turns with it, so that both see the same machine. */
export async function beside(
  cost: () => Promise<number>,
  control: () => Promise<number>,
): Promise<{ cost: number; ratio: number }> {
  const costs: number[] = []
  const ratios: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const reference = round % 2 === 0 ? await control() : undefined
    const own = await cost()
    costs.push(own)
    ratios.push(own / (reference ?? (await control())))
  }
  return { cost: median(costs), ratio: median(ratios) }
}

/** 1, 3, 10, 30 and so on, and `most` at last. */
export function sizes(most: number): number[] {
  const result: number[] = []
  for (let decade = 1; decade <= most; decade *= 10) result.push(decade, decade * 3)
  return [...result.filter((size) => size < most), most]
}
