import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pair, Scripted, utf8, zeros } from './harness.test.ts'

test('counts are those of what has happened', () => {
  const pair = new Pair()
  const [mine, theirs] = pair.stream()
  pair.stream()
  pair.a.engine.write(mine, zeros(1000))
  pair.a.engine.call('m', zeros(1), undefined, false, undefined)
  pair.run()
  const a = pair.a.engine.stats()
  const b = pair.b.engine.stats()
  assert.deepEqual([a.streamsOpened, a.streamsAccepted, a.streamsOpen], [2, 0, 2])
  assert.deepEqual([b.streamsOpened, b.streamsAccepted, b.streamsOpen], [0, 2, 2])
  assert.deepEqual([a.callsSent, a.callsOpen, b.callsReceived], [1, 1, 1])
  assert.deepEqual([a.bytesOut, a.bytesIn, a.framesOut, a.framesIn], [b.bytesIn, b.bytesOut, b.framesIn, b.framesOut])
  assert.deepEqual(
    ['sessionWindow', 'maxStreams', 'maxCalls'].map((limit) => b.limits[limit].used),
    [1000, 2, 1],
  )
  pair.a.engine.reset(mine, 14, '')
  pair.b.engine.reset(theirs, 14, '')
  pair.run()
  assert.equal(pair.a.engine.stats().streamsOpen, 1)
})

test('every limit says what it is set to', () => {
  const { limits } = new Scripted({ maxCalls: 77, sessionWindow: 70_000 }).engine.stats()
  assert.deepEqual([limits.maxCalls.max, limits.sessionWindow.max, limits.maxStreams.max], [77, 70_000, 256])
  for (const [name, { max, used, refused }] of Object.entries(limits)) {
    assert.deepEqual([max > 0, used, refused], [true, 0, 0], name)
  }
})

test('a limit that ended the session says so', () => {
  const side = new Scripted()
  side.say(Uint8Array.of(0x80, 0xbf, 0xff, 0xff, 0xff), utf8('more'))
  assert.equal(side.engine.stats().limits.maxFrame.refused, 1)
})
