// A peer that asks and does not read the answers: what waits for it here is bounded, and all of it arrives when it reads again.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { connect, type Transport } from 'braidwire'
import { expose, wrap } from 'braidwire/rpc'
import { memory } from 'braidwire/transport/memory'

const KIB = 1024

async function turns(count = 20): Promise<void> {
  for (let turned = 0; turned < count; turned++) await turn()
}

/** A transport whose other end stops reading: it takes so many bytes, then says that it is full. */
class Stalling implements Transport {
  readonly remote = 'stalling:'
  readonly #inner: Transport
  /** Bytes taken while it stalled. */
  taken = 0
  #stalled = false
  #waiting: Uint8Array[] = []

  constructor(inner: Transport) {
    this.#inner = inner
  }

  start(sink: Parameters<Transport['start']>[0]): void {
    this.#inner.start(sink)
    this.#sink = sink
  }

  #sink: Parameters<Transport['start']>[0] | undefined

  send(chunks: Uint8Array[]): boolean {
    if (!this.#stalled) return this.#inner.send(chunks)
    for (const chunk of chunks) {
      this.taken += chunk.length
      this.#waiting.push(chunk.slice())
    }
    return this.taken < 64 * KIB
  }

  stall(): void {
    this.#stalled = true
  }

  goOn(): void {
    this.#stalled = false
    this.#inner.send(this.#waiting.splice(0))
    this.#sink?.drained()
  }

  pause(): void {
    this.#inner.pause()
  }

  resume(): void {
    this.#inner.resume()
  }

  close(): void {
    this.#inner.close()
  }
}

async function stalled(t: TestContext) {
  const [left, right] = memory()
  const transport = new Stalling(left)
  const [server, client] = await Promise.all([connect(transport), connect(right)])
  t.after(() => server.close())
  return { transport, server, client }
}

test('a peer that calls and reads nothing: output is bounded by its slots', async (t) => {
  const { transport, server, client } = await stalled(t)
  let ran = 0
  expose(server, { large: () => ++ran && new Uint8Array(60 * KIB).fill(7) })
  await turns()
  transport.stall()
  const calls = Array.from({ length: 2000 }, () => wrap(client).large?.() as Promise<Uint8Array>)
  await turns(50)
  const { max } = server.stats().limits.maxCalls as { max: number }
  assert.ok(ran <= max, `${ran} handlers ran`)
  assert.ok(transport.taken <= 256 * KIB + 64 * KIB, `${transport.taken} bytes went out`)
  transport.goOn()
  for (const result of await Promise.all(calls)) assert.equal(result.length, 60 * KIB)
  assert.equal(ran, 2000)
})

test('a peer that opens iterations and reads nothing: producers are stopped by bytes and by items', async (t) => {
  const { transport, server, client } = await stalled(t)
  let pulled = 0
  async function* endless(size: number): AsyncGenerator<Uint8Array> {
    for (;;) {
      pulled++
      yield new Uint8Array(size)
    }
  }
  expose(server, { endless })
  const remote = wrap(client)
  await turns()
  transport.stall()
  const large = Array.from({ length: 10 }, () => remote.endless?.(16 * KIB) as unknown as AsyncGenerator<Uint8Array>)
  await turns(50)
  const most = 10 * (128 * KIB + 64 * KIB + 2 * 16 * KIB) + 320 * KIB
  assert.ok(pulled * 16 * KIB <= most, `${pulled} items of 16 KiB were pulled`)
  pulled = 0
  const small = Array.from({ length: 10 }, () => remote.endless?.(0) as unknown as AsyncGenerator<Uint8Array>)
  await turns(50)
  assert.ok(pulled <= 10 * 257, `${pulled} empty items were pulled`)
  transport.goOn()
  for (const items of [...large, ...small]) await items.return(undefined)
  await turns()
  assert.deepEqual([server.stats().limits.maxStreams?.used, server.stats().limits.maxCalls?.used], [0, 0])
})
