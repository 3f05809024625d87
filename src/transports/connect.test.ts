// connect and listen over carriers that the caller holds: what they take, and what they refuse.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { MessageChannel, Worker } from 'node:worker_threads'
import { LiveListener } from '../session/listener.ts'
import type { Session } from '../session/session.ts'
import type { Transport } from '../session/transport.ts'
import { connect, listen } from './connect.ts'
import { memory } from './memory.ts'

test('listen over transports takes the other side of connect', async () => {
  const [left, right] = memory()
  const given: Session[] = []
  const listener = await listen([right], (session) => given.push(session))
  assert.deepEqual(listener.urls, ['memory:'])
  const session = await connect(left)
  await session.ping()
  assert.equal(given.length, 1)
  await listener.close()
  assert.equal(await session.closed, undefined)
})

test('listen and connect refuse what is no carrier', async () => {
  await assert.rejects(
    listen([], () => {}),
    TypeError,
  )
  for (const target of ['tcp://127.0.0.1:1', null, 7, {}]) {
    await assert.rejects(
      listen(target as never, () => {}),
      TypeError,
    )
  }
  for (const target of [null, 7, {}]) await assert.rejects(connect(target as never), TypeError)
})

test('listen and connect take anything Node-shaped', async () => {
  const [up, down] = [new PassThrough(), new PassThrough()]
  const listener = await listen({ readable: up, writable: down }, (session) => {
    session.handleCall('echo', (bytes) => bytes)
  })
  const session = await connect({ readable: down, writable: up })
  assert.equal((await session.call('echo', Uint8Array.of(1))).length, 1)
  await listener.close()
})

test('what reconnect resolves to is no carrier, or does not start: that dial has failed, and the next one counts', async () => {
  const ends: Transport[] = []
  const plugged = (): Transport => {
    const [near, far] = memory()
    ends.push(far)
    listener.accept(far)
    return near
  }
  const listener = new LiveListener((session) => session.handleCall('echo', (bytes) => bytes.slice()), { resume: true })
  const broken = (): Transport => {
    const [near] = memory()
    near.start = () => assert.fail('it does not start')
    return near
  }
  const answers = [() => undefined, () => 7, broken, plugged]
  const reconnect = async () => answers.shift()?.() as Transport
  const session = await connect(plugged(), { reconnect, random: () => 0 })
  await session.call('echo', Uint8Array.of(1))
  ends[0]!.close()
  assert.deepEqual([...(await session.call('echo', Uint8Array.of(2)))], [2])
  assert.equal(answers.length, 0)
  await session.close()
  await listener.close()
})

test('listen and connect take ports and workers', async (t) => {
  const { port1, port2 } = new MessageChannel()
  const listener = await listen(port2, (session) => session.handleCall('echo', (bytes) => bytes))
  assert.equal(listener.url, 'port')
  const session = await connect(port1)
  assert.equal((await session.call('echo', Uint8Array.of(1))).length, 1)
  await listener.close()
  assert.equal(await session.closed, undefined)

  // the worker ends by itself: nothing but the session kept it
  const dist = new URL('./connect.js', import.meta.url).href
  const code = `
    const { parentPort } = require('node:worker_threads')
    import('${dist}').then(({ listen }) => listen(parentPort, (session) => session.handleCall('twice', ([n]) => Uint8Array.of(2 * n))))`
  const worker = new Worker(code, { eval: true })
  t.after(() => worker.terminate())
  const ended = once(worker, 'exit')
  const remote = await connect(worker)
  assert.deepEqual([...(await remote.call('twice', Uint8Array.of(21)))], [42])
  await remote.close()
  assert.deepEqual(await ended, [0])
})

test('a session ends with its worker, and says so', async (t) => {
  const dist = new URL('./connect.js', import.meta.url).href
  const code = `
    const { parentPort } = require('node:worker_threads')
    import('${dist}').then(({ listen }) => listen(parentPort, (session) => session.handleCall('exit', () => process.exit(4))))`
  const worker = new Worker(code, { eval: true })
  t.after(() => worker.terminate())
  const session = await connect(worker)
  await assert.rejects(session.call('exit', new Uint8Array(0)), { code: 'BRAID_TRANSPORT_LOST' })
  assert.match((await session.closed)?.message ?? '', /connection to worker: the worker has ended, exit code 4/)
})
