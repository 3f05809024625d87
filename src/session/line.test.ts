// One transport and who listens to it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Line } from './line.ts'
import type { Transport, TransportSink } from './transport.ts'

/** Notes what it is asked for and hands over what a test says. */
class Fake implements Transport {
  readonly remote = 'fake:'
  readonly asked: string[] = []
  sink: TransportSink | undefined

  start(sink: TransportSink): void {
    this.asked.push('start')
    this.sink = sink
  }

  send(): boolean {
    return true
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    this.asked.push('close')
  }
}

function listener(): TransportSink & { readonly heard: unknown[] } {
  const heard: unknown[] = []
  return {
    heard,
    bytes: (chunk) => heard.push([...chunk]),
    drained: () => heard.push('drained'),
    closed: (error) => heard.push(error ?? 'closed'),
  }
}

test('line passes on what its transport says, to whom listens now', () => {
  const transport = new Fake()
  const [first, second] = [listener(), listener()]
  const line = new Line(transport, first)
  assert.deepEqual(transport.asked, [])
  line.start()
  transport.sink?.bytes(Uint8Array.of(1))
  line.full = true
  transport.sink?.drained()
  assert.equal(line.full, false)
  line.sink = second
  transport.sink?.bytes(Uint8Array.of(2))
  assert.deepEqual([first.heard, second.heard], [[[1], 'drained'], [[2]]])
})

test('line tells of the end once, and of nothing after it', () => {
  const transport = new Fake()
  const sink = listener()
  const line = new Line(transport, sink)
  line.start()
  const error = new Error('cut')
  transport.sink?.closed(error)
  transport.sink?.closed()
  transport.sink?.bytes(Uint8Array.of(1))
  assert.deepEqual(sink.heard, [error])
})

test('line left behind ends its transport, of which nobody hears any more', () => {
  const transport = new Fake()
  const sink = listener()
  const line = new Line(transport, sink)
  line.start()
  line.leave()
  transport.sink?.bytes(Uint8Array.of(1))
  transport.sink?.drained()
  transport.sink?.closed()
  assert.deepEqual([transport.asked, sink.heard], [['start', 'close'], []])
})

test('line of a transport that cannot even be closed is left behind all the same', () => {
  const transport = new Fake()
  transport.close = () => {
    throw new Error('dead')
  }
  const line = new Line(transport, listener())
  line.leave()
  assert.equal(line.sink, undefined)
})
