// Very many streams, opened and then left alone: what one costs at rest in the process that opened it.

import { setImmediate as turn } from 'node:timers/promises'
import type { Dialled, Outlet } from '../adapter.ts'
import type { Column, Figures, Stretch, Traffic, Workload } from '../workload.ts'

const COLUMNS: readonly Column[] = [
  { name: 'heapBytes', title: 'heap bytes a stream', better: 'less', headline: true },
  { name: 'rssBytes', title: 'RSS bytes a stream', better: 'less', headline: true },
  { name: 'serverHeapBytes', title: 'listening side: heap bytes a stream', better: 'less' },
  { name: 'serverRssBytes', title: 'listening side: RSS bytes a stream', better: 'less' },
  { name: 'opensPerS', title: 'streams opened a second', better: 'more' },
]

/** Streams opened before the first mark, so that compiled code and buffers are not counted as theirs. */
const WARM = 1000
const BATCH = 500

export function idle(streams: number): Workload {
  return {
    columns: COLUMNS,
    traffic: (dialled: Dialled) => new Idle(dialled, streams),
    settled: (server) => server.streams === streams + WARM,
    figures: (stretch) => figures(stretch, streams),
  }
}

function figures({ client, server }: Stretch, streams: number): Figures {
  const [clientBegin, clientEnd] = client
  const [serverBegin, serverEnd] = server
  return {
    heapBytes: (clientEnd.heapBytes - clientBegin.heapBytes) / streams,
    rssBytes: (clientEnd.rssBytes - clientBegin.rssBytes) / streams,
    serverHeapBytes: (serverEnd.heapBytes - serverBegin.heapBytes) / streams,
    serverRssBytes: (serverEnd.rssBytes - serverBegin.rssBytes) / streams,
    opensPerS: (streams * 1000) / (clientEnd.atMs - clientBegin.atMs),
  }
}

class Idle implements Traffic {
  readonly written = 0
  readonly #dialled: Dialled
  readonly #streams: number
  readonly #outlets: Outlet[] = []

  constructor(dialled: Dialled, streams: number) {
    this.#dialled = dialled
    this.#streams = streams
  }

  prepare(): Promise<void> {
    return this.#open(WARM)
  }

  start(): void {
    void this.#open(this.#streams)
  }

  clear(): void {}

  counts(): Record<string, number> {
    return {}
  }

  async stop(): Promise<void> {}

  async #open(count: number): Promise<void> {
    for (let done = 0; done < count; done++) {
      const opened = this.#dialled.open(ignore)
      this.#outlets.push(opened instanceof Promise ? await opened : opened)
      if (done % BATCH === 0) await turn()
    }
  }
}

function ignore(): void {}
