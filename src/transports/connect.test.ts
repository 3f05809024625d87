// connect and listen over carriers that the caller holds: what they take, and what they refuse.

import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { Session } from '../session/session.ts'
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
    await assert.rejects(connect(target as never), TypeError)
  }
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
