// What must hold of a world at any step, when nothing is under way, and when a session is over.
// Looks at both sides from outside: engine getters, model and wire. Moves nothing, except a session that is over already.

import type { EngineStats } from '#dist/engine/contract.js'
import type { CallOracle } from './calls.ts'
import { must, type SideIndex, sideName } from './model.ts'
import type { Monitor } from './monitor.ts'
import type { StreamOracle } from './oracle.ts'
import type { Session } from './session.ts'
import { Fields, type Frame } from './wire.ts'

/** Everything there is to look at. */
export interface Scene {
  readonly sessions: readonly [Session, Session]
  readonly monitor: Monitor
  readonly streams: StreamOracle
  readonly calls: CallOracle
  /** The connection is broken. */
  readonly cut: boolean
}

/** Limits that make a side wait, or grow no further: reached by who is honest, too. */
const soft: ReadonlySet<string> = new Set([
  'growthPool',
  'streamWindowMax',
  'writeBuffer',
  'replayBytes',
  'forgivenFrames',
  'methodNames',
])

const otherSide = (side: SideIndex): SideIndex => (side === 0 ? 1 : 0)

export type Flight = Pick<EngineStats, 'inFlight' | 'inFlightMax'>

/** What still goes when the limit has fallen below what is in flight, so that something asks. */
const SPARE_BYTES = 4096

/** Right after output: no more went than might be in flight. The limit itself may fall below what is. */
export function checkOutput(before: Flight, { inFlight, inFlightMax }: Flight): void {
  const most = Math.max(inFlightMax, before.inFlight + SPARE_BYTES)
  must(inFlight <= most, () => `${inFlight} bytes in flight after output, ${inFlightMax} may be`)
}

/** At any time: what came and what is held is within its bounds. */
export function checkStep(scene: Scene, { endpoint, settings, name, side, largestChunk }: Session): void {
  const unread = scene.streams.unread[side]
  const window = settings.sessionWindow
  const held = endpoint.engine.heldBytes
  must(held <= settings.earlyBytes + largestChunk, () => `${name}: holds ${held} bytes before admission`)
  must(unread <= window, () => `${name}: ${unread} bytes unread, the window is ${window}`)
}

/** At any time, but it takes longer than a step does: windows, places and what is in flight are within their bounds. */
export function checkCounts(scene: Scene, { endpoint, name, side }: Session): void {
  const { engine } = endpoint
  const { limits } = engine.stats()
  const { sessionWindow, growthPool, maxStreams } = limits
  const unread = scene.streams.unread[side]
  for (const [limit, { max, used }] of Object.entries({ sessionWindow, growthPool, maxStreams })) {
    must(used >= 0 && used <= max, () => `${name}: ${limit} uses ${used} of ${max}`)
  }
  const counted = scene.cut || engine.closing || sessionWindow.used >= unread
  must(counted, () => `${name}: credit for unread bytes was returned`)
}

/** Right after a grant, what is granted and not taken is the whole window: grown only for who asked, and within bounds. */
export function checkWindow(scene: Scene, side: SideIndex, frame: Frame): void {
  const id = new Fields(frame.body).varint()
  const sender = otherSide(side)
  const half = scene.streams.find(id % 2 === 0 ? side : sender, Math.floor(id / 2)).halves[sender]
  const wire = scene.monitor.sides[sender].half(id % 2 === 0 ? id + 1 : id - 1)
  const { streamWindow: least, streamWindowMax, growthPool } = scene.sessions[side].settings
  const window = least + wire.given - half.consumed - half.endsConsumed
  const most = wire.asked === 0 ? least : Math.min(Math.max(least, streamWindowMax), least + growthPool)
  must(window <= most, () => `${half.label}: a window of ${window}, ${most} is the most`)
  must(window >= least, () => `${half.label}: a window of ${window} right after a grant, ${least} is the least`)
}

/** Nothing is under way: the engine must hold nothing either, and nothing honest was ever refused. */
export function checkQuiet(scene: Scene, { endpoint, name, side }: Session): void {
  const { engine } = endpoint
  const stats = engine.stats()
  const { limits, streamsOpen, callsOpen } = stats
  const unread = scene.streams.unread[side]
  must(unread === 0, () => `${name}: ${unread} bytes were never taken`)
  must(streamsOpen === 0, () => `${name}: ${streamsOpen} streams are still open`)
  must(callsOpen === 0, () => `${name}: ${callsOpen} calls are still open`)
  must(engine.heldBytes === 0, () => `${name}: ${engine.heldBytes} bytes are still held`)
  for (const limit of ['sessionWindow', 'growthPool', 'maxStreams', 'maxCalls']) {
    const used = limits[limit]?.used ?? 0
    must(used === 0, () => `${name}: ${limit} still uses ${used}`)
  }
  for (const [limit, { refused }] of Object.entries(limits)) {
    must(refused === 0 || soft.has(limit), () => `${name}: ${limit} refused ${refused} times`)
  }
  const { tokens, lastToken } = scene.monitor.sides[side]
  must(tokens === 0, () => `${name} cost its peer ${tokens} tokens, the last by ${lastToken}`)
  checkTotals(scene, stats, side)
  must([...engine.liveStreams()].length === 0, () => `${name}: live streams`)
  must([...engine.liveCalls()].length === 0, () => `${name}: live calls`)
}

/** Both sides have counted the same, and so have we. */
function checkTotals(scene: Scene, stats: EngineStats, side: SideIndex): void {
  const other = otherSide(side)
  const peer = scene.sessions[other].endpoint.engine.stats()
  const bytes = scene.monitor.sides.map((side) => side.bytes)
  const counts = {
    bytesOut: [stats.bytesOut, bytes[side]],
    bytesIn: [stats.bytesIn, bytes[other]],
    framesIn: [stats.framesIn, peer.framesOut],
    streamsOpened: [stats.streamsOpened, scene.streams.sentBy(side)],
    streamsAccepted: [stats.streamsAccepted, scene.streams.sentBy(other)],
    callsSent: [stats.callsSent, peer.callsReceived],
  }
  for (const [count, [seen, right]] of Object.entries(counts)) {
    must(seen === right, () => `${sideName(side)}: ${count} ${seen}, not ${right}`)
  }
}

/** A session that is over says nothing more, whatever it is told. */
export function checkClosed(scene: Scene, { endpoint, name, closed, side }: Session, now: number): void {
  const { engine } = endpoint
  must(closed, () => `${name}: never closed`)
  for (const { views } of scene.streams.streams) {
    const { handle, settled } = views[side]
    if (handle === undefined) continue
    engine.write(handle, new Uint8Array(10))
    engine.end(handle)
    engine.stop(handle, 14, '')
    if (!settled) engine.settle(handle)
  }
  for (const { caller, handle } of scene.calls.calls) {
    if (caller === side && handle !== undefined) engine.cancel(handle, 14)
  }
  engine.ping()
  engine.goAway(21, '')
  engine.close(0, '')
  engine.receive(Uint8Array.of(0, 0, 0), now)
  engine.tick(now + 1e6)
  const event = engine.event()
  must(event === undefined, () => `${name}: ${event?.type} after closed`)
  must(engine.transmit([], 1000, now) === 0, () => `${name}: output after the end`)
  must(engine.deadline() === undefined, () => `${name}: a timer after the end`)
}
