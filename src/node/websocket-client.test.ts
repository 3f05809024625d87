// The upgrade alone, over sockets that are there; with everything around it: websocket.test.ts.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as dialRaw, Socket } from 'node:net'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { connectSession } from '../session/start.ts'
import type { Transport } from '../session/transport.ts'
import { listen } from './connect.ts'
import { webSocketHandshake } from './websocket-client.ts'

test('an address with a zone is asked for without it: the URL of a request has no place for it', async (t) => {
  const listener = await listen('ws://127.0.0.1:0/mux', (session) => session.handleCall('echo', (bytes) => bytes))
  t.after(() => listener.close())
  const port = Number(new URL(listener.url).port)
  const socket = dialRaw(port, '127.0.0.1')
  await once(socket, 'connect')
  const address = { kind: 'ws', host: '::1%lo', port, path: '/mux', query: '' } as const
  const outcome = await new Promise<Transport | BraidError>((done) => webSocketHandshake(address)(socket, done))
  assert.ok(!(outcome instanceof BraidError), String(outcome))
  assert.equal(outcome.remote, `ws://[::1%lo]:${port}/mux`)
  const session = await connectSession(outcome)
  assert.deepEqual([...(await session.call('echo', Uint8Array.of(1)))], [1])
  await session.close()
})

test('an upgrade that cannot even be asked for fails, and nothing is thrown where nobody hears it', () => {
  const address = { kind: 'ws', host: 'no host', port: 80, path: '/', query: '' } as const
  const outcomes: (Transport | BraidError)[] = []
  webSocketHandshake(address)(new Socket(), (outcome) => outcomes.push(outcome))
  const [outcome, ...others] = outcomes
  assert.ok(outcome instanceof BraidError && others.length === 0)
  assert.equal(outcome.code, 'BRAID_UNREACHABLE')
  assert.match(outcome.message, /cannot reach ws:\/\/no host:80: /)
})
