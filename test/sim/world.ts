// One world: two engines, a network between them, work on both sides, and the clock that moves it all.
// Builds it from a plan, runs it to its end, and checks after every step what must hold at any time.

import type { Engine } from '#dist/engine/contract.js'
import { createEngine, type EngineInit } from '#dist/engine/engine.js'
import { type EngineSettings, parseOptions } from '#dist/engine/options.js'
import { CallOracle } from './calls.ts'
import { checkClosed, checkCounts, checkQuiet, checkStep, checkWindow, type Scene } from './checks.ts'
import { Clock } from './clock.ts'
import { Endpoint } from './endpoint.ts'
import { must, type SideIndex, type StreamView, sideName } from './model.ts'
import { Monitor } from './monitor.ts'
import { buildNode, Cut, chain, type Node } from './network.ts'
import { StreamOracle } from './oracle.ts'
import type { Plan } from './plan.ts'
import { Prng } from './prng.ts'
import { Session, type Shared } from './session.ts'
import { describe, Type } from './wire.ts'
import { Workload } from './workload.ts'

/** Steps in which nothing moves, and steps altogether, after which a world is stuck. */
const IDLE_STEPS_MAX = 30_000
const STEPS_MAX = 3_000_000
/** Counting what engines hold takes longer than a step does. */
const STEPS_PER_COUNT = 4
/** Timers that may run out, one after the other, while nothing else is left to happen. */
const IDLE_TIMERS_MAX = 2000

/** What a test may put in the place of the real parts, to see that the oracle notices. */
export interface Faults {
  engine?: (engine: Engine, side: SideIndex) => Engine
  nodes?: (clock: Clock, random: Prng, side: SideIndex) => Node[]
}

export class World implements Scene {
  readonly clock = new Clock()
  readonly sessions: readonly [Session, Session]
  readonly workloads: readonly [Workload, Workload]
  readonly monitor = new Monitor()
  readonly streams = new StreamOracle()
  readonly calls = new CallOracle()
  readonly plan: Plan
  steps = 0
  #progress = 0
  #progressStep = 0
  cut = false
  #onSessionCredit: (side: SideIndex) => void = () => undefined
  readonly #random: Prng
  readonly #trace: ((line: string) => void) | undefined

  constructor(seed: number, plan: Plan, faults: Faults = {}, trace?: (line: string) => void) {
    this.plan = plan
    this.#random = new Prng(seed, 2)
    this.#trace = trace
    const shared: Shared = {
      clock: this.clock,
      streams: this.streams,
      calls: this.calls,
      monitor: this.monitor,
      roundTripMs: [...plan.path[0], ...plan.path[1]].reduce(
        (sum, node) => sum + (node.kind === 'delay' ? node.ms : 0),
        0,
      ),
      trace: (side, text) => this.#note(side, text),
    }
    this.monitor.onFrame = (side, frame) => {
      this.#note(side, () => `=> ${describe(frame)}`)
      if (frame.type === Type.SCREDIT) this.#onSessionCredit(side)
      if (frame.type === Type.CREDIT) checkWindow(this, side, frame)
    }
    this.sessions = [this.#session(0, shared, faults), this.#session(1, shared, faults)]
    this.workloads = [this.#workload(0), this.#workload(1)]
    this.#connect(0, faults)
    this.#connect(1, faults)
  }

  /** Runs to the end; throws at the first thing that is not as it ought to be. */
  run(): void {
    this.#schedule()
    for (;;) {
      while (this.clock.busy > 0) this.#step()
      if (this.#over) break
      if (!this.workloads[0].released) {
        this.#checkIndependence()
        this.#release()
      } else if (this.missing() === undefined) break
      else this.#runTimers(() => this.missing())
    }
    if (!this.#over) this.#finish()
    while (!this.#over && this.clock.busy > 0) this.#step()
    for (const session of this.sessions) checkClosed(this, session, this.clock.now)
  }

  /** What has not come about yet, though it ought to, or undefined. */
  missing(): string | undefined {
    for (const stream of this.streams.streams) {
      const missing = this.streams.missing(stream)
      if (missing !== undefined) return missing
    }
    for (const call of this.calls.calls) {
      const missing = this.calls.missing(call)
      if (missing !== undefined) return missing
    }
    for (const { side, name } of this.sessions) {
      if (this.calls.pings[side] > 0 && this.calls.pongs[side] === 0) return `a ping of ${name} never came back`
    }
    return undefined
  }

  // -- building

  #session(side: SideIndex, shared: Shared, faults: Faults): Session {
    const { plan } = this
    const settings = parseOptions({ ...plan.options[side], helloTimeoutMs: 600_000 })
    const session = new Session(side, settings, shared)
    const engine = makeEngine(settings, {
      waitForPreface: !plan.symmetric && side === 1,
      gate: plan.gate[side],
      random: lane(this.#random.fork(side)),
    })
    const real = faults.engine?.(engine, side) ?? engine
    session.endpoint = new Endpoint(real, this.clock, session, () => plan.budget, settings.earlyBytes)
    session.admitted = !plan.gate[side]
    return session
  }

  #workload(side: SideIndex): Workload {
    const session = this.sessions[side]
    const random = this.#random.fork(10 + side)
    const workload = new Workload(session, random, this.plan.work[side])
    session.worker = workload
    if (!this.plan.gate[side]) return workload
    this.monitor.sides[side].admitted = false
    const ready = workload.ready.bind(workload)
    workload.ready = () => {
      session.later(random.skewed(0, 500), () => {
        session.admitted = true
        this.monitor.sides[side].admitted = true
        this.monitor.learn(side)
        session.endpoint.admit()
      })
      ready()
    }
    return workload
  }

  #connect(from: SideIndex, faults: Faults): void {
    const sender = this.sessions[from].endpoint
    const receiver = this.sessions[from === 0 ? 1 : 0].endpoint
    const random = this.#random.fork(20 + from)
    const nodes = this.plan.path[from].map((node) => buildNode(node, this.clock, random))
    if (faults.nodes !== undefined) nodes.push(...faults.nodes(this.clock, random, from))
    const { end } = this.plan
    if (end.kind === 'cutAtByte' && end.direction === from)
      nodes.push(new Cut(this.clock, end.offset, () => this.#break()))
    sender.below = chain(sender, nodes, receiver)
    receiver.above = nodes.at(-1)
  }

  // -- running

  #schedule(): void {
    const { clock, plan } = this
    for (const [side, session] of this.sessions.entries()) {
      clock.at(0, () => {
        this.workloads[side as SideIndex].start()
        session.endpoint.flush()
      })
    }
    const { end, goAway } = plan
    if (goAway !== undefined) {
      const session = this.sessions[goAway.side]
      session.later(goAway.ms, () => session.goAway(21, 'draining'))
    }
    if (end.kind === 'cutAtTime') clock.at(end.ms, () => this.#break())
    if (end.kind === 'close') {
      const session = this.sessions[end.side]
      session.later(end.ms, () => session.close(end.code, 'enough'))
    }
  }

  /** The connection breaks: each side learns of it in its own time. */
  #break(): void {
    if (this.cut) return
    this.cut = true
    for (const session of this.sessions) {
      this.clock.after(this.#random.skewed(0, 100), () => session.endpoint.break('the connection broke'))
    }
  }

  get #over(): boolean {
    return this.sessions[0].endpoint.gone && this.sessions[1].endpoint.gone
  }

  #step(): void {
    if (!this.clock.step()) return
    this.steps++
    for (const session of this.sessions) {
      checkStep(this, session)
      if (this.steps % STEPS_PER_COUNT === 0) checkCounts(this, session)
    }
    const progress = this.streams.progress + this.calls.progress
    if (progress !== this.#progress) {
      this.#progress = progress
      this.#progressStep = this.steps
    }
    const idle = this.steps - this.#progressStep
    must(idle < IDLE_STEPS_MAX, () => `nothing moved for ${idle} steps: ${this.missing()}`)
    must(this.steps < STEPS_MAX, () => `no end after ${this.steps} steps: ${this.missing()}`)
  }

  /** Nothing is left but timers: they may set things going again. */
  #runTimers(missing: () => string | undefined): void {
    for (let left = IDLE_TIMERS_MAX; left > 0 && this.clock.busy === 0; left--) {
      const before = this.steps
      this.#step()
      must(before !== this.steps, () => `stuck, and nothing is left to happen: ${missing()}`)
      if (missing() === undefined) return
    }
    must(this.clock.busy > 0, () => `stuck, with nothing but timers: ${missing()}`)
  }

  #release(): void {
    this.#note(0, () => 'everything that held back is released')
    for (const [side, workload] of this.workloads.entries()) {
      const { endpoint, closed } = this.sessions[side as SideIndex]
      if (closed) workload.released = true
      else endpoint.do(() => workload.release())
    }
  }

  /** Everything is done: the probes, then a clean end. */
  #finish(): void {
    for (const session of this.sessions) checkQuiet(this, session)
    if (this.plan.probe) {
      this.#probe(0)
      this.#probe(1)
    }
    if (this.cut) return
    const first = this.sessions[this.#random.int(0, 1) as SideIndex]
    first.endpoint.do(() => first.close(0, ''))
    while (this.clock.busy > 0) this.#step()
    must(this.#over, () => 'closed, but a transport is still there')
    if (this.cut) return
    for (const { closedWith, name } of this.sessions) {
      must(closedWith === undefined, () => `${name} closed with ${closedWith?.code} ${closedWith?.message}`)
    }
  }

  /** Small writes on a new stream until session credit has come back: then all of it must be back. */
  #probe(side: SideIndex): void {
    const session = this.sessions[side]
    const peer = this.sessions[side === 0 ? 1 : 0]
    const window = peer.settings.sessionWindow
    if (window > 256 * 1024 || session.goAwaySeen || this.streams.away[side]) return
    const wire = this.monitor.sides[side]
    let consumed = -1
    const workload = this.workloads[side]
    let view: StreamView | undefined
    session.endpoint.do(() => {
      view = workload.openProbe()
    })
    this.#onSessionCredit = (side) => {
      if (side === peer.side) consumed = view?.out.consumed ?? 0
    }
    for (let sent = 0; sent < 2 * window && !this.cut; sent += 1000) {
      session.endpoint.do(() => session.write(view as StreamView, 1000, false))
      while (this.clock.busy > 0) this.#step()
      if (this.cut) return
      if (consumed < 0) continue
      const lost = window - wire.sessionCredit - ((view?.out.consumed ?? 0) - consumed)
      must(lost === 0, () => `${lost} of ${window} bytes of session credit never came back to ${session.name}`)
      session.endpoint.do(() => session.end(view as StreamView))
      while (this.clock.busy > 0) this.#step()
      if (!this.cut) checkQuiet(this, session)
      return
    }
    must(this.cut, () => `${session.name} wrote twice the session window, and no credit came back`)
  }

  // -- what must hold

  /** Nothing holds back but what was told to: whoever does not wait for them must be done. */
  #checkIndependence(): void {
    const held = this.sessions.some((session) => {
      const { sessionWindow, maxStreams } = session.settings
      const full = this.streams.unread[session.side] * 4 > sessionWindow
      return full || session.closed || this.streams.held[session.side] === maxStreams
    })
    if (held) return
    const missing = (): string | undefined => {
      for (const stream of this.streams.streams) {
        const [a, b] = stream.views
        if (stream.via !== undefined || this.workloads[0].holdsBack(a) || this.workloads[1].holdsBack(b)) continue
        const missing = this.streams.missing(stream)
        if (missing !== undefined) return `though nothing holds it back, ${missing}`
      }
      return undefined
    }
    if (missing() !== undefined) this.#runTimers(missing)
  }

  #note(side: SideIndex, text: () => string): void {
    this.#trace?.(`${this.steps} ${this.clock.now.toFixed(3)} ms ${sideName(side)} ${text()}`)
  }
}

function makeEngine(settings: EngineSettings, init: EngineInit): Engine {
  return createEngine(settings, init)
}

function lane(random: Prng): () => number {
  return () => random.unit()
}
