// LiveSession: a Session over one engine and one transport. Lifecycle and the way of each event to whom it concerns;
// streams, calls and routing have files of their own.

import type { Engine, EngineEvent, RemoteHello } from '../engine/contract.ts'
import { BraidError, codes } from '../engine/errors.ts'
import { Admission } from './admission.ts'
import { Attachment, type AttachmentHost } from './attachment.ts'
import { Callee, type CalleeHost } from './callee.ts'
import { Caller, type CallerHost, MESSAGE_METHOD } from './caller.ts'
import { Ceiling } from './ceiling.ts'
import type { Clock } from './clock.ts'
import { Deferred, quiet, tell } from './deferred.ts'
import type { DirectOpener, ReplyTaker } from './direct.ts'
import { Drain, type DrainHost, type OpenWork } from './drain.ts'
import type { SessionHooks } from './hooks.ts'
import type { LiveStream } from './live-stream.ts'
import type { Bytes, CallOptions, Meta, OpenOptions } from './opener.ts'
import type { SessionSettings } from './options.ts'
import { Pings } from './pings.ts'
import { Pump, type PumpOwner } from './pump.ts'
import { Router } from './router.ts'
import { hidden } from './secret.ts'
import type {
  CallHandler,
  DrainReport,
  MessageHandler,
  Remote,
  Session,
  SessionStats,
  State,
  StreamHandler,
} from './session.ts'
import type { Share } from './share.ts'
import { StateReader, type States } from './states.ts'
import { memoryOf, sessionStats } from './stats.ts'
import type { Stream } from './stream.ts'
import { Streams, type StreamsHost } from './streams.ts'
import type { Transport } from './transport.ts'
import { type Code, checkName, localError, toNumber, toReason } from './words.ts'

/** What a side may count on before it has read the peer's HELLO: the floor of docs/PROTOCOL.md, section 4. */
const FRAME_FLOOR = 16_384
const EMPTY = new Uint8Array(0)
const INTERNAL = codes.INTERNAL.number
const DENIED = codes.DENIED.number
const GOING_AWAY = codes.GOING_AWAY.number

type Hosts = StreamsHost & CallerHost & CalleeHost & DrainHost & PumpOwner & AttachmentHost

export class LiveSession implements Session, DirectOpener, Hosts {
  readonly engine: Engine
  readonly clock: Clock
  readonly assembled: Ceiling
  readonly exposeErrors: boolean
  readonly handlerWaitMs: number
  readonly messageMax: Ceiling
  readonly session: Session = this
  state: State = 'connecting'
  principal: unknown
  remote: Remote
  readonly codec: string
  frameMax = FRAME_FLOOR
  /** Why no new work goes out. */
  closedTo: BraidError | undefined
  private readonly settings: SessionSettings
  private readonly hooks: SessionHooks
  readonly share: Share
  private readonly pump: Pump
  private readonly router: Router
  private readonly streamTable: Streams
  private readonly caller: Caller
  private readonly callee: Callee
  private readonly states_: States = new Set()
  private readonly end = new Deferred<BraidError | undefined>()
  private readonly pings = new Pings()
  private readonly admission: Admission
  private draining: Drain | undefined
  private readonly attachment: Attachment
  private mayResume = false
  /** Why it ended, as soon as that is decided. */
  private ending: { readonly error: BraidError | undefined } | undefined

  constructor(engine: Engine, transport: Transport, settings: SessionSettings, hooks: SessionHooks, share: Share) {
    this.engine = engine
    this.clock = settings.clock
    this.settings = settings
    this.hooks = hooks
    this.share = share
    this.codec = settings.engine.codec
    this.exposeErrors = settings.exposeErrors
    this.handlerWaitMs = settings.handlerWaitMs
    this.messageMax = new Ceiling(settings.maxMessage)
    this.assembled = new Ceiling(settings.maxAssembled)
    const { remote: address, confidential = false } = transport
    this.remote = { address, auth: EMPTY, codec: '', confidential, certificate: undefined }
    this.pump = new Pump(engine, transport, settings.clock, this, settings.writeTimeoutMs)
    this.admission = new Admission(this.pump, settings.authorizeTimeoutMs, settings.engine.earlyBytes)
    this.attachment = new Attachment(this, this.pump, hooks)
    this.router = new Router(settings.clock, settings.handlerWaitMs)
    this.streamTable = new Streams(this, this.router)
    this.caller = new Caller(this)
    this.callee = new Callee(this)
  }

  start(): void {
    this.pump.start()
  }

  // -- Session

  get closed(): Promise<BraidError | undefined> {
    return this.end.promise
  }

  states(): AsyncIterableIterator<State> {
    return new StateReader(this.states_, this.state)
  }

  open(name: string, options: OpenOptions = {}): Stream {
    return this.streamTable.open(name, options)
  }

  handle(pattern: string, handler: StreamHandler): () => void {
    return this.router.handle(pattern, handler)
  }

  streams(): AsyncIterableIterator<Stream> {
    return this.router.streams()
  }

  take(name: string): Promise<Stream> {
    return this.router.take(name)
  }

  call(method: string, bytes: Bytes, options?: CallOptions): Promise<Uint8Array> {
    return this.caller.call(method, bytes, options)
  }

  callFor(taker: ReplyTaker, method: string, bytes: Bytes, options: CallOptions | undefined): void {
    this.caller.callFor(taker, method, bytes, options)
  }

  handleCall(pattern: string, handler: CallHandler): () => void {
    checkName(pattern, 'method')
    return this.callee.handle(pattern, handler)
  }

  message(bytes: Uint8Array): Promise<void> {
    return this.caller.message(bytes)
  }

  handleMessage(handler: MessageHandler): () => void {
    return this.callee.handle(MESSAGE_METHOD, handler)
  }

  ping(): Promise<number> {
    if (this.ending === undefined) {
      this.engine.ping()
      this.wake()
    }
    return this.pings.add()
  }

  drain(ms: number): Promise<DrainReport> {
    if (!(ms >= 0)) throw new RangeError(`drain waits a number of ms from 0, not ${ms}`)
    if (this.draining !== undefined) return this.draining.promise
    const draining = new Drain(this)
    this.draining = draining
    void this.closed.then(() => draining.finish())
    if (this.ending !== undefined) return draining.promise
    this.closedTo ??= new BraidError('GOING_AWAY', 'this session is draining', { executed: 'no' })
    // Without a transport it is detached above all.
    if (this.state !== 'detached') this.turn('draining')
    draining.start(ms)
    return draining.promise
  }

  close(code: Code = 0, reason?: string): Promise<void> {
    const number = code === 0 ? 0 : toNumber(code)
    const text = toReason(reason)
    this.shut(number, text, number === 0 ? undefined : localError(number, text, { executed: 'maybe' }))
    return this.closed.then(() => undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  stats(): SessionStats {
    return sessionStats(this, this.engine, this.settings, {
      assembled: this.assembled,
      messageMax: this.messageMax,
      streamsWaiting: this.router.waiting,
      callee: this.callee,
      streamsUnread: this.streamTable.unread,
      admission: this.admission,
      writesStalled: this.pump.writesStalled,
    })
  }

  // -- for streams and calls

  get isOver(): boolean {
    return this.ending !== undefined
  }

  wake(): void {
    this.pump.wake()
  }

  wrote(bytes: number): void {
    this.pump.wrote(bytes)
  }

  answered(bytes: number): void {
    this.pump.answered(bytes)
  }

  workEnded(): void {
    this.draining?.check()
  }

  openStream(name: string, meta: Meta | undefined, part: boolean): LiveStream {
    return this.streamTable.openOwn(name, meta, part)
  }

  // -- PumpOwner

  event(event: EngineEvent): unknown {
    if (this.ending !== undefined) return this.eventAfter(event)
    switch (event.type) {
      case 'call':
        return this.callee.arrived(event.slot, event.method, event.args, event.deadlineMs, event.oneWay)
      case 'reply':
        return this.caller.replied(event.call, event.result, event.via)
      case 'replyError':
        return this.caller.refused(event.call, event.error)
      case 'cancel':
        return this.callee.cancelled(event.slot, event.code)
      case 'open':
        return this.streamTable.opened(event, this.callee, this.caller)
      case 'pong':
        return this.pings.answered(event.rttMs)
      case 'hello':
        return this.greeted(event.remote, event.mayResume)
      case 'resume':
        return this.attachment.returns(event.request)
      case 'ticket':
        return this.attachment.ticket(event)
      case 'goAway':
        this.closedTo ??= event.error
        return this.turn('draining')
      case 'silent':
        return this.pump.cut(event.error)
      case 'closed':
        return this.over(event.error)
      default:
        return this.streamTable.told(event)
    }
  }

  /** What was under way at the end concerns nobody, except those the engine had forgotten by then. */
  private eventAfter(event: EngineEvent): void {
    if (event.type === 'finished') {
      const stream = event.stream.owner as LiveStream | undefined
      stream?.finished()
      stream?.lost(this.closedTo ?? new BraidError('CLOSED', 'the session is over'))
    } else if (event.type === 'reply') this.caller.replied(event.call, event.result, event.via)
    else if (event.type === 'replyError') this.caller.refused(event.call, event.error)
  }

  receiving(): void {
    this.engine.limitGrowth(this.share.isShort)
  }

  received(): void {
    this.admission.waits(this.engine.heldBytes)
  }

  lost(error: BraidError): void {
    this.attachment.lost(error)
  }

  flushed(): void {
    this.share.hold(memoryOf(this.engine, this.assembled, this.callee))
  }

  broken(thrown: unknown): void {
    this.shut(INTERNAL, '', new BraidError('INTERNAL', 'Braidwire itself failed', { cause: thrown }))
  }

  gone(): void {
    this.over(undefined)
    this.share.end()
    this.end.resolve(this.ending?.error)
  }

  // -- within

  private greeted(hello: RemoteHello, mayResume: boolean): void {
    this.mayResume = mayResume
    this.streamTable.metaMax = hello.maxMeta
    this.frameMax = hello.maxFrame
    const { certificate } = this.pump
    this.remote = hidden({ ...this.remote, auth: hello.auth.slice(), codec: hello.codec, certificate }, 'auth')
    this.ask(
      (principal) => this.admit(principal),
      (cause) => this.shut(DENIED, 'not authorised', localError(DENIED, 'the peer was not authorised', { cause })),
    )
  }

  private admit(principal: unknown): void {
    const full = this.share.enter()
    if (full !== undefined) return this.shut(full.number, full.message, full)
    this.principal = principal
    if (this.state === 'connecting') this.turn('ready')
    const failed = (cause: unknown): void => {
      this.shut(INTERNAL, '', localError(INTERNAL, 'the session handler threw', { cause }))
    }
    tell(() => this.hooks.ready?.(this), failed)
    if (this.ending !== undefined) return
    this.engine.admit(this.clock.now())
    this.admission.open()
    if (this.mayResume) this.attachment.admitted()
    this.wake()
  }

  // -- AttachmentHost

  keep(): boolean {
    return this.share.detach(memoryOf(this.engine, this.assembled, this.callee))
  }

  ask(admit: (principal: unknown) => void, deny: (cause: unknown) => void): void {
    const { authorize } = this.settings
    this.admission.ask(authorize && (() => authorize(this)), admit, deny)
  }

  abandon(error: BraidError | undefined): void {
    this.conclude(error, error ?? new BraidError('SUPERSEDED', 'the transport went to an older session'))
    // Its transport is another's now; else its end is waited for.
    if (error === undefined) this.gone()
    this.wake()
  }

  // -- for drain

  openWork(): OpenWork {
    return { streams: this.streamTable.count, callsOut: this.caller.count, callsIn: this.callee.count }
  }

  goAway(): void {
    this.engine.goAway(GOING_AWAY, '')
    this.wake()
  }

  drained(): void {
    quiet(this.close())
  }

  turn(state: State): void {
    if (this.state === state || this.state === 'closed') return
    this.state = state
    for (const reader of this.states_) reader.turned(state)
    this.draining?.check()
  }

  /** Ends the session from this side. */
  private shut(code: number, reason: string, error: BraidError | undefined): void {
    if (this.ending !== undefined) return
    this.engine.close(code, reason)
    this.conclude(error, error ?? new BraidError('CLOSED', 'this side closed the session'))
    this.wake()
  }

  /** The engine says that it is over. */
  private over(error: BraidError | undefined): void {
    if (this.ending !== undefined) return
    const closed = new BraidError('CLOSED', 'the other side closed the session', { initiator: 'remote' })
    this.conclude(error, error ?? closed)
  }

  /** Everything that still waits for something fails with `failing`. */
  private conclude(error: BraidError | undefined, failing: BraidError): void {
    this.ending = { error }
    this.closedTo = failing
    this.admission.end()
    this.attachment.over()
    this.draining?.end()
    this.streamTable.close(failing)
    this.caller.close(failing)
    this.callee.close(failing)
    this.router.close(failing)
    this.pings.fail(failing)
    this.turn('closed')
    for (const reader of this.states_) reader.close()
    this.hooks.over?.(error)
  }
}
