// One side of a world: every command goes through here into model and engine, every event through here into the
// oracle and then to whoever works with the stream or call. Decides nothing itself.

import type { EngineEvent, EngineStream, OpenRequest, RawMeta, RemoteHello } from '#dist/engine/contract.js'
import type { BraidError } from '#dist/engine/errors.js'
import type { EngineSettings } from '#dist/engine/options.js'
import type { Answer, CallModel, CallOracle } from './calls.ts'
import type { Clock } from './clock.ts'
import type { Endpoint, Observer } from './endpoint.ts'
import { type Ending, must, type SideIndex, StreamModel, type StreamView, sideName } from './model.ts'
import type { Monitor } from './monitor.ts'
import type { StreamOracle } from './oracle.ts'
import { slice } from './pattern.ts'

/** What the sides of one world share. */
export interface Shared {
  readonly clock: Clock
  readonly streams: StreamOracle
  readonly calls: CallOracle
  readonly monitor: Monitor
  /** The least time a byte needs there and back. */
  readonly roundTripMs: number
  trace(side: SideIndex, text: () => string): void
}

/** Who reacts to what happens on a side. */
export interface Worker {
  ready(): void
  opened(view: StreamView): void
  data(view: StreamView, bytes: Uint8Array, eom: boolean): void
  over(view: StreamView): void
  writable(view: StreamView): void
  finished(view: StreamView): void
  called(call: CallModel, slot: number, args: Uint8Array): void
  cancelled(call: CallModel, slot: number): void
  replied(call: CallModel): void
}

export class Session implements Observer {
  readonly side: SideIndex
  readonly settings: EngineSettings
  readonly shared: Shared
  endpoint!: Endpoint
  worker!: Worker
  remote: RemoteHello | undefined
  admitted = false
  closed = false
  closedWith: BraidError | undefined
  goAwaySeen = false
  largestChunk = 0

  constructor(side: SideIndex, settings: EngineSettings, shared: Shared) {
    this.side = side
    this.settings = settings
    this.shared = shared
  }

  get name(): string {
    return sideName(this.side)
  }

  /** Runs later, as a task of its own; nothing happens once the session is over. */
  later(ms: number, action: () => void): void {
    this.shared.clock.after(ms, () => {
      if (!this.closed) this.endpoint.do(action)
    })
  }

  // -- commands

  open(request: OpenRequest & { readonly meta: RawMeta | undefined }): StreamView {
    const { streams } = this.shared
    const stream = new StreamModel(streams.streams.length, this.side, request)
    const view = stream.views[this.side]
    const handle = this.endpoint.engine.open(request)
    must(handle.mine, () => `${view.label}: a stream of its own that is not mine`)
    handle.owner = view
    view.handle = handle
    streams.opened(stream)
    this.#trace(() => `open ${view.label} "${request.name}" urgency ${request.urgency}`)
    return view
  }

  accept(view: StreamView, meta: RawMeta | undefined): void {
    this.#trace(() => `accept ${view.label}`)
    view.stream.answer = { meta }
    this.endpoint.engine.accept(this.#handle(view), meta)
  }

  /** Writes the next `length` bytes of the half. */
  write(view: StreamView, length: number, eom: boolean): boolean {
    const handle = this.#handle(view)
    const half = view.out
    const bytes = slice(half.position + half.sent, length)
    half.sent += length
    if (eom) half.ends.push(half.sent)
    const took = this.endpoint.engine.write(handle, bytes, eom)
    this.#trace(() => `write ${view.label} ${length}${eom ? ' eom' : ''}: ${took}, ${handle.queued} queued`)
    const { writeBuffer } = this.settings
    must(!took || handle.queued <= writeBuffer, () => `${view.label}: ${handle.queued} queued, yet write says go on`)
    if (!took) view.full = true
    return took
  }

  /** How many bytes would just use up the credit of a stream, as far as one write may be that large; 0: none, or unknown. */
  room(view: StreamView): number {
    const { number, queued } = this.#handle(view)
    const wire = this.shared.monitor.sides[this.side]
    const credit = number < 0 ? wire.peer.streamWindow : wire.streamCredit(wire.half(number * 2 + (view.mine ? 0 : 1)))
    const left = credit - queued
    return left > 0 && left <= 256 * 1024 ? left : 0
  }

  end(view: StreamView, trailer?: RawMeta): void {
    this.#trace(() => `end ${view.label}${trailer === undefined ? '' : ' with a trailer'}`)
    view.out.ended = true
    view.out.trailer = trailer
    view.write = 'ended'
    if (trailer === undefined) this.endpoint.engine.end(this.#handle(view))
    else this.endpoint.engine.end(this.#handle(view), trailer)
    // After the end `writable` says that all of it is gone.
    view.full = this.#handle(view).queued > 0
  }

  reset(view: StreamView, code: number, reason: string): void {
    this.#trace(() => `reset ${view.label} ${code} "${reason}"`)
    const ending: Ending = { by: this.side, code, reason }
    view.in.endings.push(ending)
    view.out.endings.push(ending)
    if (view.read === 'open') view.read = 'dropped'
    if (view.write === 'open') view.write = 'reset'
    view.aborted = true
    view.leftIn = this.endpoint.crossing
    this.endpoint.engine.reset(this.#handle(view), code, reason)
  }

  stop(view: StreamView, code: number, reason: string): void {
    this.#trace(() => `stop ${view.label} ${code} "${reason}"`)
    view.in.endings.push({ by: this.side, code, reason })
    if (view.read === 'open') view.read = 'dropped'
    view.leftIn = this.endpoint.crossing
    this.endpoint.engine.stop(this.#handle(view), code, reason)
  }

  consume(view: StreamView, bytes: number, messages: number): void {
    this.#trace(() => `consume ${view.label} ${bytes} ${messages}`)
    view.in.consumed += bytes
    view.in.endsConsumed += messages
    this.shared.streams.unread[this.side] -= bytes + messages
    this.shared.streams.progress++
    this.endpoint.engine.consume(this.#handle(view), bytes, messages)
  }

  settle(view: StreamView): void {
    this.#trace(() => `settle ${view.label}`)
    this.shared.streams.settled(view)
    this.endpoint.engine.settle(this.#handle(view))
  }

  call(call: CallModel): void {
    this.shared.calls.made(call)
    this.#trace(() => `call ${call.label} "${call.method}" ${call.length}${call.oneWay ? ' one-way' : ''}`)
    const args = slice(call.position, call.length)
    call.handle = this.endpoint.engine.call(call.method, args, call.deadlineAt, call.oneWay, call)
    must(call.handle.owner === call, () => `${call.label}: the call forgot its owner`)
  }

  cancel(call: CallModel, code: number): void {
    if (call.handle === undefined || call.outcome !== undefined || call.cancelled !== undefined) return
    call.cancelled = call.handle.sent ? 'sent' : 'unsent'
    call.cancelCode = code
    call.cancelledIn = this.endpoint.crossing
    this.#trace(() => `cancel ${call.label} ${call.cancelled}`)
    this.endpoint.engine.cancel(call.handle, code)
  }

  answer(slot: number, answer: Answer): void {
    const call = this.shared.calls.answered(this.side, slot, answer)
    this.#trace(() => `answer ${call.label} in slot ${slot} by ${answer.type}`)
    const { engine } = this.endpoint
    if (answer.type === 'result') engine.reply(slot, slice(answer.position, answer.length))
    else if (answer.type === 'via') engine.replyVia(slot, this.#handle(answer.stream.views[this.side]))
    else if (answer.details === undefined) engine.replyError(slot, answer.code, answer.reason)
    else engine.replyError(slot, answer.code, answer.reason, answer.details)
  }

  ping(): void {
    this.#trace(() => 'ping')
    this.shared.calls.pings[this.side]++
    this.endpoint.engine.ping()
  }

  goAway(code: number, reason: string): void {
    this.#trace(() => `goAway ${code}`)
    this.shared.streams.away[this.side] = true
    this.shared.calls.away[this.side] = true
    this.endpoint.engine.goAway(code, reason)
  }

  close(code: number, reason: string): void {
    this.#trace(() => `close ${code}`)
    this.endpoint.engine.close(code, reason)
  }

  // -- the observer

  sent(chunk: Uint8Array): void {
    this.shared.monitor.sent(this.side, chunk)
  }

  arrived(chunk: Uint8Array): void {
    this.largestChunk = Math.max(this.largestChunk, chunk.length)
    this.shared.monitor.arrived(this.side, chunk)
  }

  gone(): void {
    this.#trace(() => 'gone')
    must(this.closed, () => `${this.name}: the transport is gone, and no closed event came`)
  }

  event(event: EngineEvent): void {
    this.#trace(() => `-> ${describeEvent(event)}`)
    must(!this.closed, () => `${this.name}: ${event.type} after closed`)
    const late = ['open', 'data', 'end', 'answer', 'call', 'reply', 'goAway'].includes(event.type)
    must(!late || this.remote !== undefined, () => `${this.name}: ${event.type} before hello`)
    const needsAdmission = event.type === 'open' || event.type === 'call' || event.type === 'data'
    must(!needsAdmission || this.admitted, () => `${this.name}: ${event.type} before admission`)
    this.#dispatch(event)
  }

  #dispatch(event: EngineEvent): void {
    const { streams, calls, clock } = this.shared
    const { side, worker, settings } = this
    const { turn } = this.endpoint
    switch (event.type) {
      case 'hello':
        must(this.remote === undefined, () => `${this.name}: a second hello`)
        this.remote = event.remote
        return worker.ready()
      case 'open':
        return worker.opened(streams.open(side, event, settings.maxStreams))
      case 'answer':
        streams.answer(side, event, turn)
        return
      case 'data':
        return worker.data(streams.data(side, event, turn), event.bytes, event.eom)
      case 'end':
        return worker.over(streams.end(side, event, turn))
      case 'reset':
        return worker.over(this.#reset(event))
      case 'writable':
        return worker.writable(streams.writable(side, event, settings.writeBuffer, turn))
      case 'finished':
        return worker.finished(streams.finished(side, event))
      case 'call':
        return worker.called(calls.call(side, event, settings.maxCalls, clock.now), event.slot, event.args)
      case 'cancel':
        return this.#cancelled(calls.cancelSeen(side, event), event.slot)
      case 'reply':
        return worker.replied(calls.reply(side, event, turn))
      case 'replyError':
        return worker.replied(calls.replyError(side, event, turn))
      case 'pong':
        return calls.pong(side, event, this.shared.roundTripMs)
      case 'goAway':
        must(streams.away[side === 0 ? 1 : 0], () => `${this.name}: a goAway nobody sent`)
        this.goAwaySeen = true
        return
      case 'closed':
        this.#checkLive()
        this.closed = true
        this.closedWith = event.error
    }
  }

  /** A half whose end is on the wire cannot be reset any more. */
  #reset(event: Extract<EngineEvent, { type: 'reset' }>): StreamView {
    const { number, mine } = event.stream
    const view = this.shared.streams.reset(this.side, event, this.endpoint.turn)
    const sent = number >= 0 && this.shared.monitor.sides[this.side].half(number * 2 + (mine ? 0 : 1)).final
    must(!event.write || !sent, () => `${view.label}: its outgoing half is reset, but had ended on the wire`)
    return view
  }

  /** The engine must know everything that will never end now, and nothing else. */
  #checkLive(): void {
    const { engine } = this.endpoint
    const { streams, calls } = this.shared
    const live = new Set(engine.liveStreams())
    const open = streams.streams
      .map((stream) => stream.views[this.side])
      .filter((view) => view.handle && !view.finished)
    for (const view of open) {
      must(view.aborted || live.has(this.#handle(view)), () => `${view.label}: open, but not among the live ones`)
      live.delete(this.#handle(view))
    }
    must(live.size === 0, () => `${this.name}: ${live.size} streams live that are not open`)
    const waiting = new Set(engine.liveCalls())
    const due = calls.calls.filter((call) => call.caller === this.side && !call.outcome && !call.cancelled)
    for (const call of due)
      must(call.handle !== undefined && waiting.has(call.handle), () => `${call.label}: open, but not live`)
    must(waiting.size === due.length, () => `${this.name}: ${waiting.size} live calls, ${due.length} are open`)
  }

  #cancelled(call: CallModel, slot: number): void {
    if (call.answer === undefined) this.worker.cancelled(call, slot)
  }

  #handle(view: StreamView): EngineStream {
    must(view.handle !== undefined, () => `${view.label} is used before it came`)
    return view.handle
  }

  #trace(text: () => string): void {
    this.shared.trace(this.side, text)
  }
}

/** An event in words, without the bytes. */
function describeEvent(event: EngineEvent): string {
  const parts: string[] = [event.type]
  const { owner } = 'stream' in event ? event.stream : { owner: undefined }
  if ('stream' in event) parts.push((owner as StreamView | undefined)?.label ?? `number ${event.stream.number}`)
  if (event.type === 'data') parts.push(`${event.bytes.length}${event.eom ? ' eom' : ''}`)
  if (event.type === 'reset')
    parts.push(`${event.read ? 'read ' : ''}${event.write ? 'write ' : ''}${event.error.number}`)
  if (event.type === 'call' || event.type === 'cancel') parts.push(`slot ${event.slot}`)
  if (event.type === 'reply' || event.type === 'replyError') parts.push((event.call.owner as CallModel).label)
  if (event.type === 'replyError') parts.push(`${event.error.number}`)
  if (event.type === 'pong') parts.push(`${event.rttMs} ms`)
  if (event.type === 'closed')
    parts.push(event.error === undefined ? 'cleanly' : `${event.error.code} ${event.error.message}`)
  return parts.join(' ')
}
