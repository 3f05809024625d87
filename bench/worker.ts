// One process of a pair: listens and counts, or dials and makes the traffic, or both. Does what its parent asks over IPC.

import { type AdapterName, contender, Meter, type Where } from './adapter.ts'
import { Line } from './line.ts'
import { type RowName, rowNamed } from './rows.ts'
import { type Mark, mark, type Wire } from './sample.ts'
import { type Others, stretch } from './stretch.ts'
import type { Figures, Times, Traffic, Workload } from './workload.ts'

export interface Part {
  readonly adapter: AdapterName
  readonly row: RowName
}

const meter = new Meter()
let traffic: Traffic
let workload: Workload
let others: Others

const line = new Line(process, {
  async listen({ adapter, row, where }: Part & { where: Where }): Promise<Where> {
    return (await contender(adapter).load()).listen(meter, raised({ adapter, row }), where)
  },

  async dial({ adapter, row, where }: Part & { where: Where }): Promise<void> {
    const dialled = await (await contender(adapter).load()).dial(where, raised({ adapter, row }))
    others = {
      mark: (collect) => line.ask<Mark>('mark', collect),
      wire: () => line.ask<Wire | undefined>('wire'),
    }
    await prepare(row, dialled)
  },

  /** Both sides in this process, or started by it. */
  async join({ adapter, row }: Part): Promise<void> {
    const { pair } = await contender(adapter).load()
    if (pair === undefined) throw new Error('it cannot be had in memory')
    const dialled = await pair(meter, raised({ adapter, row }))
    others = {
      mark: dialled.mark ?? (async (collect) => ({ ...mark(meter.bytes, collect), cpuMs: 0 })),
      wire: async () => undefined,
    }
    await prepare(row, dialled)
  },

  mark: (collect: boolean): Mark => mark(meter.bytes, collect),

  stretch: (times: Times): Promise<Figures> => stretch(workload, traffic, others, times),

  exit(): void {
    setImmediate(() => process.exit(0))
  },
})

process.on('disconnect', () => process.exit(1))

async function prepare(row: RowName, dialled: Parameters<Workload['traffic']>[0]): Promise<void> {
  // A row that only probes starts no processes.
  workload = rowNamed(row).workload as Workload
  traffic = workload.traffic(dialled)
  await traffic.prepare()
}

function raised({ adapter, row }: Part): Readonly<Record<string, number>> {
  return rowNamed(row).raised?.[adapter] ?? {}
}
