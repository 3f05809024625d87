// LiveStream: what applications call on a stream. What becomes of it is decided in stream-core.ts.

import type { BraidError } from '../engine/errors.ts'
import { Deferred, quiet } from './deferred.ts'
import type { Inbox } from './inbox.ts'
import { MessageReader } from './messages.ts'
import type { Meta } from './opener.ts'
import { BatchReader, ChunkReader } from './readers.ts'
import type { Session } from './session.ts'
import type { Receiver, Stream, StreamStats } from './stream.ts'
import { StreamCore } from './stream-core.ts'
import {
  ANSWERED,
  CONFIRM,
  COPIES,
  FULL,
  MINE,
  PAUSED,
  READ_DEAD,
  READ_DONE,
  READ_ENDED,
  WRITE_DEAD,
  WRITE_ENDED,
} from './stream-state.ts'
import { type Code, checkBytes, encodeMeta, localError, toNumber, toReason } from './words.ts'

const RESOLVED = Promise.resolve()

export class LiveStream extends StreamCore implements Stream {
  get id(): number {
    const { number, mine } = this.link
    return number < 0 ? -1 : number * 2 + (mine ? 0 : 1)
  }

  get urgency(): number {
    return this.link.urgency
  }

  get session(): Session {
    return this.host.session
  }

  // -- answer

  accept(answer?: Meta): void {
    if (this.has(MINE)) throw new TypeError('accept answers a stream the peer opened')
    if (this.has(WRITE_ENDED)) throw new TypeError('accept after end')
    if (this.has(ANSWERED)) throw new TypeError('answered already; with `confirm`, as soon as the handler returned')
    const raw = encodeMeta(answer, this.host.metaMax)
    if (this.has(WRITE_DEAD)) return
    this.bits |= ANSWERED
    this.host.engine.accept(this.link, raw)
    this.host.wake()
  }

  /** A handler has taken the stream and returned: answer for it if the opener waits for one. */
  taken(): void {
    if ((this.bits & (CONFIRM | ANSWERED | WRITE_ENDED | WRITE_DEAD)) === CONFIRM) this.accept()
  }

  get accepted(): Promise<Meta | undefined> {
    const rare = this.seldom()
    if (rare.accepted === undefined) {
      rare.accepted = new Deferred()
      if (!this.has(MINE) || this.has(ANSWERED | READ_ENDED)) rare.accepted.resolve(rare.answer)
      else if (this.has(READ_DEAD)) rare.accepted.reject(rare.readError)
    }
    return rare.accepted.promise
  }

  // -- writing

  write(chunk: Uint8Array): boolean {
    return this.put(chunk, false)
  }

  send(message: Uint8Array): boolean {
    checkBytes(message, 'a message')
    const { max } = this.host.messageMax
    if (message.length > max) {
      throw new RangeError(`a message takes at most maxMessage (${max}) bytes, not ${message.length}`)
    }
    return this.put(message, true)
  }

  private put(chunk: Uint8Array, eom: boolean): boolean {
    if (!(chunk instanceof Uint8Array)) checkBytes(chunk, 'a chunk')
    if (this.has(WRITE_DEAD)) return false
    if (this.has(WRITE_ENDED)) throw new TypeError('write after end')
    const { length } = chunk
    if (length === 0 && !eom) return !this.has(FULL)
    this.bytesOut += length
    const more = this.host.engine.write(this.link, chunk, eom)
    if (!more) this.bits |= FULL
    this.host.wrote(length)
    return more
  }

  get ready(): Promise<void> {
    if (!this.has(WRITE_DEAD | FULL)) return RESOLVED
    const rare = this.seldom()
    if (rare.ready === undefined) {
      rare.ready = new Deferred()
      if (this.has(WRITE_DEAD)) rare.ready.reject(rare.writeError)
    }
    return rare.ready.promise
  }

  end(trailer?: Meta): void {
    const raw = encodeMeta(trailer, this.host.metaMax)
    if (this.has(WRITE_ENDED | WRITE_DEAD)) return
    this.taken()
    this.bits |= WRITE_ENDED
    this.host.engine.end(this.link, raw)
    this.host.wake()
    // Whoever awaits `ready` now waits for all of it to be gone.
    if (this.link.queued > 0) this.bits |= FULL
    else this.isReady()
  }

  // -- reading

  read(): Uint8Array | null {
    this.pullOnly()
    return this.shift()
  }

  readable(): Promise<boolean> {
    this.pullOnly()
    if (this.has(READ_DEAD)) return quiet(Promise.reject(this.ifAny?.readError))
    if (!this.isEmpty()) return Promise.resolve(true)
    return this.has(READ_DONE) ? Promise.resolve(false) : this.arrival()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    this.pullOnly()
    return new ChunkReader(this)
  }

  batches(): AsyncIterableIterator<Uint8Array[]> {
    this.pullOnly()
    return new BatchReader(this)
  }

  messages(): AsyncIterableIterator<Uint8Array> {
    this.pullOnly()
    return new MessageReader(this, this.host.messageMax, this.host.assembled)
  }

  get trailer(): Meta | undefined {
    return this.ifAny?.trailer
  }

  // -- reading, for the loops

  /** The next chunk, or null. */
  shift(): Uint8Array | null {
    const { inbox } = this
    if (inbox === undefined) return null
    const { messages } = inbox
    const chunk = inbox.shift()
    this.consumed(chunk === undefined ? 0 : chunk.length, messages - inbox.messages)
    return chunk ?? null
  }

  /** Takes the first message, whose end has arrived. */
  message(length: number, into?: Uint8Array): Uint8Array {
    const message = (this.inbox as Inbox).takeMessage(length, into)
    this.consumed(length, 1)
    return message
  }

  /** Takes bytes of a message whose end has not arrived. */
  beginning(into: Uint8Array): void {
    this.inbox?.takeInto(into)
    this.consumed(into.length, 0)
  }

  /** What has arrived and waits for a reader; undefined if nothing does. */
  get waiting(): Inbox | undefined {
    return this.inbox
  }

  /** Resolves when more has arrived: true; or the end: false. Rejects when the reading half failed. */
  arrival(): Promise<boolean> {
    const rare = this.seldom()
    if (rare.readable === undefined) rare.readable = new Deferred()
    return rare.readable.promise
  }

  /** How the reading half stands: its error, `done` when all was read up to its clean end, undefined while it goes on. */
  get readState(): BraidError | 'done' | undefined {
    if (this.has(READ_DEAD)) return this.ifAny?.readError
    return this.has(READ_DONE) ? 'done' : undefined
  }

  /** Nobody reads it, and nobody waits for its end. */
  get isUntouched(): boolean {
    return !this.has(MINE) && this.receiver === undefined && this.ifAny?.closed === undefined
  }

  /** Nothing of it can be read: no handler need hear of it. */
  get hasFailed(): boolean {
    return this.has(READ_DEAD)
  }

  /** This side has read all, and said all. */
  get hasEnded(): boolean {
    return this.has(READ_DONE) && this.has(WRITE_ENDED)
  }

  /** The reader took something: credit returns, and the end may be reached. */
  private consumed(bytes: number, messages: number): void {
    if (bytes > 0 || messages > 0) {
      this.host.engine.consume(this.link, bytes, messages)
      this.host.wake()
    }
    this.checkEnd()
  }

  private pullOnly(): void {
    if (this.receiver !== undefined) throw new TypeError('this stream is read by receive()')
  }

  // -- callbacks

  /** `receive`, by callbacks that keep nothing of the bytes they are given. */
  receiveCopying(receiver: Receiver): void {
    this.deliverTo(receiver, COPIES)
  }

  receive(receiver: Receiver): void {
    this.deliverTo(receiver, 0)
  }

  private deliverTo(receiver: Receiver, copies: number): void {
    if (this.ifAny?.readable !== undefined) throw new TypeError('somebody waits for bytes of this stream already')
    this.receiver = receiver
    this.bits = (this.bits & ~COPIES) | copies
    if (this.has(READ_DEAD)) this.tellFailed()
    else if (this.has(READ_DONE)) this.tellEnd()
    else this.flushInbox()
  }

  pause(): void {
    this.bits |= PAUSED
  }

  resume(): void {
    if (!this.has(PAUSED)) return
    this.bits &= ~PAUSED
    const rare = this.ifAny
    if (rare !== undefined && rare.owedBytes + rare.owedMessages > 0) {
      const { owedBytes, owedMessages } = rare
      rare.owedBytes = 0
      rare.owedMessages = 0
      this.host.engine.consume(this.link, owedBytes, owedMessages)
    }
    if (this.receiver !== undefined) this.flushInbox()
  }

  // -- ending

  reset(code: Code, reason?: string): void {
    this.abandon(localError(toNumber(code), toReason(reason), { scope: 'stream' }))
  }

  stop(code: Code, reason?: string): void {
    const error = localError(toNumber(code), toReason(reason), { scope: 'stream' })
    if (this.has(READ_DONE | READ_DEAD)) return
    this.host.engine.stop(this.link, error.number, error.reason)
    this.host.wake()
    this.failRead(error)
    this.checkOver()
  }

  get signal(): AbortSignal {
    const rare = this.seldom()
    if (rare.controller === undefined) {
      rare.controller = new AbortController()
      if (this.isAborted()) rare.controller.abort(this.abortReason())
    }
    return rare.controller.signal
  }

  get closed(): Promise<BraidError | undefined> {
    const rare = this.seldom()
    if (rare.closed === undefined) {
      rare.closed = new Deferred()
      if (this.isSettled()) rare.closed.resolve(rare.error)
    }
    return rare.closed.promise
  }

  /** Resets the stream when the signal aborts, as long as it lives. */
  follow(signal: AbortSignal): void {
    const rare = this.seldom()
    rare.followed = signal
    rare.onAbort = () => {
      this.abandon(localError(toNumber('CANCELLED'), '', { scope: 'stream', cause: signal.reason }))
    }
    signal.addEventListener('abort', rare.onAbort)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reset('CANCELLED')
  }

  stats(): StreamStats {
    const { bytesIn, bytesOut } = this
    return { bytesIn, bytesOut, unread: this.inbox?.size ?? 0, queued: this.link.queued }
  }
}
