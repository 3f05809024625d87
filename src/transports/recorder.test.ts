// What the transports' tests share: a sink that writes down what it is told. Has no tests of its own.

import type { Transport } from '../session/transport.ts'

/** A sink that keeps what it is told, and promises for the moments tests wait on. */
export class Recorder {
  readonly chunks: Uint8Array[] = []
  readonly closings: (Error | undefined)[] = []
  drains = 0
  readonly closed: Promise<Error | undefined>
  readonly drainedOnce: Promise<void>
  #resolveClosed: (error: Error | undefined) => void = () => {}
  #resolveDrained: () => void = () => {}
  #wanted = { length: 0, reached: () => {} }

  constructor(transport: Transport) {
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.drainedOnce = new Promise((resolve) => {
      this.#resolveDrained = resolve
    })
    transport.start({
      bytes: (chunk) => {
        this.chunks.push(chunk)
        if (this.length >= this.#wanted.length) this.#wanted.reached()
      },
      drained: () => {
        this.drains++
        this.#resolveDrained()
      },
      closed: (error) => {
        this.closings.push(error)
        this.#resolveClosed(error)
      },
    })
  }

  get length(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }

  received(length: number): Promise<void> {
    return new Promise((reached) => {
      this.#wanted = { length, reached }
      if (this.length >= length) reached()
    })
  }
}
