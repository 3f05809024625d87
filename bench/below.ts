// The listening side where the dialling one started it, as its child or as a thread of its own: counts, and says how much.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { type AdapterName, contender, Meter } from './adapter.ts'
import { Line } from './line.ts'
import { mark } from './sample.ts'

/** What a thread is given. */
export interface BelowData {
  readonly name: AdapterName
  readonly ports: readonly MessagePort[]
}

const meter = new Meter()
const handlers = { mark: (collect: boolean) => mark(meter.bytes, collect) }
let data: BelowData
if (parentPort === null) {
  data = { name: process.argv[2] as AdapterName, ports: [] }
  new Line(process, handlers)
  process.on('disconnect', () => process.exit(0))
} else {
  const port = parentPort
  data = workerData as BelowData
  new Line({ send: (message) => port.postMessage(message), on: (event, take) => port.on(event, take) }, handlers)
}
const { below } = await contender(data.name).load()
below!(meter, data.ports)
