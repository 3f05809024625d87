// Streams: all streams of one session. Makes them, for this side and for the peer, counts them, and fails them together.

import type { Engine, EngineEvent, EngineStream, RawMeta } from '../engine/contract.ts'
import { type BraidError, codes, errorFromWire } from '../engine/errors.ts'
import { CALL_STREAM, REPLY_STREAM, sizeOf } from './bodies.ts'
import type { Callee } from './callee.ts'
import type { Caller } from './caller.ts'
import type { Ceiling } from './ceiling.ts'
import { LiveStream } from './live-stream.ts'
import type { Meta, OpenOptions } from './opener.ts'
import type { Router } from './router.ts'
import type { Session } from './session.ts'
import type { StreamCore } from './stream-core.ts'
import type { StreamHost } from './stream-state.ts'
import { checkName, decodeMeta, encodeMeta, localError, restate } from './words.ts'

/** Until the HELLO is read: the default, which almost every peer declares. The engine holds back what is above the floor. */
const META_BYTES_USUAL = 8_192
const ORDINARY_URGENCY = 3

/** What streams need of their session. */
export interface StreamsHost {
  readonly engine: Engine
  readonly assembled: Ceiling
  readonly messageMax: Ceiling
  readonly exposeErrors: boolean
  /** What applications see of the session. */
  readonly session: Session
  /** Why no new work goes out, if none does. */
  readonly closedTo: BraidError | undefined
  readonly isOver: boolean
  wake(): void
  wrote(bytes: number): void
  /** A stream is over, with its handler. */
  workEnded(): void
}

/** What a stream says that a handler answers by; if the call came on a stream itself, on which, and whether it failed. */
function answerOf(meta: Meta | undefined): {
  readonly answer?: Meta | undefined
  readonly call?: number | undefined
  readonly error?: BraidError | undefined
  readonly size?: number | undefined
} {
  if (typeof meta !== 'object' || meta === null) return {}
  if (!('answer' in meta)) return { size: sizeOf(meta) }
  const { answer, call, error } = meta as { answer?: Meta; call?: unknown; error?: unknown }
  return { answer, call: typeof call === 'number' ? call : undefined, error: errorOf(error) }
}

function errorOf(value: unknown): BraidError | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { code, reason } = value as { code?: unknown; reason?: unknown }
  if (typeof code !== 'number' || !Number.isSafeInteger(code) || typeof reason !== 'string') return undefined
  return errorFromWire(code, reason, { scope: 'call' })
}

/** The stream that stands for this one of the engine. */
function ownerOf(link: EngineStream): LiveStream {
  return link.owner as LiveStream
}

/** What an engine tells about a stream both sides know. */
export type StreamEvent = EngineEvent & { type: 'data' | 'answer' | 'end' | 'reset' | 'writable' | 'finished' }

export class Streams implements StreamHost {
  readonly engine: Engine
  readonly assembled: Ceiling
  readonly messageMax: Ceiling
  readonly exposeErrors: boolean
  readonly lingering = new Set<StreamCore>()
  metaMax = META_BYTES_USUAL
  /** Streams that are not over, or whose handler or reader is not done. */
  count = 0
  unread = 0
  private readonly host: StreamsHost
  private readonly router: Router

  constructor(host: StreamsHost, router: Router) {
    this.engine = host.engine
    this.assembled = host.assembled
    this.messageMax = host.messageMax
    this.exposeErrors = host.exposeErrors
    this.host = host
    this.router = router
  }

  /** See `Session.open`. */
  open(name: string, options: OpenOptions): LiveStream {
    checkName(name, 'stream')
    const { signal, meta, confirm = false, urgency = ORDINARY_URGENCY, part = false } = options
    if (!Number.isInteger(urgency) || urgency < 0 || urgency > 7) {
      throw new RangeError(`urgency is 0 to 7, not ${urgency}`)
    }
    const raw = encodeMeta(meta, this.metaMax)
    const { closedTo, isOver } = this.host
    if (closedTo !== undefined && (isOver || !part)) throw restate(closedTo, { executed: 'no' })
    if (signal?.aborted) {
      const cause = signal.reason
      throw localError(codes.CANCELLED.number, 'the signal is aborted', { scope: 'stream', executed: 'no', cause })
    }
    const stream = this.launch(name, meta, raw, urgency, confirm, part)
    if (signal !== undefined) stream.follow(signal)
    return stream
  }

  /** Opens a stream of Braidwire's own: the body of a call, or of its answer. */
  openOwn(name: string, meta: Meta | undefined, part: boolean): LiveStream {
    return this.launch(name, meta, encodeMeta(meta, this.metaMax), ORDINARY_URGENCY, false, part)
  }

  /** The peer opened a stream. */
  opened(event: EngineEvent & { type: 'open' }, callee: Callee, caller: Caller): void {
    const { stream: link, name, confirm } = event
    this.count++
    let meta: Meta | undefined
    try {
      meta = decodeMeta(event.meta)
    } catch {
      const stream = new LiveStream(this, link, { name, meta, confirm })
      stream.reset('REFUSED', 'metadata is not JSON')
      stream.settle()
      return
    }
    if (name === REPLY_STREAM) {
      const { answer, call, error, size = 0 } = answerOf(meta)
      const stream = new LiveStream(this, link, { name, meta: answer, confirm })
      if (size > 0) stream.declared = size
      stream.settle()
      // Else it waits, within its window, for the reply that names it.
      if (call !== undefined && error !== undefined) caller.failed(stream, call, error)
      else if (call !== undefined) caller.answered(stream, call)
      return
    }
    const stream = new LiveStream(this, link, { name, meta, confirm })
    if (name === CALL_STREAM) callee.arrivedByStream(stream)
    else this.router.route(stream)
  }

  /** Something happened to a stream. False: nothing of its bytes is kept. */
  told(event: StreamEvent): boolean {
    switch (event.type) {
      case 'data':
        return ownerOf(event.stream).received(event.bytes, event.eom)
      case 'answer':
        ownerOf(event.stream).answered(event.meta)
        break
      case 'end':
        ownerOf(event.stream).ended(event.trailer)
        break
      case 'reset':
        ownerOf(event.stream).failed(event.read, event.write, event.error)
        break
      case 'writable':
        ownerOf(event.stream).writable()
        break
      case 'finished':
        this.finished(event.stream.owner as LiveStream | undefined)
    }
    return false
  }

  /** The engine has forgotten a stream; one that it refused by itself has no owner. */
  private finished(stream: LiveStream | undefined): void {
    if (stream === undefined) return
    stream.finished()
    // A result whose call was given up: it arrived, but the reply that would name it came too late for anybody to read it.
    if (stream.name === REPLY_STREAM && stream.isUntouched) stream.reset('CANCELLED')
    if (stream.hasFailed) this.router.forget(stream)
  }

  /** The session is over: all fail, with what is known about their having been executed. */
  close(error: BraidError): void {
    const unsent = restate(error, { executed: 'no' })
    for (const link of [...this.engine.liveStreams()]) {
      const stream = link.owner as LiveStream | undefined
      stream?.lost(link.number < 0 ? unsent : error)
    }
    for (const stream of this.lingering) stream.lost(error)
    this.lingering.clear()
  }

  // -- StreamHost

  get isOver(): boolean {
    return this.host.isOver
  }

  get session(): Session {
    return this.host.session
  }

  wake(): void {
    this.host.wake()
  }

  wrote(bytes: number): void {
    this.host.wrote(bytes)
  }

  released(): void {
    this.count--
    this.host.workEnded()
  }

  // -- within

  private launch(
    name: string,
    meta: Meta | undefined,
    raw: RawMeta | undefined,
    urgency: number,
    confirm: boolean,
    part: boolean,
  ): LiveStream {
    const link = this.engine.open({ name, meta: raw, urgency, confirm, part })
    const stream = new LiveStream(this, link, { name, meta, confirm })
    this.count++
    this.wake()
    return stream
  }
}
