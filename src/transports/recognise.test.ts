// What is recognised as a port or a data channel, and what only looks like one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel, Worker } from 'node:worker_threads'
import { isDataChannel, isPort } from './recognise.ts'

test('isPort knows what has two ends from what has many, or none', async () => {
  const { port1 } = new MessageChannel()
  assert.ok(isPort(port1))
  port1.close()
  const worker = new Worker('', { eval: true })
  assert.ok(isPort(worker))
  await worker.terminate()
  const scope: Record<string, unknown> = { postMessage() {}, close() {}, addEventListener() {} }
  Object.assign(scope, { self: scope })
  assert.ok(isPort(scope))
  assert.equal(isPort({ ...scope, document: {} }), false)
  const page = { postMessage() {}, document: {}, self: {} }
  page.self = page
  assert.equal(isPort(page), false)
  const broadcast = new BroadcastChannel('x')
  assert.equal(isPort(broadcast), false)
  broadcast.close()
  assert.equal(isPort(new EventTarget()), false)
})

test('isDataChannel knows channels from sockets', () => {
  assert.ok(isDataChannel({ send() {}, bufferedAmountLowThreshold: 0 }))
  assert.ok(isDataChannel({ sendMessageBinary() {} }))
  assert.equal(isDataChannel({ send() {}, bufferedAmount: 0 }), false)
})
