// F3: a link cut at every place, and what takes its place cut again, while sessions may be resumed. The workload comes to the same,
// no call runs twice, and nobody waits for ever.

import assert from 'node:assert/strict'
import { LiveListener } from '#dist/session/listener.js'
import type { SessionOptions } from '#dist/session/options.js'
import type { Session } from '#dist/session/session.js'
import { connectSession } from '#dist/session/start.js'
import { ManualClock } from '#dist/testing/manual-clock.js'
import { decodeFrame, PREFACE } from '../codec/frames.ts'
import { concat } from '../codec/hex.ts'
import { type Direction, Link, quiet } from './link.ts'
import { assertOver, placesOf, type Which } from './session-sweeps.ts'
import { type Around, begin, type Result, serve, Work } from './workload.ts'

/** Longer than any pause between two attempts. */
const PAUSE_MS = 1_000
const PAUSES_MAX = 25

const options: SessionOptions = { streamWindow: 16_384, writeBuffer: 1_024, maxFrame: 16_384, random: () => 0.5 }
const untouched: Direction = { change: (bytes) => bytes, cutAt: Number.POSITIVE_INFINITY }

/** Where one link after the other is cut; those behind the last are not. */
export interface Cut {
  readonly which: Which
  readonly at: number
}

/** What it came to before anybody closed anything. */
interface Came {
  readonly results: ReadonlyMap<string, Result>
  /** How often each callback of the application ran. */
  readonly ran: ReadonlyMap<string, number>
  readonly links: readonly Link[]
  /** The first link brought a ticket before it was cut: from then on nothing may be lost. */
  readonly ticket: boolean
  readonly lost: boolean
}

async function play(cuts: readonly Cut[]): Promise<Came> {
  const where = `cut ${cuts.map(({ which, at }) => `at ${at} ${which}`).join(', then ')}`
  const clock = new ManualClock()
  const work = new Work()
  const ran = new Map<string, number>()
  const around: Around = (name, callback) => {
    ran.set(name, (ran.get(name) ?? 0) + 1)
    return callback()
  }
  const sessions: Session[] = []
  const joined = (side: string) => (session: Session) => {
    sessions.push(session)
    // Cut before it could begin.
    if (session.state === 'closed') return
    serve(session, side, work, around)
    begin(session, side, work, around)
  }
  const links: Link[] = []
  const listener = new LiveListener(joined('b'), { ...options, clock, resume: { plain: true } })
  const dial = () => {
    const cut = cuts[links.length]
    const link = new Link(cut === undefined ? {} : { [cut.which]: { ...untouched, cutAt: cut.at + 1 } })
    links.push(link)
    listener.accept(link.right)
    return link.left
  }
  // A link that is cut before anybody has a ticket takes its session with it.
  connectSession(dial(), { ...options, clock }, 'dialer', async () => dial()).then(joined('a'), () => undefined)
  await quiet(links)
  for (let pauses = 0; sessions.some(({ state }) => state === 'detached') && pauses < PAUSES_MAX; pauses++) {
    clock.advance(PAUSE_MS)
    await quiet(links)
  }
  const came = { results: new Map(work.results), ran: new Map(ran), links }
  const lost = sessions.length < 2 || sessions.some(({ state }) => state === 'closed')
  const ticket = bringsTicket(links[0] as Link, cuts[0])
  for (const session of sessions) void session.close()
  void listener.close()
  await quiet(links)
  for (let turns = 0; turns < 2 && (clock.pending > 0 || work.pending.length > 0); turns++) {
    clock.advance(PAUSES_MAX * 10_000)
    await quiet(links)
  }
  assertOver({ sessions, work, clock, link: links[0] as Link }, where)
  return { ...came, ticket, lost }
}

/** Whether a TICKET came whole before the cut. */
function bringsTicket(link: Link, cut: Cut | undefined): boolean {
  const sent = concat(link.right.sent)
  const arrived = cut?.which === 'leftward' ? sent.subarray(0, cut.at + 1) : sent
  for (let at = PREFACE.length; at < arrived.length; ) {
    const read = decodeFrame(arrived, at)
    if (read === undefined) return false
    if (read.value.type === 'TICKET') return true
    at = read.next
  }
  return false
}

export interface Whole extends Came {
  readonly places: Readonly<Record<Which, readonly number[]>>
}

export async function uncut(): Promise<Whole> {
  const came = await play([])
  const [link] = came.links as readonly [Link]
  const places = { rightward: placesOf(concat(link.left.sent)), leftward: placesOf(concat(link.right.sent)) }
  return { ...came, places }
}

/** How it went: resumed, or lost because there was no ticket yet. */
export async function resumedAfter(cuts: readonly Cut[], whole: Whole): Promise<'resumed' | 'too early'> {
  const came = await play(cuts)
  const where = `cut ${cuts.map(({ which, at }) => `at ${at} ${which}`).join(', then ')}`
  if (!came.ticket && came.lost) return 'too early'
  assert.ok(!came.lost, `${where}: the session is lost`)
  assert.deepEqual(comparable(came.results), comparable(whole.results), `${where}: it came to something else`)
  assert.deepEqual(timesOf(came.ran), timesOf(whole.ran), `${where}: something ran not as often`)
  return 'resumed'
}

/** Handlers and answers run once; bytes may come in more pieces than were sent, and what they are is among the results. */
function timesOf(ran: ReadonlyMap<string, number>): [string, number][] {
  return [...ran].filter(([name]) => !name.endsWith(' data')).sort()
}

/** Pings take as long as they take. */
function comparable(results: ReadonlyMap<string, Result>): [string, Result][] {
  return [...results].filter(([name]) => !name.endsWith(': ping')).sort(([one], [other]) => (one < other ? -1 : 1))
}

const sides: readonly Which[] = ['leftward', 'rightward']
/** RESUME and its answer, and the begin of what is sent again, are within so many bytes of a link that took another's place. */
const SECOND_WITHIN = 220

/** F3: one cut at every so many places; then a second one in what takes its place, and a third. Returns how each went. */
export async function cutAndResume(every: number): Promise<Record<'resumed' | 'too early', number>> {
  const whole = await uncut()
  const counts = { resumed: 0, 'too early': 0 }
  for (const which of sides) {
    const places = whole.places[which]
    for (let index = 0; index < places.length; index += every) {
      const at = places[index] as number
      counts[await resumedAfter([{ which, at }], whole)]++
      const second = { which: sides[index % 2] as Which, at: (index * 7) % SECOND_WITHIN }
      counts[await resumedAfter([{ which, at }, second], whole)]++
      const third = { which: sides[(index >> 1) % 2] as Which, at: (index * 11) % SECOND_WITHIN }
      counts[await resumedAfter([{ which, at }, second, third], whole)]++
    }
  }
  return counts
}
