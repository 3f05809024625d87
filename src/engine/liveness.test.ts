// Liveness: who is silent is asked, then taken for dead; who is not, or could not be heard, never is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, Pair, Scripted, Side } from './harness.test.ts'
import { Liveness, Patience } from './liveness.ts'
import * as wire from './wire.ts'

const IDLE = 45_000
const ping = (): Uint8Array => frame(wire.PING, 0, 'a')

/** Ticks at every deadline until `end`, as a session does; `each` is told the time. */
function run(side: Scripted, end: number, each: (now: number) => void = () => undefined): void {
  for (let due = side.engine.deadline(); due !== undefined && due <= end; due = side.engine.deadline()) {
    side.tick(due)
    each(due)
  }
  side.now = end
}

/** A side whose peer's HELLO came at 0, and everything it says with the time. */
function watched(options = {}, init = {}): { side: Scripted; pings: number[]; until: (end: number) => void } {
  const side = new Scripted(options, init)
  const pings: number[] = []
  const until = (end: number): void =>
    run(side, end, (now) => {
      for (const _ of side.heardOf(wire.PING)) pings.push(now)
    })
  return { side, pings, until }
}

test('a silent peer is asked once after a third, and dead after the whole', () => {
  const { side, pings, until } = watched()
  until(IDLE - 1)
  assert.deepEqual(pings, [IDLE / 3])
  assert.deepEqual(side.take('silent'), [])
  until(IDLE + 100)
  const { error } = side.one('silent')
  assert.deepEqual([error.code, error.scope, error.initiator], ['BRAID_TRANSPORT_LOST', 'transport', 'remote'])
  assert.match(error.message, /nothing came from the other side for 45 s/)
  assert.equal(side.engine.stats().limits.idleTimeoutMs.refused, 1)
  // Told once; what follows is its owner's business.
  assert.equal(side.engine.deadline(), undefined)
  assert.equal(side.engine.closing, false)
  side.engine.lost(error)
  assert.equal(side.closedWith(), 'BRAID_TRANSPORT_LOST')
})

test('a peer that answers lives, at one ping a silence', () => {
  const { side, pings, until } = watched()
  for (let now = 0; now < 600_000; now += 1000) {
    const before = pings.length
    until(now)
    if (pings.length > before) side.say(frame(wire.PONG, 0, Uint8Array.of(pings.length & 0xff)))
  }
  assert.deepEqual(side.take('silent'), [])
  assert.equal(pings.length, Math.floor(599_000 / (IDLE / 3)))
  assert.equal(side.tokens, 1000)
})

test('no ping goes while bytes arrive, be it one byte of a frame at a time', () => {
  const { side, pings, until } = watched()
  const opened = frame(wire.OPEN, 0, 0, Uint8Array.of(3), Uint8Array.of(1, 120), Uint8Array.of(0))
  const data = frame(wire.DATA, 0, 0, 'x'.repeat(60))
  side.say(opened)
  for (let i = 0; i < data.length; i++) {
    side.say(data.subarray(i, i + 1))
    until(side.now + 14_999)
  }
  assert.deepEqual([pings, side.take('silent')], [[], []])
})

test('a ping that waits for its answer is the only one, whoever asked first', () => {
  const { side, pings, until } = watched()
  side.engine.ping()
  assert.equal(side.heardOf(wire.PING).length, 1)
  until(20_000)
  side.engine.ping()
  assert.equal(side.heardOf(wire.PING).length, 0)
  assert.deepEqual(pings, [])
  // Bytes, but not the answer: the next silence asks nothing, for the question still stands.
  side.say(ping())
  until(40_000)
  assert.deepEqual(pings, [])
  side.say(frame(wire.PONG, 0, Uint8Array.of(1)))
  assert.equal(side.one('pong').rttMs, 40_000)
  until(60_000)
  assert.deepEqual(pings, [55_000])
})

test('an answer after the question belongs to whoever asks meanwhile', () => {
  const { side, until } = watched()
  until(15_000)
  side.engine.ping()
  side.say(frame(wire.PONG, 0, Uint8Array.of(1)))
  assert.equal(side.one('pong').rttMs, 0)
})

test('before the HELLO its own timer judges', () => {
  const side = new Side({ helloTimeoutMs: 60_000 })
  side.tick(0)
  assert.equal(side.engine.deadline(), 60_000)
  side.receive(wire.PREFACE)
  side.tick(59_000)
  assert.deepEqual(side.events, [])
})

test('while authorisation takes its time nobody is silent', () => {
  const { side, pings, until } = watched({}, { gate: true })
  assert.equal(side.engine.deadline(), undefined)
  side.now = 100_000
  side.engine.admit(side.now)
  until(100_000 + IDLE - 1)
  assert.deepEqual([pings, side.take('silent')], [[115_000], []])
  until(200_000)
  side.one('silent')
})

test('a sleep of an hour kills nobody who answers, whenever it begins', () => {
  for (let asleep = 0; asleep <= IDLE; asleep += 500) {
    const { side, pings, until } = watched()
    until(asleep)
    const dead = side.take('silent').length
    assert.equal(dead, 0)
    // The timers run first; what waits in the socket is read afterwards.
    side.tick(asleep + 3_600_000)
    assert.deepEqual(side.take('silent'), [], `asleep after ${asleep}`)
    const asked = side.heardOf(wire.PING).length + pings.length
    assert.equal(asked, 1, `${asked} pings`)
    until(side.now + IDLE / 3 - 100)
    assert.deepEqual(side.take('silent'), [])
    side.say(frame(wire.PONG, 0, Uint8Array.of(1)))
    until(side.now + IDLE - 1)
    assert.deepEqual(side.take('silent'), [])
  }
})

test('a peer that is gone after a sleep is dead a third later', () => {
  const { side, until } = watched()
  side.tick(3_600_000)
  until(3_600_000 + IDLE / 3 + 100)
  side.one('silent')
})

test('sleeps one after another give their thirds, and no more pings', () => {
  const { side, pings, until } = watched()
  for (let hour = 1; hour <= 5; hour++) {
    side.tick(hour * 3_600_000)
    until(side.now + 5_000)
    assert.deepEqual(side.take('silent'), [])
  }
  assert.equal(pings.length + side.heardOf(wire.PING).length, 1)
})

test('bytes that wait in the socket are read before the verdict, however late the loop is', () => {
  for (const late of [0, 1, 20, 999, 1001, 2000]) {
    const { side, until } = watched()
    until(IDLE - 1)
    side.tick(IDLE + late)
    assert.deepEqual(side.take('silent'), [])
    side.now = IDLE + late + 1
    side.say(ping())
    until(side.now + IDLE - 1)
    assert.deepEqual(side.take('silent'), [], `${late} ms late`)
  }
})

test('a peer behind a full transport lives as long as that moves', () => {
  const { side, until } = watched()
  for (let now = 0; now < 300_000; now += 40_000) {
    until(now)
    side.engine.moved(now)
  }
  assert.deepEqual(side.take('silent'), [])
})

test('many sessions that began together ask at times of their own, within a fifth of a third', () => {
  let drawn = 0
  const random = (): number => (drawn++ % 1000) / 1000
  const dues = Array.from({ length: 1000 }, () => {
    const liveness = new Liveness(IDLE, random)
    liveness.heard(0)
    const asked = (): number => {
      for (;;) {
        const { due } = liveness
        const verdict = liveness.look(due)
        assert.notEqual(verdict, 'silent')
        if (verdict === 'ping') return due
      }
    }
    const first = asked()
    liveness.heard(first)
    return [first, asked() - first] as const
  })
  for (const which of [0, 1] as const) {
    const seconds = dues.map((due) => Math.floor(due[which] / 1000))
    assert.ok(dues.every((due) => due[which] >= 12_000 && due[which] <= 18_000))
    for (let second = 12; second < 18; second++) {
      const share = seconds.filter((one) => one === second).length / dues.length
      assert.ok(share > 0.12 && share < 0.22, `${share} of them in second ${second}`)
    }
  }
})

test('each silence is asked at a time of its own', () => {
  const draws = [0, 0.5, 1]
  const liveness = new Liveness(IDLE, () => draws.shift() ?? 0)
  let now = 0
  for (const wait of [12_000, 15_000, 18_000]) {
    liveness.heard(now)
    while (liveness.look(liveness.due) !== 'ping') assert.ok(liveness.due <= now + wait)
    assert.equal(liveness.look(now + wait), 'nothing')
    now += wait
    assert.equal(liveness.silence(now), wait)
  }
})

test('two honest sides that have nothing to say keep each other alive, without cost', () => {
  const pair = new Pair()
  for (let now = 0; now <= 3_600_000; now += 1000) {
    for (const side of [pair.a, pair.b]) side.tick(now)
    pair.run()
  }
  for (const side of [pair.a, pair.b]) {
    assert.deepEqual(side.take('silent'), [])
    assert.equal(side.used('glitchTokens'), 0)
    assert.ok(side.engine.stats().framesOut <= 2 + (2 * 3_600) / 15)
  }
})

test('patience begins anew with what was waited for', () => {
  const patience = new Patience(30)
  patience.restart(0)
  for (let now = 0; now < 1000; now += 10) {
    assert.equal(patience.over(now), false)
    patience.restart(now)
  }
  const looks: number[] = []
  for (;;) {
    looks.push(patience.due)
    if (patience.over(patience.due)) break
  }
  assert.deepEqual(looks, [1000, 1010, 1020, 1030])
})
