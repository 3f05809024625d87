// Starts the listening side of a contender as a child or a thread of the dialling one. Knows neither what it carries nor how.

import { type ChildProcess, fork } from 'node:child_process'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { Adapter, AdapterName } from './adapter.ts'
import type { BelowData } from './below.ts'
import { fatal } from './fatal.ts'
import { Line } from './line.ts'
import type { Mark } from './sample.ts'

const BELOW = new URL('./below.js', import.meta.url)

type Asked = (collect: boolean) => Promise<Mark>

/** A contender that can be had in no other way. */
export function ownWay(parts: Required<Pick<Adapter, 'pair'>> & Pick<Adapter, 'below'>): Adapter {
  const nowhere = (): never => {
    throw new Error('it has no address')
  }
  return { listen: nowhere, dial: nowhere, ...parts }
}

/** A child with pipes; it ends with this process. */
export function startChild(name: AdapterName): { child: ChildProcess; mark: Asked } {
  const execArgv = process.execArgv.map((flag) => flag.replace('.client.', '.below.'))
  const child = fork(BELOW, [name], { execArgv, stdio: ['pipe', 'pipe', 'inherit', 'ipc'] })
  child.on('exit', (code) => fatal(new Error(`the child ended with ${code}`)))
  const line = new Line(child, {})
  return { child, mark: (collect) => line.ask<Mark>('mark', collect) }
}

/** A thread with so many ports to it. Its processor time is that of this process, and counted there. */
export function startThread(name: AdapterName, count: number): { ports: MessagePort[]; mark: Asked } {
  const channels = Array.from({ length: count }, () => new MessageChannel())
  const ports = channels.map(({ port2 }) => port2)
  const thread = new Worker(BELOW, { workerData: { name, ports } satisfies BelowData, transferList: ports })
  thread.on('error', fatal)
  const line = new Line(
    { send: (message) => thread.postMessage(message), on: (event, take) => thread.on(event, take) },
    {},
  )
  return {
    ports: channels.map(({ port1 }) => port1),
    mark: async (collect) => ({ ...(await line.ask<Mark>('mark', collect)), cpuMs: 0 }),
  }
}
