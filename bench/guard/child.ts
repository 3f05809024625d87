// Counts one part of one hot path, in a process of its own and with V8's flags that make counts repeatable: `node
// build/bench/guard/child.js heap|code path`. Prints JSON; judges nothing.

import { constants, PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { allocations } from '../allocations.ts'
import type { CodeCounts, HeapCounts, Part, Places } from './counts.ts'
import { Execution } from './executed.ts'
import type { HotPath, PathName } from './paths.ts'

/** Until timers that the warm-up left behind are over, so that the event loop turns equally often in every run. */
const SETTLE_MS = 20
/** Every `count` can be divided by it. */
const SLICES = 5
/** Places with less of this a unit are seldom reached: they count, but need no name. */
const PLACE_MIN = 0.1

const [part, name] = process.argv.slice(2) as [Part, PathName]
// Loaded before the library: code that was compiled without counters has none.
const execution = part === 'code' ? new Execution(isProduct) : undefined
const { hotPaths } = await import('./paths.ts')
const { warm, count, retained, start }: HotPath = hotPaths[name]
const { run, close } = await start()
// Code that is never optimised is warm soon.
await run(execution === undefined ? warm : count)
await sleep(SETTLE_MS)
const result = execution === undefined ? await heap() : await code(execution)
process.stdout.write(JSON.stringify(result))
await close()

function isProduct(file: string): boolean {
  return file.startsWith('dist/') || file.startsWith('node_modules/')
}

async function heap(): Promise<HeapCounts> {
  const sites = await allocations(once, retained ? 'kept' : 'all')
  const allocated = places(sites.map(({ name, objects, bytes }) => [name, objects, bytes]))
  return { objects: each(sites, (site) => site.objects), bytes: each(sites, (site) => site.bytes), allocated }
}

async function code(execution: Execution): Promise<CodeCounts> {
  execution.look()
  const made = retained ? await buffersKept() : await buffersMade()
  const ran = execution.look()
  const buffers = rounded(made)
  const executed = places(ran.map(({ name, calls, tokens }) => [name, calls, tokens]))
  return { buffers, calls: each(ran, (one) => one.calls), tokens: each(ran, (one) => one.tokens), executed }
}

/** A buffer can be counted only until it is collected: so this is done in slices, with a collection of our own in between. */
async function buffersMade(): Promise<number> {
  let collections = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { flags } = (entry as unknown as { readonly detail: { readonly flags: number } }).detail
      if ((flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) === 0) collections++
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  let bytes = 0
  for (let slice = 0; slice < SLICES; slice++) {
    collect()
    const before = process.memoryUsage().arrayBuffers
    await run(count / SLICES)
    bytes += process.memoryUsage().arrayBuffers - before
  }
  // The observer hears of them in a later turn.
  await sleep(SETTLE_MS)
  if (collections > 0)
    throw new Error(`at least ${rounded(bytes)} buffer bytes a unit, so many that they were collected`)
  return bytes
}

async function buffersKept(): Promise<number> {
  collect()
  const before = process.memoryUsage().arrayBuffers
  await once()
  return process.memoryUsage().arrayBuffers - before
}

async function once(): Promise<void> {
  await run(count)
  if (retained) collect()
}

/** Twice: what a first collection lets go may hold more. */
function collect(): void {
  const { gc } = globalThis as unknown as { gc(): void }
  gc()
  gc()
}

function each<T>(all: readonly T[], read: (one: T) => number): number {
  return rounded(all.reduce((sum, one) => sum + read(one), 0))
}

function rounded(total: number, digits = 3): number {
  return Number((total / count).toFixed(digits))
}

/** Sums for one unit of work; functions of the same name in one file are one place. */
function places(all: readonly (readonly [name: string, one: number, other: number])[]): Places {
  const sums = new Map<string, [number, number]>()
  for (const [name, one, other] of all) {
    const sum = sums.get(name) ?? [0, 0]
    sums.set(name, [sum[0] + one, sum[1] + other])
  }
  const kept = [...sums].filter(([, sum]) => sum[0] / count >= PLACE_MIN)
  return Object.fromEntries(kept.map(([name, [one, other]]) => [name, [rounded(one, 2), rounded(other, 1)]]))
}
