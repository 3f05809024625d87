// What arrives on a Stream and goes into a duplex of another kind. One object for each view, because closures for each would be
// several times as large. Knows two members of the view, and no platform.

import type { BraidError } from '../engine/errors.ts'
import type { Receiver, Stream } from '../session/stream.ts'
import { isOwnClose } from './ends.ts'

/** A duplex, as far as what arrives concerns it. */
export interface FedView {
  /** False: it takes it, and wants no more for now. */
  push(bytes: Uint8Array | null): boolean
  destroy(error?: Error | null): unknown
}

export class Arrivals<V extends FedView> implements Receiver {
  readonly view: V
  readonly #stream: Stream
  /** The other side ended cleanly and all it sent was pushed. */
  ended = false

  constructor(view: V, stream: Stream) {
    this.view = view
    this.#stream = stream
  }

  data(bytes: Uint8Array): void {
    if (!this.view.push(bytes)) this.#stream.pause()
  }

  end(): void {
    this.ended = true
    this.view.push(null)
  }

  failed(error: BraidError): void {
    fail(this.view, error)
  }
}

/** Ends a view with the error of its stream; that this program closed the session under it is no news to it. */
export function fail(view: FedView, error: BraidError): void {
  view.destroy(isOwnClose(error) ? null : error)
}
