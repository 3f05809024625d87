// The methods of the model, the same on both sides: one for each shape a call can have.

import { keep, RpcError, withContext } from 'braidwire/rpc'
import type { World } from './world.ts'

/** What a call is told to do, as data, so that both sides know it. */
export interface Script {
  readonly id: number
  /** How many items, chunks or calls. */
  readonly count: number
  /** How many of them whoever takes them takes. */
  readonly take: number
  /** Before every how many of them its maker waits at a gate; 0: never. */
  readonly pace: number
  readonly fails: boolean
}

export type Callback = (n: number) => unknown
type Heard = (n: number) => Promise<unknown>

/** The n-th chunk of a byte stream: its length is of `n`, and so is each byte. */
export function chunk(n: number): Uint8Array {
  return new Uint8Array((n * 7919) % 30_000).fill(n % 251)
}

/** No more chunks than these: long streams of bytes have tests of their own. */
const CHUNKS_MAX = 12

/** All that a stream of so many chunks carries. */
export function allBytes(count: number): Uint8Array {
  return Buffer.concat(Array.from({ length: Math.min(count, CHUNKS_MAX) }, (_, n) => chunk(n)))
}

export const paced =
  ({ pace }: Script) =>
  (n: number): boolean =>
    pace > 0 && n % pace === pace - 1

export function failing({ id, fails }: Script): () => void {
  return () => {
    if (fails) throw new RpcError('NOT_FOUND', 'as told', { data: id })
  }
}

/** Takes up to so many items, then leaves. */
export async function takeSome<Item>(items: AsyncIterable<Item>, take: number): Promise<Item[]> {
  const taken: Item[] = []
  if (take === 0) return taken
  for await (const item of items) {
    taken.push(item)
    if (taken.length === take) break
  }
  return taken
}

/** Bytes as a web stream. */
export function bytesOf(world: World, about: string, script: Script): ReadableStream<Uint8Array> {
  const numbers = world.count(about, Math.min(script.count, CHUNKS_MAX), paced(script), failing(script))
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await numbers.next()
        if (done === true) controller.close()
        else if (chunk(value).length > 0) controller.enqueue(chunk(value))
        else await this.pull?.(controller)
      },
      cancel: () => void numbers.return(undefined),
    },
    { highWaterMark: 0 },
  )
}

type Numbers = (script: Script, of: string) => AsyncGenerator<number>

/** Methods of values and items. */
function itemMethods(world: World, numbers: Numbers) {
  return {
    echo: async (script: Script, value: unknown) => {
      if (script.pace > 0) await world.gate()
      return value
    },
    items: (script: Script) => numbers(script, 'items'),
    lateItems: async (script: Script) => {
      await world.gate()
      return numbers(script, 'late items')
    },
    list: async (script: Script, items: AsyncIterable<number>) => takeSome(items, script.take),
    many: async (_script: Script, lists: AsyncIterable<number>[]) =>
      Promise.all(lists.map((items) => takeSome(items, 9))),
    async *map(script: Script, items: AsyncIterable<number>) {
      const entry = { about: `map ${script.id}`, ended: false }
      world.started.push(entry)
      try {
        for await (const n of items) yield n * 2
      } finally {
        entry.ended = true
      }
    },
    async *nested(script: Script) {
      const entry = { about: `nested ${script.id}`, ended: false }
      world.started.push(entry)
      try {
        for (let n = 0; n < script.count; n++) yield { n, items: numbers({ ...script, count: 2 }, `inner ${n}`) }
      } finally {
        entry.ended = true
      }
    },
  }
}

/** Methods of bytes. */
function byteMethods(world: World, numbers: Numbers) {
  return {
    size: async (_script: Script, bytes: AsyncIterable<Uint8Array>) => {
      let size = 0
      for await (const { length } of bytes) size += length
      return size
    },
    bytes: (script: Script) => bytesOf(world, `bytes of ${script.id}`, script),
    same: (_script: Script, bytes: unknown) => ({ bytes }),
    flows: (script: Script) => ({
      items: numbers(script, 'flows'),
      more: [bytesOf(world, `flows of ${script.id}`, script)],
    }),
    manyBack: (script: Script) =>
      Array.from({ length: script.count % 40 }, () => numbers({ ...script, count: 2 }, 'many')),
  }
}

/** Methods of functions and signals. */
function functionMethods(world: World, listeners: Map<number, Heard>) {
  return {
    callback: async (script: Script, heard: Heard) => {
      for (let n = 0; n < script.count; n++) {
        if (paced(script)(n)) await world.gate()
        await heard(n)
      }
      return script.count
    },
    fire: async (script: Script, heard: Heard) => {
      for (let n = 0; n < script.count; n++) void heard(n)
      return script.count
    },
    deeper: async (script: Script, heard: (inner: Callback) => Promise<unknown>) =>
      heard(async (n) => {
        if (script.pace > 0) await world.gate()
        return n + script.count
      }),
    subscribe: (script: Script, heard: Heard) => {
      listeners.set(script.id, heard)
    },
    counter: (script: Script) => {
      let count = 0
      return { next: keep(() => script.id + count++) }
    },
    wait: withContext(async (_ctx, _script: Script, signal: AbortSignal) => {
      await Promise.race([
        world.gate(),
        new Promise((resolve) => {
          if (signal.aborted) resolve(undefined)
          signal.addEventListener('abort', resolve)
        }),
      ])
      return signal.aborted
    }),
  }
}

export function makeApi(world: World) {
  const listeners = new Map<number, Heard>()
  const numbers: Numbers = (script, of) =>
    world.count(`${of} of ${script.id}`, script.count, paced(script), failing(script))
  const methods = {
    ...itemMethods(world, numbers),
    ...byteMethods(world, numbers),
    ...functionMethods(world, listeners),
  }
  return { listeners, methods }
}

export type Api = ReturnType<typeof makeApi>['methods']
