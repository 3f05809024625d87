// The writer and the reader of one half of one stream, each with a temper drawn from the seed.
// They use a session's commands; what is right or wrong is not theirs to say.

import type { RawMeta } from '#dist/engine/contract.js'
import type { StreamView } from './model.ts'
import type { WorkPlan } from './plan.ts'
import type { Prng } from './prng.ts'
import type { Session } from './session.ts'

/** How long an actor waits between two steps, in ms: often not at all. */
function pause(random: Prng): number {
  return random.chance(0.5) ? 0 : random.skewed(0, 200) * 0.25
}

/** What is left of a side's bytes. */
export interface Purse {
  bytes: number
}

/** Writes a random amount in random pieces, waits for `writable` or defies it, and ends in one of the ways there are. */
export class Writer {
  readonly #session: Session
  readonly #view: StreamView
  readonly #random: Prng
  readonly #work: WorkPlan
  readonly #purse: Purse
  readonly #trailer: RawMeta | undefined
  readonly #messages: boolean
  readonly #defiant: boolean
  /** Most pieces as large as they may be. */
  readonly #bulk: boolean
  #steps: number
  #waiting = false
  #done = false

  constructor(
    session: Session,
    view: StreamView,
    random: Prng,
    work: WorkPlan,
    purse: Purse,
    trailer: RawMeta | undefined,
  ) {
    this.#session = session
    this.#view = view
    this.#random = random
    this.#work = work
    this.#purse = purse
    this.#trailer = trailer
    this.#messages = random.chance(work.messages)
    this.#defiant = random.chance(work.defiance)
    this.#bulk = random.chance(0.15)
    this.#steps = random.chance(0.3) ? 0 : random.skewed(1, 40)
  }

  /** One step, or several at once. */
  step(): void {
    if (this.#done || this.#waiting) return
    for (let burst = this.#random.skewed(1, 8); burst > 0; burst--) {
      if (this.#view.write !== 'open') return
      if (this.#steps-- <= 0) return this.#finish()
      if (!this.#write()) return
    }
    this.#session.later(pause(this.#random), () => this.step())
  }

  writable(): void {
    if (!this.#waiting) return
    this.#waiting = false
    if (this.#random.chance(0.5)) this.step()
    else this.#session.later(pause(this.#random), () => this.step())
  }

  /** False when it has to wait. */
  #write(): boolean {
    const random = this.#random
    const { writeMax } = this.#work
    const exact = random.chance(0.05) ? this.#session.room(this.#view) : 0
    const drawn =
      exact > 0 ? exact : this.#bulk ? random.int(1, writeMax) : random.chance(0.05) ? 0 : random.skewed(0, writeMax)
    const length = Math.min(this.#purse.bytes, drawn)
    this.#purse.bytes -= length
    const eom = this.#messages && random.chance(0.6)
    if (this.#session.write(this.#view, length, eom)) return true
    if (this.#defiant && random.chance(0.5)) return true
    this.#waiting = true
    return false
  }

  #finish(): void {
    this.#done = true
    const random = this.#random
    if (random.chance(0.08)) return this.#session.reset(this.#view, random.pick([10, 14, 64, 5000]), drawReason(random))
    if (random.chance(0.3)) this.#session.end(this.#view, this.#trailer)
    else this.#session.end(this.#view)
  }
}

interface Kept {
  readonly bytes: Uint8Array
  readonly eom: boolean
  readonly at: number
  taken: number
}

type Temper = 'eager' | 'lazy' | 'nibbling' | 'stalled' | 'leaving'

/** Takes what comes at once, late, in crumbs, not before it is released, or leaves in the middle. */
export class Reader {
  readonly temper: Temper
  readonly #session: Session
  readonly #view: StreamView
  readonly #random: Prng
  readonly #inbox: Kept[] = []
  #leaveAt: number
  /** Nobody knows yet what the stream is for. */
  held = false
  #scheduled = false

  constructor(session: Session, view: StreamView, random: Prng, work: WorkPlan) {
    this.#session = session
    this.#view = view
    this.#random = random
    this.temper = random.chance(work.slowReaders)
      ? random.pick(['lazy', 'nibbling', 'nibbling', 'stalled', 'stalled', 'leaving'] as const)
      : 'eager'
    this.#leaveAt = this.temper === 'leaving' ? random.skewed(0, 100_000) : Number.POSITIVE_INFINITY
  }

  get stalled(): boolean {
    return this.temper === 'stalled'
  }

  data(bytes: Uint8Array, eom: boolean, released: boolean): void {
    this.#inbox.push({ bytes, eom, at: this.#view.in.received - bytes.length, taken: 0 })
    if (this.#view.read !== 'open') return this.takeAll()
    if (this.#view.in.received >= this.#leaveAt && !this.held) return this.#leave()
    if (this.held || (this.temper === 'stalled' && !released)) return
    if (this.temper === 'eager' || (this.temper === 'leaving' && !released)) return this.takeAll()
    this.#schedule(() => (this.temper === 'lazy' ? this.takeAll() : this.#nibble()))
  }

  /** Everything that has come; it must still be what it was when it came. */
  takeAll(): void {
    let bytes = 0
    let messages = 0
    for (const kept of this.#inbox) {
      this.#view.in.check(kept.at, kept.bytes)
      bytes += kept.bytes.length - kept.taken
      if (kept.eom) messages++
    }
    this.#inbox.length = 0
    if (bytes > 0 || messages > 0) this.#session.consume(this.#view, bytes, messages)
  }

  /** Nothing more will come, or nobody wants it. */
  letGo(): void {
    this.held = false
    this.takeAll()
  }

  #nibble(): void {
    const kept = this.#inbox[0]
    if (kept === undefined) return
    const left = kept.bytes.length - kept.taken
    const take = this.#random.chance(0.3) ? left : Math.min(left, this.#random.skewed(1, 30_000))
    const whole = take === left
    kept.taken += take
    if (whole) {
      this.#view.in.check(kept.at, kept.bytes)
      this.#inbox.shift()
    }
    this.#session.consume(this.#view, take, whole && kept.eom ? 1 : 0)
    if (this.#inbox.length > 0) this.#schedule(() => this.#nibble())
  }

  #leave(): void {
    this.#leaveAt = Number.POSITIVE_INFINITY
    const view = this.#view
    if (this.#random.chance(0.6)) this.#session.stop(view, this.#random.pick([14, 70]), drawReason(this.#random))
    else this.#session.reset(view, this.#random.pick([14, 71]), drawReason(this.#random))
    this.takeAll()
  }

  #schedule(action: () => void): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#session.later(pause(this.#random), () => {
      this.#scheduled = false
      action()
    })
  }
}

export function drawReason(random: Prng): string {
  if (random.chance(0.5)) return ''
  return 'because ü'.repeat(random.skewed(1, 20))
}
