// The program that test/strangers.test.ts drives: a listener on loopback, which answers one call, in a process of its own
// whose memory can be asked for. Options are its first argument, as JSON.

import { Budget, type BudgetOptions, type ListenOptions, listen } from 'braidwire'

/** What it says about itself when asked. */
export interface Report {
  readonly url: string
  readonly accepted: number
  readonly handshakes: number
  readonly sessions: number
  /** Resident memory, in bytes. */
  readonly rss: number
}

/** Its Budget is its limits. */
export type ServerOptions = Omit<ListenOptions, 'budget'> & { readonly budget?: BudgetOptions }

const { budget: limits, ...rest } = JSON.parse(process.argv[2] ?? '{}') as ServerOptions
const options: ListenOptions = { ...rest, budget: new Budget(limits) }
const listener = await listen('tcp://127.0.0.1:0', (session) => session.handleCall('echo', (bytes) => bytes), options)

process.on('message', () => {
  globalThis.gc?.()
  const { accepted, sessions, handshaking } = listener.stats()
  const report: Report = {
    url: listener.url,
    accepted,
    sessions,
    handshakes: handshaking,
    rss: process.memoryUsage.rss(),
  }
  process.send?.(report)
})
process.on('disconnect', () => void listener.close())
