// webSocketTransport over a hand-made double of the platform's WebSocket and by a clock of its own: what it sends, when it waits, how it
// ends. Over real sockets: src/node/websocket.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../testing/manual-clock.ts'
import { transportOf } from './connect.ts'
import { type WebSocketLike, webSocketTransport } from './websocket.ts'
import { dialWebSocket } from './websocket-dial.ts'

const KiB = 1024

/** As browsers have it. */
class Double extends EventTarget {
  readyState = 1
  bufferedAmount = 0
  protocol = 'braidwire'
  url = 'ws://example.org/mux?token=secret'
  binaryType = 'blob'
  readonly sent: Uint8Array[] = []
  readonly closes: [number | undefined, string | undefined][] = []

  send(data: Uint8Array): void {
    assert.equal(this.readyState, 1)
    this.sent.push(data)
  }

  close(code?: number, reason?: string): void {
    this.closes.push([code, reason])
    this.readyState = 2
  }

  opens(): void {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }

  receives(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }))
  }

  closesWith(code: number, reason = ''): void {
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }))
  }
}

function started(double = new Double()) {
  const clock = new ManualClock()
  const told: unknown[] = []
  const transport = webSocketTransport(double as unknown as WebSocketLike, { clock })
  transport.start({
    bytes: (chunk) => told.push(...chunk),
    drained: () => told.push('drained'),
    closed: (error) => told.push(error === undefined ? 'closed' : error.message),
  })
  return { double, clock, told, transport }
}

test('small chunks are one message, large ones go uncopied, none is over 64 KiB', () => {
  const { double, transport } = started()
  const large = new Uint8Array(64 * KiB)
  transport.send([Uint8Array.of(1), Uint8Array.of(2, 3), large, Uint8Array.of(4), new Uint8Array(150 * KiB)])
  assert.deepEqual(
    double.sent.map((message) => message.length),
    [3, 64 * KiB, 1, 64 * KiB, 64 * KiB, 22 * KiB],
  )
  assert.deepEqual([...double.sent[0]!], [1, 2, 3])
  assert.equal(double.sent[1], large)
  double.sent.length = 0
  transport.send(Array.from({ length: 10 }, () => new Uint8Array(15 * KiB)))
  assert.deepEqual(
    double.sent.map((message) => message.length),
    [60 * KiB, 60 * KiB, 30 * KiB],
  )
})

test('memory that is shared with another thread is copied before it is sent', () => {
  const { double, transport } = started()
  transport.send([new Uint8Array(new SharedArrayBuffer(32 * KiB))])
  assert.equal(double.sent[0]?.buffer instanceof ArrayBuffer, true)
})

test('a full socket is asked until it has room, less often while nothing moves', () => {
  const { double, clock, told, transport } = started()
  double.bufferedAmount = 300 * KiB
  assert.equal(transport.send([Uint8Array.of(1)]), false)
  let looks = 0
  const buffered = (): number => {
    looks++
    return 300 * KiB
  }
  Object.defineProperty(double, 'bufferedAmount', { get: buffered, configurable: true })
  clock.advance(1000)
  assert.ok(looks > 10 && looks < 25, `asked ${looks} times in a second`)
  assert.deepEqual(told, [])
  Object.defineProperty(double, 'bufferedAmount', { value: 100 * KiB })
  clock.advance(64)
  assert.deepEqual(told, ['drained'])
  assert.equal(transport.send([Uint8Array.of(1)]), true)
})

test('what arrives is an occasion to ask a full socket', () => {
  const { double, told, transport } = started()
  double.bufferedAmount = 300 * KiB
  transport.send([Uint8Array.of(1)])
  double.bufferedAmount = 0
  double.receives(Uint8Array.of(7).buffer)
  assert.deepEqual(told, [7, 'drained'])
})

test('a socket that is still connecting is sent to when it is open', () => {
  const double = new Double()
  double.readyState = 0
  double.protocol = ''
  const { told, transport } = started(double)
  assert.equal(double.binaryType, 'arraybuffer')
  assert.equal(transport.send([Uint8Array.of(1), Uint8Array.of(2)]), false)
  double.opens()
  assert.deepEqual([...double.sent[0]!], [1, 2])
  assert.deepEqual(told, ['drained'])
})

test('a text message, and another subprotocol, end the transport with a sentence', () => {
  const text = started()
  text.double.receives('hello')
  assert.deepEqual(text.double.closes, [
    [1003, 'it sent a text message, which is not Braidwire: all messages are binary'],
  ])
  text.double.receives(Uint8Array.of(1).buffer)
  text.double.closesWith(1003)
  assert.deepEqual(text.told, ['it sent a text message, which is not Braidwire: all messages are binary'])

  const double = new Double()
  double.protocol = 'graphql-ws'
  const other = started(double)
  assert.equal(double.closes[0]?.[0], 1002)
  // Nobody answers.
  other.clock.advance(2000)
  assert.deepEqual(other.told, ['the subprotocol of the WebSocket is "graphql-ws", not "braidwire"'])
})

test('however long the subprotocol of the other side is, the reason it is closed with fits into a frame', () => {
  const double = new Double()
  double.protocol = 'x'.repeat(200)
  const { clock, told } = started(double)
  assert.deepEqual(double.closes, [[1002, 'the subprotocol is not "braidwire"']])
  clock.advance(2000)
  assert.deepEqual(told, [`the subprotocol of the WebSocket is "${double.protocol}", not "braidwire"`])
})

test('of another subprotocol nothing is delivered, also not what came before the start', async () => {
  const double = new Double()
  double.protocol = 'graphql-ws'
  const told: unknown[] = []
  const transport = webSocketTransport(double as unknown as WebSocketLike)
  double.receives(Uint8Array.of(1).buffer)
  transport.start({ bytes: () => told.push('bytes'), drained: () => {}, closed: (error) => told.push(error?.message) })
  double.closesWith(1002)
  await Promise.resolve()
  assert.deepEqual(told, ['the subprotocol of the WebSocket is "graphql-ws", not "braidwire"'])
})

test('each way of ending is told in words, once', () => {
  const ends: [number, string, RegExp][] = [
    [1000, '', /^closed$/],
    [1005, '', /^closed$/],
    [1006, '', /^the connection broke.*\(1006\)$/],
    [1001, '', /going away.*\(1001\)$/],
    [1009, 'too big', /64 KiB \(1009: "too big"\)$/],
    [1012, '', /restarts/],
    [4000, 'bye', /^the WebSocket was closed \(4000: "bye"\)$/],
  ]
  for (const [code, reason, expected] of ends) {
    const { double, told } = started()
    double.closesWith(code, reason)
    double.closesWith(code, reason)
    assert.equal(told.length, 1)
    assert.match(String(told[0]), expected)
  }
})

test('close waits two seconds for the other side, and not at all where nobody has answered yet', () => {
  const connecting = new Double()
  connecting.readyState = 0
  const early = started(connecting)
  early.transport.close()
  assert.deepEqual(early.told, ['closed'])
  assert.equal(connecting.closes.length, 1)
  const { double, clock, told, transport } = started()
  transport.send([Uint8Array.of(1)])
  transport.close()
  assert.deepEqual(double.closes, [[1000, undefined]])
  clock.advance(1999)
  assert.deepEqual(told, [])
  assert.equal(transport.send([Uint8Array.of(1)]), true)
  clock.advance(1)
  double.closesWith(1006)
  assert.deepEqual(told, ['closed'])
})

test('a socket that has closed before the start says so after it', async () => {
  const double = new Double()
  const told: unknown[] = []
  const transport = webSocketTransport(double as unknown as WebSocketLike)
  double.closesWith(1001)
  transport.start({ bytes: () => {}, drained: () => {}, closed: (error) => told.push(error?.message) })
  assert.deepEqual(told, [])
  await Promise.resolve()
  assert.match(String(told[0]), /going away/)
})

test('what arrives before the start is delivered after it, in order, and then the end', async () => {
  const double = new Double()
  const told: unknown[] = []
  const transport = webSocketTransport(double as unknown as WebSocketLike)
  double.receives(Uint8Array.of(1).buffer)
  transport.start({ bytes: (chunk) => told.push(...chunk), drained: () => {}, closed: () => told.push('closed') })
  double.receives(Uint8Array.of(2, 3).buffer)
  assert.deepEqual(told, [])
  await Promise.resolve()
  double.receives(Uint8Array.of(4).buffer)
  double.closesWith(1000)
  assert.deepEqual(told, [1, 2, 3, 4, 'closed'])
})

test('a socket that closes before it was told what had arrived tells that first, and its end once', async () => {
  const double = new Double()
  const told: unknown[] = []
  const transport = webSocketTransport(double as unknown as WebSocketLike)
  double.receives(Uint8Array.of(1).buffer)
  transport.start({ bytes: (chunk) => told.push(...chunk), drained: () => {}, closed: () => told.push('closed') })
  double.closesWith(1000)
  assert.deepEqual(told, [])
  await Promise.resolve()
  assert.deepEqual(told, [1, 'closed'])
})

test('remote has no query, and what stays on this machine or is encrypted is confidential', () => {
  const of = (url: string) => webSocketTransport(Object.assign(new Double(), { url }) as unknown as WebSocketLike)
  assert.equal(of('ws://example.org/mux?token=secret').remote, 'ws://example.org/mux')
  assert.equal(of('').remote, 'websocket')
  for (const url of ['wss://example.org/', 'ws://localhost/', 'ws://127.0.0.1:80/', 'ws://[::1]:80/']) {
    assert.equal(of(url).confidential, true, url)
  }
  for (const url of ['ws://example.org/', 'ws://localhost.example/', 'ws://127.0.0.1.example/', '']) {
    assert.equal(of(url).confidential, undefined, url)
  }
})

test('a data channel of WebRTC is no WebSocket', () => {
  assert.equal(transportOf(new Double() as unknown as WebSocketLike).remote, 'ws://example.org/mux')
  const channel = Object.assign(new Double(), { readyState: 'open' })
  assert.throws(() => transportOf(channel as unknown as WebSocketLike), TypeError)
})

/** Puts a class in the place of the runtime's for one call. */
async function withGlobal<T>(WebSocket: unknown, work: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
  Object.defineProperty(globalThis, 'WebSocket', { value: WebSocket, configurable: true })
  try {
    return await work()
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'WebSocket')
    else Object.defineProperty(globalThis, 'WebSocket', before)
  }
}

test('dialling with the global WebSocket asks for the subprotocol, and looks whether it got it', async () => {
  const made: Dialled[] = []
  class Dialled extends Double {
    constructor(url: string, asked: string) {
      super()
      this.url = url
      this.readyState = 0
      assert.equal(asked, 'braidwire')
      made.push(this)
    }
  }
  await withGlobal(Dialled, async () => {
    const dialled = dialWebSocket('ws://example.org/mux?token=secret')
    made[0]!.opens()
    assert.equal((await dialled).remote, 'ws://example.org/mux')
    const other = dialWebSocket('ws://example.org/')
    made[1]!.protocol = ''
    made[1]!.opens()
    await assert.rejects(other, { code: 'BRAID_UNREACHABLE', message: /not Braidwire \(the subprotocol braidwire\)/ })
    assert.equal(made[1]!.closes.length, 1)
    const refused = dialWebSocket('ws://example.org/?token=secret')
    made[2]!.closesWith(1006)
    await assert.rejects(refused, { code: 'BRAID_UNREACHABLE', message: /reach ws:\/\/example\.org\/: .*origins/ })
    const controller = new AbortController()
    const left = dialWebSocket('ws://example.org/', { signal: controller.signal })
    controller.abort()
    await assert.rejects(left, { code: 'BRAID_CANCELLED' })
    assert.equal(made[3]!.closes.length, 1)
    await assert.rejects(dialWebSocket('ws://example.org/', { dialTimeoutMs: 1 }), { code: 'BRAID_UNREACHABLE' })
  })
})

test('what a runtime cannot dial is INVALID_INPUT that says what it can', async () => {
  const invalid = (message: RegExp) => ({ code: 'BRAID_INVALID_INPUT', message })
  await withGlobal(undefined, async () => {
    await assert.rejects(dialWebSocket('ws://example.org/'), invalid(/has no WebSocket/))
  })
  await withGlobal(Double, async () => {
    await assert.rejects(dialWebSocket('tcp://example.org:1'), invalid(/dials ws:\/\/ and wss:\/\/ alone/))
    await assert.rejects(dialWebSocket('ws://a/', { dialTimeoutMs: 0 }), invalid(/dialTimeoutMs/))
  })
  const Refusing = function (this: unknown) {
    throw new SyntaxError('The URL is invalid.')
  }
  await withGlobal(Refusing, async () => {
    await assert.rejects(dialWebSocket('ws://:x/?secret'), invalid(/"ws:\/\/:x\/": The URL is invalid\./))
  })
})
