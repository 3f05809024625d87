// Rules of docs/PROTOCOL.md that need an application behind the engine: a whole session, its peer played byte by byte.

import assert from 'node:assert/strict'
import test from 'node:test'
import { type Session, type SessionOptions, startSession, type Transport, type TransportSink } from 'braidwire'
import { ManualClock } from 'braidwire/test'
import { decodeFrame, encodeFrame, PREFACE } from '../codec/frames.ts'
import { concat } from '../codec/hex.ts'
import type { Frame } from '../codec/layout.ts'

const none = new Uint8Array(0)
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The peer of a session: what it says is frames, what it hears is frames. */
class Peer implements Transport {
  readonly remote = 'test:'
  readonly clock = new ManualClock()
  readonly session: Session
  paused = false
  private sink: TransportSink | undefined
  private heard: Uint8Array = none
  private at = PREFACE.length

  constructor(options: SessionOptions = {}, hello = '0=0101') {
    this.session = startSession(this, { clock: this.clock, ...options }, 'listener')
    this.bytes(PREFACE)
    this.say('HELLO', { entries: hello })
  }

  start(sink: TransportSink): void {
    this.sink = sink
  }

  send(chunks: Uint8Array[]): boolean {
    this.heard = concat([this.heard, ...chunks])
    return true
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  close(): void {
    this.sink?.closed()
  }

  /** The transport ends, without a word. */
  vanish(): void {
    this.sink?.closed()
  }

  bytes(bytes: Uint8Array): void {
    this.sink?.bytes(bytes)
  }

  say(type: string, fields: Frame['fields'], ...flags: string[]): void {
    this.bytes(encodeFrame({ type, flags, fields }))
  }

  open(name: string, fields: Frame['fields'] = {}, ...flags: string[]): void {
    this.say('OPEN', { id: 0, priority: 3, name, meta: 'none', bytes: '', ...fields }, ...flags)
  }

  /** The frames heard since the last look, once the session has come to rest; its HELLO and its own pings apart. */
  async hear(): Promise<Frame[]> {
    for (let turns = 0; turns < 4; turns++) await turn()
    const frames: Frame[] = []
    for (let read = decodeFrame(this.heard, this.at); read !== undefined; read = decodeFrame(this.heard, this.at)) {
      frames.push(read.value)
      this.at = read.next
    }
    return frames.filter(({ type }) => type !== 'HELLO' && type !== 'PING')
  }
}

function only(frames: readonly Frame[], type: string): Frame['fields'] & { flags: string } {
  assert.deepEqual(
    frames.map((frame) => frame.type),
    [type],
  )
  return { ...frames[0]!.fields, flags: frames[0]!.flags.join('|') }
}

test('an OPEN whose JSON does not parse is refused', async () => {
  const peer = new Peer()
  let taken = 0
  peer.session.handle('x', () => taken++)
  peer.open('x', { meta: 'json {"a":' })
  const reset = only(await peer.hear(), 'RESET')
  assert.deepEqual([reset.id, reset.code, reset.flags], [1, 9, 'SEND|RECV'])
  assert.equal(taken, 0)
})

test('an OPEN that no handler takes is refused, the name in the reason', async () => {
  const peer = new Peer({ handlerWaitMs: 1_000 })
  peer.open('nobody')
  peer.clock.advance(999)
  assert.deepEqual(await peer.hear(), [])
  peer.clock.advance(1)
  const reset = only(await peer.hear(), 'RESET')
  assert.deepEqual([reset.id, reset.code, reset.flags], [1, 9, 'SEND|RECV'])
  assert.match(String(reset.reason), /nobody/)
})

test('CONFIRM is answered as soon as a handler takes the stream', async () => {
  const peer = new Peer()
  peer.open('x', {}, 'CONFIRM')
  assert.deepEqual(await peer.hear(), [])
  peer.session.handle('x', () => new Promise(() => {}))
  const answer = only(await peer.hear(), 'META')
  assert.deepEqual([answer.id, answer.meta, answer.flags], [1, 'none', ''])
})

test('CONFIRM is answered once, with what the handler says at once', async () => {
  const peer = new Peer()
  peer.session.handle('x', (stream) => stream.accept({ size: 3 }))
  peer.open('x', {}, 'CONFIRM')
  assert.equal(only(await peer.hear(), 'META').meta, 'json {"size":3}')
})

test('LIMIT rises when both halves are final and the handler has ended', async () => {
  const peer = new Peer({ maxStreams: 32 })
  let done = () => {}
  peer.session.handle('x', (stream) => {
    stream.end()
    return new Promise<void>((resolve) => {
      done = resolve
    })
  })
  peer.open('x', {}, 'FIN')
  assert.deepEqual([only(await peer.hear(), 'DATA').flags], ['FIN'])
  done()
  assert.equal(only(await peer.hear(), 'LIMIT').count, 33)
})

test('a handler that throws resets its stream with INTERNAL and hides why', async () => {
  const peer = new Peer()
  peer.session.handle('x', () => {
    throw new Error('secret')
  })
  peer.open('x')
  const reset = only(await peer.hear(), 'RESET')
  assert.deepEqual([reset.id, reset.code, reset.flags], [1, 10, 'SEND|RECV'])
  assert.doesNotMatch(String(reset.reason), /secret/)
})

test('a cancelled call is answered when its handler has ended, exactly once', async () => {
  const peer = new Peer()
  let done = (_: Uint8Array) => {}
  peer.session.handleCall('f', () => new Promise<Uint8Array>((resolve) => (done = resolve)))
  peer.say('CALL', { slot: 0, method: 0, name: 'f', bytes: '' })
  peer.say('CANCEL', { slot: 0, code: 14 })
  assert.deepEqual(await peer.hear(), [])
  done(Uint8Array.of(7))
  assert.equal(only(await peer.hear(), 'REPLY').slot, 0)
})

test('a one-way call is answered with nothing', async () => {
  const peer = new Peer()
  peer.session.handleCall('f', () => Uint8Array.of(7))
  peer.say('CALL', { slot: 0, method: 0, name: 'f', bytes: '' }, 'ONEWAY')
  const reply = only(await peer.hear(), 'REPLY')
  assert.deepEqual([reply.slot, reply.bytes, reply.flags], [0, '', ''])
})

test('a message is a one-way call of $message, both ways', async () => {
  const peer = new Peer()
  const messages: Uint8Array[] = []
  peer.session.handleMessage((bytes) => messages.push(bytes))
  peer.say('CALL', { slot: 0, method: 0, name: '$message', bytes: '07' }, 'ONEWAY')
  assert.equal(only(await peer.hear(), 'REPLY').bytes, '')
  assert.deepEqual(
    messages.map((bytes) => [...bytes]),
    [[7]],
  )
  const sent = peer.session.message(Uint8Array.of(8))
  const call = only(await peer.hear(), 'CALL')
  assert.deepEqual([call.name, call.bytes, call.flags], ['$message', '08', 'ONEWAY'])
  peer.say('REPLY', { slot: Number(call.slot), bytes: '' })
  await sent
})

test('an unknown method is UNIMPLEMENTED at once where others are exposed', async () => {
  const peer = new Peer()
  peer.session.handleCall('f', () => none)
  peer.say('CALL', { slot: 0, method: 0, name: 'g', bytes: '' })
  const reply = only(await peer.hear(), 'REPLY')
  assert.deepEqual([reply.code, reply.flags], [17, 'ERROR'])
})

test('large arguments come on a stream named $call and the result goes back on it', async () => {
  const peer = new Peer()
  peer.session.handleCall('size', (bytes) => Uint8Array.of(bytes.length & 255, bytes.length >> 8))
  peer.open('$call', { meta: 'json {"method":"size","size":20000}', bytes: '61'.repeat(1_000) }, 'FIN')
  const frames = (await peer.hear()).filter(({ type }) => type === 'DATA')
  assert.equal(frames.map(({ fields }) => fields.bytes).join(''), 'e803')
  assert.ok(frames.at(-1)?.flags.includes('FIN'))
})

test('large arguments go on a stream named $call', async () => {
  const peer = new Peer()
  const call = peer.session.call('size', new Uint8Array(20_000))
  call.catch(() => {})
  const [open] = await peer.hear()
  assert.equal(open?.type, 'OPEN')
  assert.deepEqual([open?.fields.name, open?.fields.meta], ['$call', 'json {"method":"size","size":20000}'])
  peer.say('DATA', { id: 1, bytes: '07' }, 'FIN')
  assert.deepEqual([...(await call)], [7])
})

test('a failure of a call on a stream comes as RESET', async () => {
  const peer = new Peer()
  const call = peer.session.call('size', new Uint8Array(20_000))
  const failed = assert.rejects(call, { code: 'BRAID_NOT_FOUND', reason: 'no such method' })
  await peer.hear()
  peer.say('RESET', { id: 1, code: 20, reason: 'no such method' }, 'SEND', 'RECV')
  await failed
})

test('a hook that says no closes with DENIED, and nothing was dispatched', async () => {
  let taken = 0
  let decide = (_: Error) => {}
  const peer = new Peer({ authorize: () => new Promise((_, reject) => (decide = reject)) })
  peer.session.handle('x', () => taken++)
  peer.open('x')
  assert.deepEqual(await peer.hear(), [])
  decide(new Error('who are you?'))
  assert.equal(only(await peer.hear(), 'CLOSE').code, 19)
  assert.equal(taken, 0)
})

test('a hook that does not answer in 10 s closes with DENIED', async () => {
  const peer = new Peer({ authorize: () => new Promise(() => {}) })
  await peer.hear()
  peer.clock.advance(9_999)
  assert.deepEqual(await peer.hear(), [])
  peer.clock.advance(1)
  assert.equal(only(await peer.hear(), 'CLOSE').code, 19)
})

test('at most 64 KiB wait for the hook, then reading pauses until it has said yes', async () => {
  let admit = (_: unknown) => {}
  const peer = new Peer({ authorize: () => new Promise((resolve) => (admit = resolve)) })
  const names: string[] = []
  peer.session.handle('x', (stream) => names.push(stream.name))
  peer.open('x', { bytes: '61'.repeat(30_000) })
  await peer.hear()
  assert.equal(peer.paused, false)
  peer.open('x', { id: 2, bytes: '61'.repeat(36_000) })
  await peer.hear()
  assert.equal(peer.paused, true)
  assert.deepEqual(names, [])
  admit('somebody')
  await peer.hear()
  assert.equal(peer.paused, false)
  assert.deepEqual(names, ['x', 'x'])
})

test('a transport that ends without CLOSE ends no stream cleanly', async () => {
  const peer = new Peer()
  const stream = peer.session.open('x')
  const call = assert.rejects(peer.session.call('f', none), { code: 'BRAID_TRANSPORT_LOST', executed: 'maybe' })
  await peer.hear()
  peer.say('DATA', { id: 1, bytes: '61' })
  peer.vanish()
  assert.equal((await stream.closed)?.code, 'BRAID_TRANSPORT_LOST')
  assert.equal((await peer.session.closed)?.code, 'BRAID_TRANSPORT_LOST')
  await call
})

test('what is open when a clean CLOSE comes fails with CLOSED', async () => {
  const peer = new Peer()
  const stream = peer.session.open('x')
  const call = assert.rejects(peer.session.call('f', none), { code: 'BRAID_CLOSED' })
  await peer.hear()
  peer.say('CLOSE', { code: 0, reason: '' })
  assert.equal((await stream.closed)?.code, 'BRAID_CLOSED')
  assert.equal(await peer.session.closed, undefined)
  await call
})
