// Network: makes connections as planned, with the fault of each, and tells when one strikes.

import type { Clock } from '../clock.ts'
import { Fin, Harm, Hole } from '../harm.ts'
import { type SideIndex, sideName } from '../model.ts'
import { buildNode, Cut, type Node } from '../network.ts'
import type { Prng } from '../prng.ts'
import { Carrier, type Tap } from './carrier.ts'
import type { CarrierPlan, Fault } from './plan.ts'
import type { SideClock } from './side-clock.ts'

/** A world hears what goes wrong. */
export interface Watcher {
  broke(carrier: Carrier, text: string): void
  /** A dead connection was noticed by nobody in time. */
  unnoticed(): void
  /** Nothing passes for seconds. */
  stalls(text: string): void
}

const HOLE_MS = 5000
const BETWEEN_HOLES_MS = 2000

export class Network {
  readonly carriers: Carrier[] = []
  readonly #clock: Clock
  readonly #times: readonly [SideClock, SideClock]
  readonly #random: Prng
  readonly #watcher: Watcher

  constructor(clock: Clock, times: readonly [SideClock, SideClock], random: Prng, watcher: Watcher) {
    this.#clock = clock
    this.#times = times
    this.#random = random
    this.#watcher = watcher
  }

  /** One more connection; its ends are transports. */
  connect(plan: CarrierPlan, tap?: Tap): Carrier {
    const carrier = new Carrier(this.#clock, this.#times, tap)
    const random = this.#random.fork(this.carriers.length)
    carrier.number = this.carriers.length
    this.carriers.push(carrier)
    for (const from of [0, 1] as const) {
      const nodes = plan.path[from].map((node) => buildNode(node, this.#clock, random))
      if (plan.fault !== undefined) nodes.push(...this.#harm(plan.fault, from, carrier, random))
      carrier.hang(from, nodes)
    }
    carrier.onUnnoticed = () => this.#watcher.unnoticed()
    if (plan.fault !== undefined) this.#strike(plan.fault, carrier, random)
    return carrier
  }

  /** Nodes that do what a fault does to bytes of one direction. */
  #harm(fault: Fault, from: SideIndex, carrier: Carrier, random: Prng): Node[] {
    const clock = this.#clock
    if (fault.kind === 'hole') return [new Hole(clock, clock.now + fault.ms, HOLE_MS, BETWEEN_HOLES_MS, fault.times)]
    if (!('direction' in fault) || fault.direction !== from) return []
    if (fault.kind === 'harm') return [new Harm(clock, random, fault.offset, fault.how, fault.length)]
    const strike = (): void => this.#struck(carrier, `cut at byte ${fault.offset} from ${sideName(from)}`)
    if (fault.how === 'fin') return [new Fin(clock, fault.offset, strike)]
    return [
      new Cut(clock, fault.offset, () => {
        strike()
        carrier.break('reset', [random.skewed(0, 100), random.skewed(0, 100)])
      }),
    ]
  }

  #strike(fault: Fault, carrier: Carrier, random: Prng): void {
    if (fault.kind === 'cutAtTime') {
      const delays = [random.skewed(0, 100), random.skewed(0, 100)] as const
      this.#clock.after(fault.ms, () => {
        if (carrier.broken || (carrier.ends[0].gone && carrier.ends[1].gone)) return
        this.#struck(carrier, `cut after ${fault.ms} ms: ${fault.how}`)
        carrier.break(fault.how, delays)
      })
    } else if (fault.kind === 'hole') {
      this.#clock.after(fault.ms, () => this.#watcher.stalls('nothing passes for seconds'))
    } else if (fault.kind === 'send') {
      const end = carrier.ends[fault.side]
      end.sendsLeft = fault.sends
      end.sendFails = fault.how
      carrier.onSendFailed = () => this.#struck(carrier, `send ${fault.sends} of ${sideName(fault.side)} ${fault.how}`)
    }
  }

  #struck(carrier: Carrier, text: string): void {
    carrier.struck = true
    this.#watcher.broke(carrier, text)
  }
}
