// HTTP requests on the port of a WebSocket: answered by whoever is given them, and bounded as handshakes are.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect as dialRaw } from 'node:net'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { connect, listen } from './connect.ts'

const requests: RequestListener = ({ url }, response) => response.writeHead(url === '/page' ? 200 : 404).end('a page')

test('requests are answered by whoever is given them, beside WebSockets', async (t) => {
  const listener = await listen('ws://127.0.0.1:0', (session) => session.handleCall('echo', (bytes) => bytes), {
    requests,
  })
  t.after(() => listener.close())
  const page = await fetch(`${listener.url.replace('ws:', 'http:')}/page`)
  assert.deepEqual([page.status, await page.text()], [200, 'a page'])
  const session = await connect(listener.url)
  assert.deepEqual([...(await session.call('echo', Uint8Array.of(1, 2, 3)))], [1, 2, 3])
  await session.close()
})

test('who asks slowly, or never reads, has as long as a handshake', async (t) => {
  const large = Buffer.alloc(64 * 1024 * 1024)
  const listener = await listen('ws://127.0.0.1:0', () => {}, {
    requests: (_, response) => response.end(large),
    helloTimeoutMs: 50,
  })
  t.after(() => listener.close())
  for (const said of ['GET / HTTP/1.1\r\nHost:', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n']) {
    const socket = dialRaw(Number(new URL(listener.url).port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(said)
    await once(socket, 'connect')
    while (listener.stats().handshaking === 0 && !socket.destroyed)
      await new Promise((resolve) => setImmediate(resolve))
    // Not read, so that only the other side can end it.
    while (listener.stats().handshaking > 0) await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
  }
  assert.equal(listener.stats().accepted, 2)
})

test('requests are for WebSockets alone', async () => {
  await assert.rejects(
    listen('tcp://127.0.0.1:0', () => {}, { requests }),
    (error) =>
      error instanceof BraidError && error.code === 'BRAID_INVALID_INPUT' && /option requests/.test(error.message),
  )
})
