// What one side of a world does: opens, handlers, calls, replies, all drawn from the seed as it goes.
// Works only through a session's commands; whether the outcome is right is for the oracles.

import type { EngineStream, RawMeta } from '#dist/engine/contract.js'
import { drawReason, type Purse, Reader, Writer } from './actors.ts'
import type { Answer, CallModel } from './calls.ts'
import type { SideIndex, StreamView } from './model.ts'
import { must } from './model.ts'
import { firstDifference, slice } from './pattern.ts'
import type { WorkPlan } from './plan.ts'
import type { Prng } from './prng.ts'
import type { Session, Worker } from './session.ts'

const PROBE = 'probe'
const RESULT = '$reply'
const METADATA_FLOOR = 1024
const ARGS_FLOOR = 16_384
const NAMES = ['file', 'log', 'ü', 'x'.repeat(128), '', 'file-a/b.txt', '日本語']

/** Everything that works with one view of a stream. */
interface Crew {
  readonly writer: Writer
  readonly reader: Reader
  settle: 'never' | 'late' | 'released' | 'done'
}

export class Workload implements Worker {
  /** Readers that held back read, handlers that waited end. */
  released = false
  readonly #session: Session
  readonly #random: Prng
  readonly #plan: WorkPlan
  readonly #purse: Purse
  readonly #crews = new Map<StreamView, Crew>()
  readonly #lateReplies: (() => void)[] = []

  constructor(session: Session, random: Prng, plan: WorkPlan) {
    this.#session = session
    this.#random = random
    this.#plan = plan
    this.#purse = { bytes: plan.bytes }
  }

  /** Plans all work of its own; it begins at once or when the peer has introduced itself. */
  start(): void {
    const begin = (): void => {
      for (let left = this.#plan.streams; left > 0; ) {
        const batch = Math.min(left, this.#random.skewed(1, 10))
        left -= batch
        this.#soon(() => {
          for (let each = 0; each < batch; each++) this.#open(this.#drawName(), false)
        })
      }
      for (let left = this.#plan.calls; left > 0; left--) this.#soon(() => this.#call())
      for (let left = this.#plan.pings; left > 0; left--) this.#soon(() => this.#session.ping())
    }
    if (this.#random.chance(this.#plan.early)) begin()
    else this.#begin = begin
  }

  #begin: (() => void) | undefined

  /** From now on nobody holds back. */
  release(): void {
    this.released = true
    for (const [view, crew] of this.#crews) {
      if (!crew.reader.held) crew.reader.takeAll()
      if (crew.settle === 'released') {
        crew.settle = 'done'
        this.#session.settle(view)
      }
    }
    for (const reply of this.#lateReplies.splice(0)) reply()
  }

  /** True while something about this view waits for `release`. */
  holdsBack(view: StreamView): boolean {
    const crew = this.#crews.get(view)
    return crew === undefined || crew.reader.stalled || crew.settle === 'released'
  }

  get holdsReplies(): boolean {
    return this.#lateReplies.length > 0
  }

  /** A stream on which only the caller writes. */
  openProbe(): StreamView {
    const view = this.#session.open({ name: PROBE, meta: undefined, urgency: 3, confirm: false })
    this.#join(view)
    return view
  }

  // -- the worker

  ready(): void {
    this.#begin?.()
    this.#begin = undefined
  }

  opened(view: StreamView): void {
    const random = this.#random
    const crew = this.#join(view)
    if (view.stream.name === PROBE) return this.#session.end(view)
    if (view.stream.name === RESULT) {
      crew.reader.held = true
      return
    }
    const throws = random.chance(0.03)
    if (!throws && (view.stream.confirm || random.chance(0.3))) {
      const answer = this.#drawMeta()
      if (random.chance(0.7)) this.#session.accept(view, answer)
      else {
        this.#session.later(random.skewed(0, 50), () => {
          if (view.write === 'open' && !view.finished) this.#session.accept(view, answer)
        })
      }
    }
    // A handler that says yes and throws at once, or says no more than once.
    if (throws) {
      this.#session.accept(view, this.#drawMeta())
      this.#session.reset(view, 10, '')
      this.#session.endpoint.engine.reset(view.handle as EngineStream, 11, 'again')
    }
    if (random.chance(this.#plan.lateHandlers)) crew.settle = random.pick(['late', 'released'] as const)
    else if (random.chance(0.2)) {
      crew.settle = 'done'
      this.#session.settle(view)
    }
    if (random.chance(0.5)) crew.writer.step()
    else this.#session.later(random.skewed(0, 20), () => crew.writer.step())
  }

  data(view: StreamView, bytes: Uint8Array, eom: boolean): void {
    this.#crew(view).reader.data(bytes, eom, this.released)
  }

  over(view: StreamView): void {
    const { reader } = this.#crew(view)
    if (view.read === 'reset') reader.letGo()
  }

  writable(view: StreamView): void {
    this.#crew(view).writer.writable()
  }

  finished(view: StreamView): void {
    const crew = this.#crew(view)
    if (this.#random.chance(0.2)) this.#stray(view)
    // The result of a call that was given up meanwhile.
    if (crew.reader.held) crew.reader.letGo()
    if (view.mine || crew.settle === 'done') return
    if (crew.settle === 'released' && !this.released) return
    const settle = (): void => {
      crew.settle = 'done'
      this.#session.settle(view)
    }
    if (crew.settle === 'late') this.#session.later(this.#random.skewed(0, 300), settle)
    else settle()
  }

  called(call: CallModel, slot: number, args: Uint8Array): void {
    const random = this.#random
    const reply = (): void => {
      must(firstDifference(call.position, args) < 0, () => `${call.label}: the arguments changed while it ran`)
      if (this.#session.shared.calls.inSlot(this.#session.side, slot) === call) this.#reply(call, slot)
    }
    if (random.chance(0.6)) reply()
    else if (random.chance(0.3) && !this.released) this.#lateReplies.push(reply)
    else this.#session.later(random.skewed(0, 400), reply)
  }

  cancelled(call: CallModel, slot: number): void {
    if (this.#random.chance(0.5)) return
    this.#session.answer(slot, { type: 'error', code: call.cancelCode, reason: '', details: undefined })
  }

  /** Now it is known what the stream of a result is for: it is read, and nothing is said on it. */
  replied(call: CallModel): void {
    if (call.answer?.type !== 'via' || call.outcome !== 'reply') return
    const view = call.answer.stream.views[this.#session.side]
    const { reader } = this.#crew(view)
    reader.held = false
    if (view.write === 'open') this.#session.end(view)
    if (!reader.stalled || this.released) reader.takeAll()
  }

  // -- its own work

  #soon(action: () => void): void {
    this.#session.later(this.#random.unit() * this.#plan.spreadMs, action)
  }

  #join(view: StreamView): Crew {
    const random = this.#random.fork(view.stream.index)
    const trailer = this.#drawMeta() ?? { json: true, bytes: Buffer.from('null') }
    const plan = view.stream.name === PROBE ? { ...this.#plan, slowReaders: 0 } : this.#plan
    const writer = new Writer(this.#session, view, random, plan, this.#purse, trailer)
    const crew: Crew = { writer, reader: new Reader(this.#session, view, random, plan), settle: 'never' }
    this.#crews.set(view, crew)
    return crew
  }

  #crew(view: StreamView): Crew {
    const crew = this.#crews.get(view)
    must(crew !== undefined, () => `${view.label}: nobody works with it`)
    return crew
  }

  #open(name: string, now: boolean): StreamView {
    const random = this.#random
    const view = this.#session.open({
      name,
      meta: random.chance(0.5) ? undefined : this.#drawMeta(),
      urgency: random.chance(0.5) ? 3 : random.int(0, 7),
      confirm: random.chance(0.3),
      part: name === RESULT,
    })
    const { writer } = this.#join(view)
    if (name !== RESULT && random.chance(0.03)) this.#session.stop(view, 14, drawReason(random))
    if (now || random.chance(0.6)) writer.step()
    else this.#session.later(random.skewed(0, 50), () => writer.step())
    if (random.chance(0.03)) {
      this.#session.later(random.skewed(0, 30), () => {
        if (!view.finished && !view.aborted) this.#session.reset(view, 14, drawReason(random))
        this.#crew(view).reader.takeAll()
      })
    }
    return view
  }

  #drawName(): string {
    return this.#random.chance(0.5) ? this.#random.pick(NAMES) : `name-${this.#random.int(0, 1e9)}`
  }

  #drawMeta(): RawMeta | undefined {
    const random = this.#random
    if (random.chance(0.3)) return undefined
    const max = random.chance(0.8) ? METADATA_FLOOR : (this.#session.remote?.maxMeta ?? METADATA_FLOOR)
    const length = random.skewed(0, max)
    if (random.chance(0.5)) return { json: false, bytes: slice(length * 31, length) }
    return { json: true, bytes: Buffer.from(JSON.stringify('m'.repeat(Math.max(0, length - 2)))) }
  }

  #call(): void {
    const random = this.#random
    const { calls, clock } = this.#session.shared
    const { side } = this.#session
    const index = calls.calls.length
    const argsMax = Math.min(this.#plan.argsMax, this.#session.remote?.maxFrame ?? ARGS_FLOOR)
    const unique = this.#plan.uniqueMethods && random.chance(0.8)
    const call: CallModel = {
      label: `call ${this.#session.name}${index}`,
      caller: side as SideIndex,
      method: unique ? `method-${index % 1150}` : random.pick(['$message', 'add', 'm'.repeat(128), 'größe']),
      position: index * 613,
      length: random.chance(0.02) ? argsMax : random.skewed(0, Math.min(argsMax, 3000)),
      deadlineAt: random.chance(0.2) ? clock.now + random.skewed(0, 5000) * 0.7 : undefined,
      madeAt: clock.now,
      oneWay: random.chance(0.2),
      handle: undefined,
      cancelled: undefined,
      cancelCode: 0,
      cancelledIn: -1,
      executed: false,
      answer: undefined,
      outcome: undefined,
    }
    this.#session.call(call)
    if (!random.chance(0.15)) return
    const code = random.pick([14, 15, 99])
    if (random.chance(0.3)) this.#session.cancel(call, code)
    else this.#session.later(random.skewed(0, 300), () => this.#session.cancel(call, code))
  }

  #reply(call: CallModel, slot: number): void {
    const random = this.#random
    const side = this.#session.side
    let answer: Answer
    if (random.chance(0.15)) {
      const details = random.chance(0.5) ? undefined : slice(slot, random.skewed(0, 500))
      answer = { type: 'error', code: random.pick([10, 16, 17, 64, 100_000]), reason: drawReason(random), details }
    } else if (!call.oneWay && random.chance(0.1)) {
      const view = this.#open(RESULT, random.chance(0.5))
      if (view.aborted) return this.#reply(call, slot)
      view.stream.via = call
      answer = { type: 'via', stream: view.stream }
    } else {
      const max = Math.min(this.#plan.argsMax, this.#session.remote?.maxFrame ?? ARGS_FLOOR)
      const length = call.oneWay ? 0 : random.chance(0.02) ? max : random.skewed(0, Math.min(max, 3000))
      answer = { type: 'result', position: side * 5000 + slot, length }
    }
    this.#session.answer(slot, answer)
  }

  /** Commands on a stream that is over do nothing. */
  #stray(view: StreamView): void {
    const { engine } = this.#session.endpoint
    const { handle } = view
    if (handle === undefined) return
    engine.write(handle, slice(0, 100), true)
    engine.end(handle)
    engine.accept(handle, undefined)
    engine.stop(handle, 14, 'too late')
    engine.reset(handle, 14, 'too late')
  }
}
