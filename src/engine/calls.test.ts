import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Callee, Caller, OutgoingCall, Queue } from './calls.ts'
import { METHOD_NAMES_MAX } from './wire.ts'

const args = new Uint8Array(3)
const call = (method = 'add') => new OutgoingCall(method, args, undefined, false, undefined)
const reply = (slot: number) => ({ slot, result: args, via: undefined, failure: undefined })

test('a queue behaves as an array does', () => {
  const moves = fc.array(fc.oneof(fc.integer({ min: -400, max: 400 }), fc.constantFrom('keep', 'drain')))
  fc.assert(
    fc.property(moves, (steps) => {
      const queue = new Queue<number>()
      let model: number[] = []
      let next = 0
      for (const step of steps) {
        if (step === 'keep') {
          queue.keep((item) => item % 3 > 0)
          model = model.filter((item) => item % 3 > 0)
        } else if (step === 'drain') assert.deepEqual(queue.drain(), model.splice(0))
        else if (typeof step === 'number') {
          for (let i = 0; i < step; i++) {
            queue.push(next)
            model.push(next++)
          }
          for (let i = 0; i > step; i--) assert.equal(queue.shift(), model.shift())
        }
        assert.equal(queue.size, model.length)
        assert.equal(queue.peek(), model[0])
        assert.deepEqual([...queue], model)
      }
    }),
  )
})

test('a long queue stays in order while it is cleaned up', () => {
  const queue = new Queue<number>()
  for (let i = 0; i < 5000; i++) queue.push(i)
  for (let i = 0; i < 5000; i++) assert.equal(queue.shift(), i)
  assert.equal(queue.shift(), undefined)
})

test('a queue lets go of what it handed out', () => {
  const queue = new Queue<object>()
  const item = {}
  queue.push(item)
  queue.push({})
  const kept = Object.values(queue).find(Array.isArray) as unknown[]
  assert.equal(queue.shift(), item)
  assert.equal(kept.includes(item), false)
})

test('slots are given out up to the limit and again once answered', () => {
  const caller = new Caller()
  const calls = [call(), call(), call()]
  assert.deepEqual(
    calls.map((it) => caller.take(it, 2)),
    [0, 1, -1],
  )
  assert.deepEqual(
    calls.map(({ sent }) => sent),
    [true, true, false],
  )
  assert.equal(caller.release(0), calls[0])
  assert.equal(caller.take(calls[2], 2), 0)
  assert.equal(caller.inFlight, 2)
  assert.equal(caller.sent, 3)
})

test('a reply for a free slot is a protocol error', () => {
  const caller = new Caller()
  assert.throws(() => caller.release(0), { code: 'BRAID_PROTOCOL' })
  caller.take(call(), 2)
  caller.release(0)
  assert.throws(() => caller.release(0), { code: 'BRAID_PROTOCOL' })
  assert.throws(() => caller.release(2 ** 53 - 1), { code: 'BRAID_PROTOCOL' })
})

test('an unsent call that is given up leaves no trace', () => {
  const caller = new Caller()
  const calls = Array.from({ length: 100 }, () => call())
  for (const it of calls) caller.wait(it)
  for (const it of calls.slice(0, 99)) caller.cancel(it, 14)
  assert.ok(caller.waiting.size <= 2)
  assert.equal(caller.next(), calls[99])
  assert.deepEqual([...caller.live()], [calls[99]])
  assert.equal(caller.cancels.length, 0)
  assert.equal(calls[0].args.length, 0)
  assert.equal(caller.bytes, calls[99].args.length)
})

test('given-up calls are skipped on the way', () => {
  const caller = new Caller()
  const calls = Array.from({ length: 5 }, () => call())
  for (const it of calls) caller.wait(it)
  caller.cancel(calls[0], 14)
  caller.cancel(calls[1], 14)
  assert.equal(caller.next(), calls[2])
  assert.equal(caller.waiting.size, 3)
  assert.deepEqual(caller.refuse(), calls.slice(2))
  assert.equal(caller.bytes, 0)
  assert.equal(caller.next(), undefined)
})

test('a sent call that is given up owes one CANCEL and keeps its slot', () => {
  const caller = new Caller()
  const it = call()
  caller.take(it, 1)
  caller.cancel(it, 14)
  caller.cancel(it, 15)
  assert.deepEqual(caller.cancels, [{ slot: 0, code: 14 }])
  assert.deepEqual([...caller.live()], [])
  assert.equal(caller.take(call(), 1), -1)
  assert.equal(caller.release(0), it)
})

test('giving up an answered call does not touch the next one in its slot', () => {
  const caller = new Caller()
  const first = call()
  const second = call()
  caller.take(first, 1)
  caller.release(0)
  caller.cancel(first, 14)
  caller.take(second, 1)
  caller.cancel(first, 14)
  assert.deepEqual(caller.cancels, [])
  assert.deepEqual([...caller.live()], [second])
})

test('a CANCEL not yet written when the reply comes is dropped', () => {
  const caller = new Caller()
  const [first, second] = [call(), call()]
  caller.take(first, 2)
  caller.take(second, 2)
  caller.cancel(first, 14)
  caller.cancel(second, 15)
  caller.release(0)
  assert.deepEqual(caller.cancels, [{ slot: 1, code: 15 }])
})

test('names are numbered alike by caller and callee, up to 1,024', () => {
  const caller = new Caller()
  const callee = new Callee()
  for (let i = 0; i <= METHOD_NAMES_MAX; i++) {
    assert.equal(caller.methodNumber(`m${i}`), 0)
    callee.learn(`m${i}`)
  }
  for (let i = 0; i < METHOD_NAMES_MAX; i++) {
    assert.equal(caller.methodNumber(`m${i}`), i + 1)
    assert.equal(callee.name(i + 1), `m${i}`)
  }
  assert.equal(caller.methodNumber(`m${METHOD_NAMES_MAX}`), 0)
  assert.throws(() => callee.name(METHOD_NAMES_MAX + 1), { code: 'BRAID_PROTOCOL' })
  assert.throws(() => new Callee().name(1), { code: 'BRAID_PROTOCOL' })
})

test('a slot of ours is free again only when its reply is written', () => {
  const callee = new Callee()
  callee.begin(1, 2)
  assert.throws(() => callee.begin(1, 2), { code: 'BRAID_LIMIT_EXCEEDED' })
  assert.throws(() => callee.begin(2, 2), { code: 'BRAID_LIMIT_EXCEEDED' })
  assert.equal(callee.refused, 2)
  callee.owe(reply(1))
  assert.throws(() => callee.begin(1, 2), { code: 'BRAID_LIMIT_EXCEEDED' })
  callee.written(reply(1))
  callee.begin(1, 2)
  assert.deepEqual([callee.busy, callee.received], [1, 2])
})

test('a slot is owed one reply', () => {
  const callee = new Callee()
  assert.throws(() => callee.owe(reply(0)), RangeError)
  callee.begin(0, 1)
  callee.owe(reply(0))
  assert.throws(() => callee.owe(reply(0)), RangeError)
})

test('a call can be given up once, before it is answered', () => {
  const callee = new Callee()
  assert.equal(callee.cancel(0), false)
  callee.begin(0, 1)
  assert.equal(callee.cancel(0), true)
  assert.equal(callee.cancel(0), false)
  callee.owe(reply(0))
  assert.equal(callee.cancel(0), false)
  callee.written(reply(0))
  assert.equal(callee.cancel(0), false)
})
