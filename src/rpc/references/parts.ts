// Parts: the streams that belong to values. What stands in a value as a number travels on the `$part` stream of that number.
// Knows streams and numbers; knows no value and no call.

import { BraidError } from '../../engine/errors.ts'
import { Deferred } from '../../session/deferred.ts'
import type { Session } from '../../session/session.ts'
import type { Stream } from '../../session/stream.ts'

/** Name of the streams that carry parts of values; their metadata is the number. */
export const PART_STREAM = '$part'

/** How many parts that failed before their value came are remembered: they take no place, so nothing else bounds them. */
export const PARTS_FAILED_MAX = 256

export interface Part {
  readonly number: number
  readonly stream: Stream
}

/** The parts of one session. A value and its parts may arrive in any order, so either waits for the other. */
export class Parts {
  readonly #session: Session
  readonly #arrived = new Map<number, Stream>()
  /** Numbers of those among them that have failed, the oldest first. */
  readonly #failed = new Set<number>()
  readonly #wanted = new Map<number, Deferred<Stream>>()
  /** Of one value: with all of these open, one more stream can be, on which the value itself may travel. */
  readonly max: number
  /** How often a value had more. */
  refused = 0
  /** Failed ones whose value did not come soon enough. */
  forgotten = 0
  #opened = 0
  /** Why nothing arrives any more. */
  #lost: BraidError | undefined

  constructor(session: Session) {
    this.#session = session
    this.max = (session.stats().limits.maxStreams as { max: number }).max - 1
    session.handle(PART_STREAM, (stream) => this.#arrive(stream))
    void session.closed.then((error) => {
      this.#lost = error ?? new BraidError('CLOSED', 'the session is over')
      for (const wanted of this.#wanted.values()) wanted.reject(this.#lost)
      this.#wanted.clear()
      this.#arrived.clear()
      this.#failed.clear()
    })
  }

  /** Parts that failed before their value came. */
  get failed(): number {
    return this.#failed.size
  }

  /** Parts that arrived before their value and have not failed, and those a value waits for. */
  get waiting(): number {
    return this.#arrived.size - this.#failed.size + this.#wanted.size
  }

  /** Opens the stream of the next number. It asks to be confirmed, so that an early failure can wait until it is known. */
  open(): Part {
    const number = this.#opened++
    return { number, stream: this.#session.open(PART_STREAM, { meta: number, confirm: true, part: true }) }
  }

  /** The other side's stream of this number, when it comes. Rejects if the session ends first. */
  claim(number: number): Stream | Promise<Stream> {
    const stream = this.#arrived.get(number)
    if (stream !== undefined) {
      this.#forget(number)
      return stream
    }
    let wanted = this.#wanted.get(number)
    if (wanted === undefined) {
      wanted = new Deferred()
      if (this.#lost !== undefined) wanted.reject(this.#lost)
      else this.#wanted.set(number, wanted)
    }
    return wanted.promise
  }

  /** Nobody wants this number any more; its sender, who learns that the value was refused, resets what still comes. */
  drop(number: number, error?: BraidError | undefined): void {
    this.#arrived.get(number)?.reset('CANCELLED')
    this.#forget(number)
    const wanted = this.#wanted.get(number)
    if (wanted === undefined) return
    this.#wanted.delete(number)
    wanted.reject(error ?? new BraidError('CANCELLED', 'the value was given up', { scope: 'stream' }))
  }

  #arrive(stream: Stream): void {
    const number = stream.meta
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0 || this.#arrived.has(number)) {
      stream.reset('INVALID_INPUT', 'a part is a stream with a number of its own')
      return
    }
    const wanted = this.#wanted.get(number)
    if (wanted !== undefined) {
      this.#wanted.delete(number)
      wanted.resolve(stream)
      return
    }
    // It waits for its value within the open limit and its own window.
    this.#arrived.set(number, stream)
    const { signal } = stream
    const failed = (): void => {
      if (this.#arrived.get(number) === stream) this.#fail(number, stream)
    }
    if (signal.aborted) failed()
    else signal.addEventListener('abort', failed)
  }

  /** Its value may still come and shall find it failed; what arrived before it failed gives back its place. */
  #fail(number: number, stream: Stream): void {
    stream.reset('CANCELLED')
    this.#failed.add(number)
    if (this.#failed.size <= PARTS_FAILED_MAX) return
    this.forgotten++
    for (const oldest of this.#failed) return this.#forget(oldest)
  }

  #forget(number: number): void {
    this.#arrived.delete(number)
    this.#failed.delete(number)
  }
}

/** Fails a stream this side opened, but not before the other side can know that it was there. */
export function failPart(stream: Stream, error: unknown): void {
  const fail = (): void => {
    if (error instanceof BraidError) stream.reset(error.code, error.reason === '' ? error.message : error.reason)
    else stream.reset('INTERNAL')
  }
  if (stream.id >= 0) fail()
  else stream.accepted.then(fail, fail)
}
