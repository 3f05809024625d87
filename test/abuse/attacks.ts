// The attacks A1 to A13, each as data: what it sends, for how long, and what the attacked program may at most suffer.

import { randomBytes } from 'node:crypto'
import { concat, fromHex } from '../codec/hex.ts'
import { expand, list, readVectors, type Vector } from '../conformance/vector.ts'
import { type Attack, flood } from './attack.ts'
import { bombs } from './bombs.ts'
import { frame, greeting, type Line, many, type } from './raw.ts'

const KIB = 1024
const FIN = 1
const SEND = 1
const RECV = 2
const CANCELLED = 14
const ORDINARY = Uint8Array.of(3)
const NO_META = Uint8Array.of(0)
const MILLION = 1_000_000
const UNREAD_STREAMS = 64
const second = { full: 3000, quick: 700 }
const onlyFull = { full: 3000, quick: 0 }

const open = (number: number, name: string, meta: Uint8Array = NO_META, flags = 0): Uint8Array =>
  frame(type.open, flags, number * 2, ORDINARY, name, meta)
const reset = (number: number): Uint8Array => frame(type.reset, SEND | RECV, number * 2, CANCELLED)
const meta = (kind: number, bytes: Uint8Array): Uint8Array =>
  concat([Uint8Array.of(kind), frame(0, 0, bytes).subarray(1)])
const call = (slot: number, method: string, body: Uint8Array, flags = 0): Uint8Array =>
  frame(type.call, flags, slot, 0, method, body)

/** Opens streams as fast as it is allowed to, up to a million, in steps of the open limit. */
function opening(make: (number: number) => readonly Uint8Array[], perOpen: number, most = MILLION): Attack['play'] {
  return async (line, count) => {
    await line.send(greeting())
    for (let next = 0; next < most && (await line.mayOpen(next)); ) {
      const size = Math.min(line.limit - next, 64, most - next)
      const first = next
      next += size
      await line.send(many(size, (index) => make(first + index)))
      count(size * perOpen)
    }
  }
}

/** Calls in all slots, each again when its reply has come. */
function calling(make: (slot: number) => readonly Uint8Array[], slots: number, perCall: number): Attack['play'] {
  return async (line, count) => {
    await line.send(greeting())
    for (let rounds = 1; await line.send(many(slots, make)); rounds++) {
      count(slots * perCall)
      if (!(await line.came(type.reply, rounds * slots))) return
    }
  }
}

const openAndReset: readonly Attack[] = [
  {
    id: 'A1',
    name: 'OPEN and RESET, blindly, over and over',
    lasts: second,
    again: true,
    play: flood(greeting(), 20_000, (number) => [open(number, 'hold'), reset(number)]),
    ceiling: { heldMiB: 32, handlers: 256, ends: ['LIMIT_EXCEEDED', 'FLOOD'] },
  },
  {
    id: 'A1b',
    name: 'OPEN and RESET, as fast as LIMIT allows, handlers outlive their streams',
    lasts: second,
    play: opening((number) => [open(number, 'hold'), reset(number)], 2),
    ceiling: { heldMiB: 32, handlers: 256 },
  },
  {
    id: 'A1c',
    name: 'OPEN and RESET, as fast as LIMIT allows, nobody takes them',
    lasts: onlyFull,
    play: opening((number) => [open(number, 'nobody'), reset(number)], 2),
    ceiling: { heldMiB: 32, handlers: 256 },
  },
  {
    id: 'A2',
    name: 'OPENs that provoke a reset (metadata is no JSON), as fast as LIMIT allows',
    lasts: second,
    play: opening(
      (number) => [open(number, 'hold', meta(1, Uint8Array.of(0x7b))), frame(type.reset, SEND, number * 2, CANCELLED)],
      2,
    ),
    ceiling: { heldMiB: 32, handlers: 256 },
  },
  {
    id: 'A2b',
    name: 'RESET of halves that are over, which provokes nothing but work',
    lasts: second,
    again: true,
    play: flood(concat([greeting(), open(0, 'hold')]), 20_000, () => [frame(type.reset, RECV, 0, CANCELLED)]),
    ceiling: { heldMiB: 32, handlers: 256, ends: ['FLOOD'] },
  },
]

const idle: readonly (readonly [string, string, Uint8Array])[] = [
  ['A3', 'PING', frame(type.ping, 0, Uint8Array.of(1))],
  ['A3b', 'CREDIT of 1', frame(type.credit, 0, 0, 1)],
  ['A3c', 'frames of no known type', frame(type.extension, 0)],
]

const nothings: readonly Attack[] = [
  ...idle.map(
    ([id, name, bytes]): Attack => ({
      id,
      name: `a million of ${name}, never reading`,
      lasts: id === 'A3' ? second : onlyFull,
      again: true,
      reads: false,
      play: flood(concat([greeting(), open(0, 'unread')]), 20_000, () => [bytes]),
      ceiling: { heldMiB: 8, ends: ['FLOOD'] },
    }),
  ),
  {
    id: 'A3d',
    name: 'DATA of one byte, consumed',
    lasts: second,
    play: flood(concat([greeting(), open(0, 'read')]), 10_000, () => [frame(type.data, 0, 0, Uint8Array.of(7))]),
    // Every byte is payload that somebody takes: it goes on as long as it likes.
    ceiling: { heldMiB: 8 },
  },
]

const zeros = new Uint8Array(64 * KIB)
const declared = concat([Uint8Array.of(type.open * 8), fromHex('bf ff ff ff')])

const lengths: readonly Attack[] = [
  {
    id: 'A4',
    name: 'a length of 2^30-1 declared, then silence',
    lasts: second,
    again: true,
    lines: { full: 20, quick: 20 },
    play: async (line, count) => {
      await line.send(concat([greeting(), declared]))
      count(1)
    },
    ceiling: { heldMiB: 8, ends: ['FRAME_SIZE'] },
  },
  {
    id: 'A4b',
    name: 'a length of 2^30-1 declared, then a flood',
    lasts: second,
    again: true,
    play: async (line) => {
      await line.send(concat([greeting(), declared]))
      while (await line.send(zeros));
    },
    ceiling: { heldMiB: 8, ends: ['FRAME_SIZE'] },
  },
  {
    id: 'A5',
    name: '64 streams of 64 KiB in DATA of one byte, unread, a consumed stream between them',
    lasts: { full: 6000, quick: 4000 },
    play: async (line, count) => {
      await line.send(greeting())
      await line.send(many(UNREAD_STREAMS, (number) => [open(number, 'unread')]))
      await line.send(open(UNREAD_STREAMS, 'read'))
      const round = many(UNREAD_STREAMS, (number) => [
        frame(type.data, 0, number * 2, Uint8Array.of(7)),
        ...(number === 0 ? [frame(type.data, 0, UNREAD_STREAMS * 2, Uint8Array.of(8))] : []),
      ])
      const rounds = concat(Array.from({ length: 256 }, () => round))
      for (let sent = 0; sent < 64 * KIB && (await line.send(rounds)); sent += 256) count(256 * UNREAD_STREAMS)
    },
    // Four bytes for each that is unread: 64 x 64 KiB x 4.
    ceiling: { heldMiB: 16 },
  },
]

const manners: readonly Uint8Array[] = [new Uint8Array(0), greeting().subarray(0, 5), greeting().subarray(0, 11)]

/** Says too little in one of several manners; the fourth says a byte a second. */
async function dawdle(line: Line, count: (frames: number) => void, index: number): Promise<void> {
  await line.connected
  count(1)
  const words = manners[index % 4]
  if (words !== undefined) {
    if (words.length > 0) await line.send(words)
    return
  }
  for (const byte of greeting()) {
    if (!(await line.send(Uint8Array.of(byte)))) return
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

const slow: readonly Attack[] = [
  {
    id: 'A6',
    name: '10,000 connections: silent, half a preface, half a HELLO, a byte a second',
    options: { full: {}, quick: { helloTimeoutMs: 1500 } },
    // The last of them are dialled after some seconds.
    lasts: { full: 26_000, quick: 5000 },
    lines: { full: 10_000, quick: 2000 },
    play: dawdle,
    ceiling: {
      heldMiB: 150,
      ends: ['SLOW_PEER', 'EXHAUSTED', 'silent'],
      endsWithinMs: { full: 12_000, quick: 3900 },
    },
  },
  {
    id: 'A6b',
    name: 'half a frame behind the HELLO, then silence',
    lasts: { full: 13_000, quick: 0 },
    lines: { full: 1000, quick: 1 },
    play: async (line, count) => {
      await line.send(concat([greeting(), open(0, 'hold').subarray(0, 5)]))
      count(1)
    },
    ceiling: { heldMiB: 64, ends: ['SLOW_PEER'], endsWithinMs: { full: 12_500, quick: 1 } },
  },
  {
    id: 'A7',
    name: 'calls whose results are large, never reading',
    options: { full: {}, quick: { writeTimeoutMs: 1500 } },
    lasts: { full: 34_000, quick: 3500 },
    // Before its end.
    weighedAt: 0.25,
    reads: false,
    play: async (line, count) => {
      // A frame may be large, so that results need no stream and no credit.
      await line.send(greeting({ 1: Uint8Array.of(0x80, 0x10, 0, 0) }))
      await line.send(many(256, (slot) => [call(slot, 'blob', Uint8Array.of(0x90))]))
      count(256)
    },
    // 256 slots of 64 KiB, and 256 KiB.
    ceiling: { heldMiB: 17, ends: ['TRANSPORT_LOST'], endsWithinMs: { full: 32_000, quick: 3400 } },
  },
]

interface Violation {
  readonly name: string
  readonly bytes: Uint8Array
  readonly code: number
}

/** Every vector that needs no more than bytes in, and ends with a CLOSE. */
export const violations: readonly Violation[] = [...readVectors().values()].flat().flatMap((vector: Vector) => {
  const { name, role, options, gate, full, steps, expect } = vector
  if (
    role !== 'listener' ||
    options !== undefined ||
    gate === true ||
    full !== undefined ||
    typeof expect.close !== 'number'
  )
    return []
  const pieces = steps.flatMap((step) => ('in' in step ? list(step.in) : []))
  if (steps.some((step) => !('in' in step)) || /\$(?!preface|hello)/.test(JSON.stringify(pieces))) return []
  const bytes = expand(pieces, () => new Uint8Array(0))
  return [{ name, bytes, code: expect.close }]
})

const broken: readonly Attack[] = [
  {
    id: 'A8',
    name: `each of ${violations.length} violations of the protocol, over and over`,
    lasts: { full: 5000, quick: 1500 },
    again: true,
    lines: { full: 8, quick: 8 },
    play: async (line, count, index) => {
      const { bytes } = violations[index % violations.length] as Violation
      await line.send(bytes)
      count(1)
      await line.ended
    },
    code: (index) => (violations[index % violations.length] as Violation).code,
    ceiling: { heldMiB: 32, handlers: 256 },
  },
  {
    id: 'A9',
    name: 'OPENs with 8 KiB of metadata that nobody takes, as many as LIMIT allows',
    lasts: { full: 6000, quick: 2000 },
    play: opening((number) => [open(number, 'nobody', meta(2, new Uint8Array(8 * KIB)), FIN)], 1, 65_536),
    // 256 of 8 KiB: 2 MiB, and what reading them costs.
    ceiling: { heldMiB: 16, handlers: 0 },
  },
  {
    id: 'A10',
    name: 'RESUME with guessed names and secrets, over and over',
    options: { full: { resume: true }, quick: { resume: true } },
    lasts: second,
    again: true,
    lines: { full: 8, quick: 8 },
    play: async (line, count) => {
      const guess = concat([greeting().subarray(0, 8), frame(type.resume, 0, randomBytes(16), randomBytes(32), 1, 0)])
      await line.send(guess)
      count(1)
      await line.ended
    },
    ceiling: { heldMiB: 16, ends: ['SESSION_LOST'] },
  },
]

const working: readonly Attack[] = [
  {
    id: 'A11',
    name: 'CALL and CANCEL in all slots; the handlers ignore the abort',
    lasts: second,
    play: calling(
      (slot) => [call(slot, 'stubborn', Uint8Array.of(0x90)), frame(type.cancel, 0, slot, CANCELLED)],
      256,
      2,
    ),
    ceiling: { heldMiB: 32, handlers: 256 },
  },
  {
    id: 'A11b',
    name: 'CALL and CANCEL, blindly, over and over',
    lasts: second,
    again: true,
    play: flood(greeting(), 5000, (index) => [
      call(index % 256, 'stubborn', Uint8Array.of(0x90)),
      frame(type.cancel, 0, index % 256, CANCELLED),
    ]),
    ceiling: { heldMiB: 32, handlers: 256, ends: ['LIMIT_EXCEEDED', 'FLOOD'] },
  },
  {
    id: 'A11c',
    name: 'one-way messages in all slots',
    lasts: onlyFull,
    play: calling((slot) => [call(slot, '$message', new Uint8Array(1), 1)], 256, 1),
    ceiling: { heldMiB: 32, handlers: 256 },
  },
  ...bombs.map(
    ({ id, codec, bodies }): Attack => ({
      id,
      name: `${bodies.length} values made to hurt, in ${codec}`,
      lasts: { full: 4000, quick: 1500 },
      play: async (line, count) => {
        await line.send(greeting({ 9: new TextEncoder().encode(codec) }))
        for (let sent = 0; ; sent++) {
          const body = bodies[sent % bodies.length] as Uint8Array
          if (!(await line.send(call(0, 'echo', body)))) return
          count(1)
          if (!(await line.came(type.reply, sent + 1))) return
        }
      },
      ceiling: { heldMiB: 32, handlers: 256 },
    }),
  ),
  {
    id: 'A13',
    name: 'data behind the HELLO, while authorize does not answer',
    options: { full: { slowToAuthorize: true }, quick: { slowToAuthorize: true, authorizeTimeoutMs: 1500 } },
    lasts: { full: 14_000, quick: 3500 },
    lines: { full: 4, quick: 4 },
    play: async (line, count) => {
      await line.send(concat([greeting(), open(0, 'read')]))
      const chunk = frame(type.data, 0, 0, new Uint8Array(16 * KIB))
      while (await line.send(chunk)) count(1)
    },
    // What one read of a socket brings more than that has come already when reading pauses.
    ceiling: { heldMiB: 8, ends: ['DENIED'], endsWithinMs: { full: 12_500, quick: 3400 }, earlyKiB: 128 },
  },
]

export const attacks: readonly Attack[] = [...openAndReset, ...nothings, ...lengths, ...slow, ...broken, ...working]
