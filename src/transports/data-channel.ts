// WebRTC data channels as a Transport: those of browsers, and those of the package node-datachannel. Owns the size of messages, when a
// channel is full, and an end that loses nothing. Names the members it uses; who connects the peers is somebody else's matter.

import type { Transport, TransportSink } from '../session/transport.ts'
import { closeTimer, errorOf, printable } from './carrier.ts'
import { plain } from './chunks.ts'

/** A data channel as browsers have it, as far as it is used here: an `RTCDataChannel`. */
export interface DataChannelLike {
  readonly label: string
  readonly readyState: string
  readonly bufferedAmount: number
  bufferedAmountLowThreshold: number
  binaryType: string
  readonly ordered?: boolean
  readonly maxRetransmits?: number | null
  readonly maxPacketLifeTime?: number | null
  send(data: Uint8Array | string): unknown
  close(): unknown
  addEventListener(event: string, listener: (event: unknown) => void): void
}

/** A data channel of the package node-datachannel, as far as it is used here. */
export interface NativeDataChannelLike {
  getLabel(): string
  isOpen(): boolean
  bufferedAmount(): number
  setBufferedAmountLowThreshold(bytes: number): void
  sendMessage(text: string): boolean
  sendMessageBinary(bytes: Uint8Array): boolean
  close(): void
  onOpen(listener: () => void): void
  onClosed(listener: () => void): void
  onError(listener: (reason: string) => void): void
  onBufferedAmountLow(listener: () => void): void
  onMessage(listener: (message: unknown) => void): void
}

/** What every implementation can receive, also one whose description of the session names no limit. */
const MESSAGE_BYTES = 64 * 1024
/** What may wait in the channel before `send` says full, and when it says that there is room again. */
const FULL_BYTES = 256 * 1024
const ROOM_BYTES = 64 * 1024
/** What may arrive before the start, which nobody can have asked for, and what each message counts besides its bytes. */
const EARLY_BYTES = (1024 + 64) * 1024
const EARLY_MESSAGE_BYTES = 256
/**
 * The first message each way. Over a channel that was open already when it was handed over nothing follows it until something has
 * come: what Chromium sends over a channel it has just been offered is lost now and then, though it says open; never what comes back.
 */
const BEGIN = 'braidwire/1 begin'
/** The sender's last message, a text like the first. A channel that is closed at once may lose what is still in it. */
const END = 'braidwire/1 end'

/**
 * Makes a {@link Transport} of a WebRTC data channel. The channel is the transport's from then on, and is closed at its end; the peer
 * connection stays its owner's, to be closed when the session is. It may still be connecting. What it carries is encrypted
 * from end to end; who is at the other end is what signalling says, so sign in there or with `authorize`.
 *
 * A data channel cannot be paused: `pause` does nothing, and the session's credit alone bounds what arrives. What arrives before the
 * start is kept for it, up to 1 MiB.
 *
 * @throws TypeError for a channel that may lose or reorder messages: create it without `ordered: false`, `maxRetransmits` and
 * `maxPacketLifeTime`. Those of node-datachannel do not tell; there the caller has to know.
 *
 * @example
 * import { connect } from 'braidwire'
 * import { dataChannel } from 'braidwire/transport/data-channel'
 * import { cleanup, PeerConnection } from 'node-datachannel'
 *
 * const [near, far] = ['near', 'far'].map((name) => new PeerConnection(name, { iceServers: [], bindAddress: '127.0.0.1' }))
 * near.onLocalDescription((sdp, type) => far.setRemoteDescription(sdp, type))
 * far.onLocalDescription((sdp, type) => near.setRemoteDescription(sdp, type))
 * far.onLocalCandidate((candidate, mid) => near.addRemoteCandidate(candidate, mid))
 * const coming = new Promise((resolve) => far.onDataChannel(resolve))
 * const dialled = connect(dataChannel(near.createDataChannel('braid')))
 * const [a, b] = await Promise.all([dialled, connect(dataChannel(await coming))])
 * b.handleCall('echo', (bytes) => bytes)
 * console.log(await a.call('echo', Uint8Array.of(1, 2))) // Uint8Array(2) [ 1, 2 ]
 * await Promise.all([a.close(), b.closed])
 * near.close()
 * far.close()
 * cleanup()
 */
export function dataChannel(channel: DataChannelLike | NativeDataChannelLike): Transport {
  if ('sendMessageBinary' in channel) return new DataChannelTransport(new NativeChannel(channel))
  const { ordered, maxRetransmits, maxPacketLifeTime } = channel
  if (ordered === false || (maxRetransmits ?? maxPacketLifeTime ?? null) !== null) {
    throw new TypeError(
      'a session runs over a data channel that is ordered and reliable: create it without ordered: false, maxRetransmits and maxPacketLifeTime',
    )
  }
  return new DataChannelTransport(channel)
}

/** One of node-datachannel as browsers have them. */
class NativeChannel implements DataChannelLike {
  readonly #channel: NativeDataChannelLike
  #closed = false
  binaryType = 'arraybuffer'

  constructor(channel: NativeDataChannelLike) {
    this.#channel = channel
  }

  get label(): string {
    return this.#channel.getLabel()
  }

  get readyState(): string {
    return this.#closed ? 'closed' : this.#channel.isOpen() ? 'open' : 'connecting'
  }

  get bufferedAmount(): number {
    return this.#closed ? 0 : this.#channel.bufferedAmount()
  }

  set bufferedAmountLowThreshold(bytes: number) {
    this.#channel.setBufferedAmountLowThreshold(bytes)
  }

  send(data: Uint8Array | string): void {
    if (typeof data === 'string') this.#channel.sendMessage(data)
    else this.#channel.sendMessageBinary(data)
  }

  close(): void {
    this.#closed = true
    this.#channel.close()
  }

  addEventListener(event: string, listener: (event: unknown) => void): void {
    const channel = this.#channel
    if (event === 'open') channel.onOpen(() => listener(undefined))
    else if (event === 'bufferedamountlow') channel.onBufferedAmountLow(() => listener(undefined))
    else if (event === 'error') channel.onError((reason) => listener({ error: new Error(reason) }))
    else if (event === 'message') channel.onMessage((data) => listener({ data }))
    else if (event === 'close') {
      channel.onClosed(() => {
        this.#closed = true
        listener(undefined)
      })
    }
  }
}

class DataChannelTransport implements Transport {
  readonly remote: string
  readonly confidential = true
  readonly #channel: DataChannelLike
  /** Once it has started, and has been told what was before. */
  #sink: TransportSink | undefined
  /** Whether the channel carries what is sent: one that says open is doubted until something has come. */
  #way: 'connecting' | 'doubted' | 'sure' = 'connecting'
  /** What was sent before that was sure. */
  #early: Uint8Array[] = []
  /** What was received before the start. */
  #arrived: Uint8Array[] = []
  #arrivedBytes = 0
  /** Where small pieces are put together; a channel copies what it is given. */
  #message: Uint8Array | undefined
  #full = false
  #closing = false
  #over = false
  /** What the end was, for a sink that comes later. */
  #end: Error | undefined
  #timer: unknown

  constructor(channel: DataChannelLike) {
    this.#channel = channel
    this.remote = `webrtc:${printable(channel.label)}`
    channel.binaryType = 'arraybuffer'
    channel.bufferedAmountLowThreshold = ROOM_BYTES
    channel.addEventListener('open', () => this.#opened())
    channel.addEventListener('bufferedamountlow', () => this.#drained())
    channel.addEventListener('message', (event) => this.#received((event as { data: unknown }).data))
    channel.addEventListener('error', (event) =>
      this.#finish(errorOf((event as { error?: unknown }).error ?? 'it failed')),
    )
    channel.addEventListener('close', () => this.#finish(new Error('the data channel closed without a goodbye')))
    if (channel.readyState !== 'open') return
    this.#way = 'doubted'
    attempted(() => channel.send(BEGIN))
  }

  start(sink: TransportSink): void {
    const gone = this.#channel.readyState.startsWith('clos')
    if (this.#over || gone || this.#arrived.length > 0) queueMicrotask(() => this.#catchUp(sink))
    else this.#sink = sink
  }

  send(chunks: Uint8Array[]): boolean {
    if (this.#closing || this.#over) return true
    const { readyState } = this.#channel
    if (readyState === 'connecting') this.#way = 'connecting'
    if (this.#way !== 'sure') {
      this.#early.push(...chunks)
      this.#full = true
    } else if (readyState === 'open') {
      this.#write(chunks)
      this.#full = this.#channel.bufferedAmount >= FULL_BYTES
    }
    return !this.#full
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    if (this.#closing || this.#over) return
    this.#closing = true
    if (this.#channel.readyState !== 'open') {
      this.#finish()
      return
    }
    // What is closed loses what it has not sent: the other side is told, and says that it has all.
    this.#timer = closeTimer(() => this.#finish())
    try {
      this.#writeEarly()
      this.#channel.send(END)
    } catch {
      this.#finish()
    }
  }

  /** Once: what comes later finds the way open. */
  #writeEarly(): void {
    const early = this.#early
    this.#early = []
    this.#way = 'sure'
    if (early.length > 0) this.#write(early)
  }

  #write(chunks: readonly Uint8Array[]): void {
    this.#message ??= new Uint8Array(MESSAGE_BYTES)
    const message = this.#message
    let used = 0
    for (const chunk of chunks) {
      let at = 0
      while (at < chunk.length) {
        const end = Math.min(chunk.length, at + MESSAGE_BYTES - used)
        const part = chunk.subarray(at, end)
        at = end
        if (part.length === MESSAGE_BYTES) this.#channel.send(part)
        else {
          message.set(part, used)
          used += part.length
          if (used < MESSAGE_BYTES) continue
          this.#channel.send(message)
          used = 0
        }
      }
    }
    if (used > 0) this.#channel.send(message.subarray(0, used))
  }

  #opened(): void {
    if (this.#way === 'connecting') this.#begin(BEGIN)
  }

  #begin(greeting?: string): void {
    if (this.#over) return
    try {
      if (greeting !== undefined) this.#channel.send(greeting)
      this.#writeEarly()
    } catch (thrown) {
      this.#finish(errorOf(thrown))
      return
    }
    if (this.#channel.bufferedAmount < FULL_BYTES) this.#drained()
  }

  #drained(): void {
    if (!this.#full || this.#over || this.#closing || this.#sink === undefined) return
    this.#full = false
    this.#sink.drained()
  }

  /** Tells what has happened before the start, and what happens while it is told. */
  #catchUp(sink: TransportSink): void {
    for (const chunk of this.#arrived) if (!this.#closing) sink.bytes(chunk)
    this.#arrived = []
    this.#sink = sink
    if (this.#over) sink.closed(this.#end)
    else if (this.#channel.readyState.startsWith('clos')) this.#finish()
    else if (this.#channel.readyState === 'open' && this.#channel.bufferedAmount < FULL_BYTES) this.#drained()
  }

  #received(data: unknown): void {
    if (this.#way === 'doubted') {
      // Chromium's may have become one that is connecting, and says 'open' again.
      if (this.#channel.readyState === 'open') this.#begin()
      else this.#way = 'connecting'
    }
    if (this.#over || data === BEGIN) return
    if (data === END) this.#finish()
    else if (data instanceof ArrayBuffer) this.#takeIn(new Uint8Array(data))
    else if (data instanceof Uint8Array) this.#takeIn(plain(data))
    else
      this.#finish(
        new TypeError("a message that is not Braidwire's came over the data channel: it can carry nothing else"),
      )
  }

  #takeIn(chunk: Uint8Array): void {
    if (this.#closing || chunk.length === 0) return
    if (this.#sink !== undefined) {
      this.#sink.bytes(chunk)
      return
    }
    this.#arrivedBytes += chunk.length + EARLY_MESSAGE_BYTES
    if (this.#arrivedBytes <= EARLY_BYTES) this.#arrived.push(chunk)
    else this.#finish(new Error('more than 1 MiB came over the data channel before the session was started'))
  }

  #finish(error?: Error): void {
    if (this.#over) return
    this.#over = true
    this.#end = this.#closing ? undefined : error
    clearTimeout(this.#timer)
    this.#early = []
    const { readyState } = this.#channel
    if (readyState === 'open' && !this.#closing) attempted(() => this.#channel.send(END))
    if (!readyState.startsWith('clos')) attempted(() => this.#channel.close())
    this.#sink?.closed(this.#end)
  }
}

/** A channel that breaks just now may refuse even to end. */
function attempted(task: () => unknown): void {
  try {
    task()
  } catch {
    // It is over all the same.
  }
}
