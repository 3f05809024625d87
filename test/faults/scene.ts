// A listener and two dialers, one of which meets a fault. Whatever it is: everything of the faulty session settles, it ends once,
// and the other one does not notice.

import assert from 'node:assert/strict'
import { BraidError } from '#dist/engine/errors.js'
import { LiveListener } from '#dist/session/listener.js'
import type { SessionOptions } from '#dist/session/options.js'
import type { Session } from '#dist/session/session.js'
import { startSession } from '#dist/session/start.js'
import { ManualClock } from '#dist/testing/manual-clock.js'
import { Link, quiet } from '../sweeps/link.ts'
import { type Around, asIs, begin, serve, text, Work } from '../sweeps/workload.ts'
import { type Fault, FaultyEnd, faultyClock } from './faults.ts'

const HANDLER_WAIT_MS = 1_000
/** Longer than any limit or deadline. */
const LONG_MS = 120_000
const OPTIONS: SessionOptions = { streamWindow: 16_384, writeBuffer: 1_024, maxFrame: 16_384, random: () => 0.5 }

/** One dialer and whoever accepted it. */
class Pair {
  readonly work = new Work()
  readonly link: Link
  readonly around: Around
  readonly sessions: Session[] = []
  /** How often each of its sessions was told to be closed. */
  private readonly ends: string[] = []

  constructor(link: Link, around: (pair: Pair) => Around) {
    this.link = link
    this.around = around(this)
  }

  joined(session: Session, side: string): void {
    this.sessions.push(session)
    void (async () => {
      for await (const state of session.states()) if (state === 'closed') this.ends.push(side)
    })()
    serve(session, side, this.work, this.around)
    begin(session, side, this.work, this.around)
  }

  /** Ended once each, transports told to close once at most, and everything settled with a reason. */
  assertOver(where: string): void {
    assert.deepEqual(this.work.pending, [], `${where}: these wait for ever`)
    for (const [name, result] of this.work.results) {
      if (result.state !== 'rejected') continue
      const own = result.error instanceof BraidError || `${result.error}`.includes('broken by the test')
      assert.ok(own, `${where}: ${name} fails without a reason: ${result.error}`)
    }
    assert.equal(new Set(this.ends).size, this.ends.length, `${where}: told more than once that it is over`)
    assert.equal(this.ends.length, this.sessions.length, `${where}: not told that it is over`)
    for (const { closes } of [this.link.left, this.link.right])
      assert.ok(closes <= 1, `${where}: closed ${closes} times`)
    for (const session of this.sessions) {
      const { limits, callsWaiting, streamsWaiting } = session.stats()
      const kept = [limits.maxAssembled?.used, callsWaiting, streamsWaiting]
      assert.deepEqual(kept, [0, 0, 0], `${where}: work is kept`)
    }
  }
}

/** Plays the scene once. `hits`: whose transport, clock and callbacks meet the fault. */
export async function play(fault: Fault, hits: 'dialer' | 'listener'): Promise<void> {
  const where = `${hits}: ${fault.text}`
  const clock = new ManualClock()
  const faulty = new Pair(
    new Link({}, (link, remote) => {
      const isHit = (remote === 'right') === (hits === 'dialer')
      return new FaultyEnd(link, `link:${remote} of the faulty`, isHit ? fault : NOTHING)
    }),
    (pair) => faultyCallbacks(fault, hits === 'dialer' ? 'd' : 'l', pair),
  )
  const honest = new Pair(new Link(), () => asIs)
  const pairs = [faulty, honest]
  const clockOf = (isHit: boolean) => (isHit ? faultyClock(clock, fault) : clock)
  const listener = listen(fault, hits, faulty, honest, clockOf(hits === 'listener'))
  for (const pair of pairs) {
    listener.accept(pair.link.right)
    const isHit = pair === faulty && hits === 'dialer'
    pair.joined(startSession(pair.link.left, { ...OPTIONS, clock: clockOf(isHit) }, 'dialer'), 'd')
  }
  const links = pairs.map(({ link }) => link)
  await quiet(links)
  clock.advance(HANDLER_WAIT_MS)
  await quiet(links)
  assertUntouched(honest, where)
  if (fault.kind === 'callback' && (fault.mode === 'throws' || fault.mode === 'enters again')) {
    for (const session of faulty.sessions)
      assert.notEqual(session.state, 'closed', `${where}: it took the session with it`)
  }
  for (const { sessions } of pairs) for (const session of sessions) void session.close()
  void listener.close()
  await quiet(links)
  // A timer that would have come to nothing is left all the same: time passes only for who still waits for something.
  for (let turn = 0; turn < 2 && pairs.some(({ work }) => work.pending.length > 0); turn++) {
    clock.advance(LONG_MS)
    await quiet(links)
  }
  for (const pair of pairs) pair.assertOver(where)
  assert.equal(clock.pending, 0, `${where}: timers are left`)
  assert.equal(listener.sessions.size, 0, `${where}: the listener keeps a session`)
}

const NOTHING: Pick<Fault, 'meets'> = { meets: () => undefined }

/** What has come to something by then in a session in which nothing goes wrong. */
function assertUntouched({ work, sessions }: Pair, where: string): void {
  assert.equal(sessions.length, 2, `${where}: the other session was not accepted`)
  for (const session of sessions) assert.equal(session.state, 'ready', `${where}: the other session`)
  for (const side of ['d', 'l']) {
    for (const [name, value] of [
      ['echo read', 'hello'],
      ['messages read', 'one;;'],
      ['callbacks told', 'back'],
      ['call large', 16_500],
      ['confirm accepted', 'welcome'],
    ]) {
      assert.deepEqual(
        work.results.get(`${side}: ${name}`),
        { state: 'resolved', value },
        `${where}: ${name} of the other`,
      )
    }
  }
}

function listen(fault: Fault, hits: string, faulty: Pair, honest: Pair, clock: SessionOptions['clock']): LiveListener {
  const isFaulty = (session: Session) => session.remote.address.includes('of the faulty')
  const authorize = (session: Session): unknown => {
    if (!isFaulty(session) || hits !== 'listener') return 'somebody'
    return misbehave(fault.meets('authorize'), session, 'somebody')
  }
  return new LiveListener(
    (session) => {
      const pair = isFaulty(session) ? faulty : honest
      pair.joined(session, 'l')
      if (pair === faulty && hits === 'listener') return misbehave(fault.meets('accept'), session, undefined)
      return undefined
    },
    { ...OPTIONS, clock, authorize },
  )
}

function misbehave(mode: string | undefined, session: Session, value: unknown): unknown {
  if (mode === 'throws') throw new Error('broken by the test')
  if (mode === 'rejects') return Promise.reject(new Error('broken by the test'))
  if (mode === 'never answers') return new Promise(() => {})
  if (mode === 'closes inside') void session.close()
  return value
}

/** Callbacks of one side that go wrong where the fault says. */
function faultyCallbacks(fault: Fault, hit: string, pair: Pair): Around {
  return (name, callback) => {
    const side = name.slice(0, 1)
    const mode = side === hit ? fault.meets('callback') : undefined
    const session = pair.sessions[side === 'd' || pair.sessions.length < 2 ? 0 : 1] as Session
    if (mode === 'throws') throw new Error('broken by the test')
    if (mode === 'closes inside') void session.close(70, 'inside')
    if (mode === 'cuts inside') pair.link.end(new Error('cut'))
    if (mode === 'enters again') enter(session, pair.work)
    return callback()
  }
}

/** Uses the session from within one of its own callbacks. */
function enter(session: Session, work: Work): void {
  work.watch('inside: ping', session.ping())
  work.watch('inside: call', session.call('echo', text('inside')))
  const stream = session.open('echo')
  stream.write(text('inside'))
  stream.end()
  work.watch('inside: echo', stream.closed)
  session.open('echo').reset('CANCELLED')
}
