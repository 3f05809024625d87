// The vectors of typed calls as data, the service they talk to, and how a client of ours has each of the conversations.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Stream } from 'braidwire'
import { type Client, keep, RpcError, withContext } from 'braidwire/rpc'
import { concat, fromHex, toHex } from '../codec/hex.ts'
import { root } from '../sources.ts'

/** A call about a reference. */
export interface SideCall {
  readonly from: 'caller' | 'callee'
  readonly method: string
  readonly body: string
  readonly result: string
}

/** One call, with all that travels for it. Bytes are hex, and text between single quotes; README.md describes the format. */
export interface CallVector {
  readonly name: string
  readonly codec?: 'json'
  readonly method: string
  readonly body: string
  readonly part?: { readonly number: number; readonly messages?: readonly string[]; readonly bytes?: string }
  readonly meanwhile?: readonly SideCall[]
  readonly afterwards?: readonly SideCall[]
  readonly result?: string
  readonly value?: string
  readonly items?: readonly string[]
  readonly error?: { readonly code: 'EXHAUSTED'; readonly reason: string; readonly details: string }
  /** What the caller has in the end, as the JSON codec writes it. */
  readonly outcome: unknown
}

export interface Vectors {
  readonly calls: readonly CallVector[]
  readonly refused: readonly { readonly name: string; readonly body: string }[]
  readonly frames: readonly { readonly name: string; readonly frame: string }[]
  readonly grants: readonly { readonly bytes: string; readonly granted: number }[]
  readonly events: {
    readonly metadata: Readonly<Record<string, string | number>>
    readonly event: string
    readonly gap: string
  }
}

export const vectors: Vectors = JSON.parse(readFileSync(join(root, 'test/conformance/rpc.json'), 'utf8'))
/** Hex, and text between single quotes. */
export function bytesOf(text: string): Uint8Array {
  const pieces = text.split(/('[^']*')/)
  return concat(
    pieces.map((piece) => (piece.startsWith("'") ? new TextEncoder().encode(piece.slice(1, -1)) : fromHex(piece))),
  )
}
export const hexOf = (text: string): string => toHex(bytesOf(text))

/** The service the vectors talk to. */
export const api = {
  add: (a: number, b: number) => a + b,
  nothing: () => {},
  who: withContext((ctx) => ctx.metadata),
  buy: () => {
    throw new RpcError('EXHAUSTED', 'no tea left', { name: 'SoldOut', data: { item: 'tea' } })
  },
  async *count(to: number) {
    for (let n = 1; n <= to; n++) yield n
    return 'done'
  },
  async *fail() {
    yield 1
    throw new RpcError('NOT_FOUND', 'gone')
  },
  ask: async (fn: (a: number, b: number) => unknown) => await fn(6, 7),
  until: (signal: AbortSignal) =>
    new Promise<unknown>((resolve) => signal.addEventListener('abort', () => resolve(signal.reason))),
  async sum(items: AsyncIterable<number>) {
    let sum = 0
    for await (const item of items) sum += item
    return sum
  },
  async read(stream: Stream) {
    let text = ''
    for await (const chunk of stream) text += Buffer.from(chunk).toString()
    return text
  },
  lend: () => keep((n: number) => n + 1),
}

/** How a client written with `wrap` has each conversation. */
export const clients: Readonly<Record<string, (remote: Client<typeof api>) => unknown>> = {
  add: (remote) => remote.add(1, 2),
  nothing: (remote) => remote.nothing(),
  who: (remote) => remote.with({ metadata: { tenant: 'a' } }).who(),
  buy: (remote) => remote.buy(),
  count: (remote) => drained(remote.count(2)),
  fail: (remote) => drained(remote.fail()),
  ask: (remote) => remote.ask((a, b) => a * b),
  until(remote) {
    const controller = new AbortController()
    const reason = remote.until(controller.signal)
    controller.abort('enough')
    return reason
  },
  sum: (remote) => remote.sum(oneTwo()),
  read: (remote) => remote.read(new Blob(['hi']).stream()),
  async lend(remote) {
    const more = await remote.lend()
    const two = await more(1)
    more.release()
    return two
  },
}

async function* oneTwo(): AsyncGenerator<number, void> {
  yield 1
  yield 2
}

/** The items, and behind them what the producer returned or threw. */
async function drained(items: AsyncGenerator<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  try {
    for (;;) {
      const { done, value } = await items.next()
      all.push(value)
      if (done === true) return all
    }
  } catch (error) {
    return [...all, told(error)]
  }
}

/** What a caller sees of an error. */
export function told(thrown: unknown): unknown {
  const { name, code, message, data } = thrown as RpcError
  return { name, code, message, data }
}
