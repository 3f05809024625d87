// A stream of a session: reading in each way, writing, its ends, and what becomes of its promises.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BraidError } from '../engine/errors.ts'
import { ManualClock, pair } from '../testing/pair.ts'
import type { SessionOptions } from './options.ts'
import type { Session } from './session.ts'
import type { Receiver, Stream } from './stream.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words)
const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)

/** A stream open on both sides of a pair. */
async function joined(
  options: SessionOptions = {},
): Promise<{ a: Session; b: Session; near: Stream; far: Stream; end: () => Promise<void> }> {
  const [a, b] = pair(options)
  const taken = b.take('s')
  const near = a.open('s')
  const far = await taken
  return { a, b, near, far, end: () => a.close() }
}

/** What a receiver was told, in order. */
class Notes implements Receiver {
  readonly told: string[] = []
  private readonly waiting: (() => void)[] = []
  data(chunk: Uint8Array): void {
    this.note(`data ${text(chunk)}`)
  }
  end(): void {
    this.note('end')
  }
  failed(error: BraidError): void {
    this.note(`failed ${error.code}`)
  }
  private note(words: string): void {
    this.told.push(words)
    for (const wake of this.waiting.splice(0)) wake()
  }
  async until(words: string): Promise<void> {
    while (!this.told.includes(words)) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }
}

test('stream carries bytes both ways and ends each half alone', async () => {
  const { near, far, end } = await joined()
  near.write(bytes('ping'))
  near.end()
  const got: string[] = []
  for await (const chunk of far) got.push(text(chunk))
  assert.deepEqual(got, ['ping'])
  far.write(bytes('pong'))
  far.end()
  for await (const chunk of near) got.push(text(chunk))
  assert.deepEqual(got, ['ping', 'pong'])
  assert.equal(await near.closed, undefined)
  assert.equal(await far.closed, undefined)
  await end()
})

test('stream read answers null when nothing is there and readable tells when something is', async () => {
  const { near, far, end } = await joined()
  assert.equal(far.read(), null)
  const waiting = far.readable()
  near.write(bytes('x'))
  assert.equal(await waiting, true)
  assert.equal(await far.readable(), true)
  assert.equal(text(far.read() as Uint8Array), 'x')
  near.end()
  assert.equal(await far.readable(), false)
  assert.equal(await far.readable(), false)
  assert.equal(far.read(), null)
  await end()
})

test('stream write answers false when its buffer is full, and ready resolves when there is room', async () => {
  const { near, far, end } = await joined({ writeBuffer: 1024 })
  await near.ready
  assert.equal(near.write(filled(100_000)), false)
  const ready = near.ready
  assert.equal(near.ready, ready)
  far.receive({ data: () => {}, end: () => {}, failed: () => {} })
  await ready
  assert.equal(near.write(new Uint8Array(0)), true)
  await end()
})

test('stream write takes bytes only, and none after end', async () => {
  const { near, end } = await joined()
  assert.throws(() => near.write('text' as unknown as Uint8Array), TypeError)
  near.end()
  near.end()
  assert.throws(() => near.write(bytes('x')), TypeError)
  await near.ready
  await end()
})

test('stream end makes ready tell when all that was written has gone', async () => {
  const { a, near, far } = await joined({ writeBuffer: 10_000, growthPool: 0 })
  assert.equal(near.write(filled(100_000)), false)
  const waiting = near.ready
  near.end()
  assert.equal(near.ready, waiting)
  await a.ping()
  assert.ok(near.stats().queued > 0, 'it waits for credit')
  let size = 0
  const count = (chunk: Uint8Array) => {
    size += chunk.length
  }
  far.receive({ data: count, end: () => {}, failed: assert.fail })
  await waiting
  assert.equal(near.stats().queued, 0)
  await near.ready
  await a.drain(1000)
  assert.equal(size, 100_000)
})

test('stream refuses writes the peer does not want, and ready rejects', async () => {
  const { near, far, end } = await joined({ writeBuffer: 1024 })
  near.write(filled(200_000))
  const ready = near.ready
  far.stop(70, 'enough')
  await assert.rejects(ready, {
    code: 'BRAID_RESET',
    number: 70,
    reason: 'enough',
    initiator: 'remote',
    scope: 'stream',
  })
  assert.equal(near.write(bytes('more')), false)
  await assert.rejects(near.ready, { number: 70 })
  near.end()
  assert.ok(near.signal.aborted)
  await end()
})

test('stream callbacks get what had arrived before them, then the rest, then the end', async () => {
  const { near, far, end } = await joined()
  near.write(bytes('early'))
  await far.readable()
  const notes = new Notes()
  far.receive(notes)
  assert.deepEqual(notes.told, ['data early'])
  near.write(bytes('late'))
  near.end({ sum: 1 })
  await notes.until('end')
  assert.deepEqual(notes.told, ['data early', 'data late', 'end'])
  assert.deepEqual(far.trailer, { sum: 1 })
  await end()
})

test('stream callbacks registered after the end or a failure are told at once', async () => {
  const { near, far, end } = await joined()
  near.end()
  await far.readable()
  const ended = new Notes()
  far.receive(ended)
  assert.deepEqual(ended.told, ['end'])
  far.reset(64)
  await near.closed
  const failed = new Notes()
  near.receive(failed)
  assert.deepEqual(failed.told, ['failed BRAID_RESET'])
  await end()
})

test('stream callbacks are told of a failure once', async () => {
  const { near, far, end } = await joined()
  const notes = new Notes()
  far.receive(notes)
  near.reset('INTERNAL')
  await notes.until('failed BRAID_INTERNAL')
  far.reset('CANCELLED')
  assert.deepEqual(notes.told, ['failed BRAID_INTERNAL'])
  await end()
})

test('stream that is paused delivers nothing, not even the end, until it is resumed', async () => {
  const { a, near, far, end } = await joined()
  const notes = new Notes()
  far.receive(notes)
  far.pause()
  near.write(bytes('one'))
  near.end()
  await a.ping()
  assert.deepEqual(notes.told, [])
  assert.equal(far.stats().unread, 3)
  far.resume()
  far.resume()
  assert.deepEqual(notes.told, ['data one', 'end'])
  await end()
})

test('stream paused within data keeps the credit of that chunk back', async () => {
  const { a, near, far, end } = await joined({ streamWindow: 16_384, streamWindowMax: 16_384, growthPool: 0 })
  let seen = 0
  far.receive({
    data: (chunk) => {
      seen += chunk.length
      far.pause()
    },
    end: () => {},
    failed: () => {},
  })
  near.write(filled(40_000))
  await a.ping()
  await a.ping()
  assert.ok(seen <= 16_384)
  const before = seen
  while (seen < 40_000) {
    far.resume()
    await a.ping()
  }
  assert.ok(before < 40_000)
  await end()
})

test('stream that pauses and resumes within each data keeps order without growing the stack', async () => {
  const { a, near, far, end } = await joined({ streamWindow: 4 * 1024 * 1024 })
  for (let i = 0; i < 4000; i++) near.write(filled(1000, i & 255))
  near.end()
  while (far.stats().unread < 4_000_000) await a.ping()
  let count = 0
  await new Promise<void>((resolve) => {
    far.receive({
      data: (chunk) => {
        count += chunk.length
        far.pause()
        far.resume()
      },
      end: () => resolve(),
      failed: () => {},
    })
  })
  assert.equal(count, 4_000_000)
  await end()
})

test('stream whose callback throws is reset, and no other', async () => {
  const { a, b, near, far, end } = await joined()
  far.receive({
    data: () => {
      throw new Error('secret')
    },
    end: () => {},
    failed: () => {},
  })
  b.handleCall('works', (arg) => arg)
  near.write(bytes('x'))
  const error = (await near.closed) as BraidError
  assert.equal(error.code, 'BRAID_INTERNAL')
  assert.equal(error.reason, '')
  assert.equal((await a.call('works', bytes('y'))).length, 1)
  await end()
})

test('stream read by callbacks refuses to be read otherwise, and the other way round', async () => {
  const { near, far, end } = await joined()
  void near.readable()
  assert.throws(() => near.receive(new Notes()), TypeError)
  far.receive(new Notes())
  assert.throws(() => far.read(), TypeError)
  assert.throws(() => far.readable(), TypeError)
  assert.throws(() => far.batches(), TypeError)
  assert.throws(() => far.messages(), TypeError)
  assert.throws(() => far[Symbol.asyncIterator](), TypeError)
  await end()
})

test('stream id is its number on the wire, and -1 before', async () => {
  const { a, near, far, end } = await joined()
  assert.equal(near.id, 0)
  assert.equal(far.id, 1)
  assert.equal(a.open('later').id, -1)
  await end()
})

test('stream stats count bytes', async () => {
  const { near, far, end } = await joined()
  near.write(bytes('12345'))
  assert.deepEqual(near.stats(), { bytesIn: 0, bytesOut: 5, unread: 0, queued: 5 })
  await far.readable()
  assert.deepEqual(far.stats(), { bytesIn: 5, bytesOut: 0, unread: 5, queued: 0 })
  await end()
})

test('stream open checks its arguments', async () => {
  const [a, b] = pair({ clock: new ManualClock() })
  assert.throws(() => a.open('x'.repeat(129)), RangeError)
  assert.throws(() => a.open('é'.repeat(65)), RangeError)
  assert.throws(() => a.open(7 as unknown as string), TypeError)
  assert.throws(() => a.open('x', { urgency: 8 }), RangeError)
  assert.equal(a.open('é'.repeat(64), { urgency: 7 }).urgency, 7)
  await Promise.all([a.close(), b.close()])
})
