// States: the loop over what becomes of a session. Each loop sees every state once, however slow it is.

import type { State } from './session.ts'

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** The loops of one session. */
export type States = Set<StateReader>

export class StateReader implements AsyncIterableIterator<State, undefined> {
  private readonly readers: States
  private readonly queue: State[]
  private readonly steps: ((result: IteratorResult<State, undefined>) => void)[] = []
  private over = false

  constructor(readers: States, now: State) {
    this.readers = readers
    this.queue = [now]
    this.over = now === 'closed'
    if (!this.over) readers.add(this)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<State, undefined>> {
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

  turned(state: State): void {
    const step = this.steps.shift()
    if (step === undefined) this.queue.push(state)
    else step({ done: false, value: state })
  }

  /** No further state. */
  close(): void {
    this.over = true
    this.readers.delete(this)
    for (const step of this.steps.splice(0)) step(DONE)
  }
}
