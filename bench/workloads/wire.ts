// What goes over the wire besides the payload: of small calls, and of bulk, each counted by the process between.

import type { Column, Figures, Stretch, Workload } from '../workload.ts'
import { bulk } from './bulk.ts'
import { calls } from './calls.ts'

const CALL_COLUMNS: readonly Column[] = [
  { name: 'bothBytes', title: 'bytes a call beyond the payload, up and down', better: 'less', headline: true },
  { name: 'upBytes', title: 'up', better: 'less' },
  { name: 'downBytes', title: 'down', better: 'less' },
]

/** Calls that send so many bytes and get them back. */
export function wireOfCalls(inFlight: number, bodyBytes: number): Workload {
  return {
    ...calls(inFlight, bodyBytes),
    columns: CALL_COLUMNS,
    whole: true,
    figures(stretch): Figures {
      const { up, down } = passed(stretch)
      const count = stretch.counts.done ?? Number.NaN
      const upBytes = up / count - bodyBytes
      const downBytes = down / count - bodyBytes
      return { bothBytes: upBytes + downBytes, upBytes, downBytes }
    },
  }
}

const BULK_COLUMNS: readonly Column[] = [
  { name: 'forwardBytes', title: 'bytes per 64 KiB beyond the payload', better: 'less', headline: true },
  { name: 'backBytes', title: 'bytes back per 64 KiB', better: 'less', headline: true },
]
const UNIT_BYTES = 64 * 1024

/** One stream of chunks of 64 KiB. */
export function wireOfBulk(): Workload {
  return {
    ...bulk(1, UNIT_BYTES),
    columns: BULK_COLUMNS,
    whole: true,
    figures(stretch): Figures {
      const { up, down } = passed(stretch)
      const units = (stretch.counts.written ?? Number.NaN) / UNIT_BYTES
      return { forwardBytes: up / units - UNIT_BYTES, backBytes: down / units }
    },
  }
}

function passed({ wire }: Stretch): { up: number; down: number } {
  if (wire === undefined) throw new Error('nobody counted what passed')
  const [begin, end] = wire
  return { up: end.up - begin.up, down: end.down - begin.down }
}
