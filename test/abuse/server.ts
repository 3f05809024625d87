// The program under abuse: a listener with a few methods and handlers, and beside it a plain sink that eats bytes and does no
// more. Tells its memory, the delay of its event loop and how many handlers live. `node build/test/abuse/server.js <options>`

import { createServer } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ListenOptions, listen, type Session } from 'braidwire'
import { expose } from 'braidwire/rpc'
import { answer } from '../child.ts'

/** What it tells about itself; bytes and ms. */
export interface Report {
  /** Resident memory: when watching began, and the most since. */
  readonly rssBefore: number
  readonly rssMost: number
  /** Growth of what is in use after a collection, while the attack went on, and when it was over. */
  readonly held: number
  readonly heldAfter: number
  readonly loopDelayMost: number
  /** Processor time since watching began. */
  readonly cpuMs: number
  /** Handlers of one session that lived at once, at most. */
  readonly handlersMost: number
  /** How sessions ended, by code, and how many. */
  readonly ended: Readonly<Record<string, number>>
  /** Longest that a session lived which did not end cleanly, in ms. */
  readonly slowestEndMs: number
  /** Sessions now. */
  readonly sessions: number
  /** Bytes held of a session that is not yet authorised, at most. */
  readonly earlyMost: number
  /** Connections that the sink ate. */
  readonly eaten: number
}

/** How long a handler that does not care for aborts goes on. */
const STUBBORN_MS = 20
const SAMPLE_MS = 20

const options = JSON.parse(process.argv[2] ?? '{}') as ListenOptions & { slowToAuthorize?: boolean }
let handlersMost = 0
let earlyMost = 0
let rssBefore = 0
let rssMost = 0
let usedBefore = 0
let held = 0
let slowestEndMs = 0
let eaten = 0
let cpu = process.cpuUsage()
const ended: Record<string, number> = {}
const delay = monitorEventLoopDelay({ resolution: 5 })
const blob = new Uint8Array(60_000)

/** Counts the handlers of one session: each lives until its work is done. */
class Living {
  #count = 0

  async run<T>(work: () => Promise<T>): Promise<T> {
    handlersMost = Math.max(handlersMost, ++this.#count)
    try {
      return await work()
    } finally {
      this.#count--
    }
  }
}

const methods = (living: Living) => ({
  echo: (value: unknown) => value,
  blob: () => blob,
  stubborn: () => living.run(() => sleep(STUBBORN_MS)),
})
/** What can be called. */
export type Api = ReturnType<typeof methods>

function serve(session: Session): void {
  const living = new Living()
  const begun = performance.now()
  expose(session, methods(living))
  session.handle('hold', (stream) =>
    living.run(async () => {
      await stream.closed
      await sleep(STUBBORN_MS)
    }),
  )
  session.handle('unread', (stream) => living.run(async () => void (await stream.closed)))
  session.handle('read', (stream) => living.run(async () => stream.receive({ data() {}, end() {}, failed() {} })))
  session.handleMessage(() => living.run(() => sleep(STUBBORN_MS)))
  void session.closed.then((error) => {
    const how = error === undefined ? 'clean' : error.code.slice('BRAID_'.length)
    ended[how] = (ended[how] ?? 0) + 1
    if (error !== undefined) slowestEndMs = Math.max(slowestEndMs, performance.now() - begun)
  })
}

/** Says yes to who shows `honest`, and never answers anybody else. */
async function authorize(session: Session): Promise<void> {
  if (Buffer.from(session.remote.auth).toString() === 'honest') return
  const timer = setInterval(() => {
    earlyMost = Math.max(earlyMost, session.stats().limits.earlyBytes?.used ?? 0)
  }, SAMPLE_MS)
  await session.closed
  clearInterval(timer)
}

const { slowToAuthorize, ...rest } = options
const listener = await listen('tcp://127.0.0.1:0', serve, slowToAuthorize === true ? { ...rest, authorize } : rest)
const sink = createServer((socket) => {
  eaten++
  socket.on('error', () => {})
  socket.resume()
})
await new Promise<void>((resolve) => sink.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, resolve))

setInterval(() => {
  rssMost = Math.max(rssMost, process.memoryUsage.rss())
}, SAMPLE_MS).unref()

/** Bytes in use, when all garbage is gone. */
function used(): number {
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

answer({
  where: () => ({ url: listener.url, sinkPort: (sink.address() as { port: number }).port }),
  watch: () => {
    usedBefore = used()
    rssBefore = process.memoryUsage.rss()
    rssMost = rssBefore
    handlersMost = 0
    cpu = process.cpuUsage()
    delay.enable()
    delay.reset()
  },
  weigh: () => {
    held = used() - usedBefore
  },
  report: (): Report => {
    const loopDelayMost = delay.max / 1e6
    const { user, system } = process.cpuUsage(cpu)
    const cpuMs = (user + system) / 1000
    const heldAfter = used() - usedBefore
    const sessions = listener.stats().sessions
    const memory = { rssBefore, rssMost, held, heldAfter }
    return { ...memory, loopDelayMost, cpuMs, handlersMost, ended, slowestEndMs, sessions, earlyMost, eaten }
  },
})
