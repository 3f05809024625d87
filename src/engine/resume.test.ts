import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Broken, ID, SECRET, ticketOf } from './broken.test.ts'
import type { EngineStream } from './contract.ts'
import { frame, join, Scripted, Side, text, utf8, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

test('a session goes on over another transport: streams, calls and credit', () => {
  const world = new Broken()
  const { a, b } = world
  const stream = a.open('file')
  a.engine.write(stream, utf8('one '))
  const call = a.engine.call('add', Uint8Array.of(1), undefined, false, undefined)
  world.run()
  const theirs = b.one('open').stream
  const { slot } = b.one('call')
  a.engine.write(stream, utf8('two '))
  b.engine.reply(slot, Uint8Array.of(2))
  world.say() // lost on the way
  world.cut()
  a.engine.write(stream, utf8('three'))
  a.engine.end(stream)
  world.resume()
  world.run()
  assert.deepEqual(a.one('ticket'), { type: 'ticket', keepMs: 60_000, resumed: true })
  assert.equal(text(b.read()), 'one two three')
  assert.equal(b.one('end').stream, theirs)
  const reply = a.one('reply')
  assert.deepEqual([reply.call, [...reply.result]], [call, [2]])
  assert.equal(b.take('call').length, 0)
})

test('RESUME says what was received, the attempt, the ticket and the auth bytes of the dialer', () => {
  const world = new Broken({ auth: utf8('me') })
  world.b.engine.call('ping', zeros(0), undefined, false, undefined)
  world.run()
  world.cut()
  const { id, secret, attempt, received, auth } = world.redial()
  assert.deepEqual([id, secret, attempt, received, text(auth)], [ID, SECRET, 1, 1, 'me'])
})

test('a DATA frame cut in two is not delivered twice, however often it is cut', () => {
  const world = new Broken()
  const stream = world.a.open('file')
  world.run()
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i)
  world.a.engine.write(stream, bytes)
  world.say()
  world.carry(1000, 0)
  for (const more of [200, 3000, 1, 3100]) {
    world.cut()
    world.resume()
    world.say()
    world.carry(0, world.toA.length)
    world.say()
    world.carry(more, 0)
  }
  world.run()
  assert.deepEqual(world.b.read(), bytes)
})

test('a ping that was lost is sent again', () => {
  const world = new Broken()
  world.a.engine.ping()
  world.say()
  world.cut()
  world.resume()
  world.run()
  assert.equal(world.a.take('pong').length, 1)
})

test('without a ticket, or with a side that cannot resume, a lost transport ends the session', () => {
  const dialer = new Scripted({}, { resume: true })
  assert.equal(dialer.engine.detach(), false)
  const plain = new Scripted({}, { waitForPreface: true })
  assert.equal(plain.engine.detach(), false)
  dialer.say(frame(wire.TICKET, 0, ID, SECRET, zeros(2)))
  assert.equal(dialer.closedWith(), 'BRAID_PROTOCOL') // its HELLO did not name the feature
})

test('what is kept is let go of when the peer has it, and asks for that by itself', () => {
  const world = new Broken()
  for (let i = 0; i < 2000; i++) {
    world.a.engine.call('echo', zeros(1000), undefined, false, undefined)
    world.run()
    for (const { slot } of world.b.take('call')) world.b.engine.reply(slot, zeros(0))
    assert.ok(world.a.used('replayBytes') <= 200_000, `${world.a.used('replayBytes')} bytes kept`)
  }
  world.a.engine.ping()
  world.run()
  assert.ok(world.a.used('replayBytes') <= 1100, 'a quiet session lets go of nearly everything')
})

test('with the buffer full streams and calls wait, and go on with an acknowledgement', () => {
  const world = new Broken({ sessionWindow: 2 ** 26, streamWindow: 2 ** 25, maxCalls: 4096, replayBytes: 2 ** 20 })
  const { a, b } = world
  for (let i = 0; i < 100; i++) a.engine.call('x', zeros(60_000), undefined, false, undefined)
  let bytes = 0
  for (const chunk of a.output()) bytes += chunk.length
  assert.ok(bytes >= 2 ** 20 && bytes < 1.5 * 2 ** 20, `${bytes} bytes without an acknowledgement`)
  assert.equal(a.engine.stats().limits.replayBytes.used > 2 ** 20, true)
  assert.equal(b.engine.stats().limits.replayBytes.used, 0)
})

test('with the buffer full replies still go, so that two full sides do not wait for each other, but not without end', () => {
  const world = new Broken({ sessionWindow: 2 ** 26, streamWindow: 2 ** 25, replayBytes: 2 ** 20 })
  const { a, b } = world
  for (let i = 0; i < 3; i++) b.engine.call('y', zeros(0), undefined, false, undefined)
  world.run()
  const [first, second, third] = a.take('call')
  for (let i = 0; i < 100; i++) a.engine.call('x', zeros(20_000), undefined, false, undefined)
  a.output(1024)
  const { used } = a
  const full = used('replayBytes')
  assert.ok(full >= 2 ** 20 && full < 2 ** 20 + 20_100, `${full} bytes kept`)
  const { callsOpen } = a.engine.stats()
  a.engine.reply(first.slot, zeros(10))
  assert.ok(join(a.output()).length >= 10)
  a.engine.reply(second.slot, zeros(70_000))
  assert.ok(join(a.output()).length >= 70_000)
  a.engine.reply(third.slot, zeros(10))
  assert.equal(join(a.output()).length, 0)
  assert.equal(a.engine.stats().callsOpen, callsOpen)
})

test('RESUME is refused in words, and the session ends with them', () => {
  const world = new Broken()
  world.cut()
  world.a.engine.redial(1)
  const door = new Side({}, { waitForPreface: true })
  for (const chunk of world.a.output()) door.receive(chunk)
  door.take('resume')
  door.engine.refuseResume(24, 'no such session')
  for (const chunk of door.output()) world.a.receive(chunk)
  const { error } = world.a.one('closed')
  assert.deepEqual([error?.code, error?.message, error?.initiator], ['BRAID_SESSION_LOST', 'no such session', 'remote'])
  assert.deepEqual(door.output(), [])
  // The transport may go, and nothing is waited for any more.
  assert.equal(world.a.engine.closing, true)
  assert.equal(world.a.engine.deadline(), undefined)
})

test('an answer to RESUME that does not come is the end of the transport, not of the session', () => {
  const world = new Broken()
  world.cut()
  world.a.engine.redial(1)
  world.a.output()
  world.a.tick(100)
  assert.equal(world.a.engine.deadline(), 10_100)
  world.a.tick(10_100)
  assert.equal(world.a.one('silent').error.code, 'BRAID_TRANSPORT_LOST')
  assert.equal(world.a.engine.deadline(), undefined)
  assert.equal(world.a.engine.detach(), true)
  world.b.engine.detach()
  world.attempt = 1
  world.resume()
  world.run()
  assert.equal(world.a.one('ticket').resumed, true)
})

for (const [what, received] of [
  ['fewer frames than were acknowledged', 0],
  ['more frames than were sent', 99],
] as const) {
  test(`a peer that says it has received ${what} ends the session`, () => {
    const world = new Broken()
    const stream = world.a.open('x')
    world.b.engine.call('x', zeros(0), undefined, false, undefined)
    world.a.engine.write(stream, zeros(10))
    world.run()
    world.b.engine.ping()
    world.run() // asks for an acknowledgement
    world.cut()
    world.redial()
    world.b.engine.adopt(received, ticketOf(), 0)
    world.run()
    assert.equal(world.b.closedWith(), 'BRAID_PROTOCOL')
    assert.equal(world.a.closedWith(), 'BRAID_PROTOCOL')
  })
}

test('what comes again must be what was cut short', () => {
  const world = new Broken()
  const stream = world.a.open('x')
  world.run()
  world.a.engine.write(stream, zeros(5000))
  world.say()
  world.carry(1000, 0)
  world.cut()
  world.redial()
  world.b.engine.adopt(1, ticketOf(), 0)
  world.b.output()
  world.b.receive(frame(wire.DATA, 0, Uint8Array.of(0), zeros(4999)))
  assert.equal(world.b.closedWith(), 'BRAID_PROTOCOL')
})

test('RESUME, TICKET and RESUME_NO are refused where they do not belong', () => {
  for (const type of [wire.RESUME, wire.TICKET, wire.RESUME_NO]) {
    const side = new Scripted()
    assert.equal(side.say(frame(type, 0, ID, SECRET, zeros(4))).closedWith(), 'BRAID_PROTOCOL')
  }
  const dialer = new Side()
  dialer.receive(join([wire.PREFACE, frame(wire.RESUME, 0, ID, SECRET, zeros(4))]))
  assert.equal(dialer.closedWith(), 'BRAID_PROTOCOL')
})

test('a session closed without a transport is over at once', () => {
  const world = new Broken()
  world.cut()
  world.a.engine.close(0, '')
  assert.deepEqual(world.a.output(), [])
  assert.equal(world.a.one('closed').error, undefined)
})

const steps = fc.record({
  write: fc.integer({ min: 0, max: 9000 }),
  side: fc.boolean(),
  calls: fc.integer({ min: 0, max: 3 }),
  toB: fc.double({ min: 0, max: 1, noNaN: true }),
  toA: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.boolean(),
  read: fc.boolean(),
})
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never

/** A stream and calls each way, and what each side sent, was told and was answered. */
class Traffic {
  readonly world: Broken
  readonly sides: readonly Side[]
  private readonly streams: readonly EngineStream[]
  private readonly sent: Uint8Array[][] = [[], []]
  private readonly read: Uint8Array[][] = [[], []]
  private readonly calls = [0, 0]
  private readonly called: number[][] = [[], []]
  private salt = 0

  constructor(budget: number) {
    this.world = new Broken({}, budget)
    this.sides = [this.world.a, this.world.b]
    this.streams = [this.world.a.open('a'), this.world.b.open('b')]
  }

  step({ write, side, calls, toB, toA, cut, read }: Step): void {
    const { world } = this
    const i = side ? 0 : 1
    const { engine } = this.sides[i]
    const bytes = Uint8Array.from({ length: write }, () => this.salt++)
    this.sent[i].push(bytes)
    if (write > 0) engine.write(this.streams[i], bytes)
    for (let n = 0; n < calls; n++) {
      const id = this.calls[i]++
      engine.call('c', Uint8Array.of(id >> 8, id), undefined, false, id)
    }
    world.say()
    world.carry(Math.floor(toB * world.toB.length), Math.floor(toA * world.toA.length))
    if (read) this.take()
    if (!cut) return
    world.cut()
    world.resume()
  }

  take(): void {
    this.sides.forEach((side, i) => {
      this.read[i].push(side.read())
      for (const { slot, args } of side.take('call')) {
        this.called[i].push(args[0] * 256 + args[1])
        side.engine.reply(slot, args.slice())
      }
    })
  }

  /** Everything arrived, once and in order. */
  check(): void {
    for (const [i, side] of this.sides.entries()) {
      const ids = Array.from({ length: this.calls[i] }, (_, id) => id)
      assert.deepEqual(join(this.read[1 - i]), join(this.sent[i]))
      assert.deepEqual(this.called[1 - i], ids)
      const replies = side.take('reply').map(({ call }) => Number(call.owner))
      assert.deepEqual(
        replies.sort((one, other) => one - other),
        ids,
      )
      assert.equal(side.take('closed').length, 0)
    }
  }
}

test('whatever is cut wherever, everything arrives once and in order', () => {
  const plan = fc.array(steps, { maxLength: 25 })
  fc.assert(
    fc.property(plan, fc.integer({ min: 100, max: 70_000 }), (planned, budget) => {
      const traffic = new Traffic(budget)
      for (const step of planned) traffic.step(step)
      for (let i = 0; i < 20; i++) {
        traffic.world.run()
        traffic.take()
      }
      traffic.check()
    }),
    { numRuns: 200 },
  )
})

test('a frame that stands still costs a session with a ticket no more than its transport', () => {
  const world = new Broken()
  const { a, b } = world
  a.engine.call('work', zeros(1000), undefined, false, 'mine')
  world.say()
  world.carry(500, 0)
  b.now += 10_000
  b.engine.tick(b.now)
  assert.equal(b.one('silent').error.code, 'BRAID_TRANSPORT_LOST')
  assert.equal(b.engine.closing, false)
  world.cut()
  world.resume()
  world.run()
  assert.equal(b.one('call').args.length, 1000)
})
