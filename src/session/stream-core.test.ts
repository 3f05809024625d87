// The ends of a stream, its answer and trailer, and what becomes of its promises.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { pair } from '../testing/pair.ts'
import type { SessionOptions } from './options.ts'
import type { Session } from './session.ts'
import type { Stream } from './stream.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words)

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

test('stream reset tells the peer its code and reason, and drops what was not read', async () => {
  const { near, far, end } = await joined()
  near.write(bytes('lost'))
  await far.readable()
  near.reset(99, 'x'.repeat(300))
  const error = (await far.closed) as BraidError
  assert.equal(error.number, 99)
  assert.equal(error.reason, 'x'.repeat(256))
  assert.equal(error.initiator, 'remote')
  assert.equal(far.read(), null)
  const own = (await near.closed) as BraidError
  assert.equal(own.initiator, 'local')
  assert.equal(near.write(bytes('x')), false)
  near.reset(98)
  assert.equal((await near.closed)?.number, 99)
  await end()
})

test('stream reset drops even what had arrived whole', async () => {
  const { near, far, end } = await joined()
  near.write(bytes('whole'))
  near.end()
  await far.readable()
  far.reset('CANCELLED')
  assert.equal(far.read(), null)
  assert.equal((await far.closed)?.code, 'BRAID_CANCELLED')
  await end()
})

test('stream codes are those of the table, or from 64', async () => {
  const { near, end } = await joined()
  assert.throws(() => near.reset('NO_SUCH' as 'INTERNAL'), TypeError)
  for (const code of [0, 25, 63, -1, 64.5, Number.NaN]) assert.throws(() => near.reset(code), RangeError)
  near.reset('BRAID_EXHAUSTED')
  assert.equal((await near.closed)?.code, 'BRAID_EXHAUSTED')
  await end()
})

test('stream stop refuses what comes later and leaves the signal alone', async () => {
  const { near, far, end } = await joined()
  far.stop('CANCELLED')
  far.stop('CANCELLED')
  assert.equal(far.signal.aborted, false)
  await assert.rejects(far.readable(), { code: 'BRAID_CANCELLED', initiator: 'local' })
  far.end()
  assert.equal((await far.closed)?.code, 'BRAID_CANCELLED')
  assert.ok(far.signal.aborted)
  assert.equal((await near.closed)?.code, 'BRAID_CANCELLED')
  await end()
})

test('stream trailer is there when the peer has ended', async () => {
  const { near, far, end } = await joined()
  near.end(bytes('raw'))
  assert.equal(await far.readable(), false)
  assert.equal(text(far.trailer as Uint8Array), 'raw')
  far.end('done')
  await near.closed
  assert.equal(near.trailer, 'done')
  await end()
})

test('stream metadata too large for the peer is refused where it is given', async () => {
  const { a, near, far, end } = await joined({ maxMeta: 1024 })
  const large = 'x'.repeat(1100)
  assert.throws(() => a.open('t', { meta: large }), { code: 'BRAID_INVALID_INPUT', executed: 'no' })
  assert.throws(() => near.end(large), BraidError)
  assert.throws(() => far.accept(large), BraidError)
  assert.throws(() => a.open('t', { meta: (() => {}) as unknown as string }), TypeError)
  await end()
})

test('stream accept answers its opener once', async () => {
  const { near, far, end } = await joined()
  const accepted = near.accepted
  far.accept({ size: 7 })
  assert.deepEqual(await accepted, { size: 7 })
  assert.throws(() => far.accept(), TypeError)
  assert.throws(() => near.accept(), TypeError)
  assert.equal(await far.accepted, undefined)
  await end()
})

test('stream accepted resolves without an answer at a clean end, and rejects if the stream fails first', async () => {
  const { a, b, near, far, end } = await joined()
  const accepted = near.accepted
  far.end()
  assert.equal(await accepted, undefined)
  assert.throws(() => far.accept(), TypeError)
  b.handle('no', (stream) => stream.reset('DENIED'))
  const refused = a.open('no')
  await assert.rejects(refused.accepted, { code: 'BRAID_DENIED' })
  const late = a.open('no')
  await late.closed
  await assert.rejects(late.accepted, { code: 'BRAID_DENIED' })
  await end()
})

test('stream opened with confirm is answered as soon as its handler has returned', async () => {
  const { a, b, end } = await joined()
  const answers: Promise<unknown>[] = []
  b.handle('plain', () => {})
  b.handle('own', (stream) => stream.accept('mine'))
  b.handle('ends', (stream) => stream.end())
  b.handle('slow', () => new Promise(() => {}))
  for (const name of ['plain', 'own', 'ends', 'slow']) answers.push(a.open(name, { confirm: true }).accepted)
  assert.deepEqual(await Promise.all(answers), [undefined, 'mine', undefined, undefined])
  await end()
})

test('stream signal aborts when the stream is over or failed, also when it is asked for late', async () => {
  const { near, far, end } = await joined()
  const { signal } = far
  near.end()
  far.end()
  for await (const _ of far);
  await far.closed
  assert.ok(signal.aborted)
  await near.closed
  for await (const _ of near);
  assert.ok(near.signal.aborted)
  await end()
})

test('stream is not over before its reader is done', async () => {
  const { near, far, end } = await joined()
  near.write(bytes('unread'))
  near.end()
  far.end()
  await near.closed
  await far.readable()
  assert.equal(far.signal.aborted, false)
  assert.equal(text(far.read() as Uint8Array), 'unread')
  assert.equal(await far.closed, undefined)
  assert.ok(far.signal.aborted)
  await end()
})

test('stream that arrived whole stays readable when the session ends, and its promises settle', async () => {
  const { a, near, far } = await joined()
  near.write(bytes('kept'))
  near.end()
  far.end()
  await near.closed
  await far.readable()
  const closed = far.closed
  await a.close()
  assert.equal(await closed, undefined)
  assert.equal(text(far.read() as Uint8Array), 'kept')
  assert.equal(far.read(), null)
})

test('stream opened with a signal is cancelled by it and forgets it at its end', async () => {
  const { a, b, end } = await joined()
  const controller = new AbortController()
  b.handle('x', () => {})
  const stream = a.open('x', { signal: controller.signal })
  controller.abort(new Error('enough'))
  const error = (await stream.closed) as BraidError
  assert.equal(error.code, 'BRAID_CANCELLED')
  assert.match(String(error.cause), /enough/)
  assert.throws(() => a.open('x', { signal: controller.signal }), { code: 'BRAID_CANCELLED', executed: 'no' })
  const other = new AbortController()
  let listeners = 0
  const { signal } = other
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--
    remove(...args)
  }
  const clean = a.open('x', { signal })
  clean.reset('CANCELLED')
  assert.equal(listeners, 0)
  await end()
})

test('stream dispose cancels what is not finished', async () => {
  const { near, far, end } = await joined()
  await near[Symbol.asyncDispose]()
  assert.equal((await far.closed)?.code, 'BRAID_CANCELLED')
  await far[Symbol.asyncDispose]()
  await end()
})

test('stream whose promises are asked for after the session has ended has settled ones', async () => {
  const { a, near, far } = await joined()
  near.write(bytes('unread'))
  near.end()
  far.end()
  await near.closed
  await a.ping()
  await a.close()
  await far.readable()
  assert.equal(far.signal.aborted, true)
  assert.equal(await far.closed, undefined)
  assert.equal(await far.accepted, undefined)
  await far.ready
  assert.equal(text(far.read() as Uint8Array), 'unread')
})
