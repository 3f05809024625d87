// Core: the state that reading (inbound.ts), writing (outbound.ts) and the commands (engine.ts) share, and the few
// moves all three make: fail the session, owe a control frame, let go of a stream. Knows no frame layout.

import { Callee, Caller, Queue } from './calls.ts'
import type { EngineEvent, Ticket } from './contract.ts'
import { BraidError } from './errors.ts'
import { GlitchBucket } from './glitch.ts'
import { floors, type PeerLimits } from './hello.ts'
import { NameDecoder, NameEncoder } from './names.ts'
import type { EngineSettings } from './options.ts'
import type { Outgoing } from './outgoing.ts'
import { Pace } from './pace.ts'
import { Replay } from './replay.ts'
import { Scheduler } from './scheduler.ts'
import { isFinal, step } from './state.ts'
import {
  type Opening,
  OWES_CREDIT,
  OWES_RESET_RECV,
  OWES_RESET_SEND,
  REFUSED,
  SETTLED,
  STOPPED,
  type StreamRecord,
  StreamTable,
} from './streams.ts'
import { ReceiveWindow } from './window.ts'

/**
 * `open`; `closing`: what may still go goes, then CLOSE; `failing`: CLOSE at once; `closed`: nothing more goes out.
 */
export type Phase = 'open' | 'closing' | 'failing' | 'closed'

export class Core {
  readonly settings: EngineSettings
  readonly events: Queue<EngineEvent> = new Queue()
  readonly streams: StreamTable = new StreamTable()
  readonly caller: Caller = new Caller()
  readonly callee: Callee = new Callee()
  readonly scheduler: Scheduler<Outgoing> = new Scheduler()
  readonly pace: Pace = new Pace()
  readonly glitches: GlitchBucket = new GlitchBucket()
  /** Session credit: what the peer granted and is not yet used, and what the peer may send. */
  credit: number = floors.sessionWindow
  readonly receive: ReceiveWindow
  peer: PeerLimits = floors
  phase: Phase = 'open'
  /** The peer's preface, on this transport, and its HELLO, on the first, were read. */
  prefaceRead = false
  helloRead = false
  /** What the first frame on this transport must be; undefined: it was read. `answer`: to our RESUME. */
  expects: 'hello' | 'answer' | undefined = 'hello'
  /** There is a transport. */
  attached = true
  /** This side dialled. */
  readonly dialer: boolean
  /** Both sides can resume; not known before the HELLO. */
  mayResume = false
  readonly replay: Replay
  /** The number of the last RESUME. */
  attempt = 0
  /** The acceptor's: this is not its first transport, so no HELLO goes out. */
  adopted = false
  /** Private, and so not printed with the session: they hold a secret. */
  #ticket: Ticket | undefined = undefined
  #ticketDue: Ticket | undefined = undefined
  /** RESUME is answered with no. */
  resumeRefusal: { readonly code: number; readonly reason: string } | undefined = undefined
  closeCode = 0
  closeReason = ''
  /** The last time handed in. */
  now = 0
  /** Streams of ours that wait for their OPEN. */
  readonly opens: Queue<Opening> = new Queue()
  readonly namesOut: NameEncoder = new NameEncoder()
  readonly namesIn: NameDecoder = new NameDecoder()
  /** Those given up since this queue was last cleaned. */
  private forgotten = 0
  /** Our open credit: numbers below it may be opened. */
  openLimit: number = floors.maxStreams
  /** The peer's open credit, and the last of it that was announced. */
  peerOpenLimit: number
  peerOpenAnnounced: number
  opensRefused = 0
  /** How often the session ended for one of these: at most once each, but every limit reports what it refused. */
  readonly refusals = {
    BRAID_FRAME_SIZE: 0,
    BRAID_FLOW_CONTROL: 0,
    BRAID_EXHAUSTED: 0,
    BRAID_SLOW_PEER: 0,
    BRAID_BAD_LIMITS: 0,
  }
  metaRefused = 0
  /** How often the peer was taken for dead because it said nothing. */
  silences = 0
  namesRefused = 0
  /** How often `write` asked to wait. */
  writesHeld = 0
  /** How far windows have grown beyond their first size. */
  grown = 0
  growthRefused = 0
  /** How often one was as large as it may be, and its sender asked for more. */
  windowsAtMost = 0
  /** They may not grow now, whatever is left of the pool. */
  frugal = false
  /** Bytes of all streams that wait to be sent; a message end counts as one. */
  queued = 0
  /** Why a peer that says HELLO is turned away. */
  readonly refusal: BraidError | undefined
  /** Records that owe a control frame. */
  readonly dirty: Queue<StreamRecord> = new Queue()
  /** One of those frames cannot wait for company. */
  pressing = false
  /** Records whose trailer is larger than the floor: nobody knows yet whether the peer takes it. */
  readonly awaitingHello: StreamRecord[] = []
  owesSessionCredit = false
  owesAck = false
  framesReceived = 0
  framesReported = 0
  pongDue: Uint8Array | undefined = undefined
  pingDue = false
  pingSentAt: number | undefined = undefined
  pingSerial = 0
  /** GOAWAY: how many of the peer's streams are accepted; undefined: all. */
  goAwayCount: number | undefined = undefined
  goAwayDue: { code: number; reason: string } | undefined = undefined
  peerGoAway: BraidError | undefined = undefined
  peerGoAwayCount: number = Number.MAX_SAFE_INTEGER

  constructor(settings: EngineSettings, dialer: boolean, resume: boolean, refusal?: BraidError) {
    this.settings = settings
    this.refusal = refusal
    this.dialer = dialer
    this.replay = new Replay(resume, settings.replayBytes)
    this.receive = new ReceiveWindow(settings.sessionWindow)
    this.peerOpenLimit = settings.maxStreams
    this.peerOpenAnnounced = settings.maxStreams
  }

  /**
   * Ends the session for what the peer did. What was received before stays valid; nothing after it is.
   * `silent`: not even CLOSE is sent, because the other side may not speak our protocol at all.
   */
  fail(error: BraidError, silent = false): void {
    if (this.phase !== 'open') return
    this.phase = silent ? 'closed' : 'failing'
    if (error.code in this.refusals) this.refusals[error.code as keyof Core['refusals']]++
    this.closeCode = error.number
    this.closeReason = error.message
    this.events.push({ type: 'closed', error })
  }

  /** What the peer did wrong ends the session; what we did wrong is thrown. */
  blame(thrown: unknown): void {
    if (!(thrown instanceof BraidError)) throw thrown
    this.fail(thrown)
  }

  /** The last one: the dialer shows it on the next transport. Without one there is no next. */
  get ticket(): Ticket | undefined {
    return this.#ticket
  }

  set ticket(ticket: Ticket | undefined) {
    this.#ticket = ticket
  }

  /** The acceptor's: to be sent. */
  get ticketDue(): Ticket | undefined {
    return this.#ticketDue
  }

  set ticketDue(ticket: Ticket | undefined) {
    this.#ticketDue = ticket
  }

  /** The peer has so many frames more. @throws BraidError PROTOCOL when they were never sent. */
  acked(frames: number): void {
    this.pace.acked(frames, this.now)
    this.replay.scale(this.pace.limit)
    this.replay.release(this.pace.framesAcked)
  }

  /** Asks for a round trip, unless one is under way. */
  ping(): void {
    if (this.pingSentAt === undefined) this.pingDue = true
  }

  /** The record owes a control frame. One that can wait rides along with the next thing that goes out anyway. */
  owe(record: StreamRecord, bit: number, canWait = false): void {
    if (record.owes === 0) this.dirty.push(record)
    record.owes |= bit
    if (!canWait) this.pressing = true
  }

  /** The peer declares bytes of a stream. @throws BraidError FLOW_CONTROL when the stream or the session has no credit for them. */
  charge(record: StreamRecord, bytes: number): void {
    if (bytes === 0) return
    const receive = record.receive ?? record.listen(this.settings.streamWindow)
    receive.charge(bytes, 'stream')
    this.receive.charge(bytes, 'session')
  }

  /** The reader took bytes, or they were discarded: session credit returns, and the stream's while it still receives. */
  consume(record: StreamRecord, bytes: number): void {
    this.discard(bytes)
    if (record.receiving !== 'open' || (record.bits & STOPPED) !== 0) return
    const receive = record.receive ?? record.listen(this.settings.streamWindow)
    if (receive.consumed(bytes)) {
      this.growWindow(record, receive)
      this.owe(record, OWES_CREDIT, !receive.pressing)
    }
  }

  /** Returns session credit for bytes nobody will read. */
  discard(bytes: number): void {
    if (this.receive.consumed(bytes)) this.owesSessionCredit = true
  }

  /** Grows a stream's window when its sender asked and its reader keeps up. */
  growWindow(record: StreamRecord, window: ReceiveWindow): void {
    const { streamWindowMax, growthPool } = this.settings
    const left = this.frugal ? 0 : growthPool - this.grown
    const bytes = window.growth(streamWindowMax, left)
    if (bytes <= 0) {
      if (window.wanted <= window.size) return
      if (window.size >= streamWindowMax) this.windowsAtMost++
      else if (left <= 0) this.growthRefused++
      return
    }
    window.grow(bytes)
    this.grown += bytes
    this.owe(record, OWES_CREDIT)
  }

  /** Forgets what a stream has not sent. */
  dropQueue(record: StreamRecord): void {
    this.queued -= record.queued
    if (record.outgoing !== undefined) this.scheduler.leave(record.outgoing)
    record.dropQueue()
  }

  /** Makes our half final for a reset of either side: unsent bytes are dropped, RESET(SEND) is owed. */
  abortSending(record: StreamRecord, code: number, reason: string): void {
    if (isFinal(record.sending)) return
    record.sending = step(record.sending, 'reset')
    this.dropQueue(record)
    const rare = record.seldom()
    rare.resetCode = code
    rare.resetReason = reason
    this.owe(record, OWES_RESET_SEND)
  }

  /** Tells the peer to send no more. */
  abortReceiving(record: StreamRecord, code: number, reason: string): void {
    if (isFinal(record.receiving) || record.has(STOPPED)) return
    record.stop(code, reason)
    this.owe(record, OWES_RESET_RECV)
  }

  /** A stream of ours that never got its OPEN: nothing of it was sent. */
  refuseOpen(record: StreamRecord, error: BraidError): void {
    if (record.finished) return
    this.dropUnopened(record)
    this.events.push({ type: 'reset', stream: record, read: true, write: true, error })
    this.events.push({ type: 'finished', stream: record })
  }

  /** Such a stream was given up: it leaves no trace. */
  forget(record: StreamRecord): void {
    if (record.finished) return
    this.dropUnopened(record)
    // Skipped when its turn comes; cleaned up by halves, so that giving up many costs no more than opening them.
    if (++this.forgotten * 2 > this.opens.size) {
      this.opens.keep((waiting) => !waiting.record.finished)
      this.forgotten = 0
    }
    this.events.push({ type: 'finished', stream: record })
  }

  private dropUnopened(record: StreamRecord): void {
    record.sending = step(record.sending, 'reset')
    record.receiving = step(record.receiving, 'reset')
    this.dropQueue(record)
  }

  /** Forgets a stream whose halves are final, once it owes nothing; with its handler settled its open credit returns. */
  release(record: StreamRecord): void {
    if (!record.finished || (record.owes & (OWES_RESET_SEND | OWES_RESET_RECV)) !== 0) return
    const { mine } = record
    const table = mine ? this.streams.mine : this.streams.theirs
    if (table.delete(record.number)) {
      if (record.receive !== undefined) this.grown -= record.receive.size - this.settings.streamWindow
      this.glitches.streamFinished()
      if (!record.has(REFUSED)) this.events.push({ type: 'finished', stream: record })
      if (!mine && record.has(SETTLED)) this.returnOpenCredit()
    }
  }

  /** A stream has bytes to send; it waits for a turn when it has credit for them. */
  ready(record: StreamRecord): void {
    const { outgoing } = record
    if (outgoing !== undefined && outgoing.queued > 0 && record.opened && record.credit > 0)
      this.scheduler.join(outgoing)
  }

  /** The handler ended. */
  settle(record: StreamRecord): void {
    if (record.has(SETTLED)) return
    record.bits |= SETTLED
    if (!this.streams.theirs.has(record.number)) this.returnOpenCredit()
  }

  private returnOpenCredit(): void {
    this.peerOpenLimit++
  }
}
