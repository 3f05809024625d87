// dataChannel over channels of node-datachannel on loopback, and over hand-made ones as browsers have them.

import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { cleanup, type DataChannel, PeerConnection } from 'node-datachannel'
import { connectSession, startSession } from '../session/start.ts'
import { type DataChannelLike, dataChannel } from './data-channel.ts'
import { Recorder } from './recorder.test.ts'

const KiB = 1024
const BEGIN = 'braidwire/1 begin'

after(() => cleanup())

interface Peers {
  readonly near: DataChannel
  readonly far: DataChannel
  readonly peers: readonly [PeerConnection, PeerConnection]
}

/** Two peers of this process, and the two ends of one channel between them; closed after the test. */
async function joined(t: TestContext): Promise<Peers> {
  const config = { iceServers: [], bindAddress: '127.0.0.1' }
  const [a, b] = [new PeerConnection('a', config), new PeerConnection('b', config)]
  t.after(() => {
    a.close()
    b.close()
  })
  a.onLocalDescription((sdp, type) => b.setRemoteDescription(sdp, type))
  b.onLocalDescription((sdp, type) => a.setRemoteDescription(sdp, type))
  // Only one way: a peer that is reached before it knows the other's certificate refuses it.
  b.onLocalCandidate((candidate, mid) => {
    // One that comes when the peers are gone already: what is thrown here would end the process.
    try {
      a.addRemoteCandidate(candidate, mid)
    } catch {}
  })
  const coming = new Promise<DataChannel>((resolve) => b.onDataChannel(resolve))
  const near = a.createDataChannel('braid')
  return { near, far: await coming, peers: [a, b] }
}

/** A channel as a browser has it, whose buffer empties when the test says so. */
class FakeChannel extends EventTarget implements DataChannelLike {
  readonly label = 'fake'
  readyState = 'open'
  bufferedAmount = 0
  bufferedAmountLowThreshold = 0
  binaryType = 'blob'
  ordered = true
  maxRetransmits: number | null = null
  maxPacketLifeTime: number | null = null
  readonly sent: (Uint8Array | string)[] = []
  closes = 0

  send(data: Uint8Array | string): void {
    this.sent.push(typeof data === 'string' ? data : data.slice())
    this.bufferedAmount += data.length
  }
  close(): void {
    this.closes++
    this.readyState = 'closing'
  }
  empty(): void {
    this.bufferedAmount = 0
    this.dispatchEvent(new Event('bufferedamountlow'))
  }
  tell(event: string, fields: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(event), fields))
  }
  get sizes(): number[] {
    return this.sent.map((message) => message.length)
  }
}

/** The transport of a channel that is open, and whose other side is sure to be there. */
function begun(channel: FakeChannel) {
  const transport = dataChannel(channel)
  channel.tell('message', { data: BEGIN })
  channel.sent.length = 0
  return transport
}

test('dataChannel carries a session between two peers, which has said goodbye when it is closed', async (t) => {
  const { near, far } = await joined(t)
  const dialled = connectSession(dataChannel(near))
  const b = await connectSession(dataChannel(far), {}, 'listener')
  const a = await dialled
  b.handle('echo', async (stream) => {
    for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
    stream.end()
  })
  const stream = a.open('echo')
  const sent = Buffer.alloc(
    3 * 1024 * KiB,
    Uint8Array.from({ length: 251 }, (_, index) => index),
  )
  stream.write(sent.subarray())
  stream.end()
  const got: Uint8Array[] = []
  for await (const chunk of stream) got.push(chunk)
  assert.ok(Buffer.concat(got).equals(sent))
  await a.close()
  assert.equal(await b.closed, undefined)
})

test('dataChannel that is closed delivers everything that was sent before', async (t) => {
  const { near, far } = await joined(t)
  const left = dataChannel(near)
  const one = new Recorder(left)
  const other = new Recorder(dataChannel(far))
  if (!left.send([Buffer.from('x')])) await one.drainedOnce
  for (let count = 0; count < 40; count++) left.send([new Uint8Array(64 * KiB)])
  left.close()
  assert.deepEqual([await one.closed, await other.closed], [undefined, undefined])
  assert.equal(other.length, 40 * 64 * KiB + 1)
})

test('dataChannel says that the other peer is gone', async (t) => {
  const { near, far, peers } = await joined(t)
  const left = dataChannel(near)
  const one = new Recorder(left)
  const right = dataChannel(far)
  new Recorder(right)
  right.send([Buffer.from('x')])
  await one.received(1)
  peers[1].close()
  assert.match((await one.closed)?.message ?? '', /without a goodbye/)
})

test('dataChannel puts small chunks together and cuts large ones, at 64 KiB', () => {
  const channel = new FakeChannel()
  const transport = begun(channel)
  new Recorder(transport)
  assert.equal(channel.binaryType, 'arraybuffer')
  const chunk = Uint8Array.from({ length: 150 * KiB }, (_, index) => index % 251)
  transport.send([Buffer.from('abc'), Buffer.from('de'), chunk])
  assert.deepEqual(channel.sizes, [64 * KiB, 64 * KiB, 22 * KiB + 5])
  assert.ok(Buffer.concat(channel.sent as Uint8Array[]).equals(Buffer.concat([Buffer.from('abcde'), chunk])))
  transport.send([new Uint8Array(64 * KiB)])
  assert.equal(channel.sizes.at(-1), 64 * KiB)
})

test('dataChannel is full at 256 KiB in the channel, and tells once when there is room', () => {
  const channel = new FakeChannel()
  const transport = begun(channel)
  const sink = new Recorder(transport)
  channel.empty()
  assert.equal(transport.send([new Uint8Array(255 * KiB)]), true)
  assert.equal(transport.send([new Uint8Array(KiB)]), false)
  assert.ok(channel.bufferedAmountLowThreshold > 0)
  channel.empty()
  channel.empty()
  assert.equal(sink.drains, 1)
})

test('dataChannel sends over a channel that was open already only once something has come, and says first that it is there', () => {
  for (const [said, delivered] of [
    [BEGIN, []],
    [Uint8Array.of(7).buffer, [7]],
  ]) {
    const channel = new FakeChannel()
    const transport = dataChannel(channel)
    const sink = new Recorder(transport)
    assert.equal(transport.send([Buffer.from('ab')]), false)
    channel.tell('open')
    assert.equal(transport.send([Buffer.from('c')]), false)
    assert.deepEqual([channel.sent, sink.drains], [[BEGIN], 0])
    channel.tell('message', { data: said })
    assert.deepEqual([Buffer.from(channel.sent[1]!).toString(), sink.drains], ['abc', 1])
    assert.deepEqual([...Buffer.concat(sink.chunks)], delivered)
    assert.equal(transport.send([Buffer.from('d')]), true)
    assert.equal(channel.sent.length, 3)
  }
  const channel = new FakeChannel()
  const transport = dataChannel(channel)
  const sink = new Recorder(transport)
  transport.send([Buffer.from('ab')])
  transport.close()
  channel.tell('message', { data: BEGIN })
  assert.deepEqual([channel.sent.length, channel.sent.at(-1), channel.closes], [3, 'braidwire/1 end', 0])
  channel.tell('message', { data: 'braidwire/1 end' })
  assert.deepEqual([channel.closes, sink.closings], [1, [undefined]])
})

test('dataChannel waits again for a channel that says open, and then that it is connecting', () => {
  for (const first of ['message', 'send']) {
    const channel = new FakeChannel()
    const transport = dataChannel(channel)
    new Recorder(transport)
    channel.tell('open')
    channel.readyState = 'connecting'
    if (first === 'message') channel.tell('message', { data: Uint8Array.of(7).buffer })
    assert.equal(transport.send([Buffer.from('ab')]), false)
    assert.deepEqual(channel.sent, [BEGIN])
    channel.readyState = 'open'
    channel.tell('open')
    channel.tell('open')
    assert.deepEqual(channel.sent.map(String), [BEGIN, BEGIN, '97,98'])
  }
})

test('dataChannel waits for a channel that is connecting', () => {
  const channel = new FakeChannel()
  channel.readyState = 'connecting'
  const transport = dataChannel(channel)
  const sink = new Recorder(transport)
  assert.equal(transport.send([Buffer.from('early')]), false)
  assert.deepEqual(channel.sent, [])
  channel.readyState = 'open'
  channel.tell('open')
  assert.deepEqual([channel.sent.map(String), sink.drains], [[BEGIN, '101,97,114,108,121'], 1])
})

test('dataChannel that is closed while it connects ends at once', () => {
  const channel = new FakeChannel()
  channel.readyState = 'connecting'
  const transport = dataChannel(channel)
  const sink = new Recorder(transport)
  transport.send([Buffer.from('early')])
  transport.close()
  assert.deepEqual(sink.closings, [undefined])
  assert.equal(channel.closes, 1)
})

test('dataChannel that is closed already says so', async () => {
  const channel = new FakeChannel()
  channel.readyState = 'closed'
  assert.equal(await new Recorder(dataChannel(channel)).closed, undefined)
})

test('dataChannel closes when the other side says that it has everything', () => {
  const channel = new FakeChannel()
  const transport = begun(channel)
  const sink = new Recorder(transport)
  transport.close()
  transport.close()
  assert.deepEqual([channel.sent.length, channel.closes, sink.closings.length], [1, 0, 0])
  channel.tell('message', { data: new ArrayBuffer(3) })
  channel.tell('message', { data: channel.sent[0] })
  channel.tell('close')
  assert.deepEqual([sink.length, channel.closes, sink.closings], [0, 1, [undefined]])
})

test('dataChannel keeps nothing for a session that is paused: whoever paused it bounds what it takes', () => {
  const channel = new FakeChannel()
  const transport = dataChannel(channel)
  const sink = new Recorder(transport)
  transport.pause()
  channel.tell('message', { data: Uint8Array.of(1, 2).buffer })
  assert.equal(sink.length, 2)
})

test('a peer that is not let in yet and sends without end over a dataChannel is ended', async () => {
  const [near, far] = [new FakeChannel(), new FakeChannel()]
  let asked = () => {}
  const authorizing = new Promise<void>((resolve) => {
    asked = resolve
  })
  const authorize = () => {
    asked()
    return new Promise(() => {})
  }
  const waiting = startSession(begun(far), { authorize }, 'listener')
  connectSession(begun(near)).catch(() => {})
  while (near.sent.length === 0) await turn()
  const hello = Buffer.concat(near.sent as Uint8Array[])
  assert.ok(hello.length > 0)
  far.tell('message', { data: Uint8Array.from(hello).buffer })
  await authorizing
  let taken = 0
  while (waiting.state === 'connecting' && taken < 100) {
    far.tell('message', { data: new ArrayBuffer(64 * KiB) })
    taken++
    await turn()
  }
  assert.equal(taken, 18)
  far.tell('message', { data: 'braidwire/1 end' })
  assert.equal((await waiting.closed)?.code, 'BRAID_EXHAUSTED')
})

test('dataChannel delivers what came before the start after it, in order, and then the end', async () => {
  const channel = new FakeChannel()
  const transport = dataChannel(channel)
  for (const byte of [1, 2]) channel.tell('message', { data: Uint8Array.of(byte).buffer })
  const sink = new Recorder(transport)
  channel.tell('message', { data: Uint8Array.of(3).buffer })
  channel.tell('message', { data: 'braidwire/1 end' })
  assert.deepEqual([sink.length, sink.closings.length], [0, 0])
  await Promise.resolve()
  assert.deepEqual([[...Buffer.concat(sink.chunks)], sink.closings], [[1, 2, 3], [undefined]])

  const going = new FakeChannel()
  const other = dataChannel(going)
  going.tell('message', { data: Uint8Array.of(1).buffer })
  const told = new Recorder(other)
  await Promise.resolve()
  going.tell('message', { data: Uint8Array.of(2).buffer })
  assert.deepEqual([...Buffer.concat(told.chunks)], [1, 2])
})

test('dataChannel takes 1 MiB before the start, however small the messages, and fails at more', async () => {
  for (const size of [64 * KiB, 1]) {
    const channel = new FakeChannel()
    const transport = dataChannel(channel)
    const data = new ArrayBuffer(size)
    let taken = 0
    while (channel.closes === 0) {
      channel.tell('message', { data })
      taken++
    }
    assert.equal(taken, Math.floor((1088 * KiB) / (size + 256)) + 1)
    assert.match((await new Recorder(transport).closed)?.message ?? '', /before the session was started/)
  }
})

test('dataChannel ends once also where the channel refuses to carry a word of it', async () => {
  class Broken extends FakeChannel {
    override send(): void {
      throw new Error('it cannot be sent to')
    }
    override close(): void {
      super.close()
      throw new Error('nor closed')
    }
  }
  const foreign = new Broken()
  const told = new Recorder(dataChannel(foreign))
  foreign.tell('message', { data: 'junk' })
  assert.match(told.closings[0]?.message ?? '', /not Braidwire's/)
  assert.deepEqual([told.closings.length, foreign.closes], [1, 1])

  const closed = new Broken()
  const transport = begun(closed)
  const sink = new Recorder(transport)
  transport.close()
  assert.deepEqual([sink.closings, closed.closes], [[undefined], 1])

  const connecting = new Broken()
  connecting.readyState = 'connecting'
  const early = dataChannel(connecting)
  const end = new Recorder(early)
  early.send([Buffer.from('early')])
  connecting.readyState = 'open'
  connecting.tell('open')
  assert.match(end.closings[0]?.message ?? '', /cannot be sent to/)
})

test('dataChannel names no control character that the other side chose', () => {
  const channel = Object.assign(new FakeChannel(), { label: 'a\n\u001b[31mb' })
  assert.equal(dataChannel(channel).remote, 'webrtc:a\\u000a\\u001b[31mb')
})

test('dataChannel fails with the error of the channel, and at what is none of its messages', () => {
  const failing = new FakeChannel()
  const sink = new Recorder(dataChannel(failing))
  failing.tell('error', { error: new Error('it broke') })
  assert.match(sink.closings[0]?.message ?? '', /it broke/)

  for (const data of ['hello', {}]) {
    const channel = new FakeChannel()
    const other = new Recorder(dataChannel(channel))
    channel.tell('message', { data })
    assert.match(other.closings[0]?.message ?? '', /not Braidwire's/)
    assert.equal(channel.closes, 1)
  }
})

test('dataChannel refuses a channel that may lose or reorder messages', () => {
  for (const wrong of [{ ordered: false }, { maxRetransmits: 0 }, { maxPacketLifeTime: 100 }]) {
    assert.throws(() => dataChannel(Object.assign(new FakeChannel(), wrong)), /ordered and reliable/)
  }
})
