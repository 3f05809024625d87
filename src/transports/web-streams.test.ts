// Web streams as a transport: what is particular to them; what every transport does, the conformance suite sees.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TransportSink } from '../session/transport.ts'
import { connect, listen } from './connect.ts'
import { webStreamsTransport } from './web-streams.ts'

/** Keeps what it is told. */
function kept(): TransportSink & { got: Uint8Array[]; end: Promise<Error | undefined> } {
  const got: Uint8Array[] = []
  let closed = (_?: Error): void => {}
  const end = new Promise<Error | undefined>((resolve) => (closed = resolve))
  return { got, end, bytes: (chunk) => void got.push(chunk), drained() {}, closed: (error) => closed(error) }
}

test('connect and listen recognise pairs of Web streams', async () => {
  const [up, down] = [new TransformStream(), new TransformStream()]
  const listener = await listen({ readable: up.readable, writable: down.writable }, (session) => {
    session.handleCall('echo', (bytes) => bytes)
  })
  assert.deepEqual(listener.urls, ['web-streams'])
  const session = await connect({ readable: down.readable, writable: up.writable })
  assert.deepEqual([...(await session.call('echo', Uint8Array.of(7)))], [7])
  await listener.close()
  assert.equal(await session.closed, undefined)
})

test('a byte stream is read into buffers of this side: large pieces are kept, small ones copied', async () => {
  const asked: number[] = []
  const sizes = [10, 65_536, 20, 40_000]
  const readable = new ReadableStream({
    type: 'bytes',
    pull: (controller) => {
      const { byobRequest } = controller
      const size = sizes.shift()
      asked.push(byobRequest!.view!.byteLength)
      if (size === undefined) {
        controller.close()
        byobRequest!.respond(0)
      } else byobRequest!.respond(size)
    },
  })
  const sink = kept()
  const written: Uint8Array[] = []
  webStreamsTransport({ readable, writable: new WritableStream({ write: (chunk) => void written.push(chunk) }) }).start(
    sink,
  )
  assert.equal(await sink.end, undefined)
  assert.deepEqual(
    sink.got.map(({ length, buffer }) => [length, buffer.byteLength]),
    [
      [10, 10],
      [65_536, 65_536],
      [20, 20],
      [40_000, 65_536],
    ],
  )
  assert.deepEqual(asked, [65_536, 65_536, 65_536, 65_536, 65_536])
})

test('many small chunks become one write, a large one is not copied, and a full strategy is told once it has room', async () => {
  const written: Uint8Array[] = []
  const writes: (() => void)[] = []
  const writable = new WritableStream<Uint8Array>(
    {
      write: (chunk) => {
        written.push(chunk)
        return new Promise<void>((done) => writes.push(done))
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 100_000 }),
  )
  const transport = webStreamsTransport({ readable: new ReadableStream(), writable })
  let drains = 0
  transport.start({ ...kept(), drained: () => drains++ })
  const large = new Uint8Array(70_000)
  assert.equal(transport.send([new Uint8Array(9), new Uint8Array(300), new Uint8Array(4)]), true)
  assert.equal(transport.send([new Uint8Array(9), large]), true)
  assert.equal(transport.send([new Uint8Array(60_000)]), false)
  while (written.length < 4) {
    assert.equal(drains, 0)
    writes.shift()?.()
    await new Promise(setImmediate)
    if (written.length === 3) break
  }
  assert.deepEqual(
    written.slice(0, 3).map(({ length }) => length),
    [313, 9, 70_000],
  )
  assert.equal(written[2]!.buffer, large.buffer)
  writes.shift()?.()
  await new Promise(setImmediate)
  assert.equal(drains, 1)
  transport.close()
})

test('text, or a stream that fails, ends the transport and says why', async () => {
  const text = kept()
  const words = new ReadableStream({ start: (controller) => controller.enqueue('words') })
  webStreamsTransport({ readable: words, writable: new WritableStream() }).start(text)
  assert.match(String(await text.end), /TypeError: the readable stream delivers text or objects/)
  const failed = kept()
  const failing = new WritableStream({ write: () => Promise.reject(new Error('disk full')) })
  const transport = webStreamsTransport({ readable: new ReadableStream(), writable: failing })
  transport.start(failed)
  transport.send([new Uint8Array(1)])
  assert.match(String(await failed.end), /disk full/)
})

test('streams that somebody else has locked are refused', () => {
  const readable = new ReadableStream()
  readable.getReader()
  assert.throws(() => webStreamsTransport({ readable, writable: new WritableStream() }), TypeError)
})
