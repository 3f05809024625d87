// A long run: `node build/test/soak/run.js [--calls n] [--streams n] [--sessions n]`, with --expose-gc. Calls and streams by the
// million over one connection, and sessions by the thousand; then nothing of them is left.

import { setImmediate as turn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connect, type Session } from 'braidwire'
import { MIB, mib, Table } from '../rows.ts'
import { pairOver } from '../strain/pair.ts'

const HEAP_MIB = 5
const AT_ONCE = 64
/** One stream in so many is watched by the registry: watching costs memory itself. */
const WATCHED_EVERY = 100

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '10000000' },
    streams: { type: 'string', default: '1000000' },
    sessions: { type: 'string', default: '1000' },
  },
})

/** Counts what was watched, and what of it was collected. */
class Watched {
  watched = 0
  freed = 0
  readonly #registry = new FinalizationRegistry<void>(() => {
    this.freed++
  })

  watch(object: object): void {
    this.watched++
    this.#registry.register(object, undefined)
  }
}

const collect = (globalThis as unknown as { gc?: () => void }).gc
if (collect === undefined) throw new Error('run it with --expose-gc')

/** Lets what is over be over, collects it, and weighs what is left. */
async function weigh(): Promise<number> {
  for (let pass = 0; pass < 6; pass++) {
    for (let turns = 0; turns < 20; turns++) await turn()
    collect?.()
  }
  return process.memoryUsage().heapUsed
}

/** Does it so often, many at once. */
async function times(count: number, what: string, work: () => Promise<unknown>): Promise<string> {
  const begun = performance.now()
  let done = 0
  let told = 0
  const worker = async () => {
    while (done < count) {
      done++
      await work()
      if (performance.now() - told > 10_000) {
        told = performance.now()
        console.error(`${what}: ${done} of ${count}`)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return `${count} ${what}, ${Math.round((count * 1000) / (performance.now() - begun))}/s`
}

const streams = new Watched()
const sessions = new Watched()
const pair = await pairOver((session: Session) => {
  sessions.watch(session)
  session.handleCall('echo', (bytes) => bytes.slice())
  session.handle('echo', async (stream) => {
    if (stream.id % WATCHED_EVERY === 1) streams.watch(stream)
    for await (const chunk of stream) stream.write(chunk)
    stream.end()
  })
})
const bytes = new Uint8Array(32)
let opened = 0

const call = () => pair.client.call('echo', bytes)
async function stream(): Promise<void> {
  const mine = pair.client.open('echo')
  if (opened++ % WATCHED_EVERY === 0) streams.watch(mine)
  mine.write(bytes)
  mine.end()
  let back = 0
  for await (const chunk of mine) back += chunk.length
  if (back !== bytes.length) throw new Error(`${back} bytes came back`)
}
async function session(): Promise<void> {
  const mine = await connect(pair.listener.url)
  sessions.watch(mine)
  await mine.call('echo', bytes)
  await mine.close()
}

// What is made once, and code that is compiled late, is not what is looked for.
const kinds = [
  ['calls', call, Number(values.calls)],
  ['streams', stream, Number(values.streams)],
  ['sessions', session, Number(values.sessions)],
] as const
for (const [name, work, count] of kinds)
  await times(Math.min(count, 20_000) / (name === 'sessions' ? 10 : 1), name, work)

const table = new Table()
const start = await weigh()
for (const [name, work, count] of kinds) {
  const before = await weigh()
  const done = await times(count, name, work)
  const grown = (await weigh()) - before
  const holds = grown <= HEAP_MIB * MIB
  table.add({ id: 'F12', what: done, measured: `heap grown by ${mib(grown)}`, ceiling: `${HEAP_MIB} MiB`, holds })
}
const grown = (await weigh()) - start
table.add({
  id: 'F12',
  what: 'all of them',
  measured: `heap grown by ${mib(grown)}`,
  ceiling: `${HEAP_MIB} MiB`,
  holds: grown <= HEAP_MIB * MIB,
})
await pair.close()
await weigh()
for (const [name, { watched, freed }, kept] of [
  ['streams', streams, 0],
  // The pair itself, which this program holds.
  ['sessions', sessions, 1],
] as const) {
  table.add({
    id: 'F12',
    what: `${name} watched`,
    measured: `${freed} of ${watched} collected`,
    ceiling: kept === 0 ? 'all' : `all but ${kept}`,
    holds: watched > 0 && freed >= watched - kept,
  })
}
table.end()
