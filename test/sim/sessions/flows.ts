// Streams as an application uses them: a writer and a reader for each half, each with a temper drawn from the seed.
// They tell the ledger what they do and get; what is right or wrong is for the ledger.

import type { Stream } from '#dist/session/stream.js'
import type { HalfModel } from '../model.ts'
import { slice } from '../pattern.ts'
import { Prng } from '../prng.ts'
import { Flow } from './ledger.ts'
import type { Place } from './place.ts'
import type { WorkItem } from './plan.ts'

const CANCELLED = 14
const INTERNAL = 10

/** Opens the stream of an item and works on it. */
export function openFlow(place: Place, item: WorkItem): void {
  const { ledger, session } = place
  const random = new Prng(item.seed, 1)
  const flow = new Flow(item)
  ledger.flows.set(item.index, flow)
  const controller = random.chance(0.1) ? new AbortController() : undefined
  let stream: Stream
  try {
    stream = session.open(item.kind, {
      meta: item.index,
      urgency: random.int(0, 7),
      confirm: random.chance(0.3),
      signal: controller?.signal,
    })
  } catch (thrown) {
    ledger.streamFailed(flow, item.side, thrown)
    return
  }
  if (controller !== undefined) {
    place.time.after(random.skewed(0, 1000), () => {
      flow.givenUp.add(CANCELLED)
      controller.abort()
    })
  }
  if (random.chance(0.5)) {
    ledger
      .hold(`${flow.label}: accepted`, stream.accepted)
      .catch((error) => ledger.streamFailed(flow, item.side, error))
  }
  void work(place, flow, stream, random)
}

/** Handles the stream of an item on the other side. */
export function takeFlow(place: Place, stream: Stream): Promise<void> | undefined {
  const { ledger } = place
  const flow = ledger.flows.get(stream.meta as number)
  const known = flow !== undefined && flow.item.side !== place.side && !flow.accepted && stream.name === flow.item.kind
  ledger.expect(known, () => `a stream "${stream.name}" ${String(stream.meta)} that nobody opened, or that came twice`)
  if (!known) {
    stream.reset(CANCELLED)
    return undefined
  }
  flow.accepted = true
  ledger.expect(!flow.untouched, () => `${flow.label}: taken, though its opener was told that it was not`)
  const random = new Prng(flow.item.seed, 2)
  if (random.chance(0.03)) {
    flow.givenUp.add(INTERNAL)
    throw new Error('by chance')
  }
  if (random.chance(0.3)) stream.accept({ item: flow.item.index })
  return work(place, flow, stream, random)
}

async function work(place: Place, flow: Flow, stream: Stream, random: Prng): Promise<void> {
  place.streams.add(stream)
  const label = `${flow.label}@${place.name}`
  const closed = place.ledger.hold(`${label}: closed`, stream.closed).then((error) => {
    place.streams.delete(stream)
    if (error !== undefined) place.ledger.streamFailed(flow, place.side, error)
  })
  const reading = random.fork(1)
  const writing = random.fork(2)
  await Promise.all([
    new Writer(place, flow, stream, writing).run(),
    new FlowReader(place, flow, stream, reading).run(),
    closed,
  ])
}

class Writer {
  readonly #place: Place
  readonly #flow: Flow
  readonly #half: HalfModel
  readonly #stream: Stream
  readonly #random: Prng
  readonly #label: string

  constructor(place: Place, flow: Flow, stream: Stream, random: Prng) {
    this.#place = place
    this.#flow = flow
    this.#half = flow.halves[place.side]
    this.#stream = stream
    this.#random = random
    this.#label = `${flow.label}@${place.name}`
  }

  async run(): Promise<void> {
    const random = this.#random
    const defiant = random.chance(0.1)
    const pauses = random.chance(0.3)
    for (let left = random.chance(0.3) ? 0 : random.skewed(1, 16); left > 0; left--) {
      if (!this.#write() && !defiant && !(await this.#ready())) return
      if (pauses && random.chance(0.3)) await this.#place.sleep(random.skewed(0, 200))
    }
    this.#finish()
    if (random.chance(0.3)) await this.#ready()
  }

  #write(): boolean {
    const { name } = this.#stream
    const messages = name === 'messages'
    const half = this.#half
    const length = this.#random.skewed(0, this.#place.pieceMax)
    const bytes = slice(half.position + half.sent, length)
    half.sent += length
    if (messages) half.ends.push(half.sent)
    this.#place.ledger.progress++
    return messages ? this.#stream.send(bytes) : this.#stream.write(bytes)
  }

  /** False: there is nothing more to write to. */
  #ready(): Promise<boolean> {
    const { ledger, side } = this.#place
    return ledger.hold(`${this.#label}: ready`, this.#stream.ready).then(
      () => true,
      (error: unknown) => {
        ledger.streamFailed(this.#flow, side, error)
        return false
      },
    )
  }

  #finish(): void {
    const random = this.#random
    if (random.chance(0.06)) {
      const code = random.pick([CANCELLED, 77])
      this.#flow.givenUp.add(code)
      this.#stream.reset(code, 'by chance')
      return
    }
    this.#half.ended = true
    if (random.chance(0.2)) this.#stream.end({ sent: this.#half.sent })
    else this.#stream.end()
  }
}

class FlowReader {
  readonly #place: Place
  readonly #flow: Flow
  readonly #half: HalfModel
  readonly #stream: Stream
  readonly #random: Prng
  readonly #slow: boolean
  readonly #stalled: boolean
  /** Pieces it takes before it leaves. */
  #patience: number

  constructor(place: Place, flow: Flow, stream: Stream, random: Prng) {
    this.#place = place
    this.#flow = flow
    this.#half = flow.halves[place.side === 0 ? 1 : 0]
    this.#stream = stream
    this.#random = random
    const temper = random.chance(place.slow) ? random.pick(['slow', 'stalled', 'leaving'] as const) : 'eager'
    this.#slow = temper === 'slow'
    this.#stalled = temper === 'stalled'
    this.#patience = temper === 'leaving' ? random.skewed(0, 10) : Number.POSITIVE_INFINITY
  }

  async run(): Promise<void> {
    const { ledger, side } = this.#place
    if (this.#stalled) await this.#place.released
    const way =
      this.#stream.name === 'messages' ? 'messages' : this.#random.pick(['read', 'batches', 'chunks', 'receive'])
    try {
      if (way === 'receive') await this.#receive()
      else if (way === 'read') await this.#read()
      else if (way === 'batches') await this.#batches()
      else await this.#iterate(way === 'messages')
    } catch (error) {
      ledger.streamFailed(this.#flow, side, error)
    }
  }

  /** Takes a piece. False: it has had enough. */
  #take(bytes: Uint8Array, eom: boolean): boolean {
    const { ledger } = this.#place
    ledger.progress++
    ledger.judge(() => this.#half.receive(bytes, eom))
    return this.#patience-- > 0
  }

  #ended(): void {
    const { ledger } = this.#place
    ledger.readToEnd(this.#half)
    const { trailer } = this.#stream
    const sent = (trailer as { sent?: number } | undefined)?.sent
    ledger.expect(trailer === undefined || sent === this.#half.sent, () => `${this.#half.label}: the trailer differs`)
  }

  #stop(): void {
    this.#flow.givenUp.add(77)
    this.#stream.stop(77, 'enough')
  }

  #pause(): Promise<void> | undefined {
    return this.#slow ? this.#place.sleep(this.#random.skewed(0, 100)) : undefined
  }

  async #read(): Promise<void> {
    const { ledger } = this.#place
    while (await ledger.hold(`${this.#half.label}: readable`, this.#stream.readable())) {
      for (let chunk = this.#stream.read(); chunk !== null; chunk = this.#stream.read()) {
        if (!this.#take(chunk, false)) this.#stop()
      }
      await this.#pause()
    }
    this.#ended()
  }

  async #batches(): Promise<void> {
    for await (const batch of this.#stream.batches()) {
      let more = true
      for (const chunk of batch) more = this.#take(chunk, false) && more
      await this.#pause()
      if (more) continue
      this.#flow.givenUp.add(CANCELLED)
      return
    }
    this.#ended()
  }

  async #iterate(messages: boolean): Promise<void> {
    for await (const chunk of messages ? this.#stream.messages() : this.#stream) {
      const more = this.#take(chunk, messages)
      await this.#pause()
      if (more) continue
      this.#flow.givenUp.add(CANCELLED)
      return
    }
    this.#ended()
  }

  #receive(): Promise<void> {
    const told = this.#place.ledger.once(`${this.#half.label}: end or failed`)
    return new Promise((resolve) => {
      this.#stream.receive({
        data: (bytes) => {
          if (!this.#take(bytes, false)) this.#stop()
          else if (this.#slow) {
            this.#stream.pause()
            this.#place.time.after(this.#random.skewed(0, 100), () => this.#stream.resume())
          }
        },
        end: () => {
          told()
          this.#ended()
          resolve()
        },
        failed: (error) => {
          told()
          this.#place.ledger.streamFailed(this.#flow, this.#place.side, error)
          resolve()
        },
      })
    })
  }
}
