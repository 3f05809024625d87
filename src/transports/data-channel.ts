// WebRTC data channels as a Transport: those of browsers, and those of the package node-datachannel. Owns the size of messages, when a
// channel is full, and an end that loses nothing. Names the members it uses; who connects the peers is somebody else's matter.

import type { Transport, TransportSink } from '../session/transport.ts'
import { closeTimer, errorOf } from './carrier.ts'
import { Held } from './held.ts'
import { plain } from './reading.ts'

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
/** The only text sent: the sender's last message. A channel that is closed at once may lose what is still in it. */
const END = 'braidwire/1 end'

/**
 * Makes a {@link Transport} of a WebRTC data channel. The channel is the transport's from then on, and is closed at its end; the peer
 * connection stays its owner's, to be closed when the session is. It may still be connecting. What it carries is encrypted
 * from end to end; who is at the other end is what signalling says, so sign in there or with `authorize`.
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
 * for (const [one, other] of [[near, far], [far, near]]) {
 *   one.onLocalDescription((sdp, type) => other.setRemoteDescription(sdp, type))
 *   one.onLocalCandidate((candidate, mid) => other.addRemoteCandidate(candidate, mid))
 * }
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

/** Whether something is a channel for {@link dataChannel}. */
export function isDataChannel(target: object): target is DataChannelLike | NativeDataChannelLike {
  const { sendMessageBinary } = target as Partial<NativeDataChannelLike>
  const { send, bufferedAmountLowThreshold } = target as Partial<DataChannelLike>
  if (typeof sendMessageBinary === 'function') return true
  // A WebSocket has no threshold.
  return typeof send === 'function' && typeof bufferedAmountLowThreshold === 'number'
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
  #sink: TransportSink | undefined
  /** What was sent before the channel was open. */
  #early: Uint8Array[] = []
  /** Where small pieces are put together; a channel copies what it is given. */
  #message: Uint8Array | undefined
  #full = false
  readonly #held = new Held()
  #closing = false
  /** The other side has ended, and what came before that is still held. */
  #gone = false
  #over = false
  #timer: unknown

  constructor(channel: DataChannelLike) {
    this.#channel = channel
    this.remote = `webrtc:${channel.label}`
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    const channel = this.#channel
    channel.binaryType = 'arraybuffer'
    channel.bufferedAmountLowThreshold = ROOM_BYTES
    channel.addEventListener('open', () => this.#opened())
    channel.addEventListener('bufferedamountlow', () => this.#drained())
    channel.addEventListener('message', (event) => this.#received((event as { data: unknown }).data))
    channel.addEventListener('error', (event) =>
      this.#finish(errorOf((event as { error?: unknown }).error ?? 'it failed')),
    )
    channel.addEventListener('close', () => this.#ended(new Error('the data channel closed without a goodbye')))
    if (channel.readyState.startsWith('clos')) queueMicrotask(() => this.#finish())
  }

  send(chunks: Uint8Array[]): boolean {
    if (this.#closing || this.#over) return true
    const { readyState } = this.#channel
    if (readyState === 'connecting') {
      this.#early.push(...chunks)
      this.#full = true
    } else if (readyState === 'open') {
      this.#write(chunks)
      this.#full = this.#channel.bufferedAmount >= FULL_BYTES
    }
    return !this.#full
  }

  pause(): void {
    if (!this.#closing) this.#held.paused = true
  }

  resume(): void {
    this.#held.resume()
  }

  close(): void {
    if (this.#closing || this.#over) return
    this.#closing = true
    this.#held.drop()
    if (this.#gone || this.#channel.readyState !== 'open') {
      this.#finish()
      return
    }
    // What is closed loses what it has not sent: the other side is told, and says that it has all.
    this.#timer = closeTimer(() => this.#finish())
    this.#channel.send(END)
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
    if (this.#over) return
    const early = this.#early
    this.#early = []
    this.#write(early)
    if (this.#channel.bufferedAmount < FULL_BYTES) this.#drained()
  }

  #drained(): void {
    if (!this.#full || this.#over || this.#closing) return
    this.#full = false
    this.#sink!.drained()
  }

  #received(data: unknown): void {
    if (this.#over) return
    if (data === END) this.#ended()
    else if (data instanceof ArrayBuffer) this.#takeIn(new Uint8Array(data))
    else if (data instanceof Uint8Array) this.#takeIn(plain(data))
    else
      this.#finish(
        new TypeError("a message that is not Braidwire's came over the data channel: it can carry nothing else"),
      )
  }

  #takeIn(chunk: Uint8Array): void {
    this.#held.pass(() => {
      if (!this.#over && !this.#closing) this.#sink!.bytes(chunk)
    })
  }

  /** The other side is at its end: what has come before that is delivered first. */
  #ended(error?: Error): void {
    this.#gone = true
    this.#held.pass(() => this.#finish(error))
  }

  #finish(error?: Error): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    this.#early = []
    this.#held.drop()
    const { readyState } = this.#channel
    if (readyState === 'open' && !this.#closing) this.#channel.send(END)
    if (!readyState.startsWith('clos')) this.#channel.close()
    this.#sink?.closed(this.#closing ? undefined : error)
  }
}
