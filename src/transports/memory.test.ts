// Two ends in memory behave as a transport should.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Transport, TransportSink } from '../session/transport.ts'
import { memory } from './memory.ts'

/** A sink that keeps what it is told. */
class Kept implements TransportSink {
  readonly got: Uint8Array[] = []
  drains = 0
  readonly end: Promise<Error | undefined>
  onBytes: () => void = () => {}
  private resolve!: (error: Error | undefined) => void

  constructor(transport: Transport) {
    this.end = new Promise((resolve) => (this.resolve = resolve))
    transport.start(this)
  }
  bytes(chunk: Uint8Array): void {
    this.got.push(chunk)
    this.onBytes()
  }
  drained(): void {
    this.drains++
  }
  closed(error?: Error): void {
    this.resolve(error)
  }
}

test('memory delivers in order, later than send returns', async () => {
  const [left, right] = memory()
  const [near, far] = [new Kept(left), new Kept(right)]
  left.send([Uint8Array.of(1), Uint8Array.of(2)])
  left.send([Uint8Array.of(3)])
  assert.equal(far.got.length, 0)
  left.close()
  assert.equal(await far.end, undefined)
  assert.equal(await near.end, undefined)
  assert.deepEqual(
    far.got.map((chunk) => chunk[0]),
    [1, 2, 3],
  )
})

test('memory keeps what is sent before the other end has started', async () => {
  const [left, right] = memory()
  new Kept(left)
  left.send([Uint8Array.of(1)])
  await null
  const far = new Kept(right)
  left.close()
  await far.end
  assert.equal(far.got.length, 1)
})

test('memory is full at 256 KiB and tells when it has drained', async () => {
  const [left, right] = memory()
  const [near, far] = [new Kept(left), new Kept(right)]
  assert.equal(left.send([new Uint8Array(1000)]), true)
  assert.equal(left.send([new Uint8Array(256 * 1024)]), false)
  assert.equal(near.drains, 0)
  while (far.got.length < 2) await null
  await null
  assert.equal(near.drains, 1)
  left.close()
  await far.end
})

test('memory that is paused delivers when it is resumed', async () => {
  const [left, right] = memory()
  new Kept(left)
  const far = new Kept(right)
  right.pause()
  left.send([Uint8Array.of(1)])
  for (let i = 0; i < 10; i++) await null
  assert.equal(far.got.length, 0)
  right.resume()
  left.close()
  await far.end
  assert.equal(far.got.length, 1)
})

test('memory takes nothing after close, and is closed once', async () => {
  const [left, right] = memory()
  const [near, far] = [new Kept(left), new Kept(right)]
  left.close()
  left.close()
  assert.equal(left.send([Uint8Array.of(1)]), true)
  right.close()
  await Promise.all([near.end, far.end])
  assert.equal(far.got.length, 0)
})

test('memory lets the event loop turn under two ends that never rest', async () => {
  const [left, right] = memory()
  const [near, far] = [new Kept(left), new Kept(right)]
  let turned = false
  setTimeout(() => (turned = true), 0)
  near.onBytes = () => (turned ? left.close() : left.send([Uint8Array.of(1)]))
  far.onBytes = () => right.send([Uint8Array.of(1)])
  left.send([Uint8Array.of(1)])
  await near.end
  assert.ok(turned)
})
