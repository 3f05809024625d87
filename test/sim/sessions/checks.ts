// What must hold of sessions at any step, when nothing is under way, and when they are over. Looks from outside.

import type { State } from '#dist/session/session.js'
import { must, sideName } from '../model.ts'
import type { Place } from './place.ts'
import type { SessionWorld } from './world.ts'

/** How far beyond a limit its use may go: by what was on the way when it was reached. */
const slack: Readonly<Record<string, number>> = {
  earlyBytes: 1024 * 1024,
  // What lets the peer go on still goes, in flushes of at most 256 KiB.
  replayBytes: (64 + 256) * 1024,
}

/** At any time: what is held is counted, and within its bounds. */
export function checkStep(place: Place): void {
  const { session, name, ledger } = place
  const stats = session.stats()
  for (const [limit, { max, used }] of Object.entries(stats.limits)) {
    const most = max + (slack[limit] ?? 0)
    must(used >= 0 && used <= most, () => `${name}: ${limit} uses ${used} of ${max}`)
  }
  if (stats.state === 'closed' || ledger.lenient) return
  const counted = stats.limits.sessionWindow?.used ?? 0
  const unread = place.unread
  must(counted >= unread, () => `${name}: ${unread} bytes are unread, only ${counted} are counted`)
}

/** Nothing is under way: nothing is held either. */
export function checkQuiet(world: SessionWorld, place: Place): void {
  const { session, name } = place
  if (world.ledger.lenient || session.state === 'closed') return
  const stats = session.stats()
  const { streamsOpen, callsOpen, streamsWaiting, streamsUnread, callsWaiting } = stats
  const counts = { streamsOpen, callsOpen, streamsWaiting, streamsUnread, callsWaiting }
  for (const [count, value] of Object.entries(counts)) must(value === 0, () => `${name}: ${count} is ${value}`)
  must(place.streams.size === 0, () => `${name}: ${place.streams.size} streams are not closed`)
  const { tokens, lastToken } = world.monitor.sides[place.side]
  must(tokens === 0, () => `${name} cost its peer ${tokens} tokens, the last by ${lastToken}`)
  for (const limit of ['sessionWindow', 'growthPool', 'maxStreams', 'maxCalls', 'maxAssembled', 'earlyBytes']) {
    const used = stats.limits[limit]?.used ?? 0
    must(used === 0, () => `${name}: ${limit} still uses ${used}`)
  }
}

/** Both sides are over: nothing waits, no timer runs, nobody is counted. */
export function checkOver(world: SessionWorld): void {
  const { ledger, sides, listener } = world
  must(ledger.violation === undefined, () => ledger.violation as string)
  const { forgotten } = ledger
  must(forgotten === undefined, () => `never settled: ${forgotten}`)
  for (const { index, time, place } of sides) {
    must(time.pending === 0, () => `${sideName(index)}: ${time.pending} timers are left`)
    const state = place?.session.state ?? 'closed'
    must(state === 'closed', () => `${sideName(index)}: is ${state}`)
    const used = place?.session.stats().limits.maxAssembled?.used ?? 0
    must(used === 0, () => `${sideName(index)}: maxAssembled still uses ${used}`)
  }
  for (const request of ledger.requests.values()) {
    const twice = !ledger.lenient && (request.executions > 1 || (request.untouched && request.executions > 0))
    must(!twice, () => `${request.label}: executed ${request.executions} times in the end`)
  }
  for (const { untouched, accepted, label } of ledger.flows.values())
    must(ledger.lenient || !untouched || !accepted, () => `${label}: taken, though its opener was told that it was not`)
  for (const [limit, { used }] of Object.entries(world.budget.stats()))
    must(used === 0, () => `the Budget still counts ${used} of ${limit}`)
  const stats = listener?.stats()
  if (stats === undefined) return
  must(stats.sessions === 0, () => `the listener still counts ${stats.sessions} sessions`)
  must(stats.handshaking === 0, () => `the listener still counts ${stats.handshaking} handshakes`)
}

/** Which state may follow which. */
const next: Readonly<Record<State, readonly State[]>> = {
  connecting: ['ready', 'draining', 'closed'],
  ready: ['draining', 'detached', 'closed'],
  draining: ['detached', 'closed'],
  detached: ['ready', 'draining', 'closed'],
  closed: [],
}

/** Follows what a session says of its state. */
export function watchStates(place: Place): void {
  const { session, ledger, name } = place
  const told = ledger.once(`${name}: the end of its states`, true)
  const follow = async (): Promise<void> => {
    let last: State | undefined
    for await (const state of session.states()) {
      const known = last
      if (known !== undefined) ledger.must(next[known].includes(state), () => `${name}: ${state} after ${known}`)
      last = state
    }
    ledger.must(last === 'closed', () => `${name}: its states end with ${last}`)
    told()
  }
  void follow()
}
