// What waits in an inbox comes out in order, with its message ends, and costs little memory.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Inbox } from './inbox.ts'

const RECEIVED_BYTES = 64 * 1024

/** A view into a fresh buffer of the size a socket reads. */
function received(length: number, first = 0): Uint8Array {
  const buffer = new Uint8Array(RECEIVED_BYTES)
  const view = buffer.subarray(10, 10 + length)
  for (let i = 0; i < length; i++) view[i] = (first + i) & 255
  return view
}

test('inbox keeps a window of one-byte payloads in at most four bytes each', () => {
  const inbox = new Inbox()
  for (let i = 0; i < RECEIVED_BYTES; i++) inbox.push(received(1, i), false)
  assert.equal(inbox.size, RECEIVED_BYTES)
  assert.ok(inbox.held <= 4 * RECEIVED_BYTES, `${inbox.held} bytes held`)
})

test('inbox keeps a window of one-byte messages in at most four bytes a credit', () => {
  const inbox = new Inbox()
  for (let i = 0; i < RECEIVED_BYTES / 2; i++) inbox.push(received(1, i), true)
  assert.ok(inbox.held <= 4 * RECEIVED_BYTES, `${inbox.held} bytes held`)
})

test('inbox keeps a window of empty messages in at most four bytes each', () => {
  const inbox = new Inbox()
  for (let i = 0; i < RECEIVED_BYTES; i++) inbox.push(new Uint8Array(0), true)
  assert.equal(inbox.messages, RECEIVED_BYTES)
  assert.ok(inbox.held <= 4 * RECEIVED_BYTES, `${inbox.held} bytes held`)
})

test('inbox keeps a large payload as it is', () => {
  const inbox = new Inbox()
  const large = received(32 * 1024)
  inbox.push(large, false)
  const out = inbox.shift()
  assert.equal(out?.buffer, large.buffer)
})

test('inbox copies a payload that is a small part of what it would keep alive', () => {
  const inbox = new Inbox()
  const part = received(4 * 1024)
  inbox.push(part, false)
  const out = inbox.shift()
  assert.notEqual(out?.buffer, part.buffer)
  assert.deepEqual(out, part)
})

test('inbox never writes beside a chunk it has handed out', () => {
  const inbox = new Inbox()
  inbox.push(received(8), false)
  const first = inbox.shift() as Uint8Array
  inbox.push(received(8), false)
  const second = inbox.shift() as Uint8Array
  assert.notEqual(first.buffer, second.buffer)
})

test('inbox counts the message ends within what was read as bytes', () => {
  const inbox = new Inbox()
  inbox.push(received(3), true)
  inbox.push(received(0), true)
  inbox.push(received(2), false)
  assert.equal(inbox.messages, 2)
  assert.equal(inbox.shift()?.length, 5)
  assert.equal(inbox.messages, 0)
  inbox.push(received(1), true)
  assert.equal(inbox.messageLength, 1)
})

test('inbox drops the ends of empty messages when bytes are asked for', () => {
  const inbox = new Inbox()
  inbox.push(new Uint8Array(0), true)
  inbox.push(new Uint8Array(0), true)
  assert.equal(inbox.shift(), undefined)
  assert.equal(inbox.messages, 0)
})

/** Small linear congruential generator: the same run each time. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * sides)
  }
}

/** Checks an inbox against the plain model: bytes in order, and where messages end. */
function runModel(seed: number): void {
  const roll = dice(seed)
  const inbox = new Inbox()
  const sent: number[] = []
  const ends: number[] = []
  let taken = 0
  let next = 0
  for (let step = 0; step < 400; step++) {
    const lengths = [0, 1, 5, 300, 3000, 20_000]
    const action = roll(4)
    if (action < 2) {
      const length = lengths[roll(lengths.length)] as number
      const eom = roll(3) === 0
      const chunk = received(length, next)
      next = (next + length) & 255
      sent.push(...chunk)
      if (eom) ends.push(sent.length)
      inbox.push(chunk, eom)
    } else if (action === 2) {
      while (ends[0] === taken) ends.shift()
      const chunk = inbox.shift() ?? new Uint8Array(0)
      assert.deepEqual([...chunk], sent.slice(taken, taken + chunk.length), `seed ${seed}`)
      taken += chunk.length
      if (chunk.length > 0) while (ends[0] !== undefined && ends[0] <= taken) ends.shift()
    } else {
      const length = inbox.messageLength
      assert.equal(length, ends[0] === undefined ? undefined : ends[0] - taken, `seed ${seed}`)
      if (length !== undefined) {
        const message = inbox.takeMessage(length)
        assert.deepEqual([...message], sent.slice(taken, taken + length), `seed ${seed}`)
        taken += length
        ends.shift()
      }
    }
    assert.equal(inbox.size, sent.length - taken, `seed ${seed}`)
    assert.equal(inbox.messages, ends.length, `seed ${seed}`)
  }
}

test('inbox agrees with a plain model', () => {
  for (let seed = 1; seed <= 40; seed++) runModel(seed)
})
