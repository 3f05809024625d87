// States: the loop over what becomes of a session, or of a peer. Each loop sees every state once, however slow it is; where
// there is no end of them, one that is far behind misses the oldest.

import type { State } from './session.ts'

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** The loops of one session. */
export type States<S = State> = Set<StateReader<S>>

export class StateReader<S = State> implements AsyncIterableIterator<S, undefined> {
  private readonly readers: States<S>
  private readonly queue: S[]
  private readonly steps: ((result: IteratorResult<S, undefined>) => void)[] = []
  private readonly max: number
  private over = false

  /** `over`: no state will follow. `max`: how many may wait to be read. Default: any number. */
  constructor(
    readers: States<S>,
    now: S,
    over: boolean = now === ('closed' as unknown),
    max = Number.POSITIVE_INFINITY,
  ) {
    this.readers = readers
    this.queue = [now]
    this.over = over
    this.max = max
    if (!this.over) readers.add(this)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<S, undefined>> {
    const value = this.queue.shift()
    if (value !== undefined) return Promise.resolve({ done: false, value })
    if (this.over) return Promise.resolve(DONE)
    return new Promise((resolve) => this.steps.push(resolve))
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.queue.length = 0
    this.close()
    return DONE
  }

  turned(state: S): void {
    const step = this.steps.shift()
    if (step !== undefined) step({ done: false, value: state })
    else if (this.queue.push(state) > this.max) this.queue.shift()
  }

  /** No further state. */
  close(): void {
    this.over = true
    this.readers.delete(this)
    for (const step of this.steps.splice(0)) step(DONE)
  }
}
