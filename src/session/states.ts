// States: the loop over what becomes of a session. Each loop sees every state once, however slow it is.

import type { State } from './session.ts'

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** The loops of one session. */
export class States {
  readonly #readers = new Set<StateReader>()

  read(now: State): AsyncIterableIterator<State> {
    return new StateReader(this.#readers, now)
  }

  turned(state: State): void {
    for (const reader of this.#readers) reader.turned(state)
  }

  /** No further state. */
  close(): void {
    for (const reader of this.#readers) reader.close()
  }
}

class StateReader implements AsyncIterableIterator<State, undefined> {
  private readonly readers: Set<StateReader>
  private readonly queue: State[]
  private readonly steps: ((result: IteratorResult<State, undefined>) => void)[] = []
  private over = false

  constructor(readers: Set<StateReader>, now: State) {
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
