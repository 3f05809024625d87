// `using` and `await using` on everything that can be given up: what leaving the block, also by an error, does to each.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BraidError, connect, listen, type Session } from 'braidwire'
import { duplex } from 'braidwire/node'
import { peer } from 'braidwire/peer'
import { events, expose, keep, values, wrap } from 'braidwire/rpc'
import { streamx } from 'braidwire/streamx'
import { pair } from 'braidwire/test'
import { web } from 'braidwire/web'

function sessions(t: TestContext): [Session, Session] {
  const both = pair()
  t.after(() => both[0].close())
  return both
}

test('await using ends a listener, a session and a peer', async () => {
  const accepted: Session[] = []
  let left: { closed: Promise<BraidError | undefined> }[] = []
  {
    await using listener = await listen('tcp://127.0.0.1:0', (session) => {
      accepted.push(session)
      session.handleCall('echo', (bytes) => bytes)
    })
    await using session = await connect(listener.url)
    await using kept = peer(listener.url)
    await kept.call('echo', new Uint8Array())
    left = [session, kept]
    assert.equal(session.state, 'ready')
  }
  for (const each of left) assert.equal(await each.closed, undefined)
  assert.deepEqual(
    accepted.map(({ state }) => state),
    ['closed', 'closed'],
  )
})

test('await using ends a session also when its block fails', async (t) => {
  const [near, far] = sessions(t)
  const failing = async () => {
    await using session = near
    await session.ping()
    throw new Error('in the block')
  }
  await assert.rejects(failing, /in the block/)
  assert.equal(near.state, 'closed')
  assert.equal(await far.closed, undefined)
})

test('await using resets a stream, a channel and each view of a stream', async (t) => {
  const [near, far] = sessions(t)
  const kinds = {
    stream: () => near.open('stream'),
    channel: () => values(near.open('channel')),
    duplex: () => duplex(near.open('duplex')),
    web: () => web(near.open('web')),
    streamx: () => streamx(near.open('streamx')),
  } satisfies Record<string, () => AsyncDisposable>
  for (const [name, make] of Object.entries(kinds) as [string, () => AsyncDisposable][]) {
    const failing = async () => {
      await using _made = make()
      await far.take(name).then(({ closed }) => {
        told = closed
      })
      throw new Error('in the block')
    }
    let told: Promise<BraidError | undefined> | undefined
    await assert.rejects(failing, /in the block/, name)
    assert.equal((await told)?.code, 'BRAID_CANCELLED', name)
  }
})

test('await using leaves alone what has ended cleanly', async (t) => {
  const [near, far] = sessions(t)
  far.handle('*', async (stream) => {
    stream.end()
    for await (const _ of stream);
    ended.push(stream.closed)
  })
  const ended: Promise<BraidError | undefined>[] = []
  {
    await using stream = near.open('stream')
    await using view = web(near.open('web'))
    await using node = duplex(near.open('duplex'))
    await using other = streamx(near.open('streamx'))
    stream.end()
    for (const each of [node, other]) {
      each.end()
      each.resume()
    }
    const closings = [node, other].map((each) => new Promise((done) => void each.once('close', () => done(undefined))))
    await Promise.all([view.writable.close(), new Response(view.readable).arrayBuffer(), stream.closed, ...closings])
  }
  while (ended.length < 4) await near.ping()
  assert.deepEqual(await Promise.all(ended), Array(4).fill(undefined))
})

test('using releases a kept function and one of the other side, and closes a topic', async (t) => {
  const [near, far] = sessions(t)
  let given: ((text: string) => unknown) | undefined
  let released: (text: string) => Promise<string>
  const heard: string[] = []
  const api = {
    subscribe: (listener: (text: string) => unknown) => {
      given = listener
    },
    make: () => ({ shout: keep((text: string) => text.toUpperCase()) }),
  }
  expose(near, api)
  const remote = wrap<typeof api>(far)
  const topic = events<{ n: number }>(near, 'topic')
  {
    using listener = keep((text: string) => heard.push(text))
    await remote.subscribe(listener)
    await given!('one')
    using shout = (await remote.make()).shout
    assert.equal(await shout('two'), 'TWO')
    using own = topic
    own.emit('n', 1)
    released = shout
  }
  assert.deepEqual(heard, ['one'])
  await assert.rejects(async () => given!('again'), { code: 'BRAID_NOT_FOUND' })
  await assert.rejects(released('again'), BraidError)
  assert.throws(() => topic.on('n'), { code: 'BRAID_CLOSED' })
})

test('await using ends a subscription and the items of a call', async (t) => {
  const [near, far] = sessions(t)
  let stopped = false
  expose(near, {
    async *endless() {
      try {
        for (let i = 0; ; i++) yield i
      } finally {
        stopped = true
      }
    },
  })
  const topic = events<{ n: number }>(near, 'topic')
  {
    await using subscription = events<{ n: number }>(far, 'topic').on('n')
    await subscription.ready
    assert.equal(topic.stats().listeners, 1)
    await using items = wrap<{ endless(): AsyncGenerator<number> }>(far).endless()
    assert.equal((await items.next()).value, 0)
  }
  while (topic.stats().listeners > 0 || !stopped) await far.ping()
})
