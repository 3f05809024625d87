// Typed calls in every runtime, over every transport: one value or many, either way; cancellation, deadlines, functions, bytes,
// errors, events.

import type { Stream } from 'braidwire'
import { events, expose, keep, procedure, RpcError, wrap } from 'braidwire/rpc'
import { check, fails, moment, pattern, readPattern, same } from '../check.ts'
import type { Case } from '../suite.ts'

async function* upTo(to: number): AsyncGenerator<number> {
  for (let n = 1; n <= to; n++) yield n
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = []
  for await (const item of items) seen.push(item)
  return seen
}

export const rpcCases: readonly Case[] = [
  {
    name: 'one value there, one back, of every kind',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      expose(acceptor, { echo: (...values: unknown[]) => values })
      const remote = wrap<{ echo(...values: unknown[]): unknown[] }>(dialer)
      const [map, set, date, large, text, bytes, nothing] = (await remote.echo(
        new Map([[{ a: 1 }, new Set([2])]]),
        new Set(['x']),
        new Date(1_700_000_000_000),
        2n ** 70n,
        'grüße \u{1F30D}',
        pattern(100_000),
        undefined,
      )) as [Map<object, Set<number>>, Set<string>, Date, bigint, string, Uint8Array, undefined]
      same(
        [...map].map(([key, value]) => [key, [...value]]),
        [[{ a: 1 }, [2]]],
        'the map',
      )
      same([[...set], date.getTime(), text], [['x'], 1_700_000_000_000, 'grüße \u{1F30D}'])
      check(large === 2n ** 70n && nothing === undefined, 'a bigint or undefined changed on the way')
      same([bytes.length, bytes[77_777]], [100_000, pattern(100_000)[77_777]], 'the bytes')
    },
  },
  {
    name: 'many values back, as fast as they are wanted; leaving the loop stops them over there',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const stopped = moment<number>()
      async function* count(): AsyncGenerator<number> {
        let n = 0
        try {
          for (;;) yield ++n
        } finally {
          stopped.resolve(n)
        }
      }
      expose(acceptor, { count, upTo })
      const remote = wrap<{ count: typeof count; upTo: typeof upTo }>(dialer)
      same(await all(remote.upTo(1000)), await all(upTo(1000)), 'the items')
      for await (const n of remote.count()) if (n === 100) break
      check((await stopped.promise) < 100_000, 'the other side ran ahead')
    },
  },
  {
    name: 'many values there, and many both ways',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const api = {
        async sum(items: AsyncIterable<number>) {
          let sum = 0
          for await (const item of items) sum += item
          return sum
        },
        async *twice(items: AsyncIterable<number>) {
          for await (const item of items) yield 2 * item
        },
      }
      expose(acceptor, api)
      const remote = wrap<typeof api>(dialer)
      same(await remote.sum(upTo(1000)), 500_500, 'the sum')
      same(
        await all(remote.twice(upTo(500))),
        (await all(upTo(500))).map((n) => 2 * n),
        'the items',
      )
    },
  },
  {
    name: 'cancelling reaches the handler, and a deadline travels along',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const [begun, told, late] = [moment(), moment(), moment()]
      const waits = (began: () => void, over: () => void) =>
        procedure.handler(({ signal }) => {
          began()
          return new Promise<string>((_, reject) => {
            signal.addEventListener('abort', () => {
              over()
              reject(signal.reason)
            })
          })
        })
      const api = { wait: waits(begun.resolve, told.resolve), slow: waits(() => {}, late.resolve) }
      expose(acceptor, api)
      const remote = wrap<typeof api>(dialer)
      const controller = new AbortController()
      const waiting = remote.with({ signal: controller.signal }).wait()
      await begun.promise
      controller.abort()
      await fails(waiting, 'CANCELLED')
      await told.promise
      await fails(remote.with({ timeout: 100 }).slow(), 'DEADLINE')
      await late.promise
    },
  },
  {
    name: 'a function in the arguments can be called back, also later when it is kept',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const kept: ((text: string) => unknown)[] = []
      const api = {
        each: async (list: number[], tell: (n: number) => Promise<number>) => {
          let sum = 0
          for (const n of list) sum += await tell(n)
          return sum
        },
        watch: (tell: (text: string) => unknown) => void kept.push(tell),
      }
      expose(acceptor, api)
      const remote = wrap<typeof api>(dialer)
      same(await remote.each([1, 2, 3], async (n) => n * 10), 60, 'the sum')
      const heard = moment<string>()
      const tell = keep((text: string) => heard.resolve(text))
      await remote.watch(tell)
      await kept[0]?.('changed')
      same(await heard.promise, 'changed', 'what was heard')
      tell.release()
    },
  },
  {
    name: 'a byte stream is an argument and a result',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      acceptor.handle('source', (stream) => {
        stream.write(pattern(200_000))
        stream.end()
      })
      const api = {
        async store(bytes: Stream) {
          await readPattern(bytes, 200_000)
          return 'stored'
        },
      }
      expose(acceptor, api)
      dialer.handle('source', (stream) => {
        stream.write(pattern(200_000))
        stream.end()
      })
      const from = acceptor.open('source')
      same(await wrap<typeof api>(dialer).store(dialer.open('source')), 'stored', 'the answer')
      await readPattern(from, 200_000)
    },
  },
  {
    name: 'errors come with name, code and data, or hidden',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const api = {
        refuse: () => {
          throw new RpcError('EXHAUSTED', 'sold out', { data: { left: 0 } })
        },
        break: () => {
          throw new TypeError('password is tea')
        },
      }
      expose(acceptor, api)
      const remote = wrap<typeof api>(dialer)
      const refused = (await fails(remote.refuse(), 'EXHAUSTED')) as Error & { data?: unknown }
      same([refused.message, refused.data], ['sold out', { left: 0 }])
      check(!(await fails(remote.break(), 'INTERNAL')).message.includes('tea'), 'the text went out')
      const unknown = await fails(wrap(dialer).nothing!(), 'UNIMPLEMENTED')
      same(unknown.executed, 'no')
    },
  },
  {
    name: 'events go to those that listen',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const sold = events<{ sold: string }>(dialer, 'news').on('sold')
      const news = events<{ sold: string }>(acceptor, 'news')
      await sold.ready
      news.emit('sold', 'tea')
      same((await sold.next()).value, 'tea', 'the event')
      await sold.return?.()
    },
  },
]
