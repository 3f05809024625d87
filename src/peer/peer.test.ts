// A peer over sessions that come, drain and go: where work goes, how long it waits, when is dialled, and what is told.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expose } from '../rpc/expose.ts'
import { wrap } from '../rpc/wrap.ts'
import { failure, none, numbered, over, RemoteSide, reach, said, settle, types, which } from './harness.test.ts'
import type { Lost } from './link.ts'
import type { PeerState } from './peer.ts'

test('peer: work begun before there is a session goes over the first, in order', async () => {
  const order: string[] = []
  const remote = new RemoteSide((session) => {
    session.handleCall('note', (bytes) => {
      order.push(String(bytes[0]))
      return none
    })
    session.handle('stream', (stream) => {
      order.push('stream')
      stream.end(stream.meta)
    })
  })
  const setting = reach(remote)
  const first = setting.peer.call('note', Uint8Array.of(1))
  const opened = setting.peer.open('stream', { meta: 'Ada' })
  const second = setting.peer.call('note', Uint8Array.of(2), { timeout: 5_000 })
  const stream = await opened
  stream.end()
  await Promise.all([first, second, stream.closed])
  assert.equal(stream.trailer, 'Ada')
  assert.deepEqual(order.sort(), ['1', '2', 'stream'])
  await setting.peer.call('note', Uint8Array.of(3))
  assert.equal(order.at(-1), '3')
  await over(setting)
  assert.equal(types(setting), 'connecting ready closed')
})

test('peer: typed calls go over each session in turn, generators too', async () => {
  const remote = new RemoteSide((session, index) => {
    expose(session, {
      which: () => index,
      async *count(to: number) {
        for (let n = 1; n <= to; n++) yield n
      },
    })
  })
  const setting = reach(remote)
  const client = wrap<{ which(): Promise<number>; count(to: number): AsyncGenerator<number> }>(setting.peer)
  assert.equal(await client.which(), 0)
  remote.last.cut()
  await settle()
  setting.clock.advance(50)
  assert.equal(await client.which(), 1)
  const items: number[] = []
  for await (const n of client.count(3)) items.push(n)
  assert.deepEqual(items, [1, 2, 3])
  await over(setting)
})

test('peer: the waits between dials are random parts of a bound that doubles, and begin anew after a session that lived', async () => {
  const setting = reach(numbered())
  const { remote, clock, states } = setting
  await settle()
  remote.down = new Error('no route')
  remote.last.cut()
  await settle()
  const waits: number[] = []
  for (let i = 0; i < 12; i++) {
    const state = states.at(-1)
    assert.ok(state?.type === 'waiting')
    waits.push(state.retryAt - clock.now())
    if (i > 0) {
      assert.equal(state.error.code, 'BRAID_UNREACHABLE')
      assert.match(state.error.message, /no route/)
      assert.equal(state.attempt, i + 2)
    } else assert.equal(state.error.code, 'BRAID_TRANSPORT_LOST')
    clock.advance(state.retryAt - clock.now() - 1)
    assert.equal(setting.peer.state, state)
    clock.advance(1)
    await settle()
  }
  assert.deepEqual(waits, [50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000, 15_000])
  // One that comes and goes at once changes nothing; one that lived for a while does.
  for (const [lived, wait] of [
    [9_999, 15_000],
    [10_000, 50],
  ] as const) {
    remote.down = undefined
    clock.advance(15_000)
    await settle()
    assert.equal(states.at(-1)?.type, 'ready')
    clock.advance(lived)
    remote.last.cut()
    await settle()
    const state = setting.peer.state
    assert.ok(state.type === 'waiting')
    assert.equal(state.retryAt - clock.now(), wait)
  }
  await over(setting)
})

test('peer: what waits keeps its own signal, deadline and the bounds of waiting', async () => {
  const setting = reach(numbered(), { waitMs: 1_000, maxWaiting: 5 })
  const { remote, clock } = setting
  remote.down = new Error('no route')
  const controller = new AbortController()
  const call = failure(setting.peer.call('which', none, { signal: controller.signal }))
  const stream = failure(setting.peer.open('hold', { signal: controller.signal }))
  const brief = failure(setting.peer.call('which', none, { timeout: 400 }))
  const plain = failure(setting.peer.call('which', none, { timeout: Number.POSITIVE_INFINITY }))
  const opening = failure(setting.peer.open('hold'))
  assert.equal(said(await failure(setting.peer.call('which', none))), 'BRAID_EXHAUSTED no')
  const [aborted] = [AbortSignal.abort('why')]
  assert.equal(said(await failure(setting.peer.open('hold', { signal: aborted }))), 'BRAID_CANCELLED no')
  await settle()
  controller.abort('changed my mind')
  for (const [each, scope] of [
    [call, 'call'],
    [stream, 'stream'],
  ] as const) {
    const error = await each
    assert.deepEqual([said(error), error.scope, error.cause], ['BRAID_CANCELLED no', scope, 'changed my mind'])
  }
  clock.advance(400)
  assert.equal(said(await brief), 'BRAID_DEADLINE no')
  for (let i = 0; i < 600; i += 100) {
    clock.advance(100)
    await settle()
  }
  const error = await plain
  assert.equal(said(error), 'BRAID_UNREACHABLE no')
  assert.match(error.message, /no session within 1000 ms: dialling failed: no route/)
  assert.equal((await opening).scope, 'stream')
  assert.deepEqual(setting.lost, [])
  assert.equal(clock.pending, 1)
  await over(setting)
})

test('peer: with waitMs 0 what is begun without a session fails at once', async () => {
  const setting = reach(numbered(), { waitMs: 0 })
  const error = await failure(setting.peer.call('which', none))
  assert.equal(said(error), 'BRAID_UNREACHABLE no')
  assert.match(error.message, /no session now: it is being dialled/)
  await settle()
  assert.equal(await which(setting), 0)
  await over(setting)
})

test('peer: a call gets what is left of its time', async () => {
  const left: (number | undefined)[] = []
  const remote = new RemoteSide((session) => {
    session.handleCall('left', (_, context) => {
      left.push(context.remaining())
      return none
    })
  })
  remote.down = new Error('no route')
  const setting = reach(remote)
  const call = setting.peer.call('left', none, { timeout: 5_000 })
  await settle()
  setting.clock.advance(50)
  await settle()
  remote.down = undefined
  setting.clock.advance(100)
  await call
  assert.ok(left[0]! <= 4_850 && left[0]! > 0, `${left[0]}`)
  await assert.rejects(setting.peer.call('left', none, { timeout: -1 }), RangeError)
  await over(setting)
})

test('peer: tells what was lost with a session, and calls again what was certainly not executed', async () => {
  const remote = numbered()
  remote.maxCalls = 32
  const setting = reach(remote)
  await settle()
  const running = Array.from({ length: 32 }, () => failure(setting.peer.call('never', none)))
  const stream = await setting.peer.open('hold')
  const ended = await setting.peer.open('hold')
  ended.reset('CANCELLED')
  await settle()
  // No slot is free: it waits on this side.
  const unsent = which(setting)
  remote.last.cut()
  await settle()
  for (const call of running) assert.equal(said(await call), 'BRAID_TRANSPORT_LOST maybe')
  assert.equal((await stream.closed)?.code, 'BRAID_TRANSPORT_LOST')
  assert.equal(setting.lost.length, 1)
  const [{ error, streams, calls }] = setting.lost as [Lost]
  assert.deepEqual([error.code, streams, calls], ['BRAID_TRANSPORT_LOST', 1, { no: 0, maybe: 32 }])
  setting.clock.advance(50)
  assert.equal(await unsent, 1)
  await over(setting)
  assert.equal(setting.lost.length, 1)
})

test('peer: a call not executed is lost where nothing may wait; who is told of it may throw', async () => {
  const remote = numbered()
  remote.maxCalls = 32
  const lost: Lost[] = []
  const onLost = (each: Lost): void => {
    lost.push(each)
    throw new Error('full')
  }
  const setting = reach(remote, { waitMs: 0, onLost })
  await settle()
  const running = Array.from({ length: 32 }, () => failure(setting.peer.call('never', none)))
  const unsent = failure(setting.peer.call('which', none))
  await settle()
  remote.last.cut()
  for (const call of running) assert.equal(said(await call), 'BRAID_TRANSPORT_LOST maybe')
  assert.equal(said(await unsent), 'BRAID_TRANSPORT_LOST no')
  await settle()
  assert.deepEqual(
    lost.map((each) => each.calls),
    [{ no: 1, maybe: 32 }],
  )
  setting.clock.advance(50)
  await settle()
  assert.equal(await which(setting), 1)
  await over(setting)
})

test('peer: a stream that is the answer to a call is lost with its session too', async () => {
  const remote = new RemoteSide((session) => {
    session.handleCall('items', (_, context) => {
      context.answer('items')
      return none
    })
  })
  const setting = reach(remote)
  let meta: unknown
  await setting.peer.call('items', none, { takeStream: (stream) => (meta = stream.meta) })
  assert.equal(meta, 'items')
  remote.last.cut()
  await settle()
  assert.deepEqual(
    setting.lost.map(({ streams }) => streams),
    [1],
  )
  await over(setting)
})

test('peer: a session that drains finishes its work beside a fresh one', async () => {
  let answer: (bytes: Uint8Array) => void = () => {}
  const remote = numbered()
  const { serve } = remote
  remote.serve = (session, index) => {
    serve(session, index)
    session.handleCall('slow', () => new Promise((resolve) => (answer = resolve)))
  }
  const setting = reach(remote)
  const slow = setting.peer.call('slow', none)
  await settle()
  const [first] = remote.served
  const report = first!.session.drain(60_000)
  await settle()
  assert.equal(setting.peer.state.type, 'waiting')
  setting.clock.advance(50)
  assert.equal(await which(setting), 1)
  assert.equal(setting.peer.state.type, 'ready')
  answer(Uint8Array.of(9))
  assert.deepEqual(await slow, Uint8Array.of(9))
  assert.deepEqual(await report, { streams: 0, calls: 0 })
  await settle()
  assert.equal(await which(setting), 1)
  assert.deepEqual([remote.dials, setting.lost], [2, []])
  await over(setting)
})

for (const size of [0, 100_000]) {
  test(`peer: a call of ${size} bytes that a draining session refused is made once more, and no more`, async () => {
    const remote = numbered()
    const { serve } = remote
    remote.serve = (session, index) => {
      serve(session, index)
      // Keeps a session that drains from ending at once.
      void session.call('mine', none)
    }
    let drains = false
    const setting = reach(remote, {
      onSession: (session) => {
        session.handleCall('mine', () => new Promise(() => {}))
        if (drains) void remote.last.session.drain(60_000)
      },
    })
    await settle()
    const call = setting.peer.call('which', new Uint8Array(size))
    void remote.last.session.drain(60_000)
    await settle()
    setting.clock.advance(50)
    assert.deepEqual(await call, Uint8Array.of(1))
    await settle()
    // From now on each session drains as soon as it is there.
    drains = true
    const again = failure(setting.peer.call('which', new Uint8Array(size)))
    void remote.last.session.drain(60_000)
    await settle()
    setting.clock.advance(100)
    assert.equal(said(await again), 'BRAID_GOING_AWAY no')
    assert.equal(remote.dials, 3)
    await over(setting)
    await settle()
    const counted = setting.lost.reduce((sum, { calls }) => sum + calls.no, 0)
    assert.equal(counted, 1)
  })
}

test('peer: onSession sets up each session before work goes over it', async () => {
  const order: string[] = []
  let open = (): void => {}
  const remote = new RemoteSide((session, index) => {
    session.handleCall('which', () => {
      order.push(`call ${index}`)
      return Uint8Array.of(index)
    })
    void session.call('mine', none).then((bytes) => order.push(`answered ${bytes[0]}`))
  })
  const setting = reach(remote, {
    onSession: async (session) => {
      session.handleCall('mine', () => Uint8Array.of(remote.served.length))
      await new Promise<void>((resolve) => (open = resolve))
      order.push('set up')
    },
  })
  for (let i = 1; i <= 2; i++) {
    const call = which(setting)
    await settle()
    assert.equal(setting.peer.state.type, 'connecting')
    open()
    assert.equal(await call, i - 1)
    remote.last.cut()
    await settle()
    setting.clock.advance(50)
  }
  assert.deepEqual(order, ['answered 1', 'set up', 'call 0', 'answered 2', 'set up', 'call 1'])
  await over(setting)
})

test('peer: a session whose set-up fails, or that ends meanwhile, is tried again', async () => {
  let failing = true
  let hang = false
  const setting = reach(numbered(), {
    onSession: () => {
      if (failing) throw new Error('a bug')
      return hang ? new Promise(() => {}) : undefined
    },
  })
  await settle()
  const { state } = setting.peer
  assert.ok(state.type === 'waiting')
  assert.deepEqual([state.error.code, (state.error.cause as Error).message], ['BRAID_INTERNAL', 'a bug'])
  assert.equal((await setting.remote.last.session.closed)?.code, 'BRAID_INTERNAL')
  failing = false
  hang = true
  setting.clock.advance(50)
  await settle()
  assert.equal(setting.peer.state.type, 'connecting')
  setting.remote.last.cut()
  await settle()
  assert.equal(setting.peer.state.type, 'waiting')
  hang = false
  setting.clock.advance(100)
  assert.equal(await which(setting), 2)
  await over(setting)
})

test('peer: a state loop that is left ends, one begun late sees the end alone, one far behind misses the oldest', async () => {
  const setting = reach(numbered())
  const slow = setting.peer.states()
  const left = setting.peer.states()
  assert.equal((await left.next()).value?.type, 'connecting')
  const step = left.next()
  await left.return?.()
  assert.equal((await step).done, true)
  for (let i = 0; i < 60; i++) {
    await settle()
    setting.remote.last.cut()
    await settle()
    setting.clock.advance(30_000)
  }
  await over(setting)
  const seen: PeerState[] = []
  for await (const state of slow) seen.push(state)
  assert.equal(seen.length, 100)
  assert.deepEqual(seen.at(-1), { type: 'closed', error: undefined })
  const late: PeerState[] = []
  for await (const state of setting.peer.states()) late.push(state)
  assert.deepEqual(late, [{ type: 'closed', error: undefined }])
})
