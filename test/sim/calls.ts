// Judges calls and pings: each call executed at most once, in order, in a slot of its own, and answered exactly once.
// Knows the contract; never looks at frames, and decides nothing about the workload.

import type { EngineCall, EngineEvent } from '#dist/engine/contract.js'
import { codes } from '#dist/engine/errors.js'
import { must, type SideIndex, type StreamModel, StreamView, sideName } from './model.ts'
import { firstDifference } from './pattern.ts'

type Of<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>

/** What the callee answered. */
export type Answer =
  | { readonly type: 'result'; readonly position: number; readonly length: number }
  | { readonly type: 'via'; readonly stream: StreamModel }
  | { readonly type: 'error'; readonly code: number; readonly reason: string; readonly details: Uint8Array | undefined }

/** One call, from the caller's command to its outcome. */
export interface CallModel {
  readonly label: string
  readonly caller: SideIndex
  readonly method: string
  readonly position: number
  readonly length: number
  readonly deadlineAt: number | undefined
  readonly madeAt: number
  readonly oneWay: boolean
  handle: EngineCall | undefined
  /** Set by `cancel`: was it on the wire already? */
  cancelled: 'unsent' | 'sent' | undefined
  /** The code it was cancelled with. */
  cancelCode: number
  /** The turn in which an outcome may still come that was queued by then. */
  cancelledIn: number
  executed: boolean
  answer: Answer | undefined
  outcome: 'reply' | 'error' | undefined
}

/** Everything known about the calls of one world. */
export class CallOracle {
  readonly calls: CallModel[] = []
  readonly pings: [number, number] = [0, 0]
  readonly pongs: [number, number] = [0, 0]
  /** The callee said it takes no more. */
  readonly away: [boolean, boolean] = [false, false]
  progress = 0
  /** By caller: calls made and not yet seen by the callee, and the callee's busy slots. */
  readonly #coming: [CallModel[], CallModel[]] = [[], []]
  /** By callee and slot: the call answered last, for a cancel that was queued by then. */
  readonly #answered: [Map<number, CallModel>, Map<number, CallModel>] = [new Map(), new Map()]
  readonly #slots: [Map<number, CallModel>, Map<number, CallModel>] = [new Map(), new Map()]

  made(call: CallModel): void {
    this.calls.push(call)
    this.#coming[call.caller].push(call)
  }

  /** How many calls this side is working on. */
  busy(callee: SideIndex): number {
    return this.#slots[callee].size
  }

  inSlot(callee: SideIndex, slot: number): CallModel | undefined {
    return this.#slots[callee].get(slot)
  }

  call(callee: SideIndex, event: Of<'call'>, callsMax: number, now: number): CallModel {
    const coming = this.#coming[callee === 0 ? 1 : 0]
    let call = coming.shift()
    while (call !== undefined && this.#skipped(call)) call = coming.shift()
    must(call !== undefined, () => `a call "${event.method}" at ${sideName(callee)} that nobody made`)
    const { label } = call
    must(call.cancelled !== 'unsent', () => `${label}: executed, though forgotten before it was sent`)
    must(!call.executed, () => `${label}: executed twice`)
    must(call.handle?.sent === true, () => `${label}: executed, but not marked as sent`)
    call.executed = true
    this.progress++
    must(event.method === call.method, () => `${label}: came as "${event.method}" instead of "${call.method}"`)
    must(event.oneWay === call.oneWay, () => `${label}: one-way ${event.oneWay}`)
    must(event.args.length === call.length, () => `${label}: ${event.args.length} argument bytes, not ${call.length}`)
    must(firstDifference(call.position, event.args) < 0, () => `${label}: the arguments differ`)
    must(event.slot >= 0 && event.slot < callsMax, () => `${label}: slot ${event.slot} of ${callsMax}`)
    const busy = this.#slots[callee].get(event.slot)
    must(busy === undefined, () => `${label}: slot ${event.slot} still works on ${busy?.label}`)
    this.#slots[callee].set(event.slot, call)
    this.#checkDeadline(call, event.deadlineMs, now)
    return call
  }

  /** Calls that may never come: forgotten in time, or answered without execution because the callee goes away. */
  #skipped(call: CallModel): boolean {
    if (call.cancelled === 'unsent') return true
    const callee = call.caller === 0 ? 1 : 0
    return this.away[callee] && !call.executed
  }

  /** What is left was counted when the call was written: more than is left now, by at most the time on the way. */
  #checkDeadline(call: CallModel, left: number | undefined, now: number): void {
    const { deadlineAt, madeAt, label } = call
    must((left === undefined) === (deadlineAt === undefined), () => `${label}: deadline ${left} of ${deadlineAt}`)
    if (left === undefined || deadlineAt === undefined) return
    const least = deadlineAt - now - 1
    const fits = left >= least && left <= deadlineAt - madeAt + 1
    must(fits, () => `${label}: ${left} ms left, ${least + 1} are`)
  }

  cancelSeen(callee: SideIndex, event: Of<'cancel'>): CallModel {
    const call = this.#slots[callee].get(event.slot) ?? this.#answered[callee].get(event.slot)
    must(call !== undefined, () => `cancel at ${sideName(callee)} for free slot ${event.slot}`)
    must(call.cancelled === 'sent', () => `${call.label}: a cancel nobody sent`)
    must(call.cancelCode === event.code, () => `${call.label}: cancelled with ${event.code}, not ${call.cancelCode}`)
    this.progress++
    return call
  }

  answered(callee: SideIndex, slot: number, answer: Answer): CallModel {
    const call = this.#slots[callee].get(slot)
    must(call !== undefined, () => `the workload answers free slot ${slot}`)
    this.#slots[callee].delete(slot)
    this.#answered[callee].set(slot, call)
    call.answer = answer
    return call
  }

  reply(caller: SideIndex, event: Of<'reply'>, turn: number): CallModel {
    const call = this.#outcome(caller, event.call, 'reply', turn)
    const { answer, label } = call
    must(answer !== undefined, () => `${label}: a reply nobody gave`)
    if (answer.type === 'via') {
      const view = event.via?.owner
      must(view instanceof StreamView && view.stream === answer.stream, () => `${label}: via another stream`)
      return call
    }
    must(answer.type === 'result', () => `${label}: a reply instead of an error`)
    must(event.via === undefined, () => `${label}: a reply via a stream nobody named`)
    const length = call.oneWay ? 0 : answer.length
    must(event.result.length === length, () => `${label}: ${event.result.length} result bytes, not ${length}`)
    must(firstDifference(answer.position, event.result) < 0, () => `${label}: the result differs`)
    return call
  }

  replyError(caller: SideIndex, event: Of<'replyError'>, turn: number): CallModel {
    const call = this.#outcome(caller, event.call, 'error', turn)
    const { answer, label } = call
    const { error } = event
    if (answer?.type === 'via') {
      const given = answer.stream.halves.flatMap(({ endings }) => endings.map(({ code }) => code))
      must(given.length > 0, () => `${label}: its stream was not given up`)
      const known = error.number === codes.CANCELLED.number || given.includes(error.number)
      must(known, () => `${label}: error ${error.number} for a result given up`)
      return call
    }
    if (answer === undefined) {
      const away = this.away[caller === 0 ? 1 : 0] && error.number === codes.GOING_AWAY.number
      must(away && !call.executed, () => `${label}: failed with ${error.number} "${error.reason}", which nobody sent`)
      must(error.executed === 'no', () => `${label}: refused, but executed ${error.executed}`)
      return call
    }
    must(answer.type === 'error', () => `${label}: an error instead of a reply`)
    const same = error.number === answer.code && error.reason === answer.reason
    must(same, () => `${label}: error ${error.number} "${error.reason}", not ${answer.code} "${answer.reason}"`)
    const details = Buffer.compare(error.details ?? new Uint8Array(0), answer.details ?? new Uint8Array(0))
    must(details === 0, () => `${label}: the details differ`)
    return call
  }

  #outcome(caller: SideIndex, handle: EngineCall, outcome: 'reply' | 'error', turn: number): CallModel {
    const call = handle.owner as CallModel | undefined
    must(call !== undefined && call.handle === handle, () => `a reply at ${sideName(caller)} for a call nobody made`)
    must(call.caller === caller, () => `${call.label}: answered to the wrong side`)
    must(call.outcome === undefined, () => `${call.label}: answered twice`)
    const crossed = call.cancelledIn === turn
    must(call.cancelled === undefined || crossed, () => `${call.label}: answered after it was cancelled`)
    call.outcome = outcome
    this.progress++
    return call
  }

  pong(side: SideIndex, event: Of<'pong'>, leastMs: number): void {
    this.pongs[side]++
    const plausible = event.rttMs >= leastMs - 0.001 && Number.isFinite(event.rttMs)
    must(plausible, () => `pong at ${sideName(side)} after ${event.rttMs} ms, the path takes ${leastMs}`)
  }

  missing(call: CallModel): string | undefined {
    if (call.cancelled !== undefined || call.outcome !== undefined) return undefined
    return `${call.label}: never answered (${call.executed ? 'executed' : 'not executed'}, answer ${call.answer?.type ?? 'none'})`
  }
}
