// Faults of the wire against one engine, tried everywhere: any chunking (F1), a cut (F2), a flipped bit (F4), bytes doubled, lost
// or put in (F5). Each sweep throws at the first broken promise, and returns how often it tried.

import assert from 'node:assert/strict'
import { BraidError } from '#dist/engine/errors.js'
import { decodeFrame, PREFACE } from '../codec/frames.ts'
import { concat, fromHex } from '../codec/hex.ts'
import type { Op } from '../golden/tape.ts'
import { Prng } from '../sim/prng.ts'
import { Player, type Told } from './player.ts'
import { coalesced, type Recording } from './tapes.ts'

/** Nothing an engine waits for takes longer. */
const LONG_MS = 60_000
/** What answers to damaged input may cost beyond those to the input itself. */
const EXTRA_BYTES = 65_536
/** Noise that passes for frames up to this length does not happen. */
const NOISE_BYTES = 262_144
const LOST = new BraidError('TRANSPORT_LOST', 'cut', { scope: 'transport', initiator: 'remote' })

/** How the damage showed: not at all, in what was told, or in the end of the session. */
export type Outcome = 'unnoticed' | 'confined' | 'ended'

export class Tally {
  tries = 0
  readonly outcomes: Record<Outcome, number> = { unnoticed: 0, confined: 0, ended: 0 }
  note(outcome: Outcome): void {
    this.tries++
    this.outcomes[outcome]++
  }
}

type Split = (bytes: Uint8Array, at: number) => Uint8Array[]

/** Plays a recording with its input split. Answers go out where they did: what a side sends when is another matter. */
function playSplit(ops: readonly Op[], player: Player, split: Split): void {
  let at = 0
  for (const op of ops) {
    if (op.do !== 'receive') player.step(op)
    else {
      player.step(op, split(op.bytes, at))
      at += op.bytes.length
    }
  }
}

const bytewise: Split = (bytes) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
const whole: Split = (bytes) => [bytes]

/** F1: the same bytes in any pieces are the same events and the same answer. `every`: of the single splits every so many. */
export function chunkings(recording: Recording, every: number, first = 0): number {
  const { name, tape, told, out, places } = recording
  const check = (ops: readonly Op[], split: Split, how: string) => {
    const player = new Player(tape)
    playSplit(ops, player, split)
    assert.ok(same(player.told, told), `${name}: other events when ${how}`)
    assert.ok(Buffer.compare(concat(player.out), out) === 0, `${name}: another answer when ${how}`)
  }
  check(tape.ops, bytewise, 'a byte at a time')
  check(coalesced(tape.ops), whole, 'coalesced')
  let tries = 2
  for (let index = first; index < places.length; index += every) {
    const place = places[index] as number
    check(tape.ops, (bytes, at) => cutAt(bytes, place - at), `split at ${place}`)
    tries++
  }
  return tries
}

function cutAt(bytes: Uint8Array, place: number): Uint8Array[] {
  return place <= 0 || place >= bytes.length ? [bytes] : [bytes.subarray(0, place), bytes.subarray(place)]
}

/** F2: after a cut the application has been told a prefix of what it would have been, then TRANSPORT_LOST, and nothing is left. */
export function cuts(recording: Recording, every: number, first = 0): number {
  let tries = 0
  for (let index = first; index < recording.places.length; index += every) {
    cut(recording, recording.places[index] as number)
    tries++
  }
  return tries
}

function cut({ name, tape, told }: Recording, place: number): void {
  const player = new Player(tape)
  let at = 0
  for (const op of tape.ops) {
    if (op.do === 'receive' && at + op.bytes.length > place) {
      player.step(op, [op.bytes.subarray(0, place - at)])
      break
    }
    if (op.do === 'receive') at += op.bytes.length
    player.step(op)
  }
  const ended = player.closed
  player.engine.lost(LOST)
  player.drain()
  const where = `${name}, cut at ${place}`
  assert.equal(player.closed, ended ?? 'BRAID_TRANSPORT_LOST', where)
  const heard = ended === undefined ? player.told.slice(0, -1) : player.told
  for (const [index, { head, body }] of heard.entries()) {
    const full = told[index]
    const isLast = index === heard.length - 1
    const fits = isLast && head.startsWith('data') ? full?.head.startsWith(head) : full?.head === head
    assert.ok(fits && (isLast ? full?.body.startsWith(body) : full?.body === body), `${where}: told ${head}`)
  }
  assertSilent(player, where)
}

/** The session is over: it says nothing, waits for nothing and takes nothing. */
function assertSilent(player: Player, where: string): void {
  const said = player.out.length
  const now = LONG_MS
  player.receive(Uint8Array.of(0x20, 0), now)
  player.engine.tick(now)
  player.transmit(now)
  assert.equal(player.out.length, said, `${where}: it still speaks`)
  assert.equal(player.engine.deadline(), undefined, `${where}: it still waits`)
}

/** Plays with input that is not what was recorded. `resize`: bytes it grew by at `place`; negative: shrank. */
export function playDamaged(recording: Recording, input: Uint8Array, place = 0, resize = 0): Player {
  const { tape, out, name } = recording
  const player = new Player(tape)
  const where = `${name}, damaged at ${place}`
  let before = 0
  let at = 0
  let now = 0
  for (const op of tape.ops) {
    if ('now' in op) now = op.now
    if (op.do !== 'receive') {
      player.step(op)
      continue
    }
    before += op.bytes.length
    // What was put in comes with the piece it was put into; what is lost is missing from it.
    const until = Math.max(at, Math.min(input.length, before > place ? before + resize : before))
    if (until > at) player.step(op, [input.subarray(at, until)])
    at = until
  }
  const sent = player.out.reduce((sum, chunk) => sum + chunk.length, 0)
  assert.ok(sent <= out.length + input.length + EXTRA_BYTES, `${where}: ${sent} bytes of answers`)
  assertBounded(player, where)
  settle(player, now, where)
  return player
}

function outcomeOf({ closed, told }: Player, whole: Recording): Outcome {
  if (closed !== undefined && told.at(-1)?.head !== whole.told.at(-1)?.head) return 'ended'
  return same(told, whole.told) ? 'unnoticed' : 'confined'
}

function same(one: readonly Told[], other: readonly Told[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ head, body }, at) => head === other[at]?.head && body === other[at]?.body)
  )
}

/** What a peer can make this side keep is within every limit. */
function assertBounded(player: Player, where: string): void {
  const { limits } = player.engine.stats()
  for (const [limit, { max, used }] of Object.entries(limits)) {
    assert.ok(used <= max, `${where}: ${used} of ${limit}, which is ${max}`)
  }
  const window = limits.sessionWindow?.max ?? 0
  assert.ok(player.unreadBytes <= window, `${where}: ${player.unreadBytes} bytes unread`)
}

/** Lets time pass: whoever waits for the rest of a frame, or for a word at all, does so only so long. Then the transport goes, too. */
function settle(player: Player, now: number, where: string): void {
  let time = now
  let due = player.engine.deadline()
  for (let turns = 0; due !== undefined; due = player.engine.deadline(), turns++) {
    assert.ok(turns < 100, `${where}: it waits again and again`)
    time = Math.max(time, due)
    player.engine.tick(time)
    player.transmit(time)
    player.drain()
    if (player.told.at(-1)?.head.startsWith('silent') === true) {
      player.told.pop()
      break
    }
  }
  assertWellFormed(concat(player.out), player.closed, where)
  const ended = player.closed
  player.engine.lost(LOST)
  player.drain()
  if (ended === undefined) {
    assert.equal(player.closed, 'BRAID_TRANSPORT_LOST', where)
    player.told.pop()
    player.closed = undefined
  }
}

/** Whatever came in, what goes out are whole frames, and a CLOSE is the last. */
function assertWellFormed(bytes: Uint8Array, closed: string | undefined, where: string): void {
  if (bytes.length === 0) return
  let at = PREFACE.length
  let last = ''
  while (at < bytes.length) {
    assert.notEqual(last, 'CLOSE', `${where}: frames follow CLOSE`)
    const read = decodeFrame(bytes, at)
    if (read === undefined) assert.fail(`${where}: it sent half a frame`)
    last = read.value.type
    at = read.next
  }
  if (last === 'CLOSE') assert.notEqual(closed, undefined, `${where}: CLOSE was sent, and nobody told`)
}

/** F4: every bit flipped, one at a time. What lies in the payload of a stream harms that stream alone. */
export function flips(recording: Recording, every: number, tally: Tally, first = 0): void {
  const { input, places, payloads, told, name } = recording
  const damaged = input.slice()
  for (let index = first; index < places.length * 8; index += every) {
    const place = places[index >> 3] as number
    const bit = 1 << (index & 7)
    damaged[place] = (damaged[place] as number) ^ bit
    const payload = payloads.find(({ from, to }) => place >= from && place < to)
    const player = playDamaged(recording, damaged, place)
    if (payload !== undefined) {
      const others = (all: readonly Told[]) => all.filter(({ head }) => !head.startsWith(`data ${payload.stream}`))
      assert.ok(same(others(player.told), others(told)), `${name}: bit ${bit} of the payload at ${place} harms others`)
    }
    damaged[place] = input[place] as number
    tally.note(outcomeOf(player, recording))
  }
}

const SIZES = [1, 2, 5, 16, 100, 1_000, 16_384, 65_536]

/** F5: a range doubled, left out, or random bytes put in, at every so many places and of every size. */
export function ranges(recording: Recording, every: number, prng: Prng, tally: Tally, first = 0): void {
  const { input, places } = recording
  for (let index = first; index < places.length; index += every) {
    const place = places[index] as number
    const head = input.subarray(0, place)
    const tail = input.subarray(place)
    const play = (bytes: Uint8Array, resize: number) =>
      tally.note(outcomeOf(playDamaged(recording, bytes, place, resize), recording))
    for (const size of SIZES) {
      const range = tail.subarray(0, size)
      const noise = Uint8Array.from({ length: size }, () => prng.int(0, 255))
      // Those larger than what follows are all the same.
      if (range.length === size || size === 1) {
        play(concat([head, range, tail]), range.length)
        play(concat([head, tail.subarray(size)]), -range.length)
      }
      play(concat([head, noise, tail]), size)
    }
  }
}

/** F5: random bytes behind the preface, or behind a HELLO, from `seed` on, one session a seed. */
export function noise(seeds: number): number {
  for (let seed = 1; seed <= seeds; seed++) {
    const prng = new Prng(seed)
    const behindHello = seed % 2 === 0
    const head = fromHex(`f5 42 52 44 0d 0a 1a 01 ${behindHello ? '00 04 00 02 01 01' : ''}`)
    const bytes = Uint8Array.from({ length: NOISE_BYTES }, () => prng.int(0, 255))
    const player = new Player({
      options: {},
      init: { waitForPreface: true, gate: false },
      seed,
      ops: [],
    })
    const where = `noise of seed ${seed}`
    player.receive(concat([head, bytes]), 0)
    player.transmit(0)
    assertBounded(player, where)
    // A CLOSE may stand in noise like any other frame.
    assert.match(player.closed ?? '', /^clean$|^BRAID_/, `${where}: the session lives on`)
    settle(player, 0, where)
  }
  return seeds
}
