// The streamx view of a stream: order, backpressure, ends and failures, beside what streamx promises of any of its streams.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { BraidError, connect, type Session, type SessionOptions, type Stream } from 'braidwire'
import { type StreamxView, type StreamxViewOptions, streamx } from 'braidwire/streamx'
import { pair } from 'braidwire/test'
import { pipelinePromise, Readable } from 'streamx'

const MiB = 1024 * 1024
const closed = (end: StreamxView) => new Promise<void>((done) => void end.once('close', () => done()))

function sessions(t: TestContext, options?: SessionOptions): [Session, Session] {
  const both = pair(options)
  t.after(() => both[0].close())
  return both
}

/** A view on one side, the bare stream on the other. */
async function halfView(t: TestContext, options?: StreamxViewOptions): Promise<[StreamxView, Stream, Session]> {
  const [near, far] = sessions(t)
  const view = streamx(near.open('view'), options)
  return [view, await far.take('view'), far]
}

function failureOf(view: StreamxView): Promise<BraidError> {
  return new Promise((resolve) => void view.once('error', (error) => resolve(error as BraidError)))
}

/** Once: also 'close' of one that was destroyed already. */
function record(view: StreamxView): string[] {
  const seen: string[] = []
  for (const name of ['end', 'finish', 'error', 'close'] as const) view.on(name, () => void seen.push(name))
  return seen
}

async function readAll(chunks: AsyncIterable<unknown>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk as Uint8Array)
  return Buffer.concat(all)
}

function sourceOf(bytes: Uint8Array, chunk = 50_000): Readable {
  let at = 0
  return new Readable({
    read(done) {
      this.push(at >= bytes.length ? null : bytes.subarray(at, at + chunk))
      at += chunk
      done(null)
    },
  })
}

test('streamx is an echo when piped to itself, whole and in order', async (t) => {
  const [near, far] = sessions(t)
  far.handle('echo', (stream) => {
    const view = streamx(stream)
    view.pipe(view)
  })
  const view = streamx(near.open('echo'))
  const bytes = randomBytes(3 * MiB)
  const seen = record(view)
  const over = closed(view)
  const echoed: Uint8Array[] = []
  view.on('data', (chunk) => void echoed.push(chunk as Uint8Array))
  sourceOf(bytes).pipe(view)
  await over
  assert.ok(Buffer.concat(echoed).equals(bytes))
  assert.deepEqual(seen, ['finish', 'end', 'close'])
})

test('streamx carries bytes both ways at once, each half ending alone', async (t) => {
  const [view, far] = await halfView(t)
  const other = streamx(far)
  const [up, down] = [randomBytes(2 * MiB), randomBytes(MiB)]
  other.write(down)
  view.end(up)
  assert.ok((await readAll(take(other, up.length))).equals(up))
  other.end()
  assert.ok((await readAll(view)).equals(down))
})

/** Iteration would destroy the half that still writes. */
async function* take(view: StreamxView, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes
  while (left > 0) {
    const chunk = view.read() as Uint8Array | null
    if (chunk === null) await once(view as unknown as NodeJS.EventEmitter, 'readable')
    else {
      left -= chunk.length
      yield chunk
    }
  }
}

test('streamx writes text as UTF-8, and throws what cannot be written at who writes it', async (t) => {
  const [view, far] = await halfView(t)
  assert.throws(() => view.write(7), TypeError)
  view.write('a€')
  view.end('😀')
  assert.equal(String(await readAll(far)), 'a€😀')
})

test('streamx pipelines resolve when the last byte has gone', async (t) => {
  const [view, far] = await halfView(t)
  const bytes = randomBytes(MiB)
  const received = readAll(far)
  far.end()
  view.resume()
  await pipelinePromise(sourceOf(bytes), view)
  assert.ok((await received).equals(bytes))
})

test('streamx holds the other side back by the high-water mark and the window, not more', async (t) => {
  const [view, far, session] = await halfView(t, { highWaterMark: 1000 })
  while (far.write(new Uint8Array(16_384)));
  for (let i = 0; i < 5; i++) await session.ping()
  const { queued } = far.stats()
  assert.ok(queued > 0)
  for (let i = 0; i < 20; i++) await session.ping()
  assert.equal(far.stats().queued, queued)
  far.end()
  view.end()
  assert.equal((await readAll(view)).length, far.stats().bytesOut)
})

test('streamx holds the writer back while nobody reads, and drains', async (t) => {
  const [view, far, session] = await halfView(t)
  let written = 0
  do written += 65_536
  while (view.write(Buffer.alloc(65_536)))
  let drained = false
  view.on('drain', () => {
    drained = true
  })
  for (let i = 0; i < 32; i++) {
    view.write(Buffer.alloc(MiB))
    written += MiB
  }
  for (let i = 0; i < 5; i++) await session.ping()
  assert.equal(drained, false)
  view.end()
  assert.equal((await readAll(far)).length, written)
  assert.equal(drained, true)
})

test('streamx gives the code and the reason of a reset', async (t) => {
  const [view, far] = await halfView(t)
  const seen = record(view)
  const over = closed(view)
  const failed = failureOf(view)
  far.reset(77, 'no more cake')
  const error = await failed
  assert.ok(error instanceof BraidError)
  assert.deepEqual(
    [error.code, error.number, error.reason, error.initiator],
    ['BRAID_RESET', 77, 'no more cake', 'remote'],
  )
  await over
  assert.deepEqual(seen, ['error', 'close'])
})

test('streamx destroyed before its end is never a clean end to the other side, also while a write waits', async (t) => {
  for (const bytes of [10, 4 * MiB]) {
    const [view, far] = await halfView(t)
    const over = closed(view)
    view.write(Buffer.alloc(bytes))
    await far.readable()
    view.destroy()
    await over
    await assert.rejects(readAll(far), { code: 'BRAID_CANCELLED' })
  }
})

test('streamx destroyed with an error tells its code, but not the text of a strange one', async (t) => {
  for (const [error, code] of [
    [new Error('secret'), 'BRAID_INTERNAL'],
    [new BraidError('DENIED', 'not you'), 'BRAID_DENIED'],
  ] as const) {
    const [view, far] = await halfView(t)
    const failed = failureOf(view)
    view.destroy(error)
    assert.equal(await failed, error)
    const told = await far.closed
    assert.equal(told?.code, code)
    assert.ok(!told?.message.includes('secret'))
  }
})

test('streamx destroyed after it has finished loses nothing of what it sent', async (t) => {
  const [view, far] = await halfView(t)
  const all = readAll(far)
  view.end(Buffer.alloc(MiB, 'x'))
  await new Promise<void>((done) => void view.once('finish', () => done()))
  view.destroy()
  assert.equal((await all).length, MiB)
})

test('streamx goes on reading when the other side wants no more, and fails the next write', async (t) => {
  const [view, far, session] = await halfView(t)
  far.stop('CANCELLED')
  far.write(Buffer.from('still here'))
  const chunk = await new Promise((done) => void view.once('data', done))
  assert.equal(String(Buffer.from(chunk as Uint8Array)), 'still here')
  await session.ping()
  assert.equal(view.destroying, false)
  const over = closed(view)
  const failed = failureOf(view)
  view.write('unwanted')
  assert.equal((await failed).code, 'BRAID_CANCELLED')
  await over
})

test('streamx ends cleanly when the other side wants no more and there is no more', async (t) => {
  const [view, far, session] = await halfView(t)
  far.stop('CANCELLED')
  far.write(Buffer.from('answer'))
  await session.ping()
  view.end()
  far.end()
  assert.equal(String(await readAll(view)), 'answer')
})

test('streamx fails when the session ends under it, and is silent when this side closed it', async (t) => {
  const [view, , session] = await halfView(t)
  const failed = failureOf(view)
  await session.close()
  assert.equal((await failed).code, 'BRAID_CLOSED')
  const [near] = sessions(t)
  const own = streamx(near.open('own'))
  const over = closed(own)
  own.on('error', () => assert.fail('no news'))
  await near.close()
  await over
})

test('streamx with a signal resets the stream when it aborts, also before it was made', async (t) => {
  const controller = new AbortController()
  const [view, far] = await halfView(t, { signal: controller.signal })
  const failed = failureOf(view)
  controller.abort()
  assert.equal((await failed).name, 'AbortError')
  assert.equal((await far.closed)?.code, 'BRAID_CANCELLED')
  const [near] = sessions(t)
  const late = streamx(near.open('late'), { signal: controller.signal })
  assert.equal((await failureOf(late)).name, 'AbortError')
})

test('streamx refuses a stream that somebody reads', async (t) => {
  const [near] = sessions(t)
  const stream = near.open('read')
  const reading = stream.readable()
  assert.throws(() => streamx(stream), TypeError)
  stream.reset('CANCELLED')
  await assert.rejects(reading)
})

test('streamx carries a session, three deep: what is a view here is a carrier there', async (t) => {
  let [near, far] = sessions(t)
  for (let depth = 0; depth < 2; depth++) {
    const taken = far.take('nested')
    const dialled = connect(streamx(near.open('nested')))
    ;[near, far] = await Promise.all([dialled, connect(streamx(await taken))])
  }
  far.handleCall('echo', (bytes) => bytes)
  const bytes = randomBytes(100_000)
  assert.ok(Buffer.from(await near.call('echo', bytes)).equals(bytes))
})

test('streamx gives the place of its stream back when it is over, however it ends', async (t) => {
  const [near, far] = sessions(t, { maxStreams: 32 })
  far.handle('echo', (stream) => {
    const view = streamx(stream)
    view.on('error', () => {})
    view.pipe(view)
  })
  const one = async (number: number) => {
    const view = streamx(near.open('echo'))
    view.on('error', () => {})
    view.write(`number ${number}`)
    if (number % 2 === 0) {
      await new Promise((done) => void view.once('data', done))
      await view[Symbol.asyncDispose]()
    } else {
      view.end()
      assert.equal(String(await readAll(view)), `number ${number}`)
    }
  }
  await Promise.all(Array.from({ length: 200 }, (_, number) => one(number)))
  while (far.stats().streamsOpen > 0 || near.stats().streamsOpen > 0) await near.ping()
  assert.equal(far.stats().streamsAccepted, 200)
})
