// The program that kill.ts kills: serves a folder, or fetches a file of it over and over, whatever becomes of the other side.
// `node build/test/strain/transfer.js`

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BraidError, connect, type Listener, listen, type Session } from 'braidwire'
import { fetchFile } from 'braidwire/file'
import { fileSink, openRoot, serveFiles } from 'braidwire/node'
import { answer } from '../child.ts'

/** What it weighs, and what it went through. */
export interface Weight {
  readonly files: number
  readonly held: number
  /** Sessions it accepted that are not over. */
  readonly sessions: number
  /** Transfers and calls under way. */
  readonly pending: number
  /** How transfers failed, by code, and how many. */
  readonly failed: Readonly<Record<string, number>>
}

/** Sessions of who was killed are kept for so long. */
const KEEP_MS = 300

let listener: Listener | undefined
let pending = 0
let completed = 0
let begun = 0
let waiting: (() => void)[] = []
const failed: Record<string, number> = {}

async function counted<T>(work: Promise<T>): Promise<T | undefined> {
  pending++
  try {
    return await work
  } catch (error) {
    const { code } = error as BraidError
    failed[code] = (failed[code] ?? 0) + 1
    return undefined
  } finally {
    pending--
  }
}

async function fetchForEver(folder: string, port: number): Promise<void> {
  let session: Session | undefined
  for (;;) {
    if (session === undefined || session.state === 'closed') {
      session = await counted(connect(`tcp://127.0.0.1:${port}`, { reconnect: true }))
      if (session === undefined) await sleep(5)
      continue
    }
    const target = join(folder, `${process.pid}-${begun++}`)
    const call = counted(session.call('echo', new Uint8Array(10)))
    const report = await counted(fetchFile(session, 'file', fileSink(target, { sync: false })))
    await call
    if (report !== undefined) completed++
    const told = waiting
    waiting = []
    for (const tell of told) tell()
  }
}

answer({
  serve: async ({ folder, port }: { folder: string; port: number }) => {
    const root = await openRoot(folder)
    const serve = (session: Session): void => {
      session.handleCall('echo', (bytes) => bytes.slice())
      serveFiles(session, root)
    }
    listener = await listen(`tcp://127.0.0.1:${port}`, serve, { resume: { keepMs: KEEP_MS } })
    return Number(new URL(listener.url).port)
  },
  fetch: ({ folder, port }: { folder: string; port: number }) => void fetchForEver(folder, port),
  /** Resolves when one more transfer, begun from now on, has come through. */
  another: async () => {
    const [from, done] = [begun, completed]
    while (begun === from || completed <= done) await new Promise<void>((resolve) => waiting.push(resolve))
  },
  weigh: async (): Promise<Weight> => {
    // What is kept for who was killed is given up by then.
    await sleep(3 * KEEP_MS)
    for (let pass = 0; pass < 3; pass++) globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    const files = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
    const sessions = listener?.stats().sessions ?? 0
    return { files, held: heapUsed + external, sessions, pending, failed }
  },
})
