// The ledger of a world of sessions: what applications did, what they were told, every promise they hold. It keeps the first
// thing that is not as it ought to be, because what a handler throws reaches nobody. Knows no network and no session.

import { BraidError } from '#dist/engine/errors.js'
import { HalfModel, type SideIndex, sideName } from '../model.ts'
import type { WorkItem } from './plan.ts'

/** One stream an application opened: two halves, and who gave it up. */
export class Flow {
  readonly label: string
  readonly item: WorkItem
  readonly halves: readonly [HalfModel, HalfModel]
  /** Numbers with which it was given up, by either side. */
  readonly givenUp = new Set<number>()
  accepted = false
  /** The opener was told that nothing was executed. */
  untouched = false

  constructor(item: WorkItem) {
    this.item = item
    this.label = `${item.kind} ${item.index} of ${sideName(item.side)}`
    this.halves = [
      new HalfModel(`${this.label}, A's half`, item.index * 7919),
      new HalfModel(`${this.label}, B's half`, item.index * 7919 + 100_003),
    ]
  }
}

/** What the callee does with a call. */
export type Behaviour = 'result' | 'late' | 'throws' | 'hangs'

/** One call or message. */
export class Request {
  readonly label: string
  readonly item: WorkItem
  readonly length: number
  readonly resultLength: number
  readonly behaviour: Behaviour
  readonly lateMs: number
  executions = 0
  outcome: 'done' | 'failed' | undefined
  /** It failed, and certainly was not executed. */
  untouched = false
  aborted = false
  timed = false

  constructor(item: WorkItem, draw: { length: number; resultLength: number; behaviour: Behaviour; lateMs: number }) {
    this.item = item
    this.label = `${item.kind} ${item.index} of ${sideName(item.side)}`
    this.length = draw.length
    this.resultLength = draw.resultLength
    this.behaviour = draw.behaviour
    this.lateMs = draw.lateMs
  }
}

interface Held {
  readonly label: string
  settled: number
}

export class Ledger {
  /** The first thing that is not as it ought to be. */
  violation: string | undefined
  /** Bytes were harmed on the way: nothing is promised but that everything ends. */
  lenient = false
  /** Sides ended, were told to end, or lost their connection: what was under way may fail. */
  disturbed: string | undefined
  /** Everything was done, and the sessions are being closed. */
  ending = false
  /** Knows whether a session may be lost for good. */
  lifeline: { readonly mayBeLost: boolean } | undefined
  /** One side takes no more work. */
  draining = false
  /** Handlers came late, or time leapt: what waits for them may be refused. */
  late = false
  readonly flows = new Map<number, Flow>()
  readonly requests = new Map<number, Request>()
  readonly #held: Held[] = []
  /** What settles when its session ends. */
  readonly #lasting: Held[] = []
  /** Counts what moves. */
  progress = 0
  /** Last message that came, by the side that sent it. */
  readonly #lastMessage: [number, number] = [-1, -1]
  readonly #sentMessages: [number[], number[]] = [[], []]

  fail(text: string): void {
    this.violation ??= text
  }

  /** What must hold in any case. */
  must(holds: boolean, text: () => string): void {
    if (!holds) this.fail(text())
  }

  /** What must hold unless bytes were harmed. */
  expect(holds: boolean, text: () => string): void {
    if (!holds && !this.lenient) this.fail(text())
  }

  /** Runs a check of the model, which throws. */
  judge(check: () => void): void {
    if (this.lenient) return
    try {
      check()
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error))
    }
  }

  /** A promise an application holds: it must settle; one that is `lasting`, when its session ends. */
  hold<Value>(label: string, promise: Promise<Value>, lasting = false): Promise<Value> {
    const held = this.#hold(label, lasting)
    promise.then(
      () => this.#settle(held),
      (error: unknown) => {
        this.#settle(held)
        this.must(error instanceof BraidError, () => `${label}: rejected with ${String(error)}`)
      },
    )
    return promise
  }

  #hold(label: string, lasting: boolean): Held {
    const held: Held = { label, settled: 0 }
    const list = lasting ? this.#lasting : this.#held
    list.push(held)
    return held
  }

  #settle(held: Held): void {
    held.settled++
    this.progress++
  }

  /** Something that is told at most once, and in the end exactly once. Returns what to call then. */
  once(label: string, lasting = false): () => void {
    const held = this.#hold(label, lasting)
    return () => {
      this.#settle(held)
      this.must(held.settled === 1, () => `${label}: told ${held.settled} times`)
    }
  }

  /** Whatever is under way may fail. */
  get mayFail(): boolean {
    if (this.lifeline?.mayBeLost === true) this.disturbed ??= 'lost for good'
    return this.ending || this.disturbed !== undefined
  }

  /** What has not settled yet, of the work. */
  get unsettled(): string | undefined {
    return this.#held.find(({ settled }) => settled === 0)?.label
  }

  /** What has not settled though all sessions are over. */
  get forgotten(): string | undefined {
    return this.unsettled ?? this.#lasting.find(({ settled }) => settled === 0)?.label
  }

  // -- streams

  /** A half was read to what its reader was told is the end. */
  readToEnd(half: HalfModel): void {
    this.expect(half.ended, () => `${half.label}: an end nobody sent`)
    this.expect(half.whole, () => `${half.label}: ended at ${half.state()}`)
  }

  /** A stream, or its opening, failed at a side. */
  streamFailed(flow: Flow, side: SideIndex, thrown: unknown): void {
    this.expect(thrown instanceof BraidError, () => `${flow.label}: ${String(thrown)}`)
    if (!(thrown instanceof BraidError)) return
    if (thrown.executed === 'no') {
      this.expect(side !== flow.item.side || !flow.accepted, () => `${flow.label}: "${thrown.code}", yet it was taken`)
      if (side === flow.item.side) flow.untouched = true
    }
    if (this.mayFail || flow.givenUp.has(thrown.number)) return
    if (thrown.code === 'BRAID_REFUSED' && this.late) return
    if (this.#refusedByDrain(thrown)) return
    this.expect(
      false,
      () => `${flow.label}@${sideName(side)}: ${thrown.code} "${thrown.message}", and nobody gave it up`,
    )
  }

  /** Told in so many words that nothing was executed. */
  #refusedByDrain({ code, executed }: BraidError): boolean {
    return this.draining && executed === 'no' && (code === 'BRAID_GOING_AWAY' || code === 'BRAID_CLOSED')
  }

  // -- calls

  executed(request: Request, messageOf?: SideIndex): void {
    request.executions++
    this.progress++
    this.expect(request.executions === 1, () => `${request.label}: executed ${request.executions} times`)
    this.expect(!request.untouched, () => `${request.label}: executed, though its sender was told that it was not`)
    if (messageOf === undefined) return
    const place = this.#sentMessages[messageOf].indexOf(request.item.index)
    this.expect(place > this.#lastMessage[messageOf], () => `${request.label}: came before one that was sent earlier`)
    this.#lastMessage[messageOf] = place
  }

  messageSent(side: SideIndex, index: number): void {
    this.#sentMessages[side].push(index)
  }

  answered(request: Request): void {
    this.#outcome(request, 'done')
    this.expect(request.executions === 1, () => `${request.label}: answered, and executed ${request.executions} times`)
    const { behaviour, item } = request
    // A callee may think that the time is over a little before its caller does.
    const good = behaviour === 'result' || behaviour === 'late' || item.kind !== 'call' || request.timed
    this.expect(good, () => `${request.label}: answered, though its handler ${request.behaviour}`)
  }

  requestFailed(request: Request, thrown: unknown): void {
    this.#outcome(request, 'failed')
    this.expect(thrown instanceof BraidError, () => `${request.label}: ${String(thrown)}`)
    if (!(thrown instanceof BraidError)) return
    if (thrown.executed === 'no') {
      request.untouched = true
      this.expect(request.executions === 0, () => `${request.label}: "${thrown.code}", yet it was executed`)
    }
    this.expect(this.#explained(request, thrown), () => `${request.label}: ${thrown.code} "${thrown.message}"`)
  }

  #outcome(request: Request, outcome: 'done' | 'failed'): void {
    this.must(request.outcome === undefined, () => `${request.label}: settled twice`)
    request.outcome = outcome
    this.progress++
  }

  #explained(request: Request, thrown: BraidError): boolean {
    const { code } = thrown
    if (this.mayFail) return true
    if (request.behaviour === 'throws' && code === 'BRAID_INTERNAL') return request.executions === 1
    if (request.aborted && code === 'BRAID_CANCELLED') return true
    if (request.timed && code === 'BRAID_DEADLINE') return true
    if (this.#refusedByDrain(thrown)) return true
    return this.late && (code === 'BRAID_REFUSED' || code === 'BRAID_UNIMPLEMENTED')
  }
}
