// Transport: the only door between a session and the outside world. Types, and one word they share; names no platform.

/** What {@link TransportSink.bytes} answers when it kept none of the bytes. A symbol: no other answer can be taken for it. */
export const NOTHING_KEPT: unique symbol = Symbol('nothing kept')

/** What a transport tells the session that uses it. */
export interface TransportSink {
  /**
   * Bytes arrived, in order; they are the sink's to keep. {@link NOTHING_KEPT}: it kept none of them, nor any view of them, so that
   * whoever delivered them may read into the same memory again. Any other answer says nothing.
   */
  bytes(chunk: Uint8Array): unknown
  /** `send` answered false before, and there is room again. */
  drained(): void
  /** The last call, exactly once: the transport is gone, by our `close`, by its end (no error) or by a failure. */
  closed(error?: Error): void
}

/** A reliable, ordered carrier of bytes to one remote. */
export interface Transport {
  /** Called once, before anything else; nothing may be delivered to the sink before it returns. */
  start(sink: TransportSink): void
  /** Sends the chunks in order, in one write where it can. False: taken, but wait for `drained` before the next. */
  send(chunks: Uint8Array[]): boolean
  /** Deliver no bytes until `resume`; what is already on its way may still come. */
  pause(): void
  resume(): void
  /** Hand over what `send` took, then end; whatever has not gone after 2 s is given up. `closed` follows in any case. */
  close(): void
  /** Who is at the other end, for people and logs: `tcp://127.0.0.1:4000`. */
  readonly remote: string
  /** Nobody between the two ends can read or change the bytes: TLS, a Unix socket, loopback, memory, a port. Default false. */
  readonly confidential?: boolean | undefined
  /** The certificate of the other end as the platform verified it, if it showed one; read when the HELLO has come. */
  readonly certificate?: unknown
}
