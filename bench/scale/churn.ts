// Streams opened, given one byte and closed, one after another for long: the last costs what the first did, and nothing stays.

import type { Receiver, Session } from 'braidwire'
import { Rig } from './rig.ts'
import type { Plot, Point } from './series.ts'

const AT_ONCE = 64
const PARTS = 10
const WARM = 50_000
const ONE = Uint8Array.of(1)
const MiB = 1024 * 1024
const ignore: Receiver = { data() {}, end() {}, failed() {} }

/** So many streams one after another, measured in tenths. */
export async function churn(count: number, tell: (line: string) => void): Promise<Plot[]> {
  const rig = await Rig.start()
  const session = await rig.connect()
  await lived(session, WARM)
  const [cpu, wall, heap, serverHeap]: Point[][] = [[], [], [], []]
  const weigh = async (done: number): Promise<void> => {
    const { client, server } = await rig.weigh()
    heap!.push([done, client.heapBytes / MiB])
    serverHeap!.push([done, server.heapBytes / MiB])
  }
  await weigh(0)
  const part = count / PARTS
  for (let done = part; done <= count; done += part) {
    tell(`${done} streams have come and gone`)
    const begun = performance.now()
    cpu!.push([done, (await rig.cpuUs(() => lived(session, part))) / part])
    wall!.push([done, ((performance.now() - begun) * 1000) / part])
    await weigh(done)
  }
  await session.close()
  await rig.stop()
  const x = 'streams that have come and gone'
  return [
    {
      title: 'a stream opened, written to and closed',
      x,
      y: 'µs a stream',
      series: [
        { name: 'CPU of both sides', points: cpu!, flat: { from: 0, factor: 1.5 } },
        { name: 'time, 64 at once', points: wall! },
      ],
    },
    {
      title: 'what streams leave behind',
      x,
      y: 'MiB of heap after collection',
      series: [
        { name: 'opening side', points: heap!, flat: { from: 0, factor: 1.05 } },
        { name: 'other side', points: serverHeap!, flat: { from: 0, factor: 1.05 } },
      ],
    },
  ]
}

async function lived(session: Session, count: number): Promise<void> {
  let left = count
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const stream = session.open('sink')
      stream.receive(ignore)
      stream.write(ONE)
      stream.end()
      const error = await stream.closed
      if (error !== undefined) throw error
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}
