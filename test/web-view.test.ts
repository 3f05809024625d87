// The Web view of a stream: what the Streams Standard promises of a byte stream and a writable, and codes across the wire.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { BraidError, type Session, type SessionOptions, type Stream } from 'braidwire'
import { pair } from 'braidwire/test'
import { type WebView, web } from 'braidwire/web'

const KiB = 1024
const MiB = KiB * KiB
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const bytesOf = (text: string) => new TextEncoder().encode(text)

function sessions(t: TestContext, options?: SessionOptions): [Session, Session] {
  const both = pair(options)
  t.after(() => both[0].close())
  return both
}

/** A view on one side, the bare stream on the other. */
async function halfView(t: TestContext): Promise<[WebView, Stream, Session]> {
  const [near, far] = sessions(t)
  const view = web(near.open('view'))
  return [view, await far.take('view'), far]
}

async function readAll(stream: Stream): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** A source of many chunks, made as they are asked for. */
function sourceOf(bytes: Uint8Array, chunk = 50_000): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, at + chunk))
      at += chunk
    },
  })
}

test('web carries bytes both ways at once, whole and in order', async (t) => {
  const [view, far] = await halfView(t)
  const other = web(far)
  const [up, down] = [randomBytes(3 * MiB), randomBytes(2 * MiB)]
  const [received, answered] = await Promise.all([
    new Response(other.readable).arrayBuffer(),
    new Response(view.readable).arrayBuffer(),
    sourceOf(up).pipeTo(view.writable),
    sourceOf(down, 300_000).pipeTo(other.writable),
  ])
  assert.equal(digest(new Uint8Array(received)), digest(up))
  assert.equal(digest(new Uint8Array(answered)), digest(down))
})

test('web stands in pipeThrough, so that a stream joins other Web streams both ways', async (t) => {
  const [near, far] = sessions(t)
  far.handle('echo', (stream) => {
    const { readable, writable } = web(stream)
    return readable.pipeTo(writable)
  })
  const bytes = randomBytes(MiB)
  const echoed = sourceOf(bytes).pipeThrough(web(near.open('echo')))
  assert.equal(digest(new Uint8Array(await new Response(echoed).arrayBuffer())), digest(bytes))
})

test('web works with a tee and with the transforms of the platform', async (t) => {
  const [view, far] = await halfView(t)
  const packed = new Blob(['hello '.repeat(1000)]).stream().pipeThrough(new CompressionStream('gzip'))
  const sent = packed.pipeTo(view.writable)
  const [one, two] = web(far).readable.tee()
  const plain = async (packed: ReadableStream<Uint8Array<ArrayBuffer>>) =>
    new Response(packed.pipeThrough(new DecompressionStream('gzip'))).text()
  assert.deepEqual(await Promise.all([plain(one), plain(two)]), Array(2).fill('hello '.repeat(1000)))
  await sent
})

test('web readable fills a buffer the reader brings, and keeps what does not fit for the next', async (t) => {
  const [view, far] = await halfView(t)
  const reader = view.readable.getReader({ mode: 'byob' })
  const first = reader.read(new Uint8Array(4))
  far.write(bytesOf('abcdefgh'))
  far.end()
  const text = ({ value }: { value?: Uint8Array | undefined }) => Buffer.from(value!).toString()
  const one = await first
  assert.equal(text(one), 'abcd')
  assert.equal(text(await reader.read(new Uint8Array(one.value!.buffer, 1, 3))), 'efg')
  assert.equal(text(await reader.read(new Uint8Array(10))), 'h')
  const last = await reader.read(new Uint8Array(10))
  assert.deepEqual([last.done, last.value!.byteLength], [true, 0])
})

test('web readable gives a waiting reader its buffer back at the end', async (t) => {
  const [view, far] = await halfView(t)
  const reader = view.readable.getReader({ mode: 'byob' })
  const waiting = reader.read(new Uint8Array(10))
  far.end()
  const { done, value } = await waiting
  assert.deepEqual([done, value!.buffer.byteLength], [true, 10])
})

test('web readable gives chunks that are the reader’s alone: their buffers can be transferred', async (t) => {
  const [view, far, session] = await halfView(t)
  const reader = view.readable.getReader()
  for (const text of ['one', 'two']) far.write(bytesOf(text))
  await session.ping()
  const { value } = await reader.read()
  assert.equal(value!.buffer.byteLength, value!.byteLength)
  structuredClone(value, { transfer: [value!.buffer] })
  far.write(bytesOf('three'))
  far.end()
  let rest = ''
  for (let step = await reader.read(); !step.done; step = await reader.read()) rest += Buffer.from(step.value)
  assert.ok(rest.endsWith('three'))
})

test('web readable makes one chunk of small ones that wait, and no larger one than it promises', async (t) => {
  const [view, far, session] = await halfView(t)
  const reader = view.readable.getReader()
  for (let i = 0; i < 1000; i++) far.write(new Uint8Array(100))
  await session.ping()
  const sizes: number[] = []
  far.end()
  for (let step = await reader.read(); !step.done; step = await reader.read()) sizes.push(step.value.length)
  assert.equal(
    sizes.reduce((sum, size) => sum + size),
    100_000,
  )
  // The first came alone: it was there before anybody asked.
  assert.ok(sizes.length <= 4, `${sizes}`)
  assert.ok(Math.max(...sizes) <= 128 * KiB)
})

test('web readable reads nothing ahead: the writer is held by the window, and credit returns as readers ask', async (t) => {
  const [near, far] = sessions(t)
  const { readable } = web(near.open('slow'))
  const stream = await far.take('slow')
  let written = 0
  const fill = () => {
    do written += 16 * KiB
    while (stream.write(new Uint8Array(16 * KiB)))
  }
  fill()
  for (let i = 0; i < 5; i++) await far.ping()
  const { queued } = stream.stats()
  assert.ok(queued > 0)
  // Nobody reads: nothing moves, however often the event loop turns.
  for (let i = 0; i < 20; i++) await far.ping()
  assert.equal(stream.stats().queued, queued)
  stream.end()
  assert.equal((await new Response(readable).arrayBuffer()).byteLength, written)
})

test('web writable holds the writer back while nobody reads', async (t) => {
  const [view, far] = await halfView(t)
  const writer = view.writable.getWriter()
  let taken = 0
  for (let i = 0; i < 64; i++) void writer.write(new Uint8Array(MiB)).then(() => taken++)
  assert.ok(writer.desiredSize! < 0)
  let ready = false
  void writer.ready.then(() => {
    ready = true
  })
  for (let i = 0; i < 5; i++) await far.session.ping()
  assert.ok(taken < 10, `${taken} MiB were taken`)
  assert.equal(ready, false)
  const closed = writer.close()
  let received = 0
  for await (const chunk of far) received += chunk.length
  await closed
  assert.equal(received, 64 * MiB)
  assert.equal(ready, true)
})

test('web writable takes ArrayBuffer, typed arrays and DataView', async (t) => {
  const [view, far] = await halfView(t)
  const writer = view.writable.getWriter()
  const { buffer } = bytesOf('-abcdef-')
  void writer.write(buffer.slice(0, 2))
  void writer.write(new Uint16Array(buffer, 2, 2))
  void writer.write(new DataView(buffer, 6))
  void writer.close()
  assert.equal(await readAll(far), '-abcdef-')
})

test('web writable refuses what is no bytes, and the other side sees no clean end', async (t) => {
  for (const chunk of ['text', null, { byteLength: -1 }]) {
    const [view, far] = await halfView(t)
    const writer = view.writable.getWriter()
    await assert.rejects(writer.write(chunk as unknown as Uint8Array), TypeError)
    await assert.rejects(writer.closed, TypeError)
    assert.equal((await far.closed)?.code, 'BRAID_INTERNAL')
  }
})

test('web fails both halves with the code and the reason of a reset', async (t) => {
  const [{ readable, writable }, far] = await halfView(t)
  const [reader, writer] = [readable.getReader(), writable.getWriter()]
  const failures = [reader.read(), reader.closed, writer.closed].map((promise) => promise.catch((error) => error))
  far.reset(77, 'no more cake')
  for (const error of await Promise.all(failures)) {
    assert.ok(error instanceof BraidError)
    assert.deepEqual(
      [error.code, error.number, error.reason, error.initiator],
      ['BRAID_RESET', 77, 'no more cake', 'remote'],
    )
  }
})

test('web fails both halves when the session ends under it', async (t) => {
  const [{ readable, writable }, , session] = await halfView(t)
  const failures = [readable.getReader().closed, writable.getWriter().closed]
  await session.close()
  for (const failure of failures) await assert.rejects(failure, { code: 'BRAID_CLOSED' })
})

test('web tells of a failure that came before its halves were made', async (t) => {
  const [view, far, session] = await halfView(t)
  far.reset('CANCELLED')
  await session.ping()
  await assert.rejects(view.readable.getReader().read(), { code: 'BRAID_CANCELLED' })
  await assert.rejects(view.writable.getWriter().closed, { code: 'BRAID_CANCELLED' })
})

test('web readable cancelled stops the other side, and the writing half goes on', async (t) => {
  const [view, far] = await halfView(t)
  await view.readable.cancel('seen enough')
  await assert.rejects(async () => {
    while (far.write(new Uint8Array(1))) await far.session.ping()
    await far.ready
  })
  const writer = view.writable.getWriter()
  void writer.write(bytesOf('still here'))
  void writer.close()
  assert.equal(await readAll(far), 'still here')
})

test('web halves given up tell a code of ours, but not the text of a strange error', async (t) => {
  for (const [reason, code] of [
    [undefined, 'BRAID_CANCELLED'],
    [new DOMException('aborted', 'AbortError'), 'BRAID_CANCELLED'],
    ['because', 'BRAID_INTERNAL'],
    [new Error('secret'), 'BRAID_INTERNAL'],
    [new BraidError('DENIED', 'not you'), 'BRAID_DENIED'],
  ] as const) {
    const [view, far] = await halfView(t)
    const { readable } = view
    await view.writable.abort(reason)
    const told = await far.closed
    assert.equal(told?.code, code)
    assert.ok(!told?.message.includes('secret'))
    await assert.rejects(readable.getReader().read(), { code, initiator: 'local' })
  }
})

test('web writable fails while nobody writes when the other side wants no more, and cancels what is piped into it', async (t) => {
  const [view, far] = await halfView(t)
  let cancelled: unknown
  const silent = new ReadableStream<Uint8Array>({
    cancel(reason) {
      cancelled = reason
    },
  })
  const piping = silent.pipeTo(view.writable)
  far.stop('CANCELLED')
  await assert.rejects(piping, { code: 'BRAID_CANCELLED' })
  assert.equal((cancelled as BraidError).code, 'BRAID_CANCELLED')
  far.write(bytesOf('still here'))
  far.end()
  assert.equal(await new Response(view.readable).text(), 'still here')
})

test('web writable closes cleanly when the other side wants no more and there is no more', async (t) => {
  const [view, far] = await halfView(t)
  const writer = view.writable.getWriter()
  const closing = writer.close()
  far.stop('CANCELLED')
  await closing
})

test('web fails what is piped from a source that fails, as an error and never as a clean end', async (t) => {
  const [view, far] = await halfView(t)
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytesOf('half of it')),
    pull: (controller) => controller.error(new Error('secret')),
  })
  await assert.rejects(broken.pipeTo(view.writable), /secret/)
  await assert.rejects(readAll(far), { code: 'BRAID_INTERNAL' })
})

test('web delivers what came before it was made', async (t) => {
  const [near, far] = sessions(t)
  const stream = near.open('early')
  for (const text of ['came ', 'early']) stream.write(bytesOf(text))
  stream.end()
  const taken = await far.take('early')
  await near.ping()
  assert.equal(await new Response(web(taken).readable).text(), 'came early')
})

test('web refuses a stream that somebody reads', async (t) => {
  const [near] = sessions(t)
  const stream = near.open('read')
  const reading = stream.readable()
  assert.throws(() => web(stream), TypeError)
  stream.reset('CANCELLED')
  await assert.rejects(reading)
})

test('web makes each half once, and only when it is asked for', async (t) => {
  const [view] = await halfView(t)
  assert.equal(view.readable, view.readable)
  assert.equal(view.writable, view.writable)
  assert.equal(view.readable.locked || view.writable.locked, false)
})

test('web gives the place of its stream back when it is over, however it ends', async (t) => {
  const [near, far] = sessions(t, { maxStreams: 32 })
  far.handle('echo', (stream) => {
    const { readable, writable } = web(stream)
    return readable.pipeTo(writable).catch(() => {})
  })
  // Only takes: what it could read, it never asks for.
  far.handle('sink', async (stream) => {
    const { readable, writable } = web(stream)
    await Promise.all([new Response(readable).arrayBuffer(), writable.close()])
  })
  const one = async (number: number) => {
    const view = web(near.open(number % 4 === 3 ? 'sink' : 'echo'))
    const writer = view.writable.getWriter()
    void writer.write(bytesOf(`number ${number}`))
    if (number % 4 < 2) {
      const reader = view.readable.getReader()
      await reader.read()
      if (number % 4 === 0) return view[Symbol.asyncDispose]()
      return Promise.all([reader.cancel(), writer.abort()])
    }
    await writer.close()
    if (number % 4 === 2) assert.equal(await new Response(view.readable).text(), `number ${number}`)
  }
  await Promise.all(Array.from({ length: 200 }, (_, number) => one(number)))
  while (far.stats().streamsOpen > 0 || near.stats().streamsOpen > 0) await near.ping()
  assert.equal(far.stats().streamsAccepted, 200)
})

test('web readable is a plain stream where the runtime has no byte streams', async (t) => {
  await without('ReadableByteStreamController', async () => {
    const [view, far] = await halfView(t)
    assert.throws(() => view.readable.getReader({ mode: 'byob' }), TypeError)
    for (let i = 0; i < 1000; i++) far.write(bytesOf('0123456789'))
    far.end()
    assert.equal(await new Response(view.readable).text(), '0123456789'.repeat(1000))
  })
})

test('web says which half a runtime without Web streams cannot have', async (t) => {
  for (const [name, half] of [
    ['ReadableStream', 'readable'],
    ['WritableStream', 'writable'],
  ] as const) {
    await without(name, async () => {
      const [view] = await halfView(t)
      assert.throws(() => view[half], { name: 'TypeError', message: new RegExp(`no ${name}`) })
    })
  }
})

/** Runs in a world that lacks something. */
async function without(name: string, run: () => Promise<void>): Promise<void> {
  const kept = Object.getOwnPropertyDescriptor(globalThis, name)!
  assert.ok(Reflect.deleteProperty(globalThis, name))
  try {
    await run()
  } finally {
    Object.defineProperty(globalThis, name, kept)
  }
}
