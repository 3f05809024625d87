// One world of sessions: a dialer and a listener, or two equals, over simulated connections, applications working on both
// sides, and the clock that moves it all. Builds it from a plan, runs it to its end, and checks after every step.

import { Budget } from '#dist/session/budget.js'
import { LiveListener } from '#dist/session/listener.js'
import { parseSessionOptions, type SessionOptions } from '#dist/session/options.js'
import type { Session } from '#dist/session/session.js'
import { startShared } from '#dist/session/start.js'
import { Clock } from '../clock.ts'
import { must, type SideIndex, sideName } from '../model.ts'
import { Monitor } from '../monitor.ts'
import { Prng } from '../prng.ts'
import { describe } from '../wire.ts'
import type { Carrier, Tap } from './carrier.ts'
import { checkOver, checkQuiet, checkStep, watchStates } from './checks.ts'
import { Course } from './course.ts'
import { openFlow, takeFlow } from './flows.ts'
import { Ledger } from './ledger.ts'
import { Lifeline } from './lifeline.ts'
import { Place } from './place.ts'
import type { ResumePlan, SessionPlan, WorkItem } from './plan.ts'
import { makeRequest, serveRequests } from './requests.ts'
import { Network } from './roads.ts'
import { SideClock } from './side-clock.ts'

/** What either side allows for the beginning. */
const HANDSHAKE_MS = 10_000
/** So long the other side may say nothing. */
const IDLE_MS = 45_000

/** One side: its time, and its session once there is one. */
export class Side {
  readonly index: SideIndex
  readonly time: SideClock
  place: Place | undefined
  /** What is to be done once there is a session. */
  waiting: WorkItem[] = []
  /** How its session ended. */
  over: { readonly error: Error | undefined } | undefined

  constructor(index: SideIndex, time: SideClock) {
    this.index = index
    this.time = time
  }
}

export class SessionWorld {
  readonly clock = new Clock()
  readonly ledger = new Ledger()
  /** Holds both sides to the protocol, unless bytes are harmed. */
  readonly monitor: Monitor
  readonly plan: SessionPlan
  readonly sides: readonly [Side, Side]
  readonly network: Network
  readonly course = new Course(this)
  /** Of all sessions of this world together. */
  readonly budget = new Budget()
  listener: LiveListener | undefined
  lifeline: Lifeline | undefined
  #released = false
  #release: () => void = () => undefined
  readonly #releasing = new Promise<void>((resolve) => {
    this.#release = resolve
  })
  readonly #random: Prng
  readonly #trace: ((line: string) => void) | undefined
  readonly #broken: ((session: Session) => Session) | undefined

  /** `broken`: puts something in the place of each session, to see that it is noticed. */
  constructor(seed: number, plan: SessionPlan, trace?: (line: string) => void, broken?: (session: Session) => Session) {
    this.plan = plan
    this.#broken = broken
    this.#random = new Prng(seed, 3)
    this.#trace = trace
    this.monitor = new Monitor(plan.resume !== undefined)
    const ran = (): void => this.course.ran()
    this.monitor.onFrame = (side, frame) => this.note(`${sideName(side)} => ${describe(frame)}`)
    this.sides = [new Side(0, new SideClock(this.clock, ran)), new Side(1, new SideClock(this.clock, ran))]
    this.network = new Network(this.clock, [this.sides[0].time, this.sides[1].time], this.#random.fork(1), {
      broke: (carrier, text) => (this.lifeline === undefined ? this.disturb(text) : this.lifeline.broke(carrier, text)),
      unnoticed: () => this.#unnoticed(),
      stalls: (text) => this.stalls(text),
    })
    this.ledger.lenient = plan.lenient
    this.ledger.late = plan.mishaps.length > 0 || plan.handlersAfterMs > 0
    if (plan.authorize.includes('deny')) this.ledger.disturbed = 'somebody is not let in'
  }

  /** Runs to the end; rejects at the first thing that is not as it ought to be. */
  async run(): Promise<void> {
    this.#begin()
    for (;;) {
      await this.course.settle()
      if (this.isOver) break
      if (!this.#released) this.#letGo()
      else if (this.missing() === undefined || this.course.givesUp()) break
      else if (!(await this.course.idle(() => this.missing() === undefined || this.isOver))) break
    }
    if (!this.isOver) await this.#finish()
    await this.course.settle()
    await this.#closeListener()
    checkOver(this)
  }

  /** What went wrong with the connection, or on purpose: what is under way may fail from now on. */
  disturb(text: string): void {
    this.note(text)
    this.ledger.disturbed ??= text
  }

  #unnoticed(): void {
    const slept = this.plan.mishaps.some(({ ms }) => ms >= IDLE_MS)
    this.ledger.must(slept, () => 'a dead connection was noticed by nobody but the kernel')
  }

  /** The network stands still for longer than a beginning may take. */
  stalls(text: string): void {
    if (this.#shaking) this.disturb(text)
    else this.note(text)
  }

  get isLeft(): boolean {
    return this.ledger.ending || this.sides.some(({ place }) => place?.session.state === 'closed')
  }

  note(text: string): void {
    this.#trace?.(`${this.course.steps} ${this.clock.now.toFixed(3)} ms ${text}`)
  }

  /** What has not come about yet, though it ought to. */
  missing(): string | undefined {
    for (const { index, waiting } of this.sides)
      if (waiting.length > 0) return `${sideName(index)} has no session to work with`
    if (this.lifeline?.isBroken === true) return 'the session did not go on'
    return this.ledger.unsettled
  }

  // -- building

  #begin(): void {
    const { plan, sides } = this
    const carrier = this.network.connect(plan.first, this.tap())
    if (plan.symmetric) {
      this.#start(sides[0], carrier, 'symmetric')
      this.#start(sides[1], carrier, 'symmetric')
    } else {
      const resume = plan.resume === undefined ? false : { keepMs: plan.resume.keepMs }
      this.listener = new LiveListener((session) => this.#have(sides[1], session), { ...this.#options(1), resume })
      if (plan.resume === undefined) this.#start(sides[0], carrier, 'dialer')
      else this.#startWithLifeline(plan.resume, carrier)
      this.listener.accept(carrier.ends[1])
    }
    for (const item of plan.work) sides[item.side].time.after(item.atMs, () => this.#work(item))
    for (const { kind, side, atMs, ms } of plan.mishaps) {
      this.clock.after(atMs, () => this.#befall(kind, side, ms))
    }
    this.#scheduleEnd()
  }

  /** Time leaps, or a side stands still: whoever shook hands meanwhile may have taken too long. */
  #befall(kind: 'jump' | 'freeze', side: SideIndex, ms: number): void {
    const text = `${sideName(side)}: ${kind} of ${ms} ms`
    if (kind === 'freeze' && ms >= IDLE_MS) this.disturb(text)
    else if (ms >= HANDSHAKE_MS) this.stalls(text)
    else this.note(text)
    if (kind === 'jump') this.lifeline?.leapt(ms)
    this.sides[side].time[kind](ms)
  }

  get #shaking(): boolean {
    return this.sides.some(({ index, place }) => {
      if (place === undefined || place.session.remote.codec === '') return true
      return this.plan.authorize[index] !== 'none' && place.session.principal === undefined
    })
  }

  tap(): Tap | undefined {
    const { ledger, monitor } = this
    if (ledger.lenient) return undefined
    const line = this.network.carriers.length === 0 ? monitor.sides[0].line : monitor.line()
    return {
      sent: (side, chunk) => ledger.judge(() => monitor.sent(side, chunk, line)),
      arrived: (side, chunk) => ledger.judge(() => monitor.arrived(side, chunk, line)),
    }
  }

  #startWithLifeline(plan: ResumePlan, carrier: Carrier): void {
    const [side] = this.sides
    const random = this.#random.fork(30)
    this.lifeline = new Lifeline(this, plan, side.time, () => random.unit())
    this.lifeline.has(carrier)
    this.ledger.lifeline = this.lifeline
    this.#start(side, carrier, 'dialer')
  }

  #start(side: Side, carrier: Carrier, role: 'dialer' | 'symmetric'): void {
    const settings = parseSessionOptions(this.#options(side.index))
    const hooks = { resumption: this.lifeline?.resumption }
    this.#have(side, startShared(carrier.ends[side.index], settings, role, hooks, settings.budget.dialled()))
  }

  #options(side: SideIndex): SessionOptions {
    const { plan } = this
    const { time } = this.sides[side]
    const random = this.#random.fork(10 + side)
    const options: SessionOptions = {
      ...plan.options[side],
      clock: time,
      random: () => random.unit(),
      budget: this.budget,
    }
    const how = plan.authorize[side]
    if (how === 'none') return options
    const lateMs = random.skewed(0, 3000)
    this.monitor.sides[side].admitted = false
    let asked = 0
    const decide = (): string => {
      if (how === 'deny') throw new Error('not you')
      if (asked++ > 0 && plan.resume?.deniedAgain === true) {
        this.disturb('not let in again')
        throw new Error('not you any more')
      }
      this.monitor.sides[side].admitted = true
      this.ledger.judge(() => this.monitor.learn(side))
      return 'somebody'
    }
    const authorize = (): unknown =>
      how === 'soon' ? decide() : new Promise<void>((resolve) => time.after(lateMs, resolve)).then(decide)
    return { ...options, authorize }
  }

  /** A side has a session. */
  #have(side: Side, real: Session): void {
    const { plan, ledger } = this
    const session = this.#broken?.(real) ?? real
    const place = new Place(side.index, session, side.time, ledger, this.#releasing, plan)
    side.place = place
    this.note(`${place.name} has a session`)
    const serve = (): void => {
      if (session.state === 'closed') return
      session.handle('stream', (stream) => takeFlow(place, stream))
      session.handle('messages', (stream) => takeFlow(place, stream))
      serveRequests(place)
    }
    if (plan.handlersAfterMs === 0) serve()
    else side.time.after(plan.handlersAfterMs, serve)
    watchStates(place)
    void session.closed.then((error) => {
      this.note(`${place.name} is over: ${error?.message ?? 'cleanly'}`)
      ledger.must(side.over === undefined, () => `${place.name}: closed twice`)
      side.over = { error }
      // Somebody may have to be told that nobody comes back.
      if (this.lifeline?.mayBeLost === true) this.disturb('lost for good')
      // The other learns of a clean end only where it comes back to nobody.
      if (this.lifeline?.isBroken === true) this.disturb('a goodbye is lost')
      ledger.progress++
    })
    for (const item of side.waiting.splice(0)) this.#work(item)
  }

  #work(item: WorkItem): void {
    const side = this.sides[item.side]
    const { place } = side
    if (place === undefined) {
      // Nobody is there, and nobody will be any more.
      if (this.ledger.disturbed === undefined || this.#listens) side.waiting.push(item)
      return
    }
    this.note(`${place.name}: ${item.kind} ${item.index}`)
    if (item.kind === 'stream' || item.kind === 'messages') openFlow(place, item)
    else makeRequest(place, item)
  }

  /** Something still shakes hands. */
  get #listens(): boolean {
    return (this.listener?.stats().handshaking ?? 0) > 0
  }

  // -- running

  #scheduleEnd(): void {
    const { end } = this.plan
    if (end.kind !== 'closeAt' && end.kind !== 'drainAt') return
    const { time } = this.sides[end.side]
    time.after(end.ms, () => {
      const { place } = this.sides[end.side]
      if (place === undefined) return
      if (end.kind === 'drainAt') return this.#drain(place, end.forMs)
      this.disturb(`${place.name}: closed`)
      void place.session.close(end.code)
    })
  }

  /** Until its time is over nothing may be lost but what is told that it was never executed. */
  #drain(place: Place, ms: number): void {
    const { ledger, sides } = this
    const { time } = sides[place.side]
    this.note(`${place.name}: drains for ${ms} ms`)
    ledger.draining = true
    const timer = time.set(() => this.disturb('the time to drain is over'), ms)
    void ledger.hold(`drain of ${place.name}`, place.session.drain(ms), true).then(({ streams, calls }) => {
      time.clear(timer)
      const cut = streams + calls
      ledger.expect(
        cut === 0 || ledger.mayFail,
        () => `${place.name}: drained, and cut ${streams} streams, ${calls} calls`,
      )
    })
  }

  get isOver(): boolean {
    const [a, b] = this.sides
    if (a.over === undefined) return false
    if (b.place !== undefined) return b.over !== undefined
    return !this.#listens
  }

  /** What must hold at any time. */
  check(): void {
    for (const { place } of this.sides) if (place !== undefined) checkStep(place)
  }

  get steps(): number {
    return this.course.steps
  }

  async #closeListener(): Promise<void> {
    let closed = this.listener === undefined
    void this.listener?.close().then(() => {
      closed = true
    })
    await this.course.settle()
    while (!closed && (await this.course.idle(() => closed))) await this.course.settle()
    must(closed, () => 'the listener does not close, though both sides are over')
  }

  #letGo(): void {
    this.note('everything that held back is released')
    this.#released = true
    this.#release()
  }

  /** Everything is done: a clean end. */
  async #finish(): Promise<void> {
    const disturbed = this.ledger.disturbed !== undefined
    if (!disturbed) for (const { place } of this.sides) if (place !== undefined) checkQuiet(this, place)
    const { end } = this.plan
    const ending = this.sides.filter(({ index }) => end.kind === 'bothClose' || ('side' in end && end.side === index))
    this.note('the end')
    this.ledger.ending = true
    if (this.lifeline?.isBroken === true) this.disturb('nobody can say goodbye')
    for (const { place } of ending) {
      if (place === undefined) continue
      if (end.kind === 'drain' || end.kind === 'drainAt') void place.session.drain(1000)
      else void place.session.close()
    }
    // A side that nobody let in has nobody to end it.
    if (ending.every(({ place }) => place === undefined)) void this.sides[0].place?.session.close()
    while (!this.isOver) {
      await this.course.settle()
      if (!this.isOver) await this.course.idle(() => this.isOver)
    }
    for (const { place, over } of this.sides) {
      if (!this.ledger.lenient && this.ledger.disturbed === undefined)
        must(over?.error === undefined, () => `${place?.name} ended with ${over?.error?.message}`)
    }
  }
}
