// The program that test/strangers.test.ts drives: a listener on loopback, which answers one call, in a process of its own
// whose memory can be asked for. Options are its first argument, as JSON.

import { type ListenOptions, listen } from 'braidwire'

/** What it says about itself when asked. */
export interface Report {
  readonly url: string
  readonly accepted: number
  readonly handshakes: number
  readonly sessions: number
  /** Resident memory, in bytes. */
  readonly rss: number
}

const options = JSON.parse(process.argv[2] ?? '{}') as ListenOptions
const listener = await listen('tcp://127.0.0.1:0', (session) => session.handleCall('echo', (bytes) => bytes), options)

process.on('message', () => {
  globalThis.gc?.()
  const { accepted, sessions, handshakes } = listener.stats()
  const report: Report = {
    url: listener.url,
    accepted,
    sessions,
    handshakes: handshakes.used,
    rss: process.memoryUsage.rss(),
  }
  process.send?.(report)
})
process.on('disconnect', () => void listener.close())
