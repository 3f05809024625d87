// node build/test/rpc-model/retained-child.js [calls], with --expose-gc; its test is retained.test.ts.
// Thousands of calls of every shape over one pair of sessions, with the memory they leave behind, as JSON on standard output.

import { setMaxListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { expose, keep, type Log, type RemoteFunction, wrap } from 'braidwire/rpc'
import { pair } from 'braidwire/test'

const CALLS = Number(process.argv[2] ?? 40_000)
const collect = (globalThis as unknown as { gc: () => void }).gc

async function* numbers(count: number): AsyncGenerator<number> {
  for (let n = 0; n < count; n++) yield n
}

function bytes(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(100))
      controller.close()
    },
  })
}

async function list<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Lets what is over be over, and collects it. */
async function settle(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    for (let turns = 0; turns < 10; turns++) await turn()
    collect()
  }
}

const warnings: string[] = []
const log: Log = { debug() {}, info() {}, warn: (text) => warnings.push(text), error() {} }

const api = {
  echo: (value: unknown) => value,
  fail: () => {
    throw new Error('as told')
  },
  items: (count: number) => numbers(count),
  list: (items: AsyncIterable<number>) => list(items),
  async *nested(count: number) {
    for (let n = 0; n < count; n++) yield { items: numbers(1), heard: async () => n }
  },
  ignore: (_flow: unknown) => undefined,
  callback: (heard: RemoteFunction<[number], unknown>) => heard(1),
  keepIt: (heard: RemoteFunction<[number], unknown>) => heard.release(),
  forget: (_heard: unknown) => undefined,
  counter: () => ({ next: keep(() => 1) }),
  flow: () => ({ bytes: bytes(), items: numbers(2) }),
  signal: (signal: AbortSignal) => signal.aborted,
}

const [server, client] = pair()
expose(server, api, { log })
const remote = wrap<typeof api>(client)
const listener = keep((n: number) => n)
const controller = new AbortController()
setMaxListeners(0, controller.signal)

type Shape = () => PromiseLike<unknown>
const shapes: Readonly<Record<string, Shape>> = {
  echo: () => remote.echo({ text: 'abc', bytes: new Uint8Array(100) }),
  large: () => remote.echo(new Uint8Array(100_000)),
  fail: () => remote.fail().catch(() => {}),
  missing: () => (remote as unknown as Record<string, Shape>).missing!().then(undefined, () => {}),
  items: () => list(remote.items(3)),
  left: async () => {
    for await (const _item of remote.items(1000)) break
  },
  list: () => remote.list(numbers(3)),
  ignore: () => remote.ignore([numbers(3), bytes()]),
  callback: () => remote.callback((n: number) => n),
  kept: () => remote.keepIt(listener),
  ownKept: () => remote.keepIt(keep((n: number) => n)),
  counter: async () => {
    const { next } = await remote.counter()
    await next()
    next.release()
  },
  flow: async () => {
    const { bytes, items } = (await remote.flow()) as unknown as {
      bytes: AsyncIterable<Uint8Array>
      items: AsyncIterable<number>
    }
    await Promise.all([list(bytes), list(items)])
  },
  signal: () => remote.signal(controller.signal),
  nested: async () => {
    for await (const { items, heard } of remote.nested(5)) await Promise.all([list(items), heard()])
  },
  abort: async () => {
    const given = new AbortController()
    const call = remote.with({ signal: given.signal }).list(numbers(5))
    await Promise.resolve()
    given.abort()
    await call.catch(() => {})
  },
}

/** How much one shape keeps, in bytes: the second half of the calls is compared with the first, which made what is made once. */
async function measure(shape: Shape, calls: number): Promise<number> {
  const run = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 16) await Promise.all(Array.from({ length: 16 }, shape))
  }
  await run(calls / 2)
  await settle()
  const before = process.memoryUsage().heapUsed
  await run(calls / 2)
  await settle()
  return process.memoryUsage().heapUsed - before
}

/** Things of calls that are over, and how many of them were collected. */
async function collected(): Promise<Record<string, boolean>> {
  const refs = new Map<string, WeakRef<object>>()
  await (async () => {
    const callback = (n: number): number => n
    const argument = numbers(3)
    const kept = keep(callback)
    refs.set('callback', new WeakRef(callback)).set('argument', new WeakRef(argument)).set('kept', new WeakRef(kept))
    await remote.callback(callback)
    await remote.list(argument)
    await remote.keepIt(kept)
    const result = await remote.echo({ some: 'value' })
    const { next } = await remote.counter()
    await next()
    refs.set('result', new WeakRef(result as object)).set('remote function', new WeakRef(next))
    next.release()
    const items = remote.items(3)
    await list(items)
    refs.set('items', new WeakRef(items))
  })()
  await settle()
  return Object.fromEntries([...refs].map(([name, ref]) => [name, ref.deref() === undefined]))
}

const growth: Record<string, number> = {}
const each = Math.ceil(CALLS / Object.keys(shapes).length)
for (const [name, shape] of Object.entries(shapes)) growth[name] = Math.round(await measure(shape, each))
const gone = await collected()

await remote.forget(keep(() => 1))
await settle()
await turn()
const warned = [...warnings]
await client.close()
console.log(JSON.stringify({ calls: each * Object.keys(shapes).length, growth, gone, warned }))
