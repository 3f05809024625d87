import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BraidError } from './errors.ts'
import { frame, join, json, Listener, openFrame, Pair, Scripted, Side, utf8, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

const gone = () => new BraidError('TRANSPORT_LOST', 'gone', { scope: 'transport' })

test('close sends what may still go, then CLOSE, then nothing', () => {
  const side = new Scripted()
  const stream = side.open('x')
  side.heard()
  side.engine.write(stream, utf8('last words'))
  side.engine.close(0, '')
  side.engine.close(19, 'again')
  assert.equal(side.closedWith(), undefined)
  assert.equal(side.engine.closing, true)
  assert.deepEqual(
    side.heard().map(({ type }) => type),
    [wire.DATA, wire.CLOSE],
  )
  side.say(openFrame(0))
  side.engine.ping()
  assert.deepEqual(side.take('open'), [])
  assert.deepEqual(side.heard(), [])
})

test('close sends all that has credit before CLOSE, in however many flushes, and says it once', () => {
  const side = new Scripted()
  const streams = Array.from({ length: 10 }, () => side.open('x'))
  side.heard()
  for (const stream of streams) side.engine.write(stream, zeros(1000))
  side.engine.close(0, '')
  const out: Uint8Array[] = []
  while (side.engine.transmit(out, 1024, 0) > 0);
  const said = new Listener()
  said.push(join(out))
  assert.equal(
    said.heard.reduce((sum, { body }) => sum + body.length, 0),
    10_000 + 1,
  )
  assert.equal(said.heard.at(-1)?.type, wire.CLOSE)
  assert.equal(said.heard.filter(({ type }) => type === wire.CLOSE).length, 1)
  side.engine.close(0, '')
  assert.deepEqual(side.heard(), [])
})

test('close without credit does not wait for it', () => {
  const side = new Scripted()
  side.engine.write(side.open('x'), zeros(100_000))
  side.engine.close(0, '')
  assert.equal(side.heard().at(-1)?.type, wire.CLOSE)
})

test('both sides of a closed session know', () => {
  const pair = new Pair()
  pair.a.engine.close(19, 'enough')
  pair.run()
  assert.equal(pair.a.closedWith(), undefined)
  assert.equal(pair.b.one('closed').error?.message, 'enough')
  pair.a.engine.lost(gone())
  pair.b.engine.lost(gone())
  assert.deepEqual([...pair.a.take('closed'), ...pair.b.take('closed')], [])
})

test('a listener closed before the preface says nothing', () => {
  const side = new Side({}, { waitForPreface: true })
  side.engine.close(0, '')
  assert.deepEqual(side.output(), [])
})

test('whoever fails before it said anything introduces itself first: a dialer, and a listener that was greeted', () => {
  const listener = new Side({}, { waitForPreface: true })
  listener.receive(join([wire.PREFACE, frame(wire.HELLO, 0), frame(wire.HELLO, 0)]))
  const dialer = new Side()
  dialer.receive(join([wire.PREFACE, openFrame(0)]))
  for (const side of [listener, dialer]) {
    assert.equal(side.closedWith(), 'BRAID_PROTOCOL')
    const said = new Listener()
    said.push(join(side.output()).subarray(wire.PREFACE.length))
    assert.deepEqual(
      said.heard.map(({ type }) => type),
      [wire.HELLO, wire.CLOSE],
    )
  }
})

test('a listener closed between preface and HELLO introduces itself and says goodbye', () => {
  const side = new Side({}, { waitForPreface: true })
  side.receive(wire.PREFACE)
  side.engine.close(0, '')
  const said = new Listener()
  said.push(join(side.output()).subarray(wire.PREFACE.length))
  assert.deepEqual(
    said.heard.map(({ type }) => type),
    [wire.HELLO, wire.CLOSE],
  )
})

test('a lost transport is the end, once', () => {
  const side = new Scripted()
  side.open('x')
  side.engine.lost(gone())
  side.engine.lost(gone())
  assert.equal(side.closedWith(), 'BRAID_TRANSPORT_LOST')
  assert.deepEqual(side.heard(), [])
  side.say(openFrame(0))
  side.tick(1_000_000)
  assert.deepEqual(side.events, [])
  assert.equal(side.engine.deadline(), undefined)
  assert.equal([...side.engine.liveStreams()].length, 1)
})

test('a broken rule ends the session with CLOSE at once', () => {
  const side = new Scripted()
  side.engine.write(side.open('x'), zeros(10))
  side.say(openFrame(0), frame(wire.SCREDIT, 0, 0), openFrame(1))
  assert.deepEqual(
    side.events.map(({ type }) => type),
    ['open', 'closed'],
  )
  assert.deepEqual(
    side.heard().map(({ type }) => type),
    [wire.CLOSE],
  )
})

test('a flood of frames that move nothing ends the session', () => {
  const side = new Scripted()
  const wasteful = join(Array.from({ length: 1001 }, () => frame(24, 0)))
  side.say(wasteful)
  assert.equal(side.closedWith(), 'BRAID_FLOOD')
  assert.equal(side.engine.stats().limits.glitchTokens.refused, 1)
  const patient = new Scripted()
  patient.say(wasteful.subarray(0, 2000))
  patient.now = 10_000
  patient.say(wasteful.subarray(2))
  assert.equal(patient.engine.closing, false)
})

test('closed is the last event, also of what is asked later', () => {
  const side = new Scripted({ writeBuffer: 1024 })
  const stream = side.open('x')
  side.heard()
  side.engine.write(stream, zeros(2000))
  side.engine.close(0, '')
  side.take('closed')
  side.heard()
  const late = side.open('late')
  const call = side.engine.call('late', zeros(0), undefined, false, undefined)
  assert.deepEqual(side.heard(), [])
  assert.deepEqual(side.events, [])
  // They fail with everything that is live.
  assert.deepEqual([...side.engine.liveStreams()], [stream, late])
  assert.deepEqual([...side.engine.liveCalls()], [call])
})

test('a bug of ours is not mistaken for one of the peer', () => {
  const side = new Scripted()
  assert.throws(() => side.engine.reply(0, zeros(0)), RangeError)
  assert.throws(() => side.engine.receive(undefined as unknown as Uint8Array, 0), TypeError)
})

test('whatever a peer sends, nothing throws and the session ends at most once', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .tuple(fc.nat({ max: 31 }), fc.nat({ max: 7 }), fc.array(fc.nat({ max: 300 }), { maxLength: 8 }))
      .map(([type, flags, fields]) => frame(type, flags, ...fields)),
    fc.nat({ max: 3 }).map((number) => openFrame(number, { first: 'abc' })),
  )
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 30 }), (chunks) => {
      const side = new Scripted()
      const call = side.engine.call('m', zeros(0), undefined, false, undefined)
      side.engine.write(side.open('x'), zeros(20_000))
      let ended = 0
      for (const chunk of chunks) {
        side.say(chunk)
        side.read()
        for (const { stream } of side.take('open')) side.engine.end(stream)
        for (const { slot } of side.take('call')) side.engine.reply(slot, zeros(1))
        ended += side.take('closed').length
        side.heard()
      }
      side.engine.cancel(call, 14)
      assert.ok(ended <= 1)
      assert.equal(side.engine.closing, ended === 1)
      assert.ok(side.used('sessionWindow') >= 0)
    }),
    { numRuns: 500 },
  )
})

test('whatever two honest engines do, all ends well', () => {
  const step = fc.tuple(fc.nat({ max: 9 }), fc.boolean(), fc.nat({ max: 7 }), fc.nat({ max: 30_000 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const pair = new Pair({ streamWindow: 16_384, sessionWindow: 65_536, maxStreams: 32, maxCalls: 32 })
      const known = { a: [] as Parameters<typeof act>[2][], b: [] as Parameters<typeof act>[2][] }
      const absorb = () => {
        for (const key of ['a', 'b'] as const) {
          known[key].push(...pair[key].take('open').map(({ stream }) => stream))
          for (const { slot } of pair[key].take('call')) pair[key].engine.reply(slot, zeros(1))
        }
      }
      for (const [what, atA, which, size] of steps) {
        const key = atA ? 'a' : 'b'
        const side = pair[key]
        if (what === 0) known[key].push(side.open('x', { urgency: which }))
        else if (what === 1) side.engine.call('m', zeros(size % 5000), undefined, false, undefined)
        else if (what === 2) exchange(pair)
        else if (known[key].length > 0) act(side, what, known[key][which % known[key].length], size)
        absorb()
      }
      // The end: everybody reads, ends what is open and settles.
      const settle = () => {
        absorb()
        for (const key of ['a', 'b'] as const) {
          pair[key].read()
          for (const stream of known[key].splice(0)) {
            pair[key].engine.end(stream)
            pair[key].engine.settle(stream)
          }
        }
      }
      settle()
      pair.run(settle)
      for (const side of [pair.a, pair.b]) {
        assert.deepEqual(side.take('closed'), [])
        assert.deepEqual([...side.engine.liveStreams()], [])
        assert.deepEqual([...side.engine.liveCalls()], [])
        for (const limit of ['sessionWindow', 'maxStreams', 'maxCalls', 'growthPool'])
          assert.equal(side.used(limit), 0, limit)
        assert.ok(side.engine.stats().inFlight < 524_288 / 4)
      }
    }),
    { numRuns: 300 },
  )
})

function act(side: Side, what: number, stream: ReturnType<Side['open']>, size: number): void {
  const { engine } = side
  if (what <= 5) engine.write(stream, zeros(size), what === 4)
  else if (what === 6) engine.end(stream, size % 2 === 0 ? json(1) : undefined)
  else if (what === 7) engine.reset(stream, 77, '')
  else if (what === 8) engine.stop(stream, 78, '')
  else if (size % 2 === 0) engine.accept(stream, undefined)
  else side.read()
}

/** One exchange, not a run until quiet: resets and ends cross on the way. */
function exchange({ a, b }: Pair): void {
  const [toB, toA] = [a.output(), b.output()]
  for (const chunk of toB) b.receive(chunk)
  for (const chunk of toA) a.receive(chunk)
}
