// Very many sessions in one process, over TCP as far as its open files allow and in memory: what each takes, and what a call
// on one of them pays for the others.

import type { Session } from 'braidwire'
import { pair } from 'braidwire/test'
import { mark } from '../sample.ts'
import { beside, ownCallCost, Rig, settled, sizes, warmCalls } from './rig.ts'
import { from, type Plot, type Point, type Series } from './series.ts'

const AT_ONCE = 32
/** What a process has open besides its sockets, with room to spare. */
const OTHER_FILES = 100
/** Come and gone before anything is measured. */
const WARM = 1000
const HEAP_FROM = 100
const RSS_FROM = 3000

/** Costs by number of sessions; RSS of those added since the number before, because the first live where the warm-up's did. */
class Curves {
  readonly heap: Point[] = []
  readonly rss: Point[] = []
  readonly serverHeap: Point[] = []
  readonly serverRss: Point[] = []
  readonly connect: Point[] = []
  readonly wall: Point[] = []
  readonly call: Point[] = []
  readonly ratio: Point[] = []
}

/** From one session to `most`. */
export async function sessions(most: number, tell: (line: string) => void): Promise<Plot[]> {
  const files = filesMax()
  const room = Math.max(1, files - OTHER_FILES)
  if (room < most) {
    tell(
      `this process may open ${files} files: sessions over TCP end at ${room}, those beyond are measured in memory only; ` +
        `"ulimit -n ${most + OTHER_FILES}" in the shell allows all (its hard limit may need the administrator)`,
    )
  }
  const near = await inMemory(most, tell)
  const far = await overTcp(Math.min(most, room), tell)
  return plots(far, near)
}

/** The limit of open files; Node raises it as far as it may when it starts. */
function filesMax(): number {
  const report = process.report.getReport() as unknown as { userLimits?: { open_files?: { soft?: number | string } } }
  const limit = report.userLimits?.open_files?.soft
  return typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY
}

async function overTcp(most: number, tell: (line: string) => void): Promise<Curves> {
  const rig = await Rig.start()
  const curves = new Curves()
  const live: Session[] = []
  const connected = async (count: number): Promise<void> => {
    let left = count
    const lane = async (): Promise<void> => {
      while (left-- > 0) live.push(await rig.connect())
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
  }
  await connected(Math.min(WARM, most))
  await warmCalls(live[0]!)
  await Promise.all(live.splice(0).map((session) => session.close()))
  const control = await Rig.start()
  const alone = await control.connect()
  await warmCalls(alone)
  const empty = await rig.weigh()
  let before = empty
  for (const size of sizes(most)) {
    tell(`${size} sessions over TCP`)
    const more = size - live.length
    const begun = performance.now()
    curves.connect.push([size, (await rig.cpuUs(() => connected(more))) / more])
    curves.wall.push([size, ((performance.now() - begun) * 1000) / more])
    const full = await rig.weigh()
    await control.weigh()
    curves.heap.push([size, (full.client.heapBytes - empty.client.heapBytes) / size])
    curves.serverHeap.push([size, (full.server.heapBytes - empty.server.heapBytes) / size])
    curves.rss.push([size, (full.client.rssBytes - before.client.rssBytes) / more])
    curves.serverRss.push([size, (full.server.rssBytes - before.server.rssBytes) / more])
    before = full
    const { cost, ratio } = await beside(
      () => rig.callCost(live[live.length >> 1]!),
      () => control.callCost(alone),
    )
    curves.call.push([size, cost])
    curves.ratio.push([size, ratio])
  }
  await Promise.all([...live, alone].map((session) => session.close()))
  for (const each of [rig, control]) await each.stop()
  return curves
}

/** Both ends of each session are in this process: a session here is two. */
async function inMemory(most: number, tell: (line: string) => void): Promise<Curves> {
  const curves = new Curves()
  const live: Session[] = []
  const joined = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done++) {
      const [near, far] = pair()
      far.handleCall('echo', (bytes) => bytes)
      live.push(near)
      await near.ping()
    }
  }
  await joined(WARM)
  await warmCalls(live[0]!)
  await Promise.all(live.splice(0).map((session) => session.close()))
  const control = await Rig.start()
  await settled()
  const empty = mark([], true)
  let last = empty
  for (const size of sizes(most)) {
    tell(`${size} sessions in memory`)
    const more = size - live.length
    const before = mark([], false)
    await joined(more)
    const after = mark([], false)
    curves.connect.push([size, ((after.cpuMs - before.cpuMs) * 1000) / more])
    curves.wall.push([size, ((after.atMs - before.atMs) * 1000) / more])
    const full = mark([], true)
    curves.heap.push([size, (full.heapBytes - empty.heapBytes) / size])
    curves.rss.push([size, (full.rssBytes - last.rssBytes) / more])
    last = full
    const { cost, ratio } = await beside(
      () => ownCallCost(live[live.length >> 1]!),
      () => control.memoryCallCost(),
    )
    curves.call.push([size, cost])
    curves.ratio.push([size, ratio])
  }
  await Promise.all(live.map((session) => session.close()))
  await control.stop()
  return curves
}

function plots(tcp: Curves, memory: Curves): Plot[] {
  const x = 'sessions'
  const heap = { from: 300, factor: 1.25 }
  const pages = { from: 3000, factor: 2 }
  const cost = { from: 300, factor: 2 }
  const ratio = { from: 1, factor: 1.5, reference: 1 }
  const memories: Series[] = [
    { name: 'heap, TCP, dialling side', points: from(HEAP_FROM, tcp.heap), flat: heap },
    { name: 'heap, TCP, listening side', points: from(HEAP_FROM, tcp.serverHeap), flat: heap },
    { name: 'heap, in memory, both ends', points: from(HEAP_FROM, memory.heap), flat: heap },
    { name: 'RSS of the last, TCP, dialling side', points: from(RSS_FROM, tcp.rss), flat: pages },
    { name: 'RSS of the last, TCP, listening side', points: from(RSS_FROM, tcp.serverRss), flat: pages },
    { name: 'RSS of the last, in memory, both ends', points: from(RSS_FROM, memory.rss), flat: pages },
  ]
  return [
    { title: 'memory of an idle session', x, y: 'bytes a session', series: memories },
    {
      title: 'one more session, 32 at a time over TCP',
      x,
      y: 'µs a session',
      series: [
        { name: 'CPU, TCP, both sides', points: tcp.connect, flat: cost },
        { name: 'time, TCP', points: tcp.wall },
        // Fewer last less long than a collection.
        { name: 'CPU, in memory, both ends', points: memory.connect, flat: { from: 1000, factor: 2.5 } },
      ],
    },
    {
      title: 'a call on one of many sessions, 64 B, 32 in flight',
      x,
      y: 'CPU µs of both sides',
      series: [
        { name: 'TCP', points: tcp.call },
        { name: 'in memory', points: memory.call },
      ],
    },
    {
      title: 'a call on one of many sessions, against one that is alone',
      x,
      y: '× its CPU',
      series: [
        { name: 'TCP', points: tcp.ratio, flat: ratio },
        { name: 'in memory', points: memory.ratio, flat: ratio },
      ],
    },
  ]
}
