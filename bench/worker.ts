// One process of a pair: listens and counts, or dials and makes the traffic. Does what its parent asks over IPC.

import { setTimeout as delay } from 'node:timers/promises'
import { type AdapterName, contender, Meter } from './adapter.ts'
import { Line } from './line.ts'
import { type RowName, rowNamed } from './rows.ts'
import { type Mark, mark } from './sample.ts'
import { type Figures, sum, type Traffic, type Workload } from './workload.ts'

export interface Part {
  readonly adapter: AdapterName
  readonly row: RowName
}

/** How a stretch is run: traffic for `rampMs`, measured for `measureMs`, kept up for `tailMs`, then quiet. */
export interface Times {
  readonly rampMs: number
  readonly measureMs: number
  readonly tailMs: number
}

const QUIET_MS = 10_000

const meter = new Meter()
let traffic: Traffic
let workload: Workload

const line = new Line(process, {
  async listen({ adapter, row }: Part): Promise<number> {
    return (await contender(adapter).load()).listen(meter, rowNamed(row).raised?.[adapter] ?? {})
  },

  async dial({ adapter, row, port }: Part & { port: number }): Promise<void> {
    workload = rowNamed(row).workload
    const dialled = await (await contender(adapter).load()).dial(port, rowNamed(row).raised?.[adapter] ?? {})
    traffic = workload.traffic(dialled)
    await traffic.prepare()
  },

  mark: (collect: boolean): Mark => mark(meter.bytes, collect),

  async stretch(times: Times): Promise<Figures> {
    return workload.settled === undefined ? timed(times) : settling()
  },

  exit(): void {
    setImmediate(() => process.exit(0))
  },
})

process.on('disconnect', () => process.exit(1))

async function timed({ rampMs, measureMs, tailMs }: Times): Promise<Figures> {
  traffic.start()
  await delay(rampMs)
  const serverBegin = await line.ask<Mark>('mark', false)
  traffic.clear()
  const clientBegin = mark([], false)
  await delay(measureMs)
  const clientEnd = mark([], false)
  const counts = traffic.counts()
  const serverEnd = await line.ask<Mark>('mark', false)
  await delay(tailMs)
  await traffic.stop()
  await quiet()
  return workload.figures({ client: [clientBegin, clientEnd], server: [serverBegin, serverEnd], counts })
}

/** The next contender's turn must not be disturbed by what is still on its way; also shows that nothing was lost. */
async function quiet(): Promise<void> {
  const deadline = performance.now() + QUIET_MS
  for (;;) {
    const received = sum((await line.ask<Mark>('mark', false)).received)
    if (received === traffic.written) return
    if (performance.now() > deadline) throw new Error(`${traffic.written} bytes written, ${received} received`)
    await delay(2)
  }
}

async function settling(): Promise<Figures> {
  const serverBegin = await line.ask<Mark>('mark', true)
  const clientBegin = mark([], true)
  traffic.start()
  const deadline = performance.now() + 10 * QUIET_MS
  while (!workload.settled!(await line.ask<Mark>('mark', false))) {
    if (performance.now() > deadline) throw new Error('the streams did not all open')
    await delay(20)
  }
  const serverEnd = await line.ask<Mark>('mark', true)
  const clientEnd = mark([], true)
  return workload.figures({ client: [clientBegin, clientEnd], server: [serverBegin, serverEnd], counts: {} })
}
