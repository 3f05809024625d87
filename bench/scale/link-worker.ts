// One end of a long link: listens and counts, or dials, writes to streams without end and calls beside them. Does what its parent asks.

import { setTimeout as delay } from 'node:timers/promises'
import { type AdapterName, contender, type Dialled, Meter, type Where } from '../adapter.ts'
import { body, verify } from '../body.ts'
import { Latencies } from '../sample.ts'
import { sum } from '../workload.ts'
import { Bulk } from '../workloads/bulk.ts'
import { answering } from './child.ts'

export interface Dial {
  readonly adapter: AdapterName
  readonly where: Where
  readonly streams: number
}

/** How long calls took, each from its own start. */
export interface Trips {
  readonly p50Ms: number
  readonly p99Ms: number
}

const CHUNK_BYTES = 64 * 1024
const BODY_BYTES = 64
const LETTER = 0x61
/** Calls start at this interval whatever became of those before, so that slow answers are not asked for less often. */
const EVERY_MS = 10

const meter = new Meter()
let dialled: Dialled
let bulk: Bulk

answering({
  async listen(adapter: AdapterName): Promise<Where> {
    return (await contender(adapter).load()).listen(meter, {}, { host: '127.0.0.1', port: 0 })
  },

  received: (): number => sum(meter.bytes),

  async dial({ adapter, where, streams }: Dial): Promise<void> {
    dialled = (await (await contender(adapter).load()).dial(where, {})) as Dialled
    bulk = new Bulk(dialled, streams, CHUNK_BYTES)
    await bulk.prepare()
  },

  pour: () => bulk.start(),

  /** Calls for so long and waits for the last answer. */
  async calls(durationMs: number): Promise<Trips> {
    const latencies = new Latencies()
    const pending: Promise<void>[] = []
    const until = performance.now() + durationMs
    while (performance.now() < until) {
      pending.push(timed(latencies))
      await delay(EVERY_MS)
    }
    await Promise.all(pending)
    return latencies.take()
  },
})

function timed(latencies: Latencies): Promise<void> {
  const sent = body(dialled, BODY_BYTES, LETTER)
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    dialled.call(sent, (reply) => {
      latencies.add(performance.now() - begun)
      try {
        verify(reply, BODY_BYTES, LETTER)
        resolve()
      } catch (error) {
        reject(error)
      }
    })
  })
}
