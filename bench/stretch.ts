// How one stretch is run in the dialling process, from the first byte to its figures. Knows neither the other processes nor how
// they are asked.

import { setTimeout as delay } from 'node:timers/promises'
import { type Mark, mark, type Wire } from './sample.ts'
import { type Figures, type Stretch, sum, type Times, type Traffic, type Workload } from './workload.ts'

/** What can be asked of the other processes. */
export interface Others {
  /** The listening process. */
  mark(collect: boolean): Promise<Mark>
  /** The process between, where there is one. */
  wire(): Promise<Wire | undefined>
}

/** Figures of every row besides its columns: memory of both processes at the end of a stretch, in bytes. */
export const END = ['endHeapBytes', 'endRssBytes', 'endServerHeapBytes', 'endServerRssBytes'] as const

const QUIET_MS = 10_000
/** After the last byte: acknowledgements and credit may still be on their way. */
const SETTLE_MS = 100

/** @throws Error when bytes were lost, or streams did not open. */
export async function stretch(workload: Workload, traffic: Traffic, others: Others, times: Times): Promise<Figures> {
  const seen = await run(workload, traffic, others, times)
  const [[, client], [, server]] = [seen.client, seen.server]
  return {
    ...workload.figures(seen),
    endHeapBytes: client.heapBytes,
    endRssBytes: client.rssBytes,
    endServerHeapBytes: server.heapBytes,
    endServerRssBytes: server.rssBytes,
  } satisfies Record<(typeof END)[number], number>
}

function run(workload: Workload, traffic: Traffic, others: Others, times: Times): Promise<Stretch> {
  if (traffic.course !== undefined) return between(others, () => traffic.course!(times))
  if (workload.settled !== undefined) return settling(workload, traffic, others)
  if (workload.whole === true) return between(others, () => fromQuietToQuiet(traffic, others, times))
  return timed(traffic, others, times)
}

async function timed(traffic: Traffic, others: Others, times: Times): Promise<Stretch> {
  traffic.start()
  await delay(times.rampMs)
  const serverBegin = await others.mark(false)
  traffic.clear()
  const clientBegin = mark([], false)
  await delay(times.measureMs)
  const clientEnd = mark([], false)
  const counts = traffic.counts()
  const serverEnd = await others.mark(false)
  await delay(times.tailMs)
  await traffic.stop()
  await quiet(traffic, others)
  return { client: [clientBegin, clientEnd], server: [serverBegin, serverEnd], counts }
}

async function fromQuietToQuiet(traffic: Traffic, others: Others, times: Times): Promise<Record<string, number>> {
  traffic.clear()
  const before = traffic.written
  traffic.start()
  await delay(times.measureMs)
  await traffic.stop()
  await quiet(traffic, others)
  await delay(SETTLE_MS)
  return { ...traffic.counts(), written: traffic.written - before }
}

async function between(others: Others, course: () => Promise<Record<string, number>>): Promise<Stretch> {
  const [serverBegin, wireBegin] = await Promise.all([others.mark(false), others.wire()])
  const clientBegin = mark([], false)
  const counts = await course()
  const clientEnd = mark([], false)
  const [serverEnd, wireEnd] = await Promise.all([others.mark(false), others.wire()])
  const wire = wireBegin === undefined || wireEnd === undefined ? undefined : ([wireBegin, wireEnd] as const)
  return { client: [clientBegin, clientEnd], server: [serverBegin, serverEnd], wire, counts }
}

/** The next contender's turn must not be disturbed by what is still on its way; also shows that nothing was lost. */
async function quiet(traffic: Traffic, others: Others): Promise<void> {
  const deadline = performance.now() + QUIET_MS
  for (;;) {
    const received = sum((await others.mark(false)).received)
    if (received === traffic.written) return
    if (performance.now() > deadline) throw new Error(`${traffic.written} bytes written, ${received} received`)
    await delay(2)
  }
}

async function settling(workload: Workload, traffic: Traffic, others: Others): Promise<Stretch> {
  const serverBegin = await others.mark(true)
  const clientBegin = mark([], true)
  traffic.start()
  const deadline = performance.now() + 10 * QUIET_MS
  while (!workload.settled!(await others.mark(false))) {
    if (performance.now() > deadline) throw new Error('the streams did not all open')
    await delay(20)
  }
  const serverEnd = await others.mark(true)
  const clientEnd = mark([], true)
  return { client: [clientBegin, clientEnd], server: [serverBegin, serverEnd], counts: {} }
}
