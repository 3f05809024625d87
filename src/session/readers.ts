// The loops over a stream: chunk by chunk, and batch by batch. Leaving one early stops the peer; the writing half goes on.

import { quiet } from './deferred.ts'
import type { LiveStream } from './live-stream.ts'

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** What the loops over a stream have in common: steps in order, however they are asked for; a failure ends the loop. */
export abstract class Reader<T> implements AsyncIterableIterator<T, undefined> {
  protected readonly stream: LiveStream
  /** Steps that wait, and the last of them. */
  private pending = 0
  private last: Promise<unknown> | undefined
  private over = false

  constructor(stream: LiveStream) {
    this.stream = stream
  }

  /** What can be had now, or undefined. May throw. */
  protected abstract take(): T | undefined
  /** All was taken, cleanly. May throw if that is no clean end for this loop. */
  protected atEnd(): void {}
  /** Nothing more will be taken. */
  protected drop(): void {}

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.pending === 0) {
      try {
        const result = this.now()
        if (result !== undefined) return Promise.resolve(result)
      } catch (error) {
        return quiet(Promise.reject(error))
      }
    }
    const step = quiet(this.later(this.pending++ === 0 ? undefined : this.last))
    this.last = step
    return step
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.over) {
      this.finish()
      this.stream.stop('CANCELLED')
    }
    return DONE
  }

  private finish(): void {
    this.over = true
    this.drop()
  }

  /** A result that needs no waiting, or undefined. */
  private now(): IteratorResult<T, undefined> | undefined {
    if (this.over) return DONE
    try {
      const value = this.take()
      if (value !== undefined) return { done: false, value }
      const state = this.stream.readState
      if (typeof state === 'object') throw state
      if (state !== 'done') return undefined
      this.atEnd()
    } catch (error) {
      this.finish()
      throw error
    }
    this.finish()
    return DONE
  }

  private async later(before: Promise<unknown> | undefined): Promise<IteratorResult<T, undefined>> {
    try {
      if (before !== undefined) await before.catch(() => {})
      for (;;) {
        const result = this.now()
        if (result !== undefined) return result
        await this.stream.arrival().catch(() => {})
      }
    } finally {
      this.pending--
    }
  }
}

/** `for await (const chunk of stream)`. */
export class ChunkReader extends Reader<Uint8Array> {
  protected take(): Uint8Array | undefined {
    return this.stream.shift() ?? undefined
  }
}

/** `for await (const chunks of stream.batches())`. */
export class BatchReader extends Reader<Uint8Array[]> {
  protected take(): Uint8Array[] | undefined {
    const batch: Uint8Array[] = []
    for (let chunk = this.stream.shift(); chunk !== null; chunk = this.stream.shift()) batch.push(chunk)
    return batch.length === 0 ? undefined : batch
  }
}
