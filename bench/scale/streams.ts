// Very many streams open at once on one session: what each takes, and what everything else pays for their being there.

import { setImmediate as turn } from 'node:timers/promises'
import type { Receiver, Session } from 'braidwire'
import { beside, Rig, sizes, type Weights } from './rig.ts'
import { from, type Plot, type Point } from './series.ts'

const OPTIONS = { maxStreams: 2 ** 24 }
const BATCH = 500
const WARM = 2000
const HEAP_FROM = 1000
const RSS_FROM = 10_000
const ignore: Receiver = { data() {}, end() {}, failed() {} }

/** From one open stream to `most`. */
export async function streams(most: number, tell: (line: string) => void): Promise<Plot[]> {
  const [rig, session] = await warmed()
  await opened(rig, session, WARM)
  const [control, controlSession] = await warmed()
  const empty = await rig.weigh()
  const curves = new Curves()
  let open = 0
  for (const size of sizes(most)) {
    tell(`${size} streams`)
    const more = size - open
    const begun = performance.now()
    const cpuUs = await rig.cpuUs(() => opened(rig, session, more))
    curves.open.push([size, cpuUs / more])
    curves.wall.push([size, ((performance.now() - begun) * 1000) / more])
    open = size
    curves.weigh(size, empty, await rig.weigh())
    // What a collection does to the heap is not what the streams do.
    await control.weigh()
    curves.work(
      size,
      await beside(
        () => rig.callCost(session),
        () => control.callCost(controlSession),
      ),
      await beside(
        () => rig.chunkCost(session),
        () => control.chunkCost(controlSession),
      ),
    )
  }
  for (const each of [session, controlSession]) await each.close()
  for (const each of [rig, control]) await each.stop()
  return curves.plots()
}

async function warmed(): Promise<[Rig, Session]> {
  const rig = await Rig.start(OPTIONS)
  const session = await rig.connect()
  await rig.warm(session)
  return [rig, session]
}

/** Opens so many streams that stay, and waits until the other side has them. */
async function opened(rig: Rig, session: Session, count: number): Promise<void> {
  const before = await rig.idle()
  for (let done = 0; done < count; done++) {
    session.open('idle').receive(ignore)
    if (done % BATCH === 0) await turn()
  }
  while ((await rig.idle()) < before + count);
}

class Curves {
  readonly open: Point[] = []
  readonly wall: Point[] = []
  readonly #heap: Point[] = []
  readonly #rss: Point[] = []
  readonly #serverHeap: Point[] = []
  readonly #serverRss: Point[] = []
  readonly #calls: Point[] = []
  readonly #chunks: Point[] = []
  readonly #callRatios: Point[] = []
  readonly #chunkRatios: Point[] = []

  weigh(size: number, empty: Weights, full: Weights): void {
    const heap = (side: keyof Weights) => (full[side].heapBytes - empty[side].heapBytes) / size
    const rss = (side: keyof Weights) => (full[side].rssBytes - empty[side].rssBytes) / size
    this.#heap.push([size, heap('client')])
    this.#serverHeap.push([size, heap('server')])
    this.#rss.push([size, rss('client')])
    this.#serverRss.push([size, rss('server')])
  }

  work(size: number, call: { cost: number; ratio: number }, chunk: { cost: number; ratio: number }): void {
    this.#calls.push([size, call.cost])
    this.#chunks.push([size, chunk.cost])
    this.#callRatios.push([size, call.ratio])
    this.#chunkRatios.push([size, chunk.ratio])
  }

  plots(): Plot[] {
    const x = 'open streams'
    const memory = { from: 10_000, factor: 1.25 }
    // Pages come and go by the ten megabytes.
    const pages = { from: 30_000, factor: 2 }
    const cost = { from: 1, factor: 1.5, reference: 1 }
    // Bulk over loopback runs in one of two gears, by turns.
    const bulk = { from: 1, factor: 2, reference: 1 }
    return [
      {
        title: 'memory of an open, idle stream',
        x,
        y: 'bytes a stream',
        series: [
          { name: 'heap, opening side', points: from(HEAP_FROM, this.#heap), flat: memory },
          { name: 'heap, other side', points: from(HEAP_FROM, this.#serverHeap), flat: memory },
          { name: 'RSS, opening side', points: from(RSS_FROM, this.#rss), flat: pages },
          { name: 'RSS, other side', points: from(RSS_FROM, this.#serverRss), flat: pages },
        ],
      },
      {
        title: 'opening one more stream',
        x,
        y: 'µs a stream',
        series: [
          { name: 'CPU of both sides', points: this.open, flat: { from: 10_000, factor: 2 } },
          { name: 'time', points: this.wall },
        ],
      },
      {
        title: 'work beside idle streams',
        x,
        y: 'CPU µs of both sides',
        series: [
          { name: 'a call of 64 B, 32 in flight', points: this.#calls },
          { name: 'a chunk of 16 KiB', points: this.#chunks },
        ],
      },
      {
        title: 'work beside idle streams, against a session without any',
        x,
        y: '× its CPU',
        series: [
          { name: 'a call of 64 B, 32 in flight', points: this.#callRatios, flat: cost },
          { name: 'a chunk of 16 KiB', points: this.#chunkRatios, flat: bulk },
        ],
      },
    ]
  }
}
