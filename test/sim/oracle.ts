// Judges stream events: each must be one that the commands of both sides allow, and at the end nothing may be missing.
// Knows the model and the contract; never looks at frames, and decides nothing about the workload.

import type { EngineEvent, EngineStream } from '#dist/engine/contract.js'
import type { BraidError } from '#dist/engine/errors.js'
import { codes } from '#dist/engine/errors.js'
import { type Ending, must, type SideIndex, type StreamModel, StreamView, sameMeta, sideName } from './model.ts'

type Of<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>

const GOING_AWAY = codes.GOING_AWAY.number

/** Everything known about the streams of one world. */
export class StreamOracle {
  readonly streams: StreamModel[] = []
  /** The count below which each side still takes streams; set by its `goAway`. */
  readonly away: [boolean, boolean] = [false, false]
  /** Unread bytes and message ends on each side, and streams of the other side it holds. */
  readonly unread: [number, number] = [0, 0]
  readonly held: [number, number] = [0, 0]
  /** Counts what moves; a world in which it stands still is stuck. */
  progress = 0
  readonly #numbered: [Map<number, StreamModel>, Map<number, StreamModel>] = [new Map(), new Map()]
  readonly #unnumbered: [Set<StreamModel>, Set<StreamModel>] = [new Set(), new Set()]

  opened(stream: StreamModel): void {
    this.streams.push(stream)
    this.#unnumbered[stream.opener].add(stream)
  }

  /** The stream its opener knows under this number. */
  find(opener: SideIndex, number: number): StreamModel {
    const known = this.#numbered[opener]
    if (!known.has(number)) {
      for (const stream of this.#unnumbered[opener]) {
        const given = stream.views[opener].handle?.number ?? -1
        if (given < 0) continue
        must(!known.has(given), () => `${stream.label}: number ${given} was given out twice`)
        known.set(given, stream)
        this.#unnumbered[opener].delete(stream)
      }
    }
    const stream = known.get(number)
    must(stream !== undefined, () => `stream number ${number} of ${sideName(opener)} was never opened`)
    return stream
  }

  /** How many streams of a side got a number. */
  sentBy(side: SideIndex): number {
    return this.streams.filter(({ opener, views }) => opener === side && (views[side].handle?.number ?? -1) >= 0).length
  }

  view(side: SideIndex, handle: EngineStream, what: string, turn: number): StreamView {
    const view = handle.owner
    must(view instanceof StreamView, () => `${what} at ${sideName(side)} for a stream without its owner`)
    must(view.side === side && view.handle === handle, () => `${what} at ${sideName(side)} came for another stream`)
    must(!view.finished, () => `${view.label}: ${what} after finished`)
    const crossed = what === 'finished' || view.leftIn === turn
    must(!view.aborted || crossed, () => `${view.label}: ${what} after its own reset`)
    return view
  }

  open(side: SideIndex, event: Of<'open'>, streamsMax: number): StreamView {
    const { stream: handle } = event
    must(!handle.mine && handle.number >= 0, () => `open at ${sideName(side)} of a stream of its own`)
    const stream = this.find(side === 0 ? 1 : 0, handle.number)
    const view = stream.views[side]
    must(view.handle === undefined, () => `${view.label}: opened twice`)
    view.handle = handle
    handle.owner = view
    this.progress++
    const same = event.name === stream.name && event.urgency === stream.urgency && event.confirm === stream.confirm
    must(same, () => `${view.label}: came as "${event.name}" ${event.urgency} ${event.confirm}`)
    must(sameMeta(event.meta, stream.meta), () => `${view.label}: metadata differ`)
    this.held[side]++
    must(
      this.held[side] <= streamsMax,
      () => `${view.label}: ${this.held[side]} streams are open, ${streamsMax} may be`,
    )
    return view
  }

  answer(side: SideIndex, event: Of<'answer'>, turn: number): StreamView {
    const view = this.view(side, event.stream, 'answer', turn)
    must(view.mine, () => `${view.label}: answer to a stream of the peer`)
    must(!view.answered, () => `${view.label}: answered twice`)
    const open = view.read === 'open' || view.leftIn === turn
    must(open, () => `${view.label}: answer after its half was ${view.read}`)
    const { answer } = view.stream
    must(answer !== undefined, () => `${view.label}: an answer nobody gave`)
    must(sameMeta(event.meta, answer.meta), () => `${view.label}: the answer differs`)
    view.answered = true
    this.progress++
    return view
  }

  data(side: SideIndex, event: Of<'data'>, turn: number): StreamView {
    const view = this.view(side, event.stream, 'data', turn)
    const crossed = view.read === 'dropped' && view.leftIn === turn
    must(view.read === 'open' || crossed, () => `${view.label}: data after its half was ${view.read}`)
    view.in.receive(event.bytes, event.eom)
    this.unread[side] += event.bytes.length + (event.eom ? 1 : 0)
    this.progress++
    return view
  }

  end(side: SideIndex, event: Of<'end'>, turn: number): StreamView {
    const view = this.view(side, event.stream, 'end', turn)
    must(view.read === 'open' || view.read === 'dropped', () => `${view.label}: end after its half was ${view.read}`)
    must(view.in.ended, () => `${view.label}: an end nobody sent`)
    must(sameMeta(event.trailer, view.in.trailer), () => `${view.label}: the trailer differs`)
    must(view.read === 'open' || view.leftIn === turn, () => `${view.label}: end after it said to stop`)
    if (view.read === 'open') must(view.in.whole, () => `${view.in.label}: ended at ${view.in.state()}`)
    view.read = 'ended'
    this.progress++
    return view
  }

  reset(side: SideIndex, event: Of<'reset'>, turn: number): StreamView {
    const view = this.view(side, event.stream, 'reset', turn)
    must(event.read || event.write, () => `${view.label}: reset of no half`)
    this.progress++
    if (
      event.error.number === GOING_AWAY &&
      !view.stream.via &&
      view.mine &&
      this.away[view.peer.side] &&
      view.peer.handle === undefined
    ) {
      must(event.error.executed === 'no', () => `${view.label}: refused, but executed ${event.error.executed}`)
      view.stream.refused = true
      view.read = 'reset'
      view.write = 'reset'
      return view
    }
    // The result of a call that was given up: the engine ends its stream by itself.
    const unwanted = view.stream.via?.cancelled === 'sent' && event.error.number === codes.CANCELLED.number
    must(unwanted || event.error.initiator === 'remote', () => `${view.label}: reset by ${event.error.initiator}`)
    if (event.read) {
      must(
        view.read === 'open' || view.read === 'dropped',
        () => `${view.label}: reset after its half was ${view.read}`,
      )
      if (!unwanted) this.#because(view, event.error, view.in.endings)
      must(view.read === 'open' || view.leftIn === turn, () => `${view.label}: reset after it said to stop`)
      view.read = 'reset'
    }
    if (event.write) {
      must(view.write !== 'reset' || view.leftIn === turn, () => `${view.label}: stopped twice`)
      if (!unwanted) this.#because(view, event.error, view.out.endings)
      view.write = 'reset'
    }
    return view
  }

  writable(side: SideIndex, event: Of<'writable'>, writeBuffer: number, turn: number): StreamView {
    const view = this.view(side, event.stream, 'writable', turn)
    must(view.full, () => `${view.label}: writable, but no write was refused`)
    const most = view.out.ended ? 0 : writeBuffer
    must(event.stream.queued <= most, () => `${view.label}: writable with ${event.stream.queued} bytes queued`)
    view.full = false
    this.progress++
    return view
  }

  finished(side: SideIndex, event: Of<'finished'>): StreamView {
    const view = this.view(side, event.stream, 'finished', 0)
    must(view.read !== 'open', () => `${view.label}: finished while its incoming half is open`)
    must(view.write !== 'open', () => `${view.label}: finished while its outgoing half is open`)
    view.finished = true
    this.progress++
    this.release(view)
    return view
  }

  settled(view: StreamView): void {
    must(!view.settled, () => `${view.label}: settled twice`)
    view.settled = true
    this.release(view)
  }

  /** A stream of the peer counts until it is finished and its handler has ended. */
  release(view: StreamView): void {
    if (!view.mine && view.finished && view.settled) this.held[view.side]--
  }

  /** An echo of our own stop carries our code; whatever else ends a half carries what the peer said. */
  #because(view: StreamView, error: BraidError, endings: readonly Ending[]): void {
    const known = endings.some(
      ({ by, code, reason }) =>
        code === error.number && (by === view.side ? error.reason === '' : reason === error.reason),
    )
    must(known, () => `${view.label}: reset with ${error.number} "${error.reason}", which nobody sent`)
  }

  /** What is still missing on a stream that had all the time there is, or undefined. */
  missing(stream: StreamModel): string | undefined {
    if (stream.refused)
      return stream.views[stream.opener].finished ? undefined : `${stream.label}: refused, not finished`
    const [a, b] = stream.views
    const opener = stream.views[stream.opener]
    if (opener.peer.handle === undefined) {
      if (opener.aborted || (opener.finished && this.away[opener.peer.side])) return undefined
      return `${stream.label}: never came to the other side`
    }
    return this.#missingHalf(a, b) ?? this.#missingHalf(b, a) ?? this.#missingView(a) ?? this.#missingView(b)
  }

  #missingHalf(from: StreamView, to: StreamView): string | undefined {
    const half = from.out
    if (from.write === 'open')
      return `${half.label}: its sender never ended it (${half.state()}, ${to.label} ${to.read})`
    if (to.read === 'open') return `${half.label}: its end never came (${half.state()}, sent as ${from.write})`
    if (to.read === 'ended' && from.write === 'ended' && to.in.endings.length === 0 && !half.whole) {
      return `${half.label}: incomplete (${half.state()})`
    }
    return undefined
  }

  #missingView(view: StreamView): string | undefined {
    const { stream } = view
    if (!view.finished) return `${view.label}: not finished (${view.read}, ${view.write})`
    if (view.full && view.write !== 'reset' && view.out.endings.length === 0) {
      return `${view.label}: writable never came`
    }
    if (view.mine && stream.answer !== undefined && !view.answered && view.read === 'ended') {
      return `${view.label}: the answer never came`
    }
    return undefined
  }
}
