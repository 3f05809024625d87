// AbortSignals in arguments: followed on the other side as long as their call lives.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Session } from '../../session/session.ts'
import { pair } from '../../testing/pair.ts'
import { msgpack } from '../codec/msgpack.ts'
import { expose, forward, wrap } from '../index.ts'
import { Signals } from './signals.ts'

function sessions(t: TestContext): [server: Session, client: Session] {
  const both = pair()
  t.after(() => both[0].close())
  return both
}

async function rounds({ 0: server, 1: client }: readonly [Session, Session]): Promise<void> {
  for (let n = 0; n < 4; n++) {
    await client.ping()
    await server.ping()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** Answers with the reason when the signal is aborted, or whether it is when `now`. */
const api = {
  watch: ({ signal }: { signal: AbortSignal }, now?: boolean): unknown =>
    now === true || signal.aborted
      ? { aborted: signal.aborted }
      : new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ reason: signal.reason }))
        }),
  size: async (bytes: Uint8Array, signal: AbortSignal): Promise<unknown> => {
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    return bytes.length
  },
}

test('a signal is aborted there when it is here: before, during, never', async (t) => {
  const both = sessions(t)
  expose(both[0], api)
  const remote = wrap(both[1])
  assert.deepEqual(await remote.watch!({ signal: AbortSignal.abort() }), { aborted: true })
  const during = new AbortController()
  const watching = remote.watch!({ signal: during.signal })
  await rounds(both)
  during.abort({ because: ['of', 1n] })
  assert.deepEqual(await watching, { reason: { because: ['of', 1n] } })
  const strange = new AbortController()
  const other = remote.watch!({ signal: strange.signal })
  await rounds(both)
  strange.abort(() => 'cannot travel')
  assert.equal(((await other) as { reason: { name: string } }).reason.name, 'AbortError')
  const never = new AbortController()
  assert.deepEqual(await remote.watch!({ signal: never.signal }, true), { aborted: false })
  // Its call is over: nothing is told any more.
  never.abort()
  await rounds(both)
})

test('an abort that overtakes the arguments that name it is not lost', async (t) => {
  const both = sessions(t)
  expose(both[0], api)
  const aborting = new AbortController()
  const size = wrap(both[1]).size!(new Uint8Array(3_000_000), aborting.signal)
  aborting.abort()
  assert.equal(await size, 3_000_000)
})

test('signals go through a gateway, and end with the session', async (t) => {
  const back = sessions(t)
  const front = sessions(t)
  expose(back[0], api)
  expose(front[0], { back: forward(back[1]) })
  const aborting = new AbortController()
  const remote = wrap<{ back: typeof api }>(front[1])
  const watching = remote.back.watch({ signal: aborting.signal })
  await rounds(front)
  await rounds(back)
  aborting.abort('enough')
  assert.deepEqual(await watching, { reason: 'enough' })

  let seen: AbortSignal | undefined
  expose(front[0], {
    hold: (signal: AbortSignal) => {
      seen = signal
      return new Promise(() => {})
    },
  })
  const held = assert.rejects(wrap(front[1]).hold!(new AbortController().signal) as Promise<unknown>)
  await rounds(front)
  await front[1].close()
  await held
  await front[0].closed
  await Promise.resolve()
  assert.equal(seen?.aborted, true)
})

test('signals of the other side are bounded, and so is what is remembered of early ones', () => {
  const signals = new Signals()
  const follow = (number: number): ReturnType<Signals['follow']> =>
    signals.follow({ kind: 'signal', number, flag: false }, msgpack)
  for (let number = 0; number < 1024; number++) assert.equal(follow(number)?.signal.aborted, false)
  assert.equal(follow(1024), undefined)
  signals.clear('over')
  for (let number = 0; number < 2000; number++) signals.aborted(number, () => assert.fail('nobody follows it'))
  assert.equal(follow(1)?.signal.aborted, false)
  const early = follow(1999)
  assert.equal(early?.signal.aborted, true)
  early.end()
})
