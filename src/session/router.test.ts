// Who takes a stream the peer opened, how long it waits, and when its place is free again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { ManualClock, pair } from '../testing/pair.ts'
import type { Session } from './session.ts'
import type { Stream } from './stream.ts'

/** A handler that says who it is. */
const says =
  (who: string) =>
  (stream: Stream): void =>
    stream.end(who)

async function answerOf(session: Session, name: string): Promise<unknown> {
  const stream = session.open(name)
  stream.end()
  assert.equal(await stream.readable(), false)
  return stream.trailer
}

test('router prefers the exact name, then the longest prefix', async () => {
  const [a, b] = pair()
  b.handle('*', says('all'))
  b.handle('file-*', says('file-*'))
  b.handle('file-a*', says('file-a*'))
  b.handle('file-abc', says('exact'))
  assert.equal(await answerOf(a, 'file-abc'), 'exact')
  assert.equal(await answerOf(a, 'file-abd'), 'file-a*')
  assert.equal(await answerOf(a, 'file-'), 'file-*')
  assert.equal(await answerOf(a, 'other'), 'all')
  await a.close()
})

test('router gives names of Braidwire itself to no pattern that does not begin so', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  b.handle('*', says('all'))
  const stream = a.open('$mine')
  await a.ping()
  clock.advance(1000)
  assert.equal((await stream.closed)?.code, 'BRAID_REFUSED')
  b.handle('$m*', says('own'))
  assert.equal(await answerOf(a, '$mine'), 'own')
  await a.close()
})

test('router refuses a second handler for a pattern, and takes one again after the first was removed', async () => {
  const [a, b] = pair()
  const removers = [b.handle('x', says('one')), b.handle('y-*', says('one'))]
  assert.throws(() => b.handle('x', says('two')), TypeError)
  assert.throws(() => b.handle('y-*', says('two')), TypeError)
  assert.throws(() => b.handle('z', 'no' as unknown as () => void), TypeError)
  assert.throws(() => b.handle(1 as unknown as string, says('two')), TypeError)
  for (const remove of removers) remove()
  const again = [b.handle('x', says('two')), b.handle('y-*', says('two'))]
  for (const remove of removers) remove()
  assert.equal(await answerOf(a, 'x'), 'two')
  assert.equal(await answerOf(a, 'y-1'), 'two')
  for (const remove of again) remove()
  await a.close()
})

test('router lets a stream wait for its handler', async () => {
  const [a, b] = pair({ clock: new ManualClock() })
  const stream = a.open('late')
  await a.ping()
  assert.equal(b.stats().streamsWaiting, 1)
  b.handle('late', says('here'))
  assert.equal(await stream.readable(), false)
  assert.equal(stream.trailer, 'here')
  await a.close()
})

test('router refuses a stream nobody takes in time, naming it', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock, handlerWaitMs: 500 })
  const stream = a.open('lonely', { confirm: true })
  await a.ping()
  clock.advance(499)
  assert.equal(b.stats().streamsWaiting, 1)
  clock.advance(1)
  const error = (await stream.closed) as BraidError
  assert.equal(error.code, 'BRAID_REFUSED')
  assert.match(error.message, /"lonely"/)
  assert.equal(error.executed, 'no')
  assert.equal(error.initiator, 'remote')
  assert.deepEqual(b.stats().limits.handlerWaitMs, { max: 500, used: 0, refused: 1 })
  // One for each session, which asks from time to time whether the other is there.
  assert.equal(clock.pending, 2)
  await a.close()
})

test('router forgets a waiting stream that its opener resets', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  const stream = a.open('x')
  await a.ping()
  stream.reset('CANCELLED')
  await a.ping()
  assert.equal(b.stats().streamsWaiting, 0)
  // One for each session, which asks from time to time whether the other is there.
  assert.equal(clock.pending, 2)
  await a.close()
})

test('router gives a claimed stream to the claim, before any handler', async () => {
  const [a, b] = pair()
  b.handle('x', says('handler'))
  const claims = [b.take('x'), b.take('x')]
  const streams = [a.open('x'), a.open('x'), a.open('x')]
  for (const claim of claims) (await claim).end('claim')
  const answers: unknown[] = []
  for (const stream of streams) {
    await stream.readable()
    answers.push(stream.trailer)
  }
  assert.deepEqual(answers, ['claim', 'claim', 'handler'])
  await a.close()
})

test('router gives a claim a stream that waits already', async () => {
  const [a, b] = pair()
  a.open('x', { meta: 1 })
  await a.ping()
  assert.equal((await b.take('x')).meta, 1)
  await a.close()
})

test('router gives what no handler takes to the loop over streams', async () => {
  const [a, b] = pair()
  b.handle('known', says('handler'))
  a.open('early')
  await a.ping()
  const names: string[] = []
  const opened: Stream[] = []
  for await (const stream of b.streams()) {
    names.push(stream.name)
    if (names.length === 1) opened.push(a.open('known'), a.open('late', { confirm: true }))
    if (names.length === 2) break
  }
  assert.deepEqual(names, ['early', 'late'])
  assert.equal(await opened[1]?.accepted, undefined)
  await a.close()
})

test('router gives a stream that waited to its handler once, though that claims another', async () => {
  const [a, b] = pair()
  a.open('early')
  await a.ping()
  let taken = 0
  b.handle('early', () => {
    taken++
    if (taken === 1) b.take('another')
  })
  await a.ping()
  assert.equal(taken, 1)
  await a.close()
})

test('router keeps streams for a slow loop beyond their time, and refuses them once it is left', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  const loop = b.streams()
  const stream = a.open('x')
  await a.ping()
  clock.advance(5000)
  assert.equal((await loop.next()).value?.name, 'x')
  const other = a.open('y')
  await a.ping()
  clock.advance(900)
  const step = loop.next()
  assert.equal((await step).value?.name, 'y')
  const left = a.open('z')
  await a.ping()
  await loop.return?.()
  assert.equal((await loop.next()).done, true)
  clock.advance(1000)
  assert.equal((await left.closed)?.code, 'BRAID_REFUSED')
  stream.reset('CANCELLED')
  other.reset('CANCELLED')
  await a.close()
})

test('router gives streams to a slow loop in the order they came', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  const loop = b.streams()
  a.open('first')
  await a.ping()
  clock.advance(500)
  a.open('second')
  await a.ping()
  clock.advance(600)
  assert.equal((await loop.next()).value?.name, 'first')
  assert.equal((await loop.next()).value?.name, 'second')
  await a.close()
})

test('router gives each stream to one of several loops', async () => {
  const [a, b] = pair()
  const loops = [b.streams(), b.streams()]
  const steps = loops.map((loop) => loop.next())
  a.open('1')
  a.open('2')
  const names = (await Promise.all(steps)).map((step) => step.value?.name)
  assert.deepEqual(names, ['1', '2'])
  const open = loops.map((loop) => loop.next())
  await a.close()
  await b.closed
  for (const step of open) assert.equal((await step).done, true)
  assert.equal((await b.streams().next()).done, true)
  await assert.rejects(b.take('x'), { code: 'BRAID_CLOSED' })
})

test('claims of a session that ends reject', async () => {
  const [a, b] = pair()
  const claim = b.take('x')
  await a.close()
  await assert.rejects(claim, { code: 'BRAID_CLOSED', initiator: 'remote' })
})

test('handler that throws or rejects resets its stream, hiding the text', async () => {
  const [a, b] = pair()
  b.handle('throws', () => {
    throw new Error('password is hunter2')
  })
  b.handle('rejects', async () => {
    throw new Error('password is hunter2')
  })
  for (const name of ['throws', 'rejects']) {
    const error = (await a.open(name, { confirm: true }).closed) as BraidError
    assert.equal(error.code, 'BRAID_INTERNAL')
    assert.doesNotMatch(error.message, /hunter2/)
  }
  await a.close()
})

test('handler that throws tells its text with exposeErrors', async () => {
  const [a, b] = pair({ exposeErrors: true })
  b.handle('throws', () => {
    throw new Error('disk on fire')
  })
  b.handle('odd', () => {
    throw Object.create(null)
  })
  assert.equal((await a.open('throws').closed)?.message, 'disk on fire')
  assert.equal((await a.open('odd').closed)?.code, 'BRAID_INTERNAL')
  await a.close()
})

test('handler that throws a BraidError resets with its code and text, unless the code tells of its own affairs', async () => {
  const [a, b] = pair()
  b.handle('known', () => {
    throw new BraidError('NOT_FOUND', 'no file "a"')
  })
  b.handle('app', () => {
    throw new BraidError('RESET', 'mine', { number: 77 })
  })
  b.handle('upstream', () => {
    throw new BraidError('TRANSPORT_LOST', 'connection to tcp://10.0.0.7:5432 broke')
  })
  const known = (await a.open('known').closed) as BraidError
  assert.deepEqual([known.code, known.message], ['BRAID_NOT_FOUND', 'no file "a"'])
  assert.equal((await a.open('app').closed)?.number, 77)
  const upstream = (await a.open('upstream').closed) as BraidError
  assert.equal(upstream.code, 'BRAID_INTERNAL')
  assert.doesNotMatch(upstream.message, /10\.0/)
  await a.close()
})

test('open credit returns only when the handler has ended', async () => {
  const [a, b] = pair({ maxStreams: 32 })
  const releases: (() => void)[] = []
  b.handle('x', (stream) => {
    stream.end()
    return new Promise<void>((resolve) => releases.push(resolve))
  })
  const streams = Array.from({ length: 40 }, () => a.open('x'))
  for (const stream of streams) stream.end()
  await Promise.all(streams.slice(0, 32).map((stream) => stream.closed))
  await a.ping()
  assert.equal(releases.length, 32)
  assert.equal(streams[32]?.id, -1)
  for (const release of releases.splice(0)) release()
  await Promise.all(streams.map((stream) => stream.closed))
  assert.equal(releases.length, 8)
  await a.close()
})

test('open credit of refused, claimed and looped streams returns when they are over', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock, maxStreams: 32 })
  const refused = Array.from({ length: 20 }, () => a.open('nobody'))
  await a.ping()
  clock.advance(1000)
  await Promise.all(refused.map((stream) => stream.closed))
  for (let i = 0; i < 40; i++) {
    const claim = b.take('claimed')
    const near = a.open('claimed')
    const far = await claim
    near.end()
    far.end()
    await near.closed
  }
  const loop = b.streams()
  for (let i = 0; i < 40; i++) {
    const step = loop.next()
    const near = a.open('looped')
    near.end()
    ;(await step).value?.end()
    await near.closed
  }
  assert.equal(b.stats().streamsOpen, 0)
  await a.close()
})

test('open credit of a stream that was not read to its end returns when it is', async () => {
  const [a, b] = pair({ maxStreams: 32 })
  const unread: Stream[] = []
  b.handle('x', (stream) => {
    unread.push(stream)
    stream.end()
  })
  const streams = Array.from({ length: 33 }, () => a.open('x'))
  for (const stream of streams) {
    stream.write(Uint8Array.of(1))
    stream.end()
  }
  await Promise.all(streams.slice(0, 32).map((stream) => stream.closed))
  await a.ping()
  assert.equal(b.stats().streamsUnread, 32)
  assert.equal(streams[32]?.id, -1)
  assert.equal(unread[0]?.read()?.length, 1)
  await streams[32]?.closed
  for (const stream of unread.slice(1, 16)) stream.stop('CANCELLED')
  for (const stream of unread.slice(16)) stream.reset('CANCELLED')
  assert.equal(b.stats().streamsUnread, 0)
  assert.equal(unread.length, 33)
  await a.close()
})

test('router gives a stream that arrived whole and wants no answer to a handler that comes later', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock, maxStreams: 32 })
  for (const name of ['taken', 'empty', 'refused']) {
    const stream = a.open(name)
    if (name !== 'empty') stream.write(Uint8Array.of(7))
    stream.end()
    stream.stop('CANCELLED')
    await stream.closed
  }
  await a.ping()
  assert.equal(b.stats().streamsWaiting, 3)
  assert.equal((await b.take('taken')).read()?.[0], 7)
  assert.equal(await (await b.take('empty')).readable(), false)
  clock.advance(1000)
  assert.equal(b.stats().streamsWaiting, 0)
  assert.equal(b.stats().streamsUnread, 0)
  for (let i = 0; i < 100; i++) {
    const stream = a.open('again')
    stream.reset('CANCELLED')
  }
  await a.ping()
  await a.close()
})
