// Very many calls under way at once on one session: what each costs.

import { calls, middle, Rig, sizes, warmCalls } from './rig.ts'
import type { Plot, Point } from './series.ts'

const CALLS = 20_000
/** Alone, a call costs two wake-ups: fewer of them take as long. */
const CALLS_FEW = 4_000
const FEW = 10

/** From one call in flight to `most`. */
export async function flight(most: number, tell: (line: string) => void): Promise<Plot[]> {
  const rig = await Rig.start({ maxCalls: Math.max(most, 32) })
  const session = await rig.connect()
  await warmCalls(session)
  const cpu: Point[] = []
  for (const size of sizes(most)) {
    tell(`${size} calls in flight`)
    const count = Math.max(size < FEW ? CALLS_FEW : CALLS, 10 * size)
    cpu.push([size, (await middle(() => rig.cpuUs(() => calls(session, count, size)))) / count])
  }
  await session.close()
  await rig.stop()
  // From some thousand on a call outlives a collection of the young generation, which copies what is alive: once, however
  // many there are. With a larger young generation (--min-semi-space-size) that step is gone.
  const flat = { from: 300, factor: 2.5 }
  return [
    {
      title: 'calls in flight, 64 B',
      x: 'calls in flight',
      y: 'CPU µs of both sides',
      series: [{ name: 'a call', points: cpu, flat }],
    },
  ]
}
