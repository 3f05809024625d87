// StreamCore: what is true of a stream, and what each event of the engine and each end makes of it. What applications call is
// in live-stream.ts. Knows of its session only what StreamHost says, and of the transport nothing.

import type { EngineStream, RawMeta } from '../engine/contract.ts'
import { BraidError, codes } from '../engine/errors.ts'
import { Inbox } from './inbox.ts'
import type { Meta } from './opener.ts'
import type { Receiver } from './stream.ts'
import {
  ABORTED,
  ANSWERED,
  CONFIRM,
  COPIES,
  FINISHED,
  FLUSHING,
  FULL,
  HANDLED,
  MINE,
  PAUSED,
  Rare,
  READ_DEAD,
  READ_DONE,
  READ_ENDED,
  SETTLED,
  type StreamHost,
  type StreamInit,
  UNREAD,
  WRITE_DEAD,
  WRITE_ENDED,
} from './stream-state.ts'
import { decodeMeta, failureOf, localError, toReason } from './words.ts'

const EMPTY = new Uint8Array(0)

export class StreamCore {
  readonly name: string
  readonly meta: Meta | undefined
  readonly link: EngineStream
  protected readonly host: StreamHost
  protected bits: number
  protected bytesIn = 0
  protected bytesOut = 0
  protected inbox: Inbox | undefined
  protected receiver: Receiver | undefined
  private rare: Rare | undefined

  constructor(host: StreamHost, link: EngineStream, init: StreamInit) {
    this.host = host
    this.link = link
    this.name = init.name
    this.meta = init.meta
    // Nobody answers or settles a stream of our own.
    this.bits = link.mine ? MINE | SETTLED : init.confirm ? CONFIRM : 0
    link.owner = this
  }

  // -- what the engine reports

  /** False: nothing of the bytes is kept. */
  received(bytes: Uint8Array, eom: boolean): boolean {
    if (this.has(READ_DEAD)) {
      this.host.engine.consume(this.link, bytes.length, eom ? 1 : 0)
      return false
    }
    this.bytesIn += bytes.length
    if (this.receiver !== undefined && !this.has(PAUSED) && this.isEmpty()) {
      this.deliver(bytes, eom ? 1 : 0)
      return !this.has(COPIES)
    }
    if (this.inbox === undefined) this.inbox = new Inbox()
    this.inbox.push(bytes, eom)
    this.arrived(true)
    return true
  }

  ended(raw: RawMeta | undefined): void {
    if (this.has(READ_DEAD)) return
    try {
      if (raw !== undefined) this.seldom().trailer = decodeMeta(raw)
    } catch {
      this.abandon(localError(codes.INVALID_INPUT.number, 'the trailer is not JSON', { scope: 'stream' }))
      return
    }
    this.bits |= READ_ENDED
    this.rare?.accepted?.resolve(this.rare.answer)
    if (this.isEmpty()) this.checkEnd()
    else this.arrived(true)
  }

  answered(raw: RawMeta | undefined): void {
    try {
      if (raw !== undefined) this.seldom().answer = decodeMeta(raw)
    } catch {
      this.abandon(localError(codes.INVALID_INPUT.number, 'the answer is not JSON', { scope: 'stream' }))
      return
    }
    this.bits |= ANSWERED
    this.rare?.accepted?.resolve(this.rare.answer)
  }

  writable(): void {
    this.bits &= ~FULL
    this.isReady()
  }

  /** One half or both ended early, by the peer or with the session. */
  failed(read: boolean, write: boolean, error: BraidError): void {
    const before = this.bits
    if (write) this.failWrite(error)
    // What arrived whole stays readable, whatever becomes of the other half.
    if (read && !this.has(READ_ENDED)) this.failRead(error)
    if (before === this.bits) return
    this.abort()
    this.checkOver()
  }

  /** The engine has forgotten the stream. */
  finished(): void {
    if (this.has(FINISHED)) return
    this.bits |= FINISHED
    if (!this.has(READ_DONE | READ_DEAD)) {
      this.bits |= UNREAD
      this.host.unread++
      if (this.rare !== undefined) this.host.lingering.add(this)
    }
    this.checkOver()
    if (this.has(SETTLED)) this.host.released()
  }

  /** The session is over. What arrived whole can still be read, but nobody waits any longer. */
  lost(error: BraidError): void {
    this.failed(true, true, error)
    this.abort()
    this.unfollow()
    this.rare?.closed?.resolve(this.rare.error)
  }

  /** The handler of a stream of the peer has ended. */
  settle(): void {
    this.bits |= HANDLED
    this.checkSettled()
  }

  /**
   * Frees the place of a stream of the peer. What arrived and was not read holds it: the peer could otherwise go on opening
   * streams for a reader that is behind, without bound.
   */
  private checkSettled(): void {
    if (!this.has(HANDLED) || this.has(SETTLED) || !this.has(READ_DONE | READ_DEAD)) return
    this.bits |= SETTLED
    this.host.engine.settle(this.link)
    this.host.wake()
    if (this.has(FINISHED)) this.host.released()
  }

  // -- ends of this side's making

  /** Ends both halves. */
  abandon(error: BraidError): void {
    if (this.isOver()) return
    this.host.engine.reset(this.link, error.number, toReason(error.reason))
    this.host.wake()
    this.failWrite(error)
    this.failRead(error)
    this.abort()
    this.checkOver()
  }

  /** Own code threw while handling this stream: only the stream pays for it. */
  crash(thrown: unknown): void {
    const { number, text } = failureOf(thrown, this.host.exposeErrors)
    this.abandon(localError(number, text, { scope: 'stream', cause: thrown }))
  }

  /** True when nothing can be read or written any more. */
  isOver(): boolean {
    const { bits } = this
    if ((bits & (READ_DONE | READ_DEAD)) === 0) return false
    return (bits & WRITE_DEAD) !== 0 || (bits & (WRITE_ENDED | FINISHED)) === (WRITE_ENDED | FINISHED)
  }

  /** Nothing will happen to the stream any more. */
  protected isSettled(): boolean {
    return this.isOver() || this.host.isOver
  }

  protected isAborted(): boolean {
    return this.has(ABORTED) || this.host.isOver
  }

  // -- for live-stream.ts

  protected has(bit: number): boolean {
    return (this.bits & bit) !== 0
  }

  /** Bytes that will come, as the sender of a body says; 0: it does not. */
  get declared(): number {
    return this.rare?.declared ?? 0
  }

  set declared(bytes: number) {
    this.seldom().declared = bytes
  }

  protected seldom(): Rare {
    if (this.rare === undefined) {
      this.rare = new Rare()
      if (this.has(UNREAD)) this.host.lingering.add(this)
    }
    return this.rare
  }

  protected get ifAny(): Rare | undefined {
    return this.rare
  }

  /** Nothing waits in the inbox. */
  protected isEmpty(): boolean {
    const { inbox } = this
    return inbox === undefined || (inbox.size === 0 && inbox.messages === 0)
  }

  /** Whoever waits for room has it, or need not wait any more. */
  protected isReady(): void {
    const { rare } = this
    if (rare?.ready === undefined) return
    rare.ready.resolve()
    rare.ready = undefined
  }

  /** Hands what waits to the callbacks. */
  protected flushInbox(): void {
    // A callback that pauses and resumes: the loop it was called from goes on.
    if (this.has(FLUSHING)) return
    this.bits |= FLUSHING
    const { inbox } = this
    while (inbox !== undefined && !this.has(PAUSED) && !this.isEmpty()) {
      const { messages } = inbox
      const chunk = inbox.shift() ?? EMPTY
      this.deliver(chunk, messages - inbox.messages)
    }
    this.bits &= ~FLUSHING
    this.host.wake()
    this.checkEnd()
  }

  /** The reading half is done when its end has arrived and all before it was taken; callbacks that pause learn it later. */
  protected checkEnd(): void {
    if ((this.bits & (READ_ENDED | READ_DONE | READ_DEAD)) !== READ_ENDED || !this.isEmpty()) return
    if (this.receiver !== undefined && this.has(PAUSED)) return
    this.bits |= READ_DONE
    this.inbox = undefined
    this.readOver()
    this.arrived(false)
    this.tellEnd()
    this.checkOver()
  }

  /** Nothing is left to be read. */
  private readOver(): void {
    if (this.has(UNREAD)) {
      this.bits &= ~UNREAD
      this.host.unread--
      this.host.lingering.delete(this)
    }
    this.checkSettled()
  }

  protected failRead(error: BraidError): void {
    if ((this.bits & (READ_DONE | READ_DEAD)) !== 0) return
    this.bits |= READ_DEAD
    const rare = this.seldom()
    rare.readError = error
    rare.error ??= error
    this.dropUnread(rare)
    this.readOver()
    rare.accepted?.reject(error)
    rare.readable?.reject(error)
    rare.readable = undefined
    this.tellFailed()
  }

  protected tellEnd(): void {
    try {
      this.receiver?.end(this.rare?.trailer)
    } catch (thrown) {
      this.crash(thrown)
    }
  }

  protected tellFailed(): void {
    try {
      this.receiver?.failed(this.rare?.readError as BraidError)
    } catch (thrown) {
      this.crash(thrown)
    }
  }

  protected checkOver(): void {
    if (!this.isOver()) return
    this.abort()
    this.unfollow()
    this.rare?.closed?.resolve(this.rare.error)
  }

  // -- within

  /** Wakes whoever waits for bytes or for the end. */
  private arrived(more: boolean): void {
    const { rare } = this
    if (rare?.readable === undefined) return
    rare.readable.resolve(more)
    rare.readable = undefined
  }

  private deliver(bytes: Uint8Array, messages: number): void {
    const { length } = bytes
    if (length > 0) {
      try {
        this.receiver?.data(bytes)
      } catch (thrown) {
        this.crash(thrown)
      }
    }
    if ((this.bits & (PAUSED | READ_DEAD)) !== PAUSED) {
      this.host.engine.consume(this.link, length, messages)
      return
    }
    const rare = this.seldom()
    rare.owedBytes += length
    rare.owedMessages += messages
  }

  private failWrite(error: BraidError): void {
    if (this.has(WRITE_DEAD) || (this.bits & (WRITE_ENDED | FINISHED)) === (WRITE_ENDED | FINISHED)) return
    this.bits |= WRITE_DEAD
    const rare = this.seldom()
    rare.writeError = error
    rare.error ??= error
    rare.ready?.reject(error)
  }

  private dropUnread(rare: Rare): void {
    const bytes = (this.inbox?.size ?? 0) + rare.owedBytes
    const messages = (this.inbox?.messages ?? 0) + rare.owedMessages
    this.inbox?.clear()
    this.inbox = undefined
    rare.owedBytes = 0
    rare.owedMessages = 0
    if (bytes > 0 || messages > 0) this.host.engine.consume(this.link, bytes, messages)
  }

  private abort(): void {
    if (this.has(ABORTED)) return
    this.bits |= ABORTED
    this.rare?.controller?.abort(this.abortReason())
  }

  protected abortReason(): BraidError {
    return this.rare?.error ?? new BraidError('CLOSED', 'the stream is over', { scope: 'stream' })
  }

  private unfollow(): void {
    const { rare } = this
    if (rare?.onAbort === undefined) return
    rare.followed?.removeEventListener('abort', rare.onAbort)
    rare.onAbort = undefined
    rare.followed = undefined
  }
}
