// Memory that a transport lends: what a session says it keeps nothing of is overwritten at once, here with every delivery, and
// nothing that anybody reads may show it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, listen, NOTHING_KEPT, type Session, type Stream, type Transport, type TransportSink } from 'braidwire'
import { memory } from 'braidwire/transport/memory'

const MiB = 1024 * 1024
const PIECE = 65_536

/** Delivers from one piece of memory, cut as a socket would, and spoils what was given back. */
class Lender implements Transport {
  readonly remote = 'lender:'
  readonly confidential = true
  delivered = 0
  givenBack = 0
  readonly #inner: Transport
  #memory = new Uint8Array(PIECE)

  constructor(inner: Transport) {
    this.#inner = inner
  }

  start(sink: TransportSink): void {
    this.#inner.start({
      bytes: (chunk) => {
        for (let at = 0; at < chunk.length; at += PIECE) this.#deliver(sink, chunk.subarray(at, at + PIECE))
      },
      drained: () => sink.drained(),
      closed: (error) => sink.closed(error),
    })
  }

  #deliver(sink: TransportSink, bytes: Uint8Array): void {
    const lent = this.#memory.subarray(0, bytes.length)
    lent.set(bytes)
    this.delivered += bytes.length
    if (sink.bytes(lent) === NOTHING_KEPT) {
      this.givenBack += bytes.length
      lent.fill(0xdb)
    } else this.#memory = new Uint8Array(PIECE)
  }

  send(chunks: Uint8Array[]): boolean {
    return this.#inner.send(chunks)
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

/** Bytes that tell where they are and whose they are. */
function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed) & 0xff
  return bytes
}

function isPattern(bytes: Uint8Array, length: number, seed: number): void {
  assert.equal(bytes.length, length)
  assert.ok(Buffer.from(bytes).equals(pattern(length, seed)), `body ${seed} of ${length} bytes`)
}

async function lending(serve: (session: Session) => void): Promise<[Session, Lender, Lender]> {
  const [near, far] = memory().map((end) => new Lender(end)) as [Lender, Lender]
  await listen(far, serve)
  return [await connect(near), near, far]
}

test('large arguments and results arrive unspoilt from lent memory, most of which is given back', async () => {
  const [session, near, far] = await lending((peer) => peer.handleCall('echo', (bytes) => bytes))
  const sizes = [65_537, MiB, 200_000, 3 * MiB, 70_000, MiB + 1, 500_000, 2 * MiB]
  for (let round = 0; round < 3; round++) {
    const answers = sizes.map((size, seed) => session.call('echo', pattern(size, seed)))
    for (const [seed, answer] of answers.entries()) isPattern(await answer, sizes[seed]!, seed)
  }
  for (const end of [near, far]) assert.ok(end.givenBack > end.delivered / 2, `${end.givenBack} of ${end.delivered}`)
  await session.close()
})

test('bodies, small calls, messages, streams, unread bytes and metadata side by side: nothing of any is spoilt', async () => {
  const messages: Uint8Array[] = []
  const late: Promise<Uint8Array[]>[] = []
  const [session] = await lending((peer) => {
    peer.handleCall('echo', (bytes) => bytes)
    peer.handleCall('fail', () => {
      throw new Error('it failed')
    })
    peer.handleMessage((bytes) => messages.push(bytes))
    peer.handle('late', (stream) => {
      late.push(
        (async () => {
          // Read only after much else has arrived.
          await peer.ping()
          await peer.ping()
          const chunks: Uint8Array[] = []
          for await (const chunk of stream) chunks.push(chunk)
          isPattern(stream.meta as Uint8Array, 100, 9)
          return chunks
        })(),
      )
    })
  })
  const work: Promise<unknown>[] = []
  for (let seed = 0; seed < 40; seed++) {
    const [small, large] = [100 + seed, 70_000 + seed * 9_000]
    work.push(session.call('echo', pattern(large, seed)).then((bytes) => isPattern(bytes, large, seed)))
    work.push(session.call('echo', pattern(small, seed)).then((bytes) => isPattern(bytes, small, seed)))
    work.push(session.message(pattern(300, seed)))
    work.push(assert.rejects(session.call('fail', pattern(50, seed))))
    if (seed % 5 !== 0) continue
    const stream = session.open('late', { meta: pattern(100, 9) })
    stream.write(pattern(30_000, seed))
    stream.end()
  }
  await Promise.all(work)
  assert.equal(messages.length, 40)
  for (const [seed, message] of messages.entries()) isPattern(message, 300, seed)
  const read = await Promise.all(late)
  assert.equal(read.length, 8)
  for (const [index, chunks] of read.entries()) isPattern(Buffer.concat(chunks), 30_000, index * 5)
  await session.close()
})

test('a reply that names a stream of the application fails its call, and the stream keeps its reader and its bytes', async () => {
  const [near, far] = memory().map((end) => new Lender(end)) as [Lender, Lender]
  let opened: Stream | undefined
  await listen(far, (peer) => {
    peer.handleCall('hostile', (_, context) => {
      opened = peer.open('data')
      // No method of a session does this: a peer that does not keep to the rules.
      const { engine } = peer as unknown as { engine: { replyVia(slot: number, stream: unknown): void } }
      engine.replyVia((context as unknown as { slot: number }).slot, (opened as unknown as { link: unknown }).link)
      return new Promise(() => {})
    })
  })
  const session = await connect(near)
  const kept: Uint8Array[] = []
  const over = new Promise<void>((resolve) => {
    session.handle('data', (stream) => {
      stream.receive({ data: (bytes) => kept.push(bytes), end: () => resolve(), failed: () => resolve() })
    })
  })
  await assert.rejects(session.call('hostile', new Uint8Array(1)), { code: 'BRAID_PROTOCOL', scope: 'call' })
  for (let seed = 0; seed < 5; seed++) {
    opened?.write(pattern(5_000, seed))
    await session.ping()
  }
  opened?.end()
  await over
  isPattern(Buffer.concat(kept).subarray(0, 5_000), 5_000, 0)
  isPattern(Buffer.concat(kept).subarray(20_000), 5_000, 4)
  await session.close()
})
