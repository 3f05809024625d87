// Faults of the wire against two sessions, where promises matter: whatever is cut or damaged, everything that waits settles
// with a reason, no half of a stream passes for a whole one, and no timer is left.

import assert from 'node:assert/strict'
import { BraidError } from '#dist/engine/errors.js'
import type { SessionOptions } from '#dist/session/options.js'
import type { Session } from '#dist/session/session.js'
import { startSession } from '#dist/session/start.js'
import { ManualClock } from '#dist/testing/manual-clock.js'
import { decodeFrame, PREFACE } from '../codec/frames.ts'
import { concat } from '../codec/hex.ts'
import { Prng } from '../sim/prng.ts'
import { type Change, type Direction, Link, quiet } from './link.ts'
import { asIs, begin, type Result, serve, Work } from './workload.ts'

/** The refusal of a stream nobody takes comes after so long. */
const HANDLER_WAIT_MS = 1_000
/** Longer than any limit or deadline of the workload. */
const LONG_MS = 120_000
/** Bytes at the begin of a frame that are all tried; later ones are like each other. */
const HEAD = 48
const STRIDE = 1_021

const options: SessionOptions = { streamWindow: 16_384, writeBuffer: 1_024, maxFrame: 16_384, random: () => 0.5 }

/** Two sessions, their workload, and what became of it. */
export interface Run {
  readonly sessions: readonly Session[]
  readonly work: Work
  readonly clock: ManualClock
  readonly link: Link
}

export type Which = 'leftward' | 'rightward'

/** Starts the workload on both sides and lets it run as far as it comes by itself, at first without time passing. */
export async function run(which: Which, direction: Direction): Promise<Run> {
  const clock = new ManualClock()
  const link = new Link({ [which]: direction })
  const work = new Work()
  const authorize = async (): Promise<string> => 'a principal'
  const ready = (side: string) => (session: Session) => serve(session, side, work, asIs)
  const a = startSession(link.left, { ...options, clock }, 'dialer', ready('a'))
  begin(a, 'a', work, asIs)
  const b = startSession(link.right, { ...options, clock, authorize }, 'listener', (session) => {
    ready('b')(session)
    begin(session, 'b', work, asIs)
  })
  work.watch(
    'b: over',
    b.closed.then((error) => error?.code),
  )
  await quiet([link])
  if (a.state !== 'closed') clock.advance(HANDLER_WAIT_MS)
  await quiet([link])
  if (a.state !== 'closed') work.watch('a: drain', a.drain(20_000))
  await quiet([link])
  return { sessions: [a, b], work, clock, link }
}

const untouched: Direction = { change: (bytes) => bytes, cutAt: Number.POSITIVE_INFINITY }

/** What the workload comes to, and what it sends, when nothing is wrong. */
export interface Baseline {
  readonly results: ReadonlyMap<string, Result>
  readonly bytes: Readonly<Record<Which, Uint8Array>>
  readonly places: Readonly<Record<Which, readonly number[]>>
}

export async function baseline(): Promise<Baseline> {
  const done = await run('leftward', untouched)
  const { sessions, work, link } = done
  // Before the goodbye: a run that is cut says none.
  const bytes = { rightward: concat(link.left.sent), leftward: concat(link.right.sent) }
  await Promise.all(sessions.map((session) => session.close()))
  await quiet([link])
  assertOver(done, 'when nothing is wrong')
  return {
    results: work.results,
    bytes,
    places: { rightward: placesOf(bytes.rightward), leftward: placesOf(bytes.leftward) },
  }
}

export function placesOf(bytes: Uint8Array): number[] {
  const places = Array.from(PREFACE, (_, at) => at)
  for (let at = PREFACE.length; at < bytes.length; ) {
    const next = decodeFrame(bytes, at)?.next ?? bytes.length
    for (let place = at; place < Math.min(at + HEAD, next); place++) places.push(place)
    for (let place = at + HEAD; place < next; place += STRIDE) places.push(place)
    at = next
  }
  return places
}

/** What may come out otherwise in a run that was cut: it tells of the cut. */
const tellsOfTheCut = / closed$| over$|: drain$|: callbacks told$|: streams$/

/** F2: cut at one place. Everything settles without time passing, and what came to something came to the right thing. */
export async function cutAt(which: Which, place: number, whole: Baseline): Promise<void> {
  const done = await run(which, { ...untouched, cutAt: place + 1 })
  const where = `cut at ${place} ${which}`
  assertOver(done, where)
  for (const session of done.sessions) {
    const error = await session.closed
    assert.equal(error?.code, 'BRAID_TRANSPORT_LOST', `${where}: ${error}`)
  }
  for (const [name, result] of done.work.results) {
    if (result.state === 'rejected') continue
    const expected = whole.results.get(name)
    if (tellsOfTheCut.test(name) || result.state === 'pending') continue
    // A call that was answered, a stream that was read to its end: nothing may be missing from it.
    assert.deepEqual(result, expected, `${where}: ${name}`)
  }
}

/** Everything has settled with a reason, no timer is left, and nothing is kept for work that is over. */
export function assertOver({ sessions, work, clock }: Run, where: string): void {
  for (const session of sessions) assert.equal(session.state, 'closed', where)
  assert.deepEqual(work.pending, [], `${where}: these wait for ever`)
  for (const [name, result] of work.results) {
    if (result.state !== 'rejected') continue
    assert.ok(result.error instanceof BraidError, `${where}: ${name} fails without a reason: ${result.error}`)
  }
  assert.equal(clock.pending, 0, `${where}: ${clock.pending} timers are left`)
  for (const session of sessions) {
    // Not `streamsUnread`: what arrived whole stays readable for whoever holds the stream.
    const { limits, callsWaiting, streamsWaiting } = session.stats()
    const kept = { assembled: limits.maxAssembled?.used, callsWaiting, streamsWaiting }
    assert.deepEqual(kept, { assembled: 0, callsWaiting: 0, streamsWaiting: 0 }, where)
  }
}

/** F4 and F5: bytes changed on their way. It may go on or end, but when its time is over everything is. */
export async function damaged(which: Which, change: Change, where: string): Promise<'ended' | 'goes on'> {
  const done = await run(which, { ...untouched, change })
  const { sessions, clock, link } = done
  const ended = sessions.some((session) => session.state === 'closed')
  clock.advance(LONG_MS)
  await quiet([link])
  for (const session of sessions) void session.close()
  await quiet([link])
  clock.advance(LONG_MS)
  await quiet([link])
  assertOver(done, where)
  return ended ? 'ended' : 'goes on'
}

const sides: readonly Which[] = ['leftward', 'rightward']

/** Cuts at every so many places, both ways; returns how many. */
export async function cutSessions(whole: Baseline, every: number): Promise<number> {
  let tries = 0
  for (const which of sides) {
    for (let index = 0; index < whole.places[which].length; index += every, tries++) {
      await cutAt(which, whole.places[which][index] as number, whole)
    }
  }
  return tries
}

type Counts = Record<'ended' | 'goes on', number>

/** Flips every so many bits, both ways, one a run. */
export async function flipSessions(whole: Baseline, every: number): Promise<Counts> {
  const counts: Counts = { ended: 0, 'goes on': 0 }
  for (const which of sides) {
    const places = whole.places[which]
    for (let index = 0; index < places.length * 8; index += every) {
      const place = places[index >> 3] as number
      const bit = 1 << (index & 7)
      counts[await damaged(which, flip(place, bit), `bit ${bit} flipped at ${place} ${which}`)]++
    }
  }
  return counts
}

function flip(place: number, bit: number): Change {
  return (bytes, at) => {
    const index = place - at
    if (index < 0 || index >= bytes.length) return bytes
    const changed = bytes.slice()
    changed[index] = (bytes[index] as number) ^ bit
    return changed
  }
}

const SIZES = [1, 3, 40, 1_000, 65_536]

/** Doubles, leaves out or puts in bytes at every so many places, both ways, one a run. */
export async function rangeSessions(whole: Baseline, every: number): Promise<Counts> {
  const counts: Counts = { ended: 0, 'goes on': 0 }
  for (const which of sides) {
    const places = whole.places[which]
    for (let index = 0; index < places.length; index += every) {
      const place = places[index] as number
      for (const size of SIZES) {
        const noise = new Prng(place, size)
        const random = Uint8Array.from({ length: size }, () => noise.int(0, 255))
        const changes: [string, Change][] = [
          ['put in', insertion(place, () => random)],
          ['doubled', insertion(place, (bytes, from) => bytes.subarray(from, from + size))],
          ['left out', omission(place, size)],
        ]
        for (const [how, change] of changes) {
          counts[await damaged(which, change, `${size} bytes ${how} at ${place} ${which}`)]++
        }
      }
    }
  }
  return counts
}

/** Puts bytes in at a place: those that `more` makes of the chunk the place is in. */
function insertion(place: number, more: (bytes: Uint8Array, from: number) => Uint8Array): Change {
  return (bytes, at) => {
    const from = place - at
    if (from < 0 || from >= bytes.length) return bytes
    return concat([bytes.subarray(0, from), more(bytes, from), bytes.subarray(from)])
  }
}

function omission(place: number, size: number): Change {
  return (bytes, at) => {
    const from = Math.min(Math.max(0, place - at), bytes.length)
    const to = Math.min(Math.max(0, place + size - at), bytes.length)
    return from === to ? bytes : concat([bytes.subarray(0, from), bytes.subarray(to)])
  }
}
