import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { pair } from '../testing/pair.ts'
import type { CallContext, Session } from './session.ts'
import type { Stream } from './stream.ts'

const none = new Uint8Array(0)
const large = new Uint8Array(200_000).fill(7)

/** Calls `count` and hands over the stream it is answered by. */
async function ask(session: Session, args: Uint8Array, options: object = {}): Promise<Stream> {
  let taken: Stream | undefined
  const bytes = await session.call('count', args, { ...options, takeStream: (stream) => (taken = stream) })
  assert.equal(bytes.length, 0)
  assert.ok(taken)
  return taken
}

const codeOf = (thrown: unknown): unknown => (thrown instanceof BraidError ? thrown.code : thrown)

/** Calls in a frame and calls by stream are answered alike. */
function forBoth(before: string, after: string, run: (args: Uint8Array) => Promise<void>): void {
  test(`${before} in a frame ${after}`, () => run(none))
  test(`${before} by stream ${after}`, () => run(large))
}

forBoth('a call', 'is answered by a stream that goes both ways', async (args) => {
  const [a, b] = pair()
  b.handleCall('count', async (bytes, call) => {
    const stream = call.answer({ size: bytes.length })
    for await (const chunk of stream) stream.write(chunk)
    stream.end('done')
    return none
  })
  const stream = await ask(a, args)
  assert.deepEqual(stream.meta, { size: args.length })
  assert.equal(stream.session, a)
  stream.write(Uint8Array.of(1, 2, 3))
  stream.end()
  const chunks: number[] = []
  for await (const chunk of stream) chunks.push(...chunk)
  assert.deepEqual(chunks, [1, 2, 3])
  assert.equal(stream.trailer, 'done')
  assert.equal(await stream.closed, undefined)
  await a.ping()
  assert.equal(a.stats().streamsOpen + b.stats().streamsOpen, 0)
  await a.close()
})

forBoth('the deadline of a call', 'ends its stream on both sides', async (args) => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  let context: CallContext | undefined
  b.handleCall('count', (_, call) => {
    context = call
    call.answer(null)
    return none
  })
  const stream = await ask(a, args, { timeout: 100 })
  clock.advance(99)
  await a.ping()
  assert.equal(context?.signal.aborted, false)
  clock.advance(1)
  assert.equal((await stream.closed)?.code, 'BRAID_DEADLINE')
  await a.ping()
  assert.equal(codeOf(context?.signal.reason), 'BRAID_DEADLINE')
  await a.close()
})

forBoth('giving up a call', 'that is answered by a stream resets the stream', async (args) => {
  const [a, b] = pair()
  const controller = new AbortController()
  let context: CallContext | undefined
  b.handleCall('count', (_, call) => {
    context = call
    void context.signal
    call.answer(null)
    return none
  })
  const stream = await ask(a, args, { signal: controller.signal })
  controller.abort(new Error('enough'))
  assert.equal((await stream.closed)?.code, 'BRAID_CANCELLED')
  await a.ping()
  assert.equal(codeOf(context?.signal.reason), 'BRAID_CANCELLED')
  await a.close()
})

forBoth('a call', 'given up before it is answered by a stream leaves no stream', async (args) => {
  const [a, b] = pair()
  const controller = new AbortController()
  let answered: Stream | undefined
  let resume = (): void => {}
  const wait = new Promise<void>((resolve) => {
    resume = resolve
  })
  b.handleCall('count', async (_, call) => {
    await wait
    answered = call.answer(null)
    return none
  })
  const call = ask(a, args, { signal: controller.signal })
  await a.ping()
  controller.abort()
  resume()
  await assert.rejects(call, { code: 'BRAID_CANCELLED' })
  await a.ping()
  await a.ping()
  assert.ok(answered === undefined || (await answered.closed) !== undefined)
  assert.equal(a.stats().streamsOpen + b.stats().streamsOpen, 0)
  await a.close()
})

test('an answer by stream that nobody takes is collected as bytes', async () => {
  const [a, b] = pair()
  b.handleCall('count', (_, call) => {
    const stream = call.answer(null)
    stream.write(Uint8Array.of(4, 5))
    stream.end()
    return none
  })
  assert.deepEqual(await a.call('count', none), Uint8Array.of(4, 5))
  await a.close()
})

test('a handler that throws after it answered by a stream resets the stream', async () => {
  const [a, b] = pair()
  b.handleCall('count', async (_, call) => {
    call.answer(null)
    await b.ping()
    throw new BraidError('NOT_FOUND', 'lost')
  })
  const stream = await ask(a, none)
  assert.equal((await stream.closed)?.code, 'BRAID_NOT_FOUND')
  await a.close()
})

test('a call is answered once', async () => {
  const [a, b] = pair()
  b.handleCall('count', (_, call) => {
    call.answer(null).end()
    assert.throws(() => call.answer(null), { code: 'BRAID_CLOSED' })
    return none
  })
  const stream = await ask(a, none)
  stream.end()
  assert.equal(await stream.closed, undefined)
  await a.close()
})

test('a taker that throws costs its stream', async () => {
  const [a, b] = pair()
  let answered: Stream | undefined
  b.handleCall('count', (_, call) => {
    answered = call.answer(null)
    return none
  })
  await a.call('count', none, {
    takeStream: () => {
      throw new Error('no')
    },
  })
  assert.equal((await answered?.closed)?.code, 'BRAID_INTERNAL')
  await a.close()
})

test('arguments and results in pieces arrive as one', async () => {
  const [a, b] = pair()
  b.handleCall('swap', (bytes) => [bytes.slice(bytes.length / 2), bytes.slice(0, bytes.length / 2)])
  for (const half of [3, 100_000]) {
    const one = new Uint8Array(half).fill(1)
    const two = new Uint8Array(half).fill(2)
    const result = await a.call('swap', [one, two])
    assert.deepEqual([result.length, result[0], result[half]], [half * 2, 2, 1])
  }
  await assert.rejects(a.call('swap', ['x'] as unknown as Uint8Array), TypeError)
  await a.close()
})

test('a pattern answers the calls whose methods begin so', async () => {
  const [a, b] = pair()
  b.handleCall('files.*', (_, call) => new TextEncoder().encode(call.method))
  assert.equal(new TextDecoder().decode(await a.call('files.list', none)), 'files.list')
  await assert.rejects(a.call('file', none), { code: 'BRAID_UNIMPLEMENTED' })
  await a.close()
})

test('the details of a failure reach whoever called, in a frame or by stream', async () => {
  const [a, b] = pair()
  const details = new Uint8Array(3000).fill(9)
  b.handleCall('fail', () => {
    throw new BraidError('NOT_FOUND', 'gone', { details })
  })
  for (const args of [none, large]) {
    const error = await a.call('fail', args).then(
      () => undefined,
      (thrown: unknown) => thrown as BraidError,
    )
    assert.deepEqual(
      [error?.code, error?.message, error?.scope, error?.initiator],
      ['BRAID_NOT_FOUND', 'gone', 'call', 'remote'],
    )
    assert.deepEqual(error?.details, details)
  }
  await a.ping()
  await a.ping()
  assert.equal(a.stats().streamsOpen + b.stats().streamsOpen, 0)
  await a.close()
})
