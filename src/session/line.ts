// Line: one transport, and to whom what it says goes. A session may hand its line to another, or leave it behind while it
// still ends. Knows no bytes.

import type { Transport, TransportSink } from './transport.ts'

export class Line implements TransportSink {
  readonly transport: Transport
  /** `send` answered false, and `drained` has not come. */
  full = false
  /** Undefined: nobody listens any more. */
  sink: TransportSink | undefined

  constructor(transport: Transport, sink?: TransportSink) {
    this.transport = transport
    this.sink = sink
  }

  start(): void {
    this.transport.start(this)
  }

  bytes(chunk: Uint8Array): unknown {
    return this.sink?.bytes(chunk)
  }

  drained(): void {
    this.full = false
    this.sink?.drained()
  }

  closed(error?: Error): void {
    const { sink } = this
    this.sink = undefined
    sink?.closed(error)
  }

  /** Ends a transport that nobody needs any more, and that has not started. */
  turnAway(): void {
    try {
      this.start()
    } catch {
      // Then it is none.
    }
    this.leave()
  }

  /** Ends the transport; how it ends concerns nobody. */
  leave(): void {
    this.sink = undefined
    try {
      this.transport.close()
    } catch {
      // It is dead anyway.
    }
  }
}
