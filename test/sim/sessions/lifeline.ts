// Lifeline: how the dialer of a world comes back when its connection is lost, and what may be lost for good meanwhile. A session
// with a ticket may only be lost when the time for which the listener keeps it is over. Knows no stream and no call.

import type { LiveListener } from '#dist/session/listener.js'
import { Redial } from '#dist/session/redial.js'
import type { Transport } from '#dist/session/transport.js'
import type { Clock } from '../clock.ts'
import type { Carrier, Tap } from './carrier.ts'
import type { Ledger } from './ledger.ts'
import type { CarrierPlan, ResumePlan } from './plan.ts'
import type { Network } from './roads.ts'
import type { SideClock } from './side-clock.ts'

/** What follows when nothing more is planned. */
const WHOLE: CarrierPlan = {
  path: [[{ kind: 'buffer', capacity: 65_536 }], [{ kind: 'buffer', capacity: 65_536 }]],
  fault: undefined,
}

/** The real one, watched. */
class WatchedRedial extends Redial {
  onTicket: (() => void) | undefined
  onResumed: (() => void) | undefined

  override ticket(keepMs: number): void {
    this.onTicket?.()
    super.ticket(keepMs)
  }

  override resumed(): void {
    super.resumed()
    this.onResumed?.()
  }
}

/** What a lifeline needs of its world. */
export interface LifelineHost {
  readonly clock: Clock
  readonly ledger: Ledger
  readonly network: Network
  readonly listener: LiveListener | undefined
  /** A side has ended the session. */
  readonly isLeft: boolean
  note(text: string): void
  disturb(text: string): void
  tap(): Tap | undefined
}

export class Lifeline {
  readonly resumption: WatchedRedial
  /** How often a session went on. */
  resumed = 0
  readonly #plan: ResumePlan
  readonly #host: LifelineHost
  readonly #time: SideClock
  #ticketed = false
  #refusals = 0
  #leaps = 0
  /** The connection the session has, or is about to have. */
  #carrier: Carrier | undefined
  /** Since when it may have none. */
  #since: number | undefined

  constructor(host: LifelineHost, plan: ResumePlan, time: SideClock, random: () => number) {
    this.#host = host
    this.#plan = plan
    this.#time = time
    this.#refusals = plan.refused
    this.resumption = new WatchedRedial((signal) => this.#dial(signal), random)
    this.resumption.onTicket = () => {
      this.#ticketed = true
    }
    this.resumption.onResumed = () => {
      this.resumed++
      this.#refusals = plan.refused
      host.note(`resumed over connection ${this.#carrier?.number}`)
      this.#since = this.#carrier?.struck === true ? host.clock.now : undefined
    }
  }

  /** The first connection. */
  has(carrier: Carrier): void {
    this.#carrier = carrier
  }

  /** A connection broke. */
  broke(carrier: Carrier, text: string): void {
    // Without a ticket nobody comes back, and nobody need after a goodbye that is lost.
    if (!this.#ticketed || this.#host.isLeft) return this.#host.disturb(text)
    this.#host.note(text)
    if (carrier === this.#carrier) this.#since ??= this.#host.clock.now
  }

  /** Whether a session may be lost for good by now. */
  get mayBeLost(): boolean {
    // What is a sum of times here is another one there: they may differ in the last digit.
    const most = this.#plan.keepMs - 0.001
    return this.#since !== undefined && this.#host.clock.now + this.#leaps - this.#since >= most
  }

  /** Whether there may be no connection. */
  get isBroken(): boolean {
    return this.#since !== undefined
  }

  /** The time of one side leapt: it may think that it has waited long enough. */
  leapt(ms: number): void {
    this.#leaps += ms
  }

  #dial(signal: AbortSignal): Promise<Transport> {
    const { next, dialMs } = this.#plan
    const { network, listener } = this.#host
    return new Promise((resolve, reject) => {
      this.#time.after(dialMs, () => {
        if (signal.aborted) return reject(signal.reason)
        if (this.#refusals-- > 0) return reject(new Error('connect ECONNREFUSED'))
        const number = network.carriers.length
        const plan = next[number - 1] ?? WHOLE
        this.#host.note(`connection ${number}: ${JSON.stringify(plan.fault)}`)
        const carrier = network.connect(plan, this.#host.tap())
        this.#carrier = carrier
        resolve(carrier.ends[0])
        listener?.accept(carrier.ends[1])
      })
    })
  }
}
