import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Body } from './body.ts'
import { Decoder, type FrameSink } from './decoder.ts'
import { frame, type Heard, join, Listener, utf8, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

const frames = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constantFrom(wire.OPEN, wire.CALL, wire.PING, wire.META, wire.CLOSE),
      flags: fc.constant(0),
      id: fc.constant(-1),
      body: fc.uint8Array({ maxLength: 300 }),
    }),
    fc.record({
      type: fc.constant(wire.DATA),
      flags: fc.constantFrom(0, wire.FIN, wire.EOM | wire.MARK),
      id: fc.oneof(fc.nat({ max: 100 }), fc.maxSafeNat()),
      body: fc.uint8Array({ maxLength: 300 }),
    }),
    fc.record({
      type: fc.constant(wire.EXTENSION_MIN),
      flags: fc.constant(0),
      id: fc.constant(-1),
      body: fc.constantFrom(zeros(0), zeros(100)),
    }),
  ),
  { maxLength: 12 },
)

function encode({ type, flags, id, body }: Heard): Uint8Array {
  return type === wire.DATA ? frame(type, flags, id, body) : frame(type, flags, body)
}

test('frames are the same however the bytes are split', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, sizes) => {
      const listener = new Listener()
      const bytes = join(sent.map(encode))
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const next = Math.min(bytes.length, at + sizes[i % sizes.length])
        // Overwritten behind the decoder: it may keep nothing of a chunk but the views it handed out.
        const chunk = bytes.slice(at, next)
        listener.push(chunk)
        chunk.fill(0xee)
        at = next
      }
      const expected = sent.map((it) => ({ ...it, body: it.type === wire.EXTENSION_MIN ? zeros(0) : it.body }))
      assert.deepEqual(listener.heard, expected)
      assert.equal(listener.decoder.incomplete, false)
      assert.equal(listener.decoder.frames, sent.length)
    }),
  )
})

test('after a restart frames are read from their beginning, wherever the last one was cut', () => {
  const sent: Heard[] = [
    { type: wire.CALL, flags: 0, id: -1, body: utf8('abcdef') },
    { type: wire.DATA, flags: wire.FIN, id: 300, body: utf8('payload') },
    { type: wire.EXTENSION_MIN, flags: 0, id: -1, body: zeros(0) },
  ]
  const whole = join([...sent.slice(0, 2).map(encode), frame(wire.EXTENSION_MIN, 0, zeros(9))])
  // A chunk for every byte, so that also what was assembled is cut.
  const bytewise = (listener: Listener, bytes: Uint8Array) => {
    for (const byte of bytes) listener.push(Uint8Array.of(byte))
  }
  for (let cut = 0; cut <= whole.length; cut++) {
    for (const push of [bytewise, (listener: Listener, bytes: Uint8Array) => listener.push(bytes)]) {
      const listener = new Listener()
      push(listener, whole.subarray(0, cut))
      listener.restart()
      assert.deepEqual([listener.decoder.incomplete, listener.decoder.payloadLeft], [false, 0])
      // The DATA first: what was under way must not be taken for it.
      const again = join([encode(sent[1]), whole])
      push(listener, again)
      assert.deepEqual(listener.heard, [sent[1], ...sent], `cut after ${cut} bytes`)
    }
  }
})

test('what is left of a payload shows, what is left of a frame to be skipped does not', () => {
  const { decoder } = new Listener()
  decoder.push(frame(wire.EXTENSION_MIN, 0, zeros(9)).subarray(0, 5), 0)
  assert.equal(decoder.payloadLeft, 0)
  decoder.restart()
  decoder.push(frame(wire.DATA, 0, 0, 'abcdef').subarray(0, 5), 0)
  assert.equal(decoder.payloadLeft, 4)
})

test('a payload passes through without being copied', () => {
  const seen: Uint8Array[] = []
  const decoder = new Decoder(sink({ payload: (bytes) => seen.push(bytes) }))
  const chunk = frame(wire.DATA, 0, 0, 'abc')
  decoder.push(chunk, 0)
  assert.equal(seen[0], chunk)
})

test('an incomplete header or body shows, an incomplete payload does not', () => {
  const { decoder } = new Listener()
  const call = frame(wire.CALL, 0, 'abcdef')
  decoder.push(call.subarray(0, 1), 0)
  assert.deepEqual([decoder.incomplete, decoder.pending], [true, 1])
  decoder.push(call.subarray(1, 4), 0)
  assert.deepEqual([decoder.incomplete, decoder.pending], [true, 2])
  decoder.push(call.subarray(4), 0)
  assert.deepEqual([decoder.incomplete, decoder.pending], [false, 0])
  const data = frame(wire.DATA, 0, 70, 'abc')
  decoder.push(data.subarray(0, 3), 0)
  assert.equal(decoder.incomplete, true)
  decoder.push(data.subarray(3, 5), 0)
  assert.equal(decoder.incomplete, false)
})

test('a body of no bytes after a split header is whole at once', () => {
  const { decoder, heard } = new Listener()
  decoder.push(Uint8Array.of(wire.ACKREQ << 3), 0)
  decoder.push(Uint8Array.of(0), 0)
  assert.equal(heard.length, 1)
  assert.equal(decoder.incomplete, false)
})

test('a declared length allocates nothing', () => {
  const { decoder } = new Listener()
  const header = Uint8Array.of(wire.CALL << 3, 0xbf, 0xff, 0xff, 0xff)
  const before = process.memoryUsage().arrayBuffers
  decoder.push(join([header, zeros(1000)]), 0)
  assert.equal(decoder.pending, 1000)
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000)
})

test('a decoder that is halted stops behind the frame', () => {
  const decoder: Decoder = new Decoder(
    sink({
      frame: () => {
        decoder.halted = true
      },
    }),
  )
  const ping = frame(wire.PING, 0, 'a')
  assert.equal(decoder.push(join([ping, ping]), 0), ping.length)
  assert.equal(decoder.push(ping, 0), 0)
  decoder.halted = false
  assert.equal(decoder.push(ping, 0), ping.length)
  assert.equal(decoder.frames, 2)
})

test('headers that cannot be are refused', () => {
  const refused = { code: 'BRAID_FRAME_SIZE' }
  const push = (...bytes: number[]) => new Listener().push(Uint8Array.from(bytes))
  assert.throws(() => push(wire.CALL << 3, 0xc0), refused)
  assert.throws(() => push(wire.DATA << 3, 0), refused)
  assert.throws(() => push(wire.DATA << 3, 1, 0x40), refused)
  assert.throws(() => push(wire.DATA << 3, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), refused)
})

test('a header is checked before a byte of its body', () => {
  let checked = -1
  const checking = new Decoder(
    sink({
      header: (_type, _flags, length) => {
        checked = length
      },
    }),
  )
  checking.push(Uint8Array.of(wire.CALL << 3, 0x44, 0x00), 0)
  assert.equal(checked, 1024)
})

test('views of an assembled body stay valid', () => {
  const kept: Uint8Array[] = []
  const decoder = new Decoder(sink({ frame: (_type, _flags, body: Body) => kept.push(body.rest()) }))
  for (const word of ['first', 'second']) {
    const bytes = frame(wire.CALL, 0, word)
    decoder.push(bytes.slice(0, 4), 0)
    decoder.push(bytes.slice(4), 0)
  }
  assert.deepEqual(kept, [utf8('first'), utf8('second')])
})

function sink(methods: Partial<FrameSink>): FrameSink {
  const nothing = () => undefined
  return { header: nothing, frame: nothing, skipped: nothing, data: nothing, payload: nothing, ...methods }
}

test('push answers where it stopped, also within a header', () => {
  const decoder = new Decoder(sink({}))
  assert.equal(decoder.push(Uint8Array.of(wire.PING << 3), 0), 1)
  assert.equal(decoder.push(Uint8Array.of(1), 0), 1)
  assert.equal(decoder.push(Uint8Array.of(7, wire.PING << 3), 0), 2)
})
